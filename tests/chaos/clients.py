"""Clients that behave as the official SDKs do: a create that fails is sent again, byte for byte.

Source: the SDKs' own retry loops, as ``tests/flows`` runs them: 408, 409, 429, 5xx and every transport error are tried
again after about 0.5 to 2 seconds, with the same bytes and without a key of idempotency. OpenAI's SDKs do the same, but
each try of a form has a new boundary.
"""

import asyncio
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import httpx

from tests.chaos.site import MODEL, TASKS, Tenant
from tests.openai.driving import VIDEOS, multipart
from tests.openai.pictures import png

_RETRIED = {408, 409, 429}
_MAX_TRIES = 15
_PICTURE = png(16, 9)


class Kind(StrEnum):
    """How a client helps the gateway to tell a retry from a second request."""

    PLAIN = "plain"
    KEYED = "keyed"
    MARKED = "marked"


class Dialect(StrEnum):
    """The route of a create, and the kind of its body."""

    NATIVE = "native"
    VIDEO_JSON = "video as JSON"
    VIDEO_FORM = "video as a form"

    @property
    def path(self) -> str:
        """The path of the route."""
        return TASKS if self is Dialect.NATIVE else VIDEOS


@dataclass
class Create:
    """A create that a user wants once, and its answers.

    Attributes:
        tenant: whose it is.
        prompt: unique.
        kind: the kind of the client.
        dialect: what it speaks.
        callback_url: for deliveries, if any.
        ids: every id that it was answered with; more than one only if it was answered more than once.
        errors: the statuses of its error answers.
        tries: the number of requests.
    """

    tenant: Tenant
    prompt: str
    kind: Kind = Kind.PLAIN
    dialect: Dialect = Dialect.NATIVE
    callback_url: str | None = None
    ids: list[str] = field(default_factory=list)
    errors: list[int] = field(default_factory=list)
    tries: int = 0

    def body(self) -> tuple[bytes, str]:
        """Returns the bytes and the type of the next try: what they say is the same at each."""
        video: dict[str, Any] = {"model": MODEL, "prompt": self.prompt}
        native: dict[str, Any] = {"model": MODEL, "content": [{"type": "text", "text": self.prompt}]}
        more = {} if self.callback_url is None else {"callback_url": self.callback_url}
        if self.dialect is Dialect.VIDEO_FORM:
            data, headers = multipart([*(video | more).items(), ("input_reference", _PICTURE)])
            return data, headers["Content-Type"]
        fields = native if self.dialect is Dialect.NATIVE else video
        return json.dumps(fields | more).encode(), "application/json"

    def headers(self) -> dict[str, str]:
        """The headers of the next try, but for the type of its body."""
        headers = {**self.tenant.headers}
        if self.kind is Kind.KEYED:
            headers["Idempotency-Key"] = self.prompt
        if self.kind is Kind.MARKED:
            headers["x-stainless-retry-count"] = str(self.tries)
        return headers


async def send_until_answered(
    create: Create, http: httpx.AsyncClient, next_url: Callable[[], str], *, pause: tuple[float, float] = (0.5, 2.0)
) -> None:
    """Sends a create until it is answered with an id, refused, or given up.

    Args:
        create: what to send; records the answers.
        http: the client.
        next_url: chooses the gateway of each try, as a load balancer does.
        pause: seconds between two tries, from and to.
    """
    while not create.ids and create.tries < _MAX_TRIES:
        try:
            answer = await send_once(create, http, next_url())
        except httpx.TransportError:
            pass
        else:
            if answer.is_success or (answer.status_code < 500 and answer.status_code not in _RETRIED):
                return
        await asyncio.sleep(random.uniform(*pause))


async def send_once(create: Create, http: httpx.AsyncClient, url: str) -> httpx.Response:
    """Sends a create once, and records the answer."""
    body, content_type = create.body()
    headers = {**create.headers(), "Content-Type": content_type}
    create.tries += 1
    answer = await http.post(url + create.dialect.path, content=body, headers=headers)
    if answer.is_success:
        create.ids.append(answer.json()["id"])
    else:
        create.errors.append(answer.status_code)
    return answer
