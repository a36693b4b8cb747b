"""What a request carries to the upstream: bytes that are let go of once the peer has them."""

from collections.abc import AsyncIterator, Callable

import httpx


class Payload(httpx.AsyncByteStream):
    """A body on its way. An upstream may think for minutes, and no try after this one would send the same bytes.

    Attributes:
        data: the bytes; empty once they were sent.
    """

    def __init__(self, data: bytes, *, on_sent: Callable[[], None] | None = None) -> None:
        """Makes a payload.

        Args:
            data: the bytes.
            on_sent: called when they have been handed over and dropped.
        """
        self.data = data
        self._on_sent = on_sent

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yields the bytes."""
        yield self.data

    def sent(self) -> None:
        """Drops the bytes: the peer has them."""
        self.data = b""
        if self._on_sent is not None:
            self._on_sent()
