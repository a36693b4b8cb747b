"""Bounds what is read of a tenant endpoint's response: a few KiB, in small pieces.

The tenant decides which bytes the endpoint sends. A kilobyte of interim responses, or of chunks of one byte, costs the
HTTP parser several milliseconds, and the event loop is blocked while the parser works on the result of one read.
"""

import ssl
from typing import Any

import httpcore

MAX_READ_BYTES = 1024
"""How much is read and parsed before other tasks can run."""

MAX_RESPONSE_BYTES = 32 * 1024
"""How much of a response is read, its head included."""


class ResponseTooLongError(httpcore.ReadError):
    """The endpoint has sent more than ``MAX_RESPONSE_BYTES``."""


class BoundedStream(httpcore.AsyncNetworkStream):
    """A connection with a limit for each read and for all reads together."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream
        self._left_bytes = MAX_RESPONSE_BYTES

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - httpcore's signature
        """Returns the next bytes.

        Raises:
            ResponseTooLongError: the response is too long.
            httpcore.ReadError: the connection broke.
        """
        if self._left_bytes <= 0:
            raise ResponseTooLongError
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
        """Returns the same connection, encrypted; the handshake is not counted."""
        return BoundedStream(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        """Returns a property of the connection."""
        return self._stream.get_extra_info(info)
