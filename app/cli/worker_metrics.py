"""Serves the metrics of ``worker``, which has no other routes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from app.admin.metrics import METRICS_PATH, Metrics, router
from app.db.base import utc_now
from app.db.engine import open_engine, session_factory
from app.http.errors import install_error_handlers
from app.http.exact_paths import exact_paths
from app.http.middleware import head_as_get, metrics_port
from app.http.request_scope import RequestScope
from app.http.sockets import bind_metrics_port
from app.main import OwnedServer, server_config
from app.settings import Settings


@asynccontextmanager
async def serving_metrics(settings: Settings, host: str) -> AsyncIterator[None]:
    """Serves ``/metrics`` on the metrics port of ``host`` while the block runs, if a port is configured.

    Raises:
        SettingError: the port cannot be bound.
    """
    if settings.metrics_port is None or settings.database_url is None:
        yield
        return
    bound = bind_metrics_port(host, settings.metrics_port)
    engine = open_engine(settings.database_url.get_secret_value(), pool_size=1)
    app = _metrics_app(Metrics(session_factory(engine), utc_now), settings.metrics_port)
    server = OwnedServer(server_config(app, host=host, port=settings.metrics_port))
    task = asyncio.create_task(server.serve([bound]))
    try:
        yield
    finally:
        server.should_exit = True
        await task
        await engine.dispose()


def _metrics_app(metrics: Metrics, port: int) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        yield {"metrics": metrics}

    app = FastAPI(lifespan=lifespan, openapi_url=None)
    app.include_router(router)
    install_error_handlers(app)
    app.add_middleware(head_as_get)
    app.add_middleware(metrics_port, port=port, path=METRICS_PATH)
    app.add_middleware(exact_paths)
    app.add_middleware(RequestScope, clock=utc_now)
    return app
