"""A gateway in a process of its own, which can be signalled and killed."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from pydantic import SecretStr

from app.settings import Settings
from tests.support.patience import HANG_SECONDS
from tests.support.plain import PLAIN

ROOT = Path(__file__).resolve().parents[2]
_PASSED_ON = (
    "database_url",
    "admin_token",
    "secret_key",
    "ark_base_url",
    "ark_api_key",
    "openapi_url",
    "access_key_id",
    "secret_access_key",
    "background",
    "drain_seconds",
    "create_read_timeout_seconds",
)


class GatewayProcess:
    """A running ``serve`` on a Unix socket.

    Attributes:
        process: of it.
        socket: where it listens.
    """

    def __init__(self, process: asyncio.subprocess.Process, socket: Path) -> None:
        self.process = process
        self.socket = socket

    def client(self, key: str = "") -> httpx.AsyncClient:
        """Returns a client of the gateway, which the caller closes."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        transport = httpx.AsyncHTTPTransport(verify=PLAIN, uds=str(self.socket))
        return httpx.AsyncClient(
            verify=PLAIN, transport=transport, base_url="http://gateway", headers=headers, timeout=HANG_SECONDS
        )


@asynccontextmanager
async def gateway_process(folder: Path, settings: Settings, **changes: object) -> AsyncIterator[GatewayProcess]:
    """Runs a gateway with the settings of another; kills it at the end if it still runs."""
    socket = folder / "gateway.sock"
    with (folder / "gateway.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "app", "serve", "--uds", str(socket)),
            cwd=folder,
            env=_environment(settings, changes),
            stdout=log,
            stderr=log,
        )
        try:
            gateway = GatewayProcess(process, socket)
            await _until_ready(gateway)
            yield gateway
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def _until_ready(gateway: GatewayProcess) -> None:
    async with asyncio.timeout(HANG_SECONDS), gateway.client() as client:
        while True:
            try:
                if (await client.get("/readyz")).status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                assert gateway.process.returncode is None, "the gateway did not start"
            await asyncio.sleep(0.05)


def _environment(settings: Settings, changes: dict[str, object]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SEEDGATE_")}
    values = {name: getattr(settings, name) for name in _PASSED_ON} | changes
    plain = {
        f"SEEDGATE_{name.upper()}": value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        for name, value in values.items()
    }
    return {**kept, "PYTHONPATH": str(ROOT), **plain}
