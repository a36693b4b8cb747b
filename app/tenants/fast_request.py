"""A request of the fast path (``app.http.fast_path``) whose caller is known, and the route that it would go to."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from app.observability.counters import REQUEST_SECONDS, REQUESTS
from app.tenants.principal import Principal


class FastRoute:
    """A route whose requests the fast path answers.

    Args:
        method: such as ``GET``.
        template: the path of the route, with the names of its parameters.
    """

    def __init__(self, method: str, template: str) -> None:
        self.method = method
        self.template = template
        # Bound once: finding the series by its labels costs 2 µs.
        self.requests = REQUESTS.labels(template, method, "2xx")
        self.seconds = REQUEST_SECONDS.labels(template)


class FastRequest(NamedTuple):
    """A request of a known caller.

    Attributes:
        principal: who asks.
        address: the client's.
        client_request_id: its ``X-Client-Request-Id``.
        origin: its ``Origin``; None when no web page may call.
        started: ``time.perf_counter()`` at its beginning.
        default_headers: the server's own.
        respond: as for ``FastPath.answer``.
    """

    principal: Principal
    address: str
    client_request_id: bytes | None
    origin: bytes | None
    started: float
    default_headers: Iterable[tuple[bytes, bytes]]
    respond: Callable[[bytes | None], None]


class Signed(NamedTuple):
    """What a signature is verified with, beside the head.

    Attributes:
        query_pairs: decoded.
        body: as received.
        is_native: the request came to the native entry, which alone takes signing keys.
    """

    query_pairs: Sequence[tuple[str, str]]
    body: bytes
    is_native: bool
