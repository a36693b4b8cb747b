"""Calls from web pages of other origins (CORS), as far as ``SEEDGATE_CORS_ORIGINS`` allows them; never a credential.

A browser asks before most requests (a preflight, which carries no key) and lets its page read an answer, an error as
well, only when the answer names the page's origin. Only tenant routes take part: the admin API, callbacks, metrics and
the probes answer as if nothing were set. There are no cookies, so a page can do nothing in the name of somebody whose
key it does not have, and ``Access-Control-Allow-Credentials`` is never sent. Neither is
``Access-Control-Allow-Private-Network``: browsers ask the person in front of them instead (Local Network Access).

Two wrappers, because answers have to be marked outside of what makes errors into answers, and a preflight is answered
inside of it, so that it is logged, counted and given an id like any request.

Source: the Fetch standard, "CORS protocol" and "CORS-preflight fetch".
"""

import re
from collections.abc import Collection, Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import AccessDeniedError, InvalidParameterError

EXPOSED = ("X-Request-Id", "Retry-After", "x-should-retry", "X-Seedgate-Stale", "openai-poll-after-ms")
"""Headers of an answer that a page may read, beside those that it always may."""

_METHODS = "DELETE, GET, HEAD, POST"
_REMEMBERED_SECONDS = 7200  # Chromium's longest
# A token (RFC 9110 section 5.6.2), but not `*` alone, which would allow every header.
_NAME = re.compile(r"(?!\*\Z)[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
# The official JavaScript SDKs send some twenty.
_MOST_NAMES = 64
_MOST_CHARACTERS = 4096
_REFUSED = (
    "Pages of this origin may not call this service. The operator allows an origin by naming it in "
    "SEEDGATE_CORS_ORIGINS, exactly as the header `Origin` does."
)


class CrossOriginAnswers:
    """Wraps an ASGI application: marks its answers on tenant routes for the origins that may read them."""

    def __init__(self, app: ASGIApp, *, origins: Collection[str]) -> None:
        self._app = app
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one connection event, as ASGI asks."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        origin = _allowed_origin(scope, self._origins)

        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start" and _is_tenants(scope):
                headers = MutableHeaders(scope=message)
                # Without an origin and with a foreign one too: a cache must not give that answer to an allowed one.
                headers.add_vary_header("Origin")
                if origin is not None:
                    headers["Access-Control-Allow-Origin"] = origin
                    headers["Access-Control-Expose-Headers"] = ", ".join(EXPOSED)
            await send(message)

        await self._app(scope, receive, send_marked)


class Preflights:
    """Wraps an ASGI application: answers a browser's question whether a page may send a request to a tenant route.

    That is before authentication, for a preflight has no credential, and whether there is such a route or not: the
    page can read the 404 of the request itself.
    """

    def __init__(self, app: ASGIApp, *, origins: Collection[str]) -> None:
        self._app = app
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one connection event, as ASGI asks.

        Raises:
            AccessDeniedError: 403, the origin is not allowed.
            InvalidParameterError: 400, the headers that the page would send are no names, or too many.
        """
        if not _is_preflight(scope) or not _is_tenants(scope):
            await self._app(scope, receive, send)
            return
        if _allowed_origin(scope, self._origins) is None:
            raise AccessDeniedError(_REFUSED)
        await _permission(Headers(scope=scope).getlist("access-control-request-headers"))(scope, receive, send)


def _is_tenants(scope: Scope) -> bool:
    """Says whether a request is for a tenant route, as ``ExactPaths`` and ``MetricsPort`` have found."""
    state = scope["state"]
    return not (state.get("is_exact_path", True) or state.get("is_metrics_port", False))


def _is_preflight(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "OPTIONS":
        return False
    headers = Headers(scope=scope)
    return "origin" in headers and "access-control-request-method" in headers


def _allowed_origin(scope: Scope, origins: Collection[str]) -> str | None:
    """Returns the origin of the page that calls, if it is allowed."""
    named = [value for name, value in scope["headers"] if name == b"origin"]
    origin = named[0].decode("latin-1") if len(named) == 1 else None
    return origin if origin in origins else None


def _permission(requested: Sequence[str]) -> Response:
    """Returns the answer to a preflight; the headers that the page would send are allowed as it names them."""
    text = ",".join(requested)
    names = [name for part in text[:_MOST_CHARACTERS].split(",") if (name := part.strip(" \t"))]
    if len(text) > _MOST_CHARACTERS or len(names) > _MOST_NAMES or not all(map(_NAME.fullmatch, names)):
        raise InvalidParameterError(None, "Access-Control-Request-Headers is no short list of header names.")
    headers = {
        "Access-Control-Allow-Methods": _METHODS,
        "Access-Control-Max-Age": str(_REMEMBERED_SECONDS),
        "Vary": "Access-Control-Request-Headers",
    }
    if names:
        headers["Access-Control-Allow-Headers"] = ", ".join(names)
    return Response(status_code=204, headers=headers)
