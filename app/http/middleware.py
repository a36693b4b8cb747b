"""ASGI wrappers that decide what the router sees of a request."""

from starlette.types import ASGIApp, Receive, Scope, Send

from app.errors import NotFoundError


class HeadAsGet:
    """Routes HEAD like GET (RFC 9110 section 9.3.2); the server drops the body of the response.

    The server and the outer wrappers keep their own scope, in which the method is HEAD.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one ASGI connection."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        as_get = {**scope, "method": "GET"}
        try:
            await self._app(as_get, receive, send)
        finally:
            # The metrics are labelled with it.
            scope["route"] = as_get.get("route")


class MetricsPort:
    """Serves only ``path`` on the metrics port, and marks such requests with ``is_metrics_port`` in their state.

    The port is the socket's own, so that no header of a client can imitate it.
    """

    def __init__(self, app: ASGIApp, *, port: int, path: str) -> None:
        self._app = app
        self._port = port
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one ASGI connection.

        Raises:
            NotFoundError: 404, another path on the metrics port; rendered by ``RequestScope``.
        """
        server = scope.get("server") if scope["type"] == "http" else None
        if server is not None and server[1] == self._port:
            scope["state"]["is_metrics_port"] = True
            if scope["path"] != self._path:
                raise NotFoundError("The requested route does not exist.")
        await self._app(scope, receive, send)
