"""The sandbox, demo tenant and gateway of ``dev``."""

import asyncio
import errno
import secrets
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import uvicorn
from pydantic import SecretStr

from app.audit.log import Actor
from app.cli.database import Database
from app.cli.dev import HOST
from app.cli.dev_folder import DevSecrets, prepare_sandbox_file, read_secrets, write_secrets
from app.cli.exit_codes import say, stop
from app.cli.friendly_errors import friendly_errors
from app.composition import open_services
from app.db.schema import upgrade_to_head
from app.http.sockets import listeners
from app.main import OwnedServer, connection_limits, create_app, server_config
from app.observability.logging import configure_logging
from app.sandbox.config import DEFAULT_ACCOUNT, SandboxConfig
from app.sandbox.server import SandboxServer
from app.sandbox.state_file import StateFile, StateFileError
from app.sandbox.store import Sandbox
from app.sandbox.tasks import WINDOW
from app.settings import Settings
from app.tenants.api_key import parse_key

_TIME_SCALE = 20.0
# Below the range of ephemeral ports, where an outgoing connection could occupy the port at the next start.
_SANDBOX_PORTS = range(20_000, 32_768)


def run_gateway(settings: Settings, folder: Path, database: Database, *, port: int, is_real: bool) -> None:
    """Runs sandbox upstream and gateway on the database of a folder until Ctrl-C."""
    with friendly_errors():
        kept = read_secrets(folder, is_real=is_real)
        configure_logging(level="warning", style="console")
        asyncio.run(upgrade_to_head(database.owner_url))
        asyncio.run(_run(settings, folder, kept, url=database.url, port=port, is_real=is_real))


async def _run(settings: Settings, folder: Path, kept: DevSecrets, *, url: str, port: int, is_real: bool) -> None:
    changes: dict[str, Any] = {
        "database_url": SecretStr(url),
        "admin_token": SecretStr(kept.admin_token),
        "secret_key": SecretStr(kept.secret_key),
        "drain_seconds": 0.0,
    }
    is_upstream_new = False
    async with AsyncExitStack() as stack:
        if not is_real:
            sandbox, is_upstream_new = await stack.enter_async_context(_running_sandbox(folder, kept))
            changes |= _sandbox_settings(sandbox)
        configured = settings.model_copy(update=changes)
        # Saved before the next step, which stores secrets sealed with the key: they could not be opened without it.
        write_secrets(folder, kept)
        kept.api_key = await _ensure_demo_key(configured, kept.api_key, is_upstream_new=is_upstream_new)
        write_secrets(folder, kept)
        config = server_config(create_app(configured), connection_limits(configured), host=HOST, port=port)
        server = OwnedServer(config)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, _stop, server)
        announcing = asyncio.create_task(_announce(server, port, kept, has_console=settings.console == "on"))
        with suppress(SystemExit):  # raised by uvicorn when it cannot listen; it has logged why
            await server.serve(listeners(config, configured.metrics_port))
        announcing.cancel()
        if not server.started:
            stop(f"the gateway did not start on port {port}")


@asynccontextmanager
async def _running_sandbox(folder: Path, kept: DevSecrets) -> AsyncIterator[tuple[SandboxServer, bool]]:
    """Runs the sandbox of a folder; yields it, and whether its state is new.

    Port and state are those of the previous run, and video URLs are valid as long as their tasks can be read, so that
    a demo can be shown on the following days.
    """
    config = SandboxConfig(time_scale=_TIME_SCALE, video_url_seconds=int(WINDOW.total_seconds()))
    kept.sandbox_port = kept.sandbox_port or _free_port()
    async with AsyncExitStack() as stack:
        try:
            file = stack.enter_context(StateFile(prepare_sandbox_file(folder), config.accounts))
            sandbox = Sandbox(config, file)
        except StateFileError as error:
            stop(f"{error} Restore the file, or start an empty demo with --reset")
        server = SandboxServer(sandbox=sandbox, host=HOST, port=kept.sandbox_port)
        try:
            await stack.enter_async_context(server)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            stop(
                f"another program listens on port {kept.sandbox_port}, which is in the URLs of this demo's videos; "
                "end it and start again, start an empty demo with --reset, or change sandbox_port in "
                f"{folder}/dev.json, after which the URLs of the present videos no longer work"
            )
        yield server, file.is_new


def _free_port() -> int:
    """Returns a random free port, so that demos in different folders can run at the same time."""
    while True:
        port = secrets.choice(_SANDBOX_PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind((HOST, port))
            return port


def _sandbox_settings(sandbox: SandboxServer) -> dict[str, Any]:
    return {
        # No other client can reach this sandbox, so all objects in it are ours.
        "ark_exclusive": "on",
        "ark_base_url": sandbox.ark_base_url,
        "ark_api_key": SecretStr(DEFAULT_ACCOUNT.api_key),
        "openapi_url": sandbox.openapi_url,
        "access_key_id": SecretStr(DEFAULT_ACCOUNT.access_key_id),
        "secret_access_key": SecretStr(DEFAULT_ACCOUNT.secret_access_key),
        "session_token": None,
    }


async def _ensure_demo_key(settings: Settings, known: str | None, *, is_upstream_new: bool) -> str:
    """Returns a valid API key of the demo tenant; makes a new key, and a new tenant if the old one is gone."""
    async with open_services(settings, is_upstream_new=is_upstream_new) as services:
        parts = parse_key(known) if known is not None else None
        if known is not None and parts is not None and await services.keys.is_working(parts.public_part):
            return known
        tenant = await services.keys.find_owner(parts.public_part) if parts is not None else None
        if known is not None:
            made = "a new tenant and a new key are" if tenant is None else "a new key of the same tenant is"
            say(f"The API key of the demo tenant is no longer valid: {made} made.")
        actor = Actor(name="dev", address=None)
        if tenant is None:
            tenant = await services.tenants.create_tenant(actor, name="demo")
        return (await services.keys.create(actor, tenant.id, name="demo")).secret


async def _announce(server: uvicorn.Server, port: int, kept: DevSecrets, *, has_console: bool) -> None:
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event to wait for
        await asyncio.sleep(0.05)
    base = f"http://{HOST}:{port}"
    console = f"\n  console      {base}/console" if has_console else ""
    say(f"""
Seedgate is running. Ctrl-C stops it.

  base URL     {base}
  API key      {kept.api_key}
  admin token  {kept.admin_token}
  API docs     {base}/docs{console}

Make a video task:

  curl -s {base}/api/v3/contents/generations/tasks \\
    -H 'Authorization: Bearer {kept.api_key}' -H 'Content-Type: application/json' \\
    -d '{{"model":"doubao-seedance-2","content":[{{"type":"text","text":"a kitten yawns"}}],"duration":5}}'
""")


def _stop(server: uvicorn.Server) -> None:
    server.should_exit = True
