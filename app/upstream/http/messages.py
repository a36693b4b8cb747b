"""A request and a response as the HTTP client exchanges them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

Headers = list[tuple[bytes, bytes]]


class RequestBody:
    """The body of a request, dropped once the peer has taken it: the response may take minutes, and is never retried.

    Attributes:
        data: the bytes; empty once they were sent.

    Args:
        data: the bytes.
        on_sent: called after they have been sent and dropped.
    """

    def __init__(self, data: bytes, *, on_sent: Callable[[], None] | None = None) -> None:
        self.data = data
        self._on_sent = on_sent

    def mark_sent(self) -> None:
        """Drops the bytes."""
        self.data = b""
        if self._on_sent is not None:
            self._on_sent()


class HttpRequest(NamedTuple):
    """A request ready to be written."""

    head: bytes
    body: RequestBody
    is_head: bool


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A complete response; the body is decoded and its ``Content-Encoding`` removed."""

    status: int
    headers: Headers
    body: bytes

    def header(self, name: bytes) -> str | None:
        """Returns the values of a header, joined by commas, or None; the name is lower case."""
        values = header_values(self.headers, name)
        return b", ".join(values).decode("latin-1") if values else None


def header_values(headers: Headers, name: bytes) -> list[bytes]:
    """Returns every value of a header, in order; the name is lower case."""
    return [value for key, value in headers if key.lower() == name]
