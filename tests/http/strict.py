"""How a strict parser (h11) reads the bytes of a client, as a server that answers every request with 404."""

from dataclasses import dataclass, field

import h11

_MAX_EVENT_BYTES = 1024 * 1024


@dataclass
class Request:
    """A request.

    Attributes:
        method: as it came.
        target: as it came.
        headers: those of its head, names in small letters.
        body: so much of it as has come.
        is_complete: the whole body has come.
    """

    method: str
    target: str
    headers: list[tuple[bytes, bytes]]
    body: bytes = b""
    is_complete: bool = False


@dataclass
class Seen:
    """The requests in some bytes.

    Attributes:
        requests: those with a complete head, in order.
        is_malformed: a protocol error of the client ends them.
        is_in_head: the bytes end inside or before a head, which may be refused by one more answer.
    """

    requests: list[Request] = field(default_factory=list)
    is_malformed: bool = False
    is_in_head: bool = False

    @property
    def max_answers(self) -> int:
        """The largest number of final answers that is correct."""
        return len(self.requests) + self.is_in_head


def parse(data: bytes) -> Seen:
    """Returns what a strict server sees in everything that a client sends on one connection."""
    seen = Seen()
    rest = data
    while rest:
        stripped = _without_empty_lines(rest)
        if not stripped:
            seen.is_in_head = True
            break
        rest = _parse_one(stripped, seen)
    return seen


def _parse_one(data: bytes, seen: Seen) -> bytes:
    """Parses one request; returns what follows it, or nothing when nothing more is served on the connection."""
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=_MAX_EVENT_BYTES)
    connection.receive_data(data)
    current: Request | None = None
    while True:
        try:
            event = connection.next_event()
        except h11.RemoteProtocolError:
            seen.is_malformed, seen.is_in_head = True, current is None
            return b""
        if event is h11.NEED_DATA:
            seen.is_in_head = current is None
            return b""
        if isinstance(event, h11.Request):
            current = Request(event.method.decode(), event.target.decode("latin-1"), list(event.headers))
            seen.requests.append(current)
        elif isinstance(event, h11.Data):
            assert current is not None
            current.body += event.data
        elif isinstance(event, h11.EndOfMessage):
            assert current is not None
            current.is_complete = True
            break
    connection.send(h11.Response(status_code=404, headers=[("Content-Length", "0")]))
    connection.send(h11.EndOfMessage())
    return connection.trailing_data[0] if connection.our_state is h11.DONE else b""


def _without_empty_lines(data: bytes) -> bytes:
    """A server should ignore empty lines before a request line (RFC 9112 §2.2), which h11 does not do."""
    return data.lstrip(b"\r\n")
