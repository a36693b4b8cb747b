"""Reading of request bodies, within what one process can hold.

Bodies may be 64 MB of base64. Each byte that is held counts against a budget of the process; when it is used
up the next request gets 503 instead of the process running out of memory.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import ClientDisconnect, Request

from app.errors import (
    InvalidParameterError,
    RequestTooLargeError,
    ServiceUnavailableError,
    UnsupportedMediaTypeError,
)
from app.header_text import parse_decimal, trim

_IDLE_SECONDS = 30.0
# However it comes, a body takes no longer than this altogether; what drips in must not hold its share for ever.
_GRACE_SECONDS = 60.0
_SLOWEST_BYTES_PER_SECOND = 64 * 1024


class BodyAdmission:
    """Admits bodies up to a limit each and a budget together."""

    def __init__(
        self,
        *,
        limit_bytes: int,
        budget_bytes: int,
        idle_seconds: float = _IDLE_SECONDS,
        grace_seconds: float = _GRACE_SECONDS,
    ) -> None:
        """Makes an admission.

        Args:
            limit_bytes: of one body.
            budget_bytes: of all that are held.
            idle_seconds: so long may nothing of a body come.
            grace_seconds: so long may a body take, beside a second for each 64 KiB that are announced or have come.
        """
        self._limit_bytes = limit_bytes
        self._budget_bytes = budget_bytes
        self._idle_seconds = idle_seconds
        self._grace_seconds = grace_seconds
        self.held_bytes = 0

    @asynccontextmanager
    async def read(self, request: Request) -> AsyncIterator[bytes]:
        """Yields the whole body; its bytes count against the budget until the block ends.

        Raises:
            UnsupportedMediaTypeError: 415, the body is compressed.
            RequestTooLargeError: 413, it passes the limit.
            ServiceUnavailableError: 503, the budget is used up.
            InvalidParameterError: 400, it did not arrive.
        """
        encoding = trim(request.headers.get("content-encoding", "identity")).lower()
        if encoding not in {"", "identity"}:
            raise UnsupportedMediaTypeError(f"A request body with Content-Encoding {encoding!r} is not supported.")
        announced_bytes = parse_decimal(request.headers.get("content-length", "")) or 0
        if announced_bytes > self._limit_bytes:
            raise RequestTooLargeError(self._limit_bytes)
        taken = 0
        chunks: list[bytes] = []
        try:
            async for chunk in self._chunks(request, announced_bytes):
                if taken + len(chunk) > self._limit_bytes:
                    raise RequestTooLargeError(self._limit_bytes)
                if self.held_bytes + len(chunk) > self._budget_bytes:
                    raise ServiceUnavailableError("The service is handling too many large requests. Please try again.")
                self.held_bytes += len(chunk)
                taken += len(chunk)
                chunks.append(chunk)
            data = b"".join(chunks)
            # Only one copy is held while the block runs.
            chunks.clear()
            yield data
        finally:
            self.held_bytes -= taken

    async def _chunks(self, request: Request, announced_bytes: int) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        started = loop.time()
        come_bytes = 0
        stream = request.stream()
        while True:
            allowed_seconds = self._grace_seconds + max(announced_bytes, come_bytes) / _SLOWEST_BYTES_PER_SECOND
            try:
                async with asyncio.timeout_at(min(loop.time() + self._idle_seconds, started + allowed_seconds)):
                    chunk = await anext(stream)
            except StopAsyncIteration:
                return
            except TimeoutError:
                raise InvalidParameterError(None, "The request body did not arrive in time.") from None
            except ClientDisconnect:
                raise InvalidParameterError(None, "The client closed the connection before its body arrived.") from None
            come_bytes += len(chunk)
            if chunk:
                yield chunk
