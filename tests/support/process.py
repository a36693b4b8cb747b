"""The gateway as a process, ``seedgate serve``, which can be signalled and killed."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from app.settings import Settings
from tests.support.plain import PLAIN
from tests.support.timeouts import HANG_SECONDS

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
    """A running ``seedgate serve``, on a Unix socket or on a port of 127.0.0.1.

    Attributes:
        process: the operating system's process.
        socket: where it listens, if it has no port.
        port: where it listens; 0 for none.
    """

    def __init__(self, process: asyncio.subprocess.Process, log: Path, socket: Path, port: int) -> None:
        self.process = process
        self.socket = socket
        self.port = port
        self._log = log

    @property
    def url(self) -> str:
        """Its address, without a path; of a Unix socket, a name for it."""
        return f"http://127.0.0.1:{self.port}" if self.port else "http://gateway"

    def client(self, key: str = "") -> httpx.AsyncClient:
        """Returns a client of the gateway, which the caller closes."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        transport = httpx.AsyncHTTPTransport(verify=PLAIN, uds=None if self.port else str(self.socket))
        return httpx.AsyncClient(
            verify=PLAIN, transport=transport, base_url=self.url, headers=headers, timeout=HANG_SECONDS
        )

    def read_log(self) -> str:
        """Returns everything that it has logged."""
        return self._log.read_text(encoding="utf-8")

    def mark(self) -> int:
        """Returns the present end of its log."""
        return self._log.stat().st_size

    def requests_since(self, mark: int) -> list[dict[str, Any]]:
        """Returns the log lines of the tenants' requests that ended after a mark."""
        with self._log.open("rb") as log:
            log.seek(mark)
            lines = [json.loads(line) for line in log if line.startswith(b"{")]
        return [line for line in lines if line["event"] == "request" and not line["path"].startswith("/admin")]


@asynccontextmanager
async def gateway_process(folder: Path, settings: Settings, **changes: object) -> AsyncIterator[GatewayProcess]:
    """Runs a gateway with the settings of another on a Unix socket; kills it at the end if it still runs."""
    async with serve(folder, _environment(settings, changes)) as gateway:
        yield gateway


@asynccontextmanager
async def serve(folder: Path, environment: Mapping[str, str], *, port: int = 0) -> AsyncIterator[GatewayProcess]:
    """Runs ``seedgate serve`` with these settings and no others; kills it at the end if it still runs."""
    socket, path = folder / "gateway.sock", folder / "gateway.log"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SEEDGATE_")}
    place = ("--port", str(port)) if port else ("--uds", str(socket))
    with path.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "app", "serve", *place),
            cwd=folder,
            env={**kept, "PYTHONPATH": str(ROOT), **environment},
            stdout=log,
            stderr=log,
        )
        try:
            gateway = GatewayProcess(process, path, socket, port)
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
                assert gateway.process.returncode is None, gateway.read_log()
            await asyncio.sleep(0.05)


def _environment(settings: Settings, changes: dict[str, object]) -> dict[str, str]:
    values = {name: getattr(settings, name) for name in _PASSED_ON} | changes
    return {
        f"SEEDGATE_{name.upper()}": value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        for name, value in values.items()
    }
