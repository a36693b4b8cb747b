"""The gateway as an ASGI application, and the server that runs it."""

import asyncio
import gc
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import datetime
from functools import partial
from types import FrameType
from typing import Any, cast

import uvicorn
from fastapi import FastAPI

from app.admin.metrics import METRICS_PATH
from app.admin.metrics import router as metrics_router
from app.admin.router import router as admin_router
from app.assets.routes import router as assets_router
from app.composition import open_services
from app.db.base import utc_now
from app.http.connections import ConnectionLimits, ConnectionTable
from app.http.cors import CorsHeaders, CorsPreflight
from app.http.errors import install_error_handlers
from app.http.exact_paths import ExactPaths
from app.http.health import Readiness
from app.http.health import router as health_router
from app.http.middleware import HeadAsGet, MetricsPort
from app.http.openapi import describe_security, serve_description
from app.http.pages import docs_router, home_router
from app.http.protocol import HttpProtocol
from app.http.request_scope import RequestScope
from app.http.sockets import default_max_connections, raise_descriptor_limit
from app.http.unknown_route import UnknownRoute
from app.observability.logging import configure_logging
from app.settings import Settings
from app.tasks.callbacks_routes import router as callbacks_router
from app.tasks.routes import router as tasks_router
from app.tenants.routes import router as tenants_router
from app.worker import running

_GRACE_SECONDS = 30
# A worker process answers pings only once its imports are done, which takes seconds on a busy machine; uvicorn's own 5
# would have it killed and started again for ever. No longer than need be: of one that dies while it is asked, uvicorn
# waits for the answer.
_HUNG_AFTER_SECONDS = 20
# Longer than the minute for which common load balancers keep a connection, so that they close it and not we.
_KEEP_ALIVE_SECONDS = 75


def create_app(
    settings: Settings,
    *,
    clock: Callable[[], datetime] = utc_now,
    monotonic: Callable[[], float] = time.monotonic,
) -> FastAPI:
    """Returns the gateway. Its lifespan opens the services and, unless switched off, runs the background jobs."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        async with AsyncExitStack() as stack:
            services = await stack.enter_async_context(open_services(settings, clock=clock, monotonic=monotonic))
            background = services.jobs() if settings.background == "on" else []
            await stack.enter_async_context(running([*background, *services.recorders()]))
            stack.enter_context(draining(services.readiness, drain_seconds=settings.drain_seconds))
            # What start-up made stays; the collector need not walk it again and again.
            gc.collect()
            gc.freeze()
            yield {**services.to_state(), "region": settings.region}

    app = FastAPI(
        title="Seedgate",
        summary="A multi-tenant gateway for Seedance video tasks and the Assets API",
        lifespan=lifespan,
        redirect_slashes=False,
        # Relative to the document's own address, so that calls from `/docs` keep the prefix of a proxy.
        servers=[{"url": "./"}],
        # Served by ourselves; FastAPI's own pages load their scripts from elsewhere.
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
    )
    # The routes that are called most are matched first.
    for router in (
        tasks_router,
        assets_router,
        callbacks_router,
        tenants_router,
        health_router,
        metrics_router,
        admin_router,
        docs_router,
        home_router,
    ):
        app.include_router(router)
    app.router.default = UnknownRoute([tasks_router, assets_router, tenants_router])
    describe_security(app)
    serve_description(app)
    install_error_handlers(app)
    # The one that is added last is the outermost.
    app.add_middleware(HeadAsGet)
    if settings.cors_origins:
        app.add_middleware(CorsPreflight, origins=settings.cors_origins)
    if settings.metrics_port is not None:
        app.add_middleware(MetricsPort, port=settings.metrics_port, path=METRICS_PATH)
    app.add_middleware(ExactPaths)
    app.add_middleware(
        RequestScope,
        clock=clock,
        trusted_proxies=settings.trusted_proxies,
        drain_limit_bytes=2 * settings.max_body_bytes,
    )
    if settings.cors_origins:
        app.add_middleware(CorsHeaders, origins=settings.cors_origins)
    return app


def app_from_environment() -> FastAPI:
    """Returns the gateway configured by the environment: what each worker process of ``serve`` runs."""
    settings = Settings.from_environment()
    configure_logging(level=settings.log_level, style=settings.log_format)
    return create_app(settings)


def server_config(app: FastAPI | str, limits: ConnectionLimits | None = None, **options: Any) -> uvicorn.Config:
    """Returns uvicorn's configuration for the gateway.

    Args:
        app: the application, or the import path of what makes it.
        limits: of the clients' connections, for each process.
        options: uvicorn's own.
    """
    return uvicorn.Config(
        app,
        factory=isinstance(app, str),
        # A partial and no closure: worker processes are sent it.
        http=cast("Any", partial(HttpProtocol, table=ConnectionTable(limits))),
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        timeout_worker_healthcheck=_HUNG_AFTER_SECONDS,
        **options,
    )


def connection_limits(settings: Settings) -> ConnectionLimits:
    """Returns the limits of clients' connections, as the settings say; first raises the limit of descriptors."""
    raise_descriptor_limit()
    most = settings.max_connections or default_max_connections()
    return ConnectionLimits(
        max_connections=most, trusted_proxies=settings.trusted_proxies, reserved_port=settings.metrics_port
    )


class OwnedServer(uvicorn.Server):
    """A server inside a larger program, which leaves signals to its owner; ``should_exit`` ends it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Captures nothing."""
        yield


@contextmanager
def draining(readiness: Readiness, *, drain_seconds: float) -> Iterator[None]:
    """Makes SIGTERM mean: not ready at once, but still accepting for a while.

    A load balancer needs that moment to notice. The server's own handler, which stops accepting and finishes what is
    in flight, is called afterwards; a second SIGTERM calls it at once. SIGINT, a person's Ctrl-C, is left alone.
    """
    stop = signal.getsignal(signal.SIGTERM)
    if not callable(stop) or threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()

    def begin(number: int, frame: FrameType | None) -> None:
        if readiness.is_draining:
            stop(number, frame)
            return
        readiness.is_draining = True
        loop.call_soon_threadsafe(loop.call_later, drain_seconds, stop, number, None)

    signal.signal(signal.SIGTERM, begin)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, stop)
