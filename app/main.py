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
from app.archive.media_routes import router as media_router
from app.assets.routes import router as assets_router
from app.composition import open_services
from app.console.routes import CONSOLE_PATH
from app.console.routes import router as console_router
from app.db.base import utc_now
from app.http.connections import ConnectionLimits, ConnectionTable
from app.http.cors import cors_headers, cors_preflight
from app.http.errors import install_error_handlers
from app.http.exact_paths import exact_paths
from app.http.health import Readiness
from app.http.health import router as health_router
from app.http.large_blocks import return_large_blocks
from app.http.middleware import head_as_get, metrics_port
from app.http.openapi import complete_description, serve_description
from app.http.pages import docs_router, home_router
from app.http.protocol import HttpProtocol
from app.http.request_scope import RequestScope
from app.http.sockets import default_max_connections, raise_descriptor_limit
from app.http.unknown_route import UnknownRoute
from app.observability.access_log import access_log
from app.observability.logging import configure_logging
from app.openai.routes import router as videos_router
from app.settings import Settings
from app.tasks.callbacks_routes import router as callbacks_router
from app.tasks.model_routes import router as models_router
from app.tasks.routes import router as tasks_router
from app.tenants.caller import count_refused
from app.tenants.routes import router as tenants_router
from app.usage.routes import router as usage_router
from app.worker import running

_SHUTDOWN_TIMEOUT_SECONDS = 30
# A worker process answers health checks only after its imports, which take seconds on a busy machine: with uvicorn's
# default of 5 seconds it would be killed and restarted endlessly. Not longer, because uvicorn also waits that long for
# a worker that died, before it starts another one.
_HEALTHCHECK_TIMEOUT_SECONDS = 20
# Longer than the minute for which common load balancers keep a connection, so that they are the ones to close it.
_KEEP_ALIVE_SECONDS = 75


def create_app(
    settings: Settings,
    *,
    clock: Callable[[], datetime] = utc_now,
    monotonic: Callable[[], float] = time.monotonic,
) -> FastAPI:
    """Returns the gateway. Its lifespan opens the services and runs the background jobs, unless switched off."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        async with AsyncExitStack() as stack:
            stack.callback(access_log.flush)
            services = await stack.enter_async_context(open_services(settings, clock=clock, monotonic=monotonic))
            await stack.enter_async_context(services.changes.listening())
            background = services.jobs() if settings.background == "on" else []
            await stack.enter_async_context(running([*background, *services.recorders()]))
            stack.enter_context(draining(services.readiness, drain_seconds=settings.drain_seconds))
            # Objects made at the start live as long as the process, so the garbage collector need not traverse them.
            gc.collect()
            gc.freeze()
            yield {**services.to_state(), "region": settings.region}

    app = FastAPI(
        title="Seedgate",
        summary="A multi-tenant gateway for Seedance video tasks and the Assets API",
        lifespan=lifespan,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        # Relative to the document's URL, so that calls from `/docs` keep a proxy's prefix.
        servers=[{"url": "./"}],
        # ``app.http.pages`` serves them; FastAPI's pages load scripts from other servers.
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
    )
    # Routes are matched in this order, so the most frequent ones come first.
    for router in (
        tasks_router,
        assets_router,
        callbacks_router,
        media_router,
        tenants_router,
        usage_router,
        models_router,
        videos_router,
        health_router,
        metrics_router,
        admin_router,
        docs_router,
        *([console_router] if settings.console == "on" else []),
        home_router(CONSOLE_PATH if settings.console == "on" else None),
    ):
        app.include_router(router)
    app.router.default = UnknownRoute(
        [tasks_router, assets_router, tenants_router, usage_router, models_router, videos_router]
    )
    complete_description(app)
    serve_description(app)
    install_error_handlers(app)
    # The last one added is the outermost.
    app.add_middleware(head_as_get)
    if settings.cors_origins:
        app.add_middleware(cors_preflight, origins=settings.cors_origins)
    if settings.metrics_port is not None:
        app.add_middleware(metrics_port, port=settings.metrics_port, path=METRICS_PATH)
    app.add_middleware(exact_paths)
    app.add_middleware(
        RequestScope,
        clock=clock,
        trusted_proxies=settings.trusted_proxies,
        drain_limit_bytes=2 * settings.max_body_bytes,
        count_refused=count_refused,
    )
    if settings.cors_origins:
        app.add_middleware(cors_headers, origins=settings.cors_origins)
    return app


def app_from_environment() -> FastAPI:
    """Returns the gateway configured by the environment, which each worker process of ``serve`` runs."""
    settings = Settings.from_environment()
    configure_logging(level=settings.log_level, style=settings.log_format)
    return_large_blocks()
    return create_app(settings)


def server_config(app: FastAPI | str, limits: ConnectionLimits | None = None, **options: Any) -> uvicorn.Config:
    """Returns uvicorn's configuration for the gateway.

    Args:
        app: the application, or the import path of a function that returns it.
        limits: limits of client connections, per process; None for the defaults.
        options: further options of ``uvicorn.Config``.
    """
    return uvicorn.Config(
        app,
        factory=isinstance(app, str),
        # A partial, because a closure could not be pickled for the worker processes.
        http=cast("Any", partial(HttpProtocol, table=ConnectionTable(limits))),
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_SHUTDOWN_TIMEOUT_SECONDS,
        timeout_worker_healthcheck=_HEALTHCHECK_TIMEOUT_SECONDS,
        **options,
    )


def connection_limits(settings: Settings) -> ConnectionLimits:
    """Returns the limits of client connections from the settings, after raising the limit of open descriptors."""
    raise_descriptor_limit()
    return ConnectionLimits(
        max_connections=settings.max_connections or default_max_connections(),
        trusted_proxies=settings.trusted_proxies,
        reserved_port=settings.metrics_port,
    )


class OwnedServer(uvicorn.Server):
    """A server inside a larger program, which handles the signals; ``should_exit`` ends it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Does not install signal handlers."""
        yield


@contextmanager
def draining(readiness: Readiness, *, drain_seconds: float) -> Iterator[None]:
    """On SIGTERM, reports the process as not ready, and stops the server only after ``drain_seconds``.

    A load balancer needs that time to stop sending requests. Afterwards the server's own handler stops accepting and
    finishes the running requests; a second SIGTERM calls it at once. SIGINT (Ctrl-C) is not affected.
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
