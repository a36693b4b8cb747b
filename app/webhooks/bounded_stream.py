"""What a tenant's endpoint may answer: a few KiB, in small pieces.

The answer's bytes are the tenant's choice. A kilobyte of interim answers, or of chunks of one byte, costs the HTTP
parser several milliseconds, all of which the event loop would spend at once on whatever one read has brought.
"""

import ssl
from typing import Any

import httpcore

MAX_READ_BYTES = 1024
"""The most that is read, and then parsed, without letting others run."""

MAX_ANSWER_BYTES = 32 * 1024
"""The most that is read of an answer, its head included."""


class AnswerTooLongError(httpcore.ReadError):
    """The endpoint has sent more than is read of an answer."""


class BoundedStream(httpcore.AsyncNetworkStream):
    """A connection that reads little at a time, and little altogether."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream
        self._left_bytes = MAX_ANSWER_BYTES

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - httpcore's signature
        """Returns the next bytes.

        Raises:
            AnswerTooLongError: the answer is too long.
            httpcore.ReadError: the connection broke.
        """
        if self._left_bytes <= 0:
            raise AnswerTooLongError
        data = await self._stream.read(min(max_bytes, MAX_READ_BYTES), timeout)
        self._left_bytes -= len(data)
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - httpcore's signature
        """Writes bytes."""
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        """Closes the connection."""
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
    ) -> httpcore.AsyncNetworkStream:
        """Returns the same connection, encrypted; the handshake does not count as an answer."""
        return BoundedStream(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        """Returns what the connection knows of itself."""
        return self._stream.get_extra_info(info)
