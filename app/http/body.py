"""Reading of request bodies, within what one process can hold.

Bodies may be 64 MB of base64. Each byte that is held counts against its sender's share of the process's budget
(``app.http.body_budget``); what does not fit is answered 503 instead of the process running out of memory.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import ClientDisconnect, Request

from app.errors import InvalidParameterError, RequestTooLargeError, RequestTooSlowError, SeedgateError
from app.header_text import parse_decimal, trim
from app.http.body_budget import BodyBudget, Holding, Sender, UnprovenSigner
from app.http.held_body import HeldBody, no_room_left
from app.http.media_type import Reading, begins_like_an_object, reading_of, unsupported_encoding, unsupported_type

# A body takes no longer than this altogether, so that one which drips in does not keep its share. One of which nothing
# comes at all is ended earlier, by ``app.http.protocol``.
_GRACE_SECONDS = 60.0
_SLOWEST_BYTES_PER_SECOND = 64 * 1024
_PIECE_BYTES = 64 * 1024


class BodyAdmission:
    """Admits bodies up to a limit each, and a budget together that is divided among those who send."""

    def __init__(
        self,
        *,
        limit_bytes: int,
        budget_bytes: int,
        grace_seconds: float = _GRACE_SECONDS,
    ) -> None:
        """Makes an admission.

        Args:
            limit_bytes: of one body.
            budget_bytes: of all that are held.
            grace_seconds: so long may a body take, beside a second for each 64 KiB that are announced or have come.
        """
        self._budget = BodyBudget(limit_bytes=limit_bytes, budget_bytes=budget_bytes)
        self._grace_seconds = grace_seconds

    @property
    def held_bytes(self) -> int:
        """How many bytes of bodies are held, over all senders."""
        return self._budget.held_bytes

    def open(self, sender: Sender, *, announced_bytes: int = 0) -> Holding:
        """Begins the counting of a body that the caller reads itself; the caller must ``release`` it."""
        return self._budget.open(sender, announced_bytes=announced_bytes)

    @asynccontextmanager
    async def read(
        self, request: Request, sender: Sender, *, limit_bytes: int | None = None
    ) -> AsyncIterator[HeldBody]:
        """Yields the whole body; it counts against the sender's share until it is released or the block ends.

        An empty body may have any type. One that is refused for its type is refused unread, where its head tells that
        it is not empty, else at its first byte. That of an ``UnprovenSigner`` is read and is refused by ``move_to``,
        after the signature has been judged.

        Args:
            request: whose body.
            sender: on whose account.
            limit_bytes: of this body, where its route takes less than others.

        Raises:
            UnsupportedMediaTypeError: 415, the body is compressed, or of a type that is not read as JSON.
            RequestTooLargeError: 413, it passes the limit, or could never fit the sender's share.
            ServiceUnavailableError: 503, the share or the budget is used up.
            RequestTooSlowError: 408, it did not arrive in time.
            InvalidParameterError: 400, the client left before all of it had arrived, or framed it wrongly.
        """
        is_proven = not isinstance(sender, UnprovenSigner)
        encodings = request.headers.getlist("content-encoding")
        is_encoded = any(trim(encoding).lower() not in {"", "identity"} for encoding in encodings)
        if is_encoded and is_proven:
            raise unsupported_encoding(encodings)
        content_types = request.headers.getlist("content-type")
        reading = reading_of(content_types)
        refusal = unsupported_type(content_types) if reading is Reading.REFUSED and is_proven else None
        most_bytes = self._budget.most_bytes(sender)
        if limit_bytes is not None:
            most_bytes = min(most_bytes, limit_bytes)
        announced_bytes = parse_decimal(request.headers.get("content-length", "")) or 0
        if announced_bytes and refusal is not None:
            raise refusal
        if announced_bytes > most_bytes:
            raise RequestTooLargeError(most_bytes)
        holding = self._budget.open(sender, announced_bytes=announced_bytes)
        try:
            # In no name of its own, which would keep it as long as this generator is suspended.
            body = HeldBody(await self._collect(request, holding, announced_bytes, most_bytes, refusal), holding)
            if is_encoded:
                body.refusal = unsupported_encoding(encodings)
            elif not _is_readable(reading, body.data):
                body.refusal = unsupported_type(content_types)
            if body.refusal is not None and is_proven:
                raise body.refusal
            yield body
        finally:
            holding.release()

    async def _collect(
        self,
        request: Request,
        holding: Holding,
        announced_bytes: int,
        most_bytes: int,
        refusal: SeedgateError | None,
    ) -> bytes:
        """Returns the body; raises ``refusal`` when there is one and the body is not empty."""
        pieces: list[bytes] = []
        # A body may come in parts of a byte each, and a bytes object takes dozens beside what it holds.
        piece = bytearray()
        async for chunk in self._chunks(request, announced_bytes):
            if refusal is not None:
                raise refusal
            if holding.size_bytes + len(chunk) > most_bytes:
                raise RequestTooLargeError(most_bytes)
            if not holding.grow(len(chunk)):
                raise no_room_left()
            piece += chunk
            if len(piece) >= _PIECE_BYTES:
                pieces.append(bytes(piece))
                piece.clear()
        return b"".join([*pieces, piece])

    async def _chunks(self, request: Request, announced_bytes: int) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        started = loop.time()
        come_bytes = 0
        stream = request.stream()
        while True:
            allowed_seconds = self._grace_seconds + max(announced_bytes, come_bytes) / _SLOWEST_BYTES_PER_SECOND
            try:
                async with asyncio.timeout_at(started + allowed_seconds):
                    chunk = await anext(stream)
            except StopAsyncIteration:
                return
            except TimeoutError:
                raise RequestTooSlowError("The request body did not arrive in time.") from None
            except ClientDisconnect:
                raise InvalidParameterError(None, "The client closed the connection before its body arrived.") from None
            come_bytes += len(chunk)
            if chunk:
                yield chunk


def _is_readable(reading: Reading, data: bytes) -> bool:
    """Says whether a body may be parsed; an empty one may have any type."""
    if reading is Reading.REFUSED:
        return not data
    return reading is Reading.JSON or begins_like_an_object(data)
