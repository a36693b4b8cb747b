"""The whole product on loopback: sandbox upstream, gateway, database; and tenants to drive it with."""

import itertools
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from pydantic import SecretStr

from app.core.sealing import generate_key
from app.main import create_app, server_config
from app.sandbox.config import DEFAULT_ACCOUNT, SandboxConfig
from app.sandbox.server import SandboxServer
from app.settings import Settings
from tests.support.clock import MovableClock
from tests.support.loopback import LOOPBACK_NETWORKS
from tests.support.patience import HANG_SECONDS
from tests.support.plain import PLAIN
from tests.support.serving import serving

TASKS = "/api/v3/contents/generations/tasks"
_numbers = itertools.count(1)


@dataclass
class Tenant:
    """One tenant with one key, and a client that calls the gateway with it."""

    id: str
    key_id: str
    key: str
    http: httpx.AsyncClient

    async def create_task(self, **fields: Any) -> httpx.Response:
        """Creates a text-to-video task; ``fields`` are added to the body."""
        body = {"model": "doubao-seedance-2", "content": [{"type": "text", "text": "a kitten"}], **fields}
        return await self.http.post(TASKS, json=body)

    async def new_task(self, **fields: Any) -> str:
        """Creates a task that must be accepted, and returns its id."""
        response = await self.create_task(**fields)
        assert response.status_code == 200, response.text
        return str(response.json()["id"])

    async def action(self, name: str, **body: Any) -> httpx.Response:
        """Calls an Assets action on the open entry."""
        return await self.http.post(f"/api/v3/open/{name}", json=body)


class World:
    """A running gateway with its upstream."""

    def __init__(self, base_url: str, database_url: str, sandbox: SandboxServer, settings: Settings) -> None:
        assert settings.admin_token is not None
        admin_token = settings.admin_token.get_secret_value()
        self.base_url = base_url
        self.database_url = database_url
        self.sandbox = sandbox
        self.settings = settings
        self.admin = httpx.AsyncClient(
            verify=PLAIN,
            base_url=f"{base_url}/admin/v1",
            headers={"Authorization": f"Bearer {admin_token}"},
            timeout=HANG_SECONDS,
        )
        self.control = httpx.AsyncClient(verify=PLAIN, base_url=sandbox.control_url, timeout=HANG_SECONDS)
        self.anonymous = httpx.AsyncClient(verify=PLAIN, base_url=base_url, timeout=HANG_SECONDS)
        self._clients = [self.admin, self.control, self.anonymous]

    async def tenant(self, **key_fields: Any) -> Tenant:
        """Makes a tenant with a key over the admin API."""
        made = await self.admin.post("/tenants", json={"name": f"tenant {next(_numbers)}"})
        assert made.status_code == 201, made.text
        return await self.key_of(made.json()["id"], **key_fields)

    async def key_of(self, tenant_id: str, **key_fields: Any) -> Tenant:
        """Makes one more key of a tenant."""
        made = await self.admin.post(f"/tenants/{tenant_id}/keys", json={"name": "test", **key_fields})
        assert made.status_code == 201, made.text
        key = made.json()["key"]
        client = httpx.AsyncClient(
            verify=PLAIN, base_url=self.base_url, headers={"Authorization": f"Bearer {key}"}, timeout=HANG_SECONDS
        )
        self._clients.append(client)
        return Tenant(id=tenant_id, key_id=made.json()["id"], key=key, http=client)

    async def ledger(self) -> dict[str, Any]:
        """What the sandbox truly received, created and would bill."""
        response = await self.control.get("/ledger")
        response.raise_for_status()
        answer: dict[str, Any] = response.json()
        return answer

    async def close(self) -> None:
        """Closes every client."""
        for client in self._clients:
            await client.aclose()


@asynccontextmanager
async def running_world(
    database_url: str,
    *,
    sandbox_config: SandboxConfig,
    clock: MovableClock,
    monotonic: Callable[[], float] = time.monotonic,
    **changes: Any,
) -> AsyncIterator[World]:
    """Runs sandbox and gateway on real sockets; ``changes`` override settings."""
    async with SandboxServer(sandbox_config) as sandbox:
        settings = Settings(_env_file=None).model_copy(
            update={
                "database_url": SecretStr(database_url),
                "admin_token": SecretStr(secrets.token_urlsafe(32)),
                "secret_key": SecretStr(generate_key()),
                "ark_base_url": sandbox.ark_base_url,
                "ark_api_key": SecretStr(DEFAULT_ACCOUNT.api_key),
                "openapi_url": sandbox.openapi_url,
                "access_key_id": SecretStr(DEFAULT_ACCOUNT.access_key_id),
                "secret_access_key": SecretStr(DEFAULT_ACCOUNT.secret_access_key),
                "channel_allow": LOOPBACK_NETWORKS,
                "drain_seconds": 0.0,
                "log_level": "warning",
                **changes,
            }
        )
        async with running_gateway(settings, clock, monotonic) as base_url:
            world = World(base_url, database_url, sandbox, settings)
            try:
                yield world
            finally:
                await world.close()


@asynccontextmanager
async def running_gateway(
    settings: Settings, clock: MovableClock, monotonic: Callable[[], float] = time.monotonic
) -> AsyncIterator[str]:
    """Runs a gateway on a port of its own, the only one or one more on a world's database; yields its address."""
    app = create_app(settings, clock=clock, monotonic=monotonic)
    async with serving(server_config(app, host="127.0.0.1", port=0)) as base_url:
        yield base_url
