"""``serve`` and ``worker``."""

import asyncio
import os
import signal
from pathlib import Path

import uvicorn
from uvicorn.supervisors import Multiprocess

from app.cli.command_table import implementation
from app.cli.config_check import check_settings
from app.cli.database import Database, opened_database
from app.cli.exit_codes import FAILED, MISCONFIGURED, stop
from app.cli.friendly_errors import friendly_errors
from app.cli.ports import check_port
from app.cli.process_settings import read_settings
from app.cli.schema_check import check_schema
from app.cli.worker_metrics import serving_metrics
from app.composition import open_services
from app.http.sockets import listeners
from app.main import connection_limits, server_config
from app.observability.exposition import multiprocess_metrics
from app.observability.logging import configure_logging
from app.settings import Settings
from app.worker import work

_APP = "app.main:app_from_environment"


def serve(*, host: str, port: int, workers: int, uds: Path | None) -> None:
    """Runs the gateway until a signal ends it; exits with 3 when the schema of the configured database is outdated."""
    settings = _server_settings()
    if uds is None:
        check_port(host, port)
    with friendly_errors(), opened_database(settings) as database:
        _prepare(database)
        options = {"uds": str(uds)} if uds is not None else {"host": host, "port": port}
        config = server_config(_APP, connection_limits(settings), workers=workers, **options)
        # Uvicorn raises the signal again after its shutdown, when the program only has to clean up.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _ignore)
        if not _run(config, workers, settings.metrics_port):
            stop("the gateway did not start", FAILED)


def _run(config: uvicorn.Config, workers: int, metrics_port: int | None) -> bool:
    """Runs the server; says whether it had started. If not, the log has the reason."""
    try:
        sockets = listeners(config, metrics_port)
        if workers > 1:
            with multiprocess_metrics():
                Multiprocess(config, sockets=sockets or []).run()
            return True
        server = uvicorn.Server(config)
        server.run(sockets)
    except SystemExit:
        # Uvicorn's exit code for an address in use equals ours for an outdated schema.
        return False
    return server.started


def run_worker(*, host: str) -> None:
    """Runs only the background jobs; a configured metrics port listens on ``host``."""
    settings = _server_settings()
    with friendly_errors(), opened_database(settings) as database:
        _prepare(database)
        asyncio.run(_work(read_settings(), host))


async def _work(settings: Settings, host: str) -> None:
    async with serving_metrics(settings, host):
        await work(settings)


def _server_settings() -> Settings:
    settings = read_settings()
    configure_logging(level=settings.log_level, style=settings.log_format)
    for name in ("admin_token", "secret_key"):
        if getattr(settings, name) is None:
            stop(f"SEEDGATE_{name.upper()} is required", MISCONFIGURED)
    # Before an embedded database is made and migrated.
    with friendly_errors():
        asyncio.run(check_settings(settings))
    return settings


def _prepare(database: Database) -> None:
    """Checks that the worker processes will be able to start, and passes them the URL of an embedded database."""
    if database.is_embedded:
        asyncio.run(implementation("schema upgrade")(database.owner_url))
        os.environ["SEEDGATE_DATABASE_URL"] = database.url
    check_schema(database)
    asyncio.run(_try_services(read_settings()))


async def _try_services(settings: Settings) -> None:
    async with open_services(settings):
        return


def _ignore(_number: int, _frame: object) -> None:
    """Ignores a signal."""
