"""One request and its answer, on a connection of ``app.http.protocol``."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from app.errors import SeedgateError


class RequestCycle(RequestResponseCycle):
    """uvicorn's cycle, in which the rest of a body can turn out to be malformed, too large or too slow.

    The application learns it where it reads the body: ``receive`` raises the error, which it answers like any other.
    So a request never gets a second answer from the protocol beside the application's.

    Attributes:
        waiting_since: the loop's time at which the application began to wait for more of the body; None while it
            does not wait.
    """

    waiting_since: float | None = None
    _failure: SeedgateError | None = None

    def fail(self, error: SeedgateError) -> None:
        """Ends the body with an error. The connection cannot be used afterwards."""
        self._failure = error
        self.keep_alive = False
        self.message_event.set()

    def give_up(self) -> None:
        """Tells the application that its client has gone: its answer, which has begun, cannot be completed."""
        self.disconnected = True
        self.message_event.set()

    async def receive(self) -> Any:
        """Returns the next part of the body, or that the client has gone, as ASGI asks.

        Raises:
            SeedgateError: the body cannot be read to its end, and no answer has begun.
        """
        if self._failure is None:
            if self.more_body:
                self.waiting_since = asyncio.get_running_loop().time()
            try:
                message = await super().receive()
            finally:
                self.waiting_since = None
        if self._failure is None:
            return message
        if self.disconnected or self.response_started:
            return {"type": "http.disconnect"}
        raise self._failure

    async def send(self, message: Any) -> None:
        """Sends a part of the answer, as ASGI asks.

        A client that waits for ``100 Continue`` and gets its final answer instead may send the body or leave it out
        (RFC 9110 section 10.1.1), so what it sends next could be either: the connection ends.
        """
        if self.waiting_for_100_continue and self.more_body and not self.response_started:
            self.keep_alive = False
        await super().send(message)
