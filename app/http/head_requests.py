"""HEAD: what GET would answer, without the body (RFC 9110 section 9.3.2)."""

from starlette.types import ASGIApp, Receive, Scope, Send


class HeadAsGet:
    """Wraps an ASGI application, to which HEAD looks like GET; the server leaves the body of the answer out.

    The server and what is around this go by the method of their own scope, which stays HEAD.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one connection event, as ASGI asks."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        as_get = {**scope, "method": "GET"}
        try:
            await self._app(as_get, receive, send)
        finally:
            # The metrics count by it.
            scope["route"] = as_get.get("route")
