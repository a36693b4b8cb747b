"""The 404 of a path that no route has. Where it ends in a tenants' path, it tells which base URL the client needs.

Clients are set up with a base URL, and some add ``/api/v3`` to it themselves, so that the path arrives without it, with
two of it, or behind another prefix. What is told depends on the path's form alone: neither on the ids in it nor on the
host, which the client names and a proxy may change, nor on ``SEEDGATE_PUBLIC_URL``, which is for the upstream.
"""

from collections.abc import Iterable

from fastapi import APIRouter
from starlette.routing import Route, compile_path
from starlette.types import Receive, Scope, Send

from app.errors import NotFoundError
from app.http.query import Query

_BASE = "/api/v3"
_BARE = "The requested route does not exist."
_ADDRESS = "the address of this gateway"
_WITH_BASE = f"Set the base URL of the client to {_ADDRESS} followed by `{_BASE}`."
_WITHOUT_BASE = f"The client adds `{_BASE}` itself: set its base URL to {_ADDRESS} alone."
_ACTION = f"For an action in the query, set the endpoint of the SDK to {_ADDRESS}, without a path."
_EITHER = f"{_WITH_BASE[:-1]}, or to that address alone if the client adds `{_BASE}` itself."


class UnknownRoute:
    """The ASGI application behind the last route."""

    def __init__(self, routers: Iterable[APIRouter]) -> None:
        """Makes it.

        Args:
            routers: whose documented routes below ``/api/v3`` are recognised at the end of a path.
        """
        found = [route for router in routers for route in router.routes if isinstance(route, Route)]
        tails = {
            route.path[len(_BASE) :] for route in found if route.include_in_schema and route.path.startswith(_BASE)
        }
        self._tails = [(tail, compile_path(tail)[0]) for tail in sorted(tails)]
        self._most_segments = max(tail.count("/") for tail in tails)

    async def __call__(self, scope: Scope, _receive: Receive, _send: Send) -> None:
        """Handles a request that no route has taken.

        Raises:
            NotFoundError: 404, always.
        """
        state = scope["state"]
        raise NotFoundError(_BARE if state["is_exact_path"] else self._message(scope["path"], state["query"]))

    def _message(self, path: str, query: Query) -> str:
        """Returns what is told of a path; the longest end of it that is known counts."""
        parts = path.rsplit("/", self._most_segments)
        for first in range(1, len(parts)):
            prefix, end = "/".join(parts[:first]), "/" + "/".join(parts[first:])
            for tail, pattern in self._tails:
                if pattern.match(end):
                    return f"{_BARE} It is served as `{_BASE}{tail}`. {_advice(prefix)}"
        return f"{_BARE} {_ACTION}" if query.first("Action", "") else _BARE


def _advice(prefix: str) -> str:
    if not prefix:
        return _WITH_BASE
    return _WITHOUT_BASE if prefix == _BASE + _BASE else _EITHER
