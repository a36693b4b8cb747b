"""The 404 of an unknown path. If the path ends like a tenant route, the message names the right base URL.

Clients are configured with a base URL, and some add ``/api/v3`` or ``/v1`` to it, so that it arrives without it, with
it twice, or with another prefix. The message depends only on the form of the path: not on the ids in it, the host
(which the client names and a proxy may change) or ``SEEDGATE_PUBLIC_URL`` (which is for the upstream).
"""

from collections.abc import Iterable

from fastapi import APIRouter
from starlette.routing import Route, compile_path
from starlette.types import Receive, Scope, Send

from app.errors import NotFoundError
from app.http.query import Query

_BASES = ("/api/v3", "/v1")
_UNKNOWN_ROUTE = "The requested route does not exist."
_ADDRESS = "the address of this gateway"
_ACTION = f"For an action in the query, set the endpoint of the SDK to {_ADDRESS}, without a path."


class UnknownRoute:
    """The ASGI application for requests that no route takes.

    The documented routes of ``routers`` below ``/api/v3`` and ``/v1`` are recognised at the end of a path.
    """

    def __init__(self, routers: Iterable[APIRouter]) -> None:
        found = [route for router in routers for route in router.routes if isinstance(route, Route)]
        tails = {
            (base, route.path[len(base) :])
            for route in found
            for base in _BASES
            if route.include_in_schema and route.path.startswith(f"{base}/")
        }
        self._tails = [(base, tail, compile_path(tail)[0]) for base, tail in sorted(tails)]
        self._max_segments = max(tail.count("/") for _, tail in tails)

    async def __call__(self, scope: Scope, _receive: Receive, _send: Send) -> None:
        """Raises the 404."""
        state = scope["state"]
        raise NotFoundError(_UNKNOWN_ROUTE if state["is_exact_path"] else self._message(scope["path"], state["query"]))

    def _message(self, path: str, query: Query) -> str:
        """Returns the message for a path; the longest known end of it decides, and the base that it names."""
        parts = path.rsplit("/", self._max_segments)
        for first in range(1, len(parts)):
            prefix, end = "/".join(parts[:first]), "/" + "/".join(parts[first:])
            for base, tail, pattern in sorted(self._tails, key=lambda known: known[0] not in prefix):
                if pattern.match(end):
                    return f"{_UNKNOWN_ROUTE} It is served as `{base}{tail}`. {_advice(prefix, base)}"
        return f"{_UNKNOWN_ROUTE} {_ACTION}" if query.first("Action", "") else _UNKNOWN_ROUTE


def _advice(prefix: str, base: str) -> str:
    with_base = f"Set the base URL of the client to {_ADDRESS} followed by `{base}`."
    if not prefix:
        return with_base
    if prefix == base + base:
        return f"The client adds `{base}` itself: set its base URL to {_ADDRESS} alone."
    return f"{with_base[:-1]}, or to that address alone if the client adds `{base}` itself."
