"""Reading one request and sending its response: complete, slow, oversized or cut."""

import asyncio
import hashlib
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import format_datetime

from starlette.types import Receive, Scope, Send

from app.sandbox.calls import Call, error_body
from app.sandbox.errors import RefusedError
from app.sandbox.faults import Effect
from app.sandbox.protocol import cut, render_head
from app.sandbox.store import Sandbox

MAX_BODY_BYTES = 64 * 1024 * 1024
JSON_HEADERS = ((b"content-type", b"application/json"),)
_CHUNK_BYTES = 64 * 1024
_PARTIAL_HEADERS = b"HTTP/1.1 200 OK\r\ncontent-type: applica"

Headers = list[tuple[bytes, bytes]]


class ClientDisconnectedError(Exception):
    """The client closed the connection before its body was complete."""


@dataclass(slots=True)
class Answer:
    """A complete response."""

    status: int = 200
    headers: Headers = field(default_factory=list)
    body: bytes = b""


class Exchange:
    """The request and the response of one call; updates the call's ledger entry."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, call: Call, sandbox: Sandbox) -> None:
        self.scope = scope
        self.call = call
        self._receive = receive
        self._send = send
        self._sandbox = sandbox

    async def read_body(self) -> None:
        """Reads the complete body into ``call.body``.

        Raises:
            ClientDisconnectedError: the client closed the connection first.
            RefusedError: 413, the body exceeds 64 MB.
        """
        parts: list[bytes] = []
        size = 0
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self.call.entry.ended = "client_gone"
                raise ClientDisconnectedError
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > MAX_BODY_BYTES:
                raise RefusedError("RequestTooLarge", "The request body is above 64 MB.", status=413)
            if not message.get("more_body", False):
                break
        self.call.body = b"".join(parts)
        self.call.entry.set_body(self.call.body, hashlib.sha256(self.call.body).hexdigest())

    def error_answer(self, error: RefusedError) -> Answer:
        """Returns an error response in the shape of the plane that was called."""
        return Answer(error.status, list(JSON_HEADERS), error_body(self.call, error, self._sandbox.config.region))

    async def send(self, answer: Answer) -> None:
        """Sends a response."""
        await self._start(answer)
        await self._send({"type": "http.response.body", "body": answer.body})

    async def send_slowly(self, answer: Answer, pause_seconds: float) -> None:
        """Sends a response byte by byte."""
        await self._start(answer)
        for byte in answer.body:
            await self._sandbox.pause(pause_seconds)
            await self._send({"type": "http.response.body", "body": bytes([byte]), "more_body": True})
        await self._send({"type": "http.response.body", "body": b""})

    async def send_oversize(self, size_bytes: int) -> None:
        """Sends 200 and a JSON object of ``size_bytes``, in chunks."""
        head, tail = b'{"padding":"', b'"}'
        left = max(size_bytes - len(head) - len(tail), 0)
        length = len(head) + left + len(tail)
        await self._start(Answer(200, [*JSON_HEADERS, (b"content-length", str(length).encode())]))
        await self._send({"type": "http.response.body", "body": head, "more_body": True})
        while left > 0:
            chunk = b"x" * min(left, _CHUNK_BYTES)
            left -= len(chunk)
            await self._send({"type": "http.response.body", "body": chunk, "more_body": True})
            await asyncio.sleep(0)
        await self._send({"type": "http.response.body", "body": tail})

    async def cut(self, effect: Effect, answer: Answer | None) -> None:
        """Closes the connection, within the headers or the body of ``answer`` when the effect says so."""
        self.call.entry.ended = "cut"
        first = b""
        if answer is not None and effect.at == "headers":
            first = _PARTIAL_HEADERS
        elif answer is not None and effect.at == "body":
            first = render_head(answer.status, self._headers(answer)) + answer.body[: len(answer.body) // 2]
        await cut(self.scope, self._receive, is_reset=effect.reset, first=first)

    async def _start(self, answer: Answer) -> None:
        self.call.entry.ended = "answered"
        self.call.entry.status = answer.status
        await self._send({"type": "http.response.start", "status": answer.status, "headers": self._headers(answer)})

    def _headers(self, answer: Answer) -> Headers:
        """Returns the response's headers with date, request ids and length."""
        now = self._sandbox.store.clock.wire_now().astimezone(UTC)
        headers = [
            (b"date", format_datetime(now, usegmt=True).encode()),
            (b"x-request-id", self.call.request_id.encode()),
            *answer.headers,
        ]
        client_request_id = self.call.headers.get("x-client-request-id")
        if client_request_id:
            headers.append((b"x-client-request-id", client_request_id.encode("latin-1")))
        if not any(name == b"content-length" for name, _ in headers):
            headers.append((b"content-length", str(len(answer.body)).encode()))
        return headers
