"""Reads request bodies within the process's memory budget (``app.http.body_budget``).

Bodies may be 64 MB of base64. A body that exceeds its sender's share of the budget is refused with 503, so that the
process does not run out of memory.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from starlette.requests import ClientDisconnect, Request

from app.errors import InvalidParameterError, RequestTooLargeError, RequestTooSlowError, SeedgateError
from app.header_text import parse_decimal, trim
from app.http.body_budget import BodyBudget, HeldBody, Holding, Sender, UnprovenSigner, out_of_budget
from app.http.media_type import Reading, begins_like_an_object, reading_of, unsupported_encoding, unsupported_type

# A body that arrives too slowly is refused, so that it does not occupy its share. One that stalls is ended earlier, by
# ``app.http.protocol``.
_GRACE_SECONDS = 60.0
_MIN_BYTES_PER_SECOND = 64 * 1024
_PIECE_BYTES = 64 * 1024


class BodyAdmission:
    """Reads bodies up to a limit each, and within a budget together.

    Args:
        limit_bytes: maximum size of one body.
        budget_bytes: maximum of all bodies in memory.
        grace_seconds: how long a body may take, plus one second per 64 KiB announced or received.
    """

    def __init__(
        self,
        *,
        limit_bytes: int,
        budget_bytes: int,
        grace_seconds: float = _GRACE_SECONDS,
    ) -> None:
        self._budget = BodyBudget(limit_bytes=limit_bytes, budget_bytes=budget_bytes)
        self._grace_seconds = grace_seconds

    @property
    def held_bytes(self) -> int:
        """How many bytes of bodies are in memory."""
        return self._budget.held_bytes

    def max_bytes(self, sender: Sender) -> int:
        """Returns the size of the largest body that a sender may send at all."""
        return self._budget.max_bytes(sender)

    def open(self, sender: Sender, *, announced_bytes: int = 0) -> Holding:
        """Starts the accounting of a body that the caller reads itself and must ``release``."""
        return self._budget.open(sender, announced_bytes=announced_bytes)

    @asynccontextmanager
    async def read(
        self, request: Request, sender: Sender, *, limit_bytes: int | None = None, is_form_read: bool = False
    ) -> AsyncIterator[HeldBody]:
        """Yields the whole body; it counts against the sender's share until it is released or the block ends.

        An empty body may have any type. A body of an unsupported type is refused before it is read, or at its first
        byte without a ``Content-Length``. That of an ``UnprovenSigner`` is read and refused by ``move_to``, after the
        signature was verified. A route may have a lower limit than the process, and may read urlencoded forms
        (``is_form_read``).

        Raises:
            UnsupportedMediaTypeError: 415, the body is compressed, or of a type that is not read as JSON.
            RequestTooLargeError: 413, it exceeds the limit, or could never fit the sender's share.
            ServiceUnavailableError: 503, the share or the budget is used up.
            RequestTooSlowError: 408, it did not arrive in time.
            InvalidParameterError: 400, the client disconnected before all of it had arrived, or framed it wrongly.
        """
        is_proven = not isinstance(sender, UnprovenSigner)
        encodings = request.headers.getlist("content-encoding")
        is_encoded = _is_encoded(encodings)
        if is_encoded and is_proven:
            raise unsupported_encoding(encodings)
        content_types = request.headers.getlist("content-type")
        reading = reading_of(content_types)
        refusal = unsupported_type(content_types) if reading is Reading.REFUSED and is_proven else None
        max_bytes = self._budget.max_bytes(sender)
        if limit_bytes is not None:
            max_bytes = min(max_bytes, limit_bytes)
        announced_bytes = parse_decimal(request.headers.get("content-length", "")) or 0
        if announced_bytes and refusal is not None:
            raise refusal
        if announced_bytes > max_bytes:
            raise RequestTooLargeError(max_bytes)
        holding = self._budget.open(sender, announced_bytes=announced_bytes)
        try:
            # Not assigned to a variable, which would keep the bytes alive while this generator is suspended.
            body = HeldBody(await self._collect(request, holding, announced_bytes, max_bytes, refusal), holding)
            if is_encoded:
                body.refusal = unsupported_encoding(encodings)
            elif not (is_form_read and reading is Reading.JSON_OBJECT) and not _is_readable(reading, body.data):
                body.refusal = unsupported_type(content_types)
            if body.refusal is not None and is_proven:
                raise body.refusal
            yield body
        finally:
            holding.release()

    async def pieces(self, request: Request, sender: Sender) -> AsyncIterator[bytes]:
        """Yields a body in pieces of at least 64 KiB, but for the last one, none of which is kept or accounted here.

        Raises:
            SeedgateError: as ``read``; the type is the caller's concern.
        """
        encodings = request.headers.getlist("content-encoding")
        if _is_encoded(encodings):
            raise unsupported_encoding(encodings)
        max_bytes = self._budget.max_bytes(sender)
        announced_bytes = parse_decimal(request.headers.get("content-length", "")) or 0
        if announced_bytes > max_bytes:
            raise RequestTooLargeError(max_bytes)
        received_bytes, piece = 0, bytearray()
        async for chunk in self._chunks(request, announced_bytes):
            received_bytes += len(chunk)
            if received_bytes > max_bytes:
                raise RequestTooLargeError(max_bytes)
            piece += chunk
            if len(piece) >= _PIECE_BYTES:
                yield bytes(piece)
                piece.clear()
        yield bytes(piece)

    async def _collect(
        self,
        request: Request,
        holding: Holding,
        announced_bytes: int,
        max_bytes: int,
        refusal: SeedgateError | None,
    ) -> bytes:
        """Returns the body; raises ``refusal``, if given, at the first byte."""
        # One block: it grows without being copied once it is large, and goes back to the system as a whole
        # (``app.http.large_blocks``). Of many small ones, as much memory as a body could stay with the process.
        whole = bytearray()
        async for chunk in self._chunks(request, announced_bytes):
            if refusal is not None:
                raise refusal
            if holding.size_bytes + len(chunk) > max_bytes:
                raise RequestTooLargeError(max_bytes)
            if not holding.grow(len(chunk)):
                raise out_of_budget()
            whole += chunk
        return bytes(whole)

    async def _chunks(self, request: Request, announced_bytes: int) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        started = loop.time()
        received_bytes = 0
        stream = request.stream()
        while True:
            allowed_seconds = self._grace_seconds + max(announced_bytes, received_bytes) / _MIN_BYTES_PER_SECOND
            try:
                async with asyncio.timeout_at(started + allowed_seconds):
                    chunk = await anext(stream)
            except StopAsyncIteration:
                return
            except TimeoutError:
                raise RequestTooSlowError("The request body did not arrive in time.") from None
            except ClientDisconnect:
                raise InvalidParameterError(None, "The client closed the connection before its body arrived.") from None
            received_bytes += len(chunk)
            if chunk:
                yield chunk


def _is_encoded(encodings: Sequence[str]) -> bool:
    return any(trim(encoding).lower() not in {"", "identity"} for encoding in encodings)


def _is_readable(reading: Reading, data: bytes) -> bool:
    """Whether a body may be parsed as JSON; an empty one may have any type."""
    if reading is Reading.REFUSED:
        return not data
    return reading is Reading.JSON or begins_like_an_object(data)
