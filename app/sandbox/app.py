"""The sandbox as an ASGI application."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import TypedDict

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from app.sandbox.config import SandboxConfig
from app.sandbox.control_api import control_api_routes
from app.sandbox.control_plane import control_plane_routes
from app.sandbox.data_plane import data_plane_routes
from app.sandbox.fault_middleware import FaultMiddleware
from app.sandbox.faults import Faults
from app.sandbox.h5_pages import h5_routes
from app.sandbox.signed_urls import media_routes
from app.sandbox.store import Sandbox


class LifespanState(TypedDict):
    """The lifespan state, which the server's protocol reads."""

    faults: Callable[[], Faults]


def create_sandbox(config: SandboxConfig | None = None, *, sandbox: Sandbox | None = None) -> ASGIApp:
    """Returns the application.

    It runs under any ASGI server that supports the lifespan protocol, which starts the clock's background task and
    ends callbacks. Scripted cuts work under ``app.sandbox.server`` only.

    Args:
        config: the configuration of a new sandbox; None for the defaults.
        sandbox: an existing sandbox to serve; ``config`` is then ignored.
    """
    sandbox = sandbox or Sandbox(config or SandboxConfig())

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[LifespanState]:
        sandbox.closing.clear()
        runner = asyncio.create_task(sandbox.run())
        try:
            yield {"faults": lambda: sandbox.store.faults}
        finally:
            sandbox.closing.set()
            runner.cancel()
            await asyncio.gather(runner, return_exceptions=True)
            await sandbox.store.callbacks.aclose()

    inner = Starlette(
        routes=[
            *data_plane_routes(sandbox),
            *control_plane_routes(sandbox),
            *media_routes(lambda: sandbox.store.signed_urls),
            *h5_routes(lambda: sandbox.store.faces),
            *control_api_routes(sandbox),
        ],
        exception_handlers={HTTPException: _render_http_error},
        lifespan=lifespan,
    )
    # The upstream answers an unknown path with a bare 404 and never redirects.
    inner.router.redirect_slashes = False
    return FaultMiddleware(inner, sandbox)


async def _render_http_error(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 404:  # noqa: PLR2004 - HTTP
        return Response(status_code=404)
    body = {"error": {"code": "MethodNotAllowed", "message": "The method is not allowed.", "param": "", "type": ""}}
    return Response(orjson.dumps(body), status, media_type="application/json")
