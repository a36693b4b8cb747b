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
    """What the server's protocol may see of the application."""

    faults: Callable[[], Faults]


def create_sandbox(config: SandboxConfig | None = None, *, sandbox: Sandbox | None = None) -> ASGIApp:
    """Returns the application.

    Scripted cuts need ``app.sandbox.server``; everything else works under any ASGI server, which must run the
    lifespan (it moves the clock's events along and ends callbacks).

    Args:
        config: how the sandbox behaves; the defaults are those of ``SandboxConfig``.
        sandbox: one to go on with, instead of a new one from ``config``.
    """
    sandbox = sandbox or Sandbox(config or SandboxConfig())

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[LifespanState]:
        sandbox.closing.clear()
        mover = asyncio.create_task(sandbox.run())
        try:
            yield {"faults": lambda: sandbox.store.faults}
        finally:
            sandbox.closing.set()
            mover.cancel()
            await asyncio.gather(mover, return_exceptions=True)
            await sandbox.store.callbacks.aclose()

    inner = Starlette(
        routes=[
            *data_plane_routes(sandbox),
            *control_plane_routes(sandbox),
            *media_routes(lambda: sandbox.store.signed_urls),
            *h5_routes(lambda: sandbox.store.faces),
            *control_api_routes(sandbox),
        ],
        exception_handlers={HTTPException: _answer_http_error},
        lifespan=lifespan,
    )
    # A wrong path is the upstream's bare 404, not a hint by redirect.
    inner.router.redirect_slashes = False
    return FaultMiddleware(inner, sandbox)


async def _answer_http_error(_request: Request, error: Exception) -> Response:
    """Answers unknown routes: a bare 404 as from a wrong host, JSON for a wrong method."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 404:  # noqa: PLR2004 - HTTP
        return Response(status_code=404)
    body = {"error": {"code": "MethodNotAllowed", "message": "The method is not allowed.", "param": "", "type": ""}}
    return Response(orjson.dumps(body), status, media_type="application/json")
