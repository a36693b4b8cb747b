"""Cross-origin requests (CORS) from the origins in ``SEEDGATE_CORS_ORIGINS``, without credentials.

A browser sends a preflight (without a key) before most requests, and lets a page read a response, even an error, only
if the response names the page's origin. Only tenant routes take part; the admin API, callbacks, metrics and probes
ignore the setting. The one cookie counts for the console's own page alone
(``app.http.session_cookie``), so another page can do nothing without a key of its own, and
``Access-Control-Allow-Credentials`` is never sent. Neither is ``Access-Control-Allow-Private-Network``: browsers ask
the user instead (Local Network Access).

There are two wrappers: the headers are added outside of the error handling, so that errors have them, too; preflights
are answered inside of it, so that they are logged, counted and given a request id.

Source: the Fetch standard, "CORS protocol" and "CORS-preflight fetch".
"""

import re
from collections.abc import Collection, Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import AccessDeniedError, InvalidParameterError
from app.http.exact_paths import is_tenant_route

EXPOSED = (
    *("X-Request-Id", "Retry-After", "RateLimit", "RateLimit-Policy", "x-should-retry"),
    *("X-Seedgate-Stale", "openai-poll-after-ms"),
)
"""Response headers that a page may read, in addition to those that the standard always allows."""

_METHODS = "DELETE, GET, HEAD, POST"
_MAX_AGE_SECONDS = 7200  # Chromium's maximum
# A token (RFC 9110 section 5.6.2), but not `*` alone, which would allow every header.
_NAME = re.compile(r"(?!\*\Z)[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
# The official JavaScript SDKs send some twenty.
_MAX_NAMES = 64
_MAX_CHARACTERS = 4096
_REFUSED = (
    "Pages of this origin may not call this service. The operator allows an origin by naming it in "
    "SEEDGATE_CORS_ORIGINS, exactly as the header `Origin` does."
)


def cors_headers(app: ASGIApp, *, origins: Collection[str]) -> ASGIApp:
    """ASGI wrapper that adds the CORS headers to responses of tenant routes."""

    async def respond(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        origin = _allowed_origin(scope, origins)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start" and is_tenant_route(scope):
                headers = MutableHeaders(scope=message)
                # Also without an allowed origin: a cache must not return such a response to an allowed one.
                headers.add_vary_header("Origin")
                if origin is not None:
                    headers["Access-Control-Allow-Origin"] = origin
                    headers["Access-Control-Expose-Headers"] = ", ".join(EXPOSED)
            await send(message)

        await app(scope, receive, send_with_headers)

    return respond


def cors_preflight(app: ASGIApp, *, origins: Collection[str]) -> ASGIApp:
    """ASGI wrapper that answers preflights for tenant routes, from other origins with 403.

    They have no credential, so they are answered before authentication. They are answered for unknown routes, too: the
    page can then read the 404 of the request itself.
    """

    async def respond(scope: Scope, receive: Receive, send: Send) -> None:
        if not _is_preflight(scope) or not is_tenant_route(scope):
            await app(scope, receive, send)
            return
        if _allowed_origin(scope, origins) is None:
            raise AccessDeniedError(_REFUSED)
        requested = Headers(scope=scope).getlist("access-control-request-headers")
        await _preflight_response(requested)(scope, receive, send)

    return respond


def _is_preflight(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "OPTIONS":
        return False
    headers = Headers(scope=scope)
    return "origin" in headers and "access-control-request-method" in headers


def _allowed_origin(scope: Scope, origins: Collection[str]) -> str | None:
    """Returns the origin of the calling page if it is allowed, else None."""
    named = [value for name, value in scope["headers"] if name == b"origin"]
    origin = named[0].decode("latin-1") if len(named) == 1 else None
    return origin if origin in origins else None


def _preflight_response(requested: Sequence[str]) -> Response:
    """Returns the response to a preflight; every requested header is allowed.

    Raises:
        InvalidParameterError: 400, ``Access-Control-Request-Headers`` is malformed or too long.
    """
    text = ",".join(requested)
    names = [name for part in text[:_MAX_CHARACTERS].split(",") if (name := part.strip(" \t"))]
    if len(text) > _MAX_CHARACTERS or len(names) > _MAX_NAMES or not all(map(_NAME.fullmatch, names)):
        raise InvalidParameterError(None, "Access-Control-Request-Headers is no short list of header names.")
    headers = {
        "Access-Control-Allow-Methods": _METHODS,
        "Access-Control-Max-Age": str(_MAX_AGE_SECONDS),
        "Vary": "Access-Control-Request-Headers",
    }
    if names:
        headers["Access-Control-Allow-Headers"] = ", ".join(names)
    return Response(status_code=204, headers=headers)
