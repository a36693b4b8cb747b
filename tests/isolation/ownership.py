"""The model of who owns what, and how a client sees an answer; shared by the property test."""

import itertools
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.support.world import TASKS

_numbers = itertools.count(1)
# Of the form and length of real ones.
NEVER = {
    "task": "cgt-20260101000000-zzzzz",
    "spare": "cgt-20260101000000-zzzzzzzzzzzzzzzz",
    "group": "group-20260101000000-zzzzz",
    "asset": "asset-20260101000000-zzzzz",
    "token": "20260101000000" + "0" * 20,
}


def never_like(thing: "Thing") -> str:
    """Returns an id of the same form and length as a thing's that nothing ever had."""
    if thing.kind == "task" and len(thing.id) != len(NEVER["task"]):
        return NEVER["spare"]
    return NEVER[thing.kind]


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


def told(response: httpx.Response, named: str) -> tuple[Any, ...]:
    """Returns what a client sees of an answer, but for the id that it named, its length and the request id."""
    request_id = response.headers["x-request-id"]
    seen = response.text.replace(request_id, "REQUEST").replace(named, "ID")
    return response.status_code, sorted(name.lower() for name in response.headers), seen
