"""ASGI wrappers that decide what the router sees of a request."""

from starlette.types import ASGIApp, Receive, Scope, Send

from app.errors import NotFoundError


def head_as_get(app: ASGIApp) -> ASGIApp:
    """Routes HEAD like GET (RFC 9110 section 9.3.2); the server drops the body of the response.

    The server and the outer wrappers keep their own scope, in which the method is HEAD; ``is_head`` in the request's
    state is for a route whose GET leads elsewhere, or for which a body would be work.
    """

    async def route(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await app(scope, receive, send)
            return
        scope["state"]["is_head"] = True
        as_get = {**scope, "method": "GET"}
        try:
            await app(as_get, receive, send)
        finally:
            # The metrics are labelled with it.
            scope["route"] = as_get.get("route")

    return route


def metrics_port(app: ASGIApp, *, port: int, path: str) -> ASGIApp:
    """Serves only ``path`` on the metrics port, and marks such requests with ``is_metrics_port`` in their state.

    The port is the socket's own, so that no header of a client can imitate it. Another path there is a 404.
    """

    async def route(scope: Scope, receive: Receive, send: Send) -> None:
        server = scope.get("server") if scope["type"] == "http" else None
        if server is not None and server[1] == port:
            scope["state"]["is_metrics_port"] = True
            if scope["path"] != path:
                raise NotFoundError("The requested route does not exist.")
        await app(scope, receive, send)

    return route
