"""Ids that never existed, what a client sees of an answer, and the model of who owns what for the property test."""

import itertools
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.support.gateway import TASKS

_numbers = itertools.count(1)
# Of the form and length of real ones, so that not even the length of an answer tells them apart.
_NEVER = (
    "cgt-20260101000000-zzzzz",
    "cgt-20260101000000-zzzzzzzzzzzzzzzz",  # as the gateway makes them, for a create of unknown outcome
    "group-20260101000000-zzzzz",
    "asset-20260101000000-zzzzz",
    "20260101000000" + "0" * 20,  # of a face session
)


def never_like(object_id: str) -> str:
    """Returns an id of the same form and length that nothing ever had."""
    like = [never for never in _NEVER if _form(never) == _form(object_id)]
    return like[0] if like else object_id[:-6] + "zzzzzz"


def _form(object_id: str) -> tuple[str, int]:
    prefix, dash, _ = object_id.partition("-")
    return prefix if dash else "", len(object_id)


def without_id(response: httpx.Response, object_id: str) -> tuple[Any, ...]:
    """Returns everything that a client sees of an answer, but for the id that it named, our request id and the date."""
    request_id = response.headers["x-request-id"]
    headers = [(name, "" if name in {"x-request-id", "date"} else value) for name, value in response.headers.items()]
    seen = response.content.replace(request_id.encode(), b"REQUEST").replace(object_id.encode(), b"ID")
    return response.status_code, headers, seen


@dataclass
class Thing:
    """Something that a tenant owns."""

    kind: str
    id: str
    owner: "Holder"
    is_gone: bool = False
    is_final: bool = False
    is_concluded: bool = True
    group: "Thing | None" = None

    def __repr__(self) -> str:
        return f"{self.kind}:{self.id}"


@dataclass
class Holder:
    """A tenant with two keys, each with a client of its own."""

    name: str
    clients: list[httpx.Client]
    answered: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Idempotency-Key → prompt and task id."""

    def create(self, key: int = 0, headers: dict[str, str] | None = None, **body: Any) -> httpx.Response:
        """Creates a task that stays queued until it is told otherwise."""
        return self.clients[key].post(TASKS, json={"model": "doubao-seedance-2", **body}, headers=headers)

    def act(self, action: str, **body: Any) -> httpx.Response:
        """Calls an Assets action."""
        return self.clients[0].post(f"/api/v3/open/{action}", json=body)


def new_prompt() -> str:
    """Returns a prompt that no other create has; the task stays queued upstream."""
    return f"[queue:1000000] number {next(_numbers)}"


def text(prompt: str) -> list[dict[str, Any]]:
    """Returns the content of a text-to-video request."""
    return [{"type": "text", "text": prompt}]
