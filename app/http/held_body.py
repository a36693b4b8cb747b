"""A request body while it is held. It knows no framework: use cases take it, so that they can let go of it early."""

from app.errors import SeedgateError, ServiceUnavailableError
from app.http.body_budget import Holding, Sender


class HeldBody:
    """A body that has arrived, and counts against its sender's share until it is released.

    Attributes:
        data: its bytes; empty once they were dropped.
        refusal: the answer to a body that cannot be read, kept until its sender has been proven.
    """

    def __init__(self, data: bytes, holding: Holding) -> None:
        self.data = data
        self.refusal: SeedgateError | None = None
        self._holding = holding

    def move_to(self, sender: Sender) -> None:
        """Counts the body on another account: who sent it has been proven.

        Raises:
            UnsupportedMediaTypeError: 415, the body is not read as JSON; before, that would have told a stranger that
                the sender exists.
            ServiceUnavailableError: 503, that account's share is used up.
        """
        if self.refusal is not None:
            raise self.refusal
        if not self._holding.move_to(sender):
            raise no_room_left()

    def drop(self) -> None:
        """Drops the bytes. They go on to count, since what was made of them is as large."""
        self.data = b""

    def release(self) -> None:
        """Drops the bytes and ends their counting; a second time nothing happens."""
        self.drop()
        self._holding.release()


def no_room_left() -> ServiceUnavailableError:
    """Returns the 503 of a body that does not fit its sender's share."""
    return ServiceUnavailableError("The service is handling too many large requests. Please try again.")
