"""The port on which only the metrics are served, and without a credential."""

from starlette.types import ASGIApp, Receive, Scope, Send

from app.errors import NotFoundError


class MetricsPort:
    """Wraps an ASGI application that listens on two ports.

    What arrives on the metrics port may reach ``path`` alone, and is marked ``is_metrics_port`` in the request's state.
    The port is the socket's own, so nothing that a client sends can pass for it.
    """

    def __init__(self, app: ASGIApp, *, port: int, path: str) -> None:
        self._app = app
        self._port = port
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one connection event, as ASGI asks.

        Raises:
            NotFoundError: 404, another path on the metrics port; ``RequestScope`` answers it.
        """
        server = scope.get("server") if scope["type"] == "http" else None
        if server is not None and server[1] == self._port:
            scope["state"]["is_metrics_port"] = True
            if scope["path"] != self._path:
                raise NotFoundError("The requested route does not exist.")
        await self._app(scope, receive, send)
