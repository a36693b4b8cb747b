"""The routes of tenants and of the operator without the rest of the gateway, for small applications of tests."""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import datetime
from functools import cache
from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from app.admin.metrics import router as metrics_router
from app.admin.router import router as admin_router
from app.http.errors import install_error_handlers
from app.http.exact_paths import exact_paths
from app.http.request_scope import RequestScope
from app.tenants.caller import count_refused
from app.tenants.routes import router as tenants_router

ADMIN_TOKEN = "an admin token of at least 32 characters"
_clock: ContextVar[Callable[[], datetime]] = ContextVar("clock")


def _now() -> datetime:
    return _clock.get()()


@cache
def _routes() -> FastAPI:
    """Returns the application that all processes of a test session share: making one takes longer than most tests."""
    app = FastAPI(redirect_slashes=False)
    for router in (tenants_router, admin_router, metrics_router):
        app.include_router(router)
    install_error_handlers(app)
    app.add_middleware(exact_paths)
    app.add_middleware(RequestScope, clock=_now, count_refused=count_refused)
    return app


def routes_over(state: Mapping[str, Any], clock: Callable[[], datetime]) -> ASGIApp:
    """Returns the routes as an application of their own, over these services."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        _clock.set(clock)
        await _routes()({**scope, "state": dict(state)}, receive, send)

    return serve
