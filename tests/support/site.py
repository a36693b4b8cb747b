"""What other people's programs are pointed at: ``seedgate serve`` as an operator runs it, before a sandbox upstream."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from app.core.sealing import generate_key
from app.sandbox.config import DEFAULT_ACCOUNT, SandboxConfig
from app.sandbox.server import SandboxServer
from tests.support.database import own_database
from tests.support.plain import PLAIN
from tests.support.ports import free_port
from tests.support.process import GatewayProcess, serve
from tests.support.timeouts import HANG_SECONDS

_TASKS = "/api/v3/contents/generations/tasks"
_ADMIN_TOKEN = secrets.token_urlsafe(32)


@dataclass(frozen=True)
class Tenant:
    """A tenant, its key, and the key's pair for signing."""

    id: str
    key: str
    access_key_id: str
    secret_access_key: str


UPSTREAM = Tenant("none", "unused", DEFAULT_ACCOUNT.access_key_id, DEFAULT_ACCOUNT.secret_access_key)
"""A caller of the sandbox itself, with the key pair of its account."""


class Site:
    """A gateway, its upstream, and access to what is behind them.

    Attributes:
        admin_token: the admin token of the gateway.
        gateway: what programs are pointed at.
        sandbox: the upstream; its ledger is the truth about what was paid.
        control: a client of its controls.
        database_url: the URL of the gateway's database.
    """

    def __init__(
        self, gateway: GatewayProcess, sandbox: SandboxServer, database_url: str, settings: Mapping[str, str]
    ) -> None:
        self.admin_token = _ADMIN_TOKEN
        self.gateway = gateway
        self._settings = settings
        self.sandbox = sandbox
        self.database_url = database_url
        self.control = httpx.AsyncClient(verify=PLAIN, base_url=sandbox.control_url, timeout=30)
        self._dead_channel: str | None = None
        self._admin = httpx.AsyncClient(
            verify=PLAIN,
            base_url=f"{gateway.url}/admin/v1",
            headers={"Authorization": f"Bearer {_ADMIN_TOKEN}"},
            timeout=30,
        )

    async def tenant(self, channel: str = "default") -> Tenant:
        """Makes a tenant whose requests go to one channel, with a key and its pair for signing."""
        tenant = await self.admin("/tenants", {"name": "user", "allowed_channels": [channel]})
        key = await self.admin(f"/tenants/{tenant['id']}/keys", {"name": "user"})
        pair = await self.admin(f"/keys/{key['id']}/signing-key", {})
        return Tenant(tenant["id"], key["key"], pair["access_key_id"], pair["secret_access_key"])

    async def owner(self) -> str:
        """Creates an admin with the role owner and returns its token. Each admin may sign in 20 times a minute."""
        return str((await self.admin("/admins", {"name": "admin", "role": "owner"}))["token"])

    async def dead_channel(self) -> str:
        """Returns the id of a channel whose upstream takes no connections."""
        if self._dead_channel is None:
            nowhere = {"ark_base_url": "http://127.0.0.1:1/api/v3", "openapi_url": "http://127.0.0.1:1"}
            secret = {"ark_api_key": "unused", "access_key_id": "unused", "secret_access_key": "unused"}
            made = await self.admin("/channels", {"name": "dead", **nowhere, **secret})
            self._dead_channel = str(made["id"])
        return self._dead_channel

    async def admin(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Posts to the admin API, which must agree."""
        answer = await self._admin.post(path, json=body)
        assert answer.is_success, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def fault(self, operation: str, *, times: int | None = 1, **effect: Any) -> None:
        """Scripts a fault for the calls of an operation, until the faults are ended."""
        script = {"operation": operation, "times": times, "effect": effect}
        (await self.control.post("/faults", json=script)).raise_for_status()

    async def create_task(self, tenant: Tenant, text: str) -> str:
        """Makes a tenant's task, and returns its id."""
        body = {"model": "doubao-seedance-2", "content": [{"type": "text", "text": text}]}
        made = await self._get(tenant, "POST", _TASKS, json=body)
        return str(made["id"])

    async def get_task(self, tenant: Tenant, task_id: str) -> dict[str, Any]:
        """Returns a tenant's task."""
        return await self._get(tenant, "GET", f"{_TASKS}/{task_id}")

    async def until_succeeded(self, tenant: Tenant, task_id: str) -> None:
        """Waits until a tenant's task has its clip."""
        async with asyncio.timeout(HANG_SECONDS):
            while (await self.get_task(tenant, task_id))["status"] != "succeeded":  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.1)

    async def tasks_of(self, tenant: Tenant) -> list[str]:
        """Returns the ids of the tasks that a tenant sees."""
        answer = await self._get(tenant, "GET", _TASKS)
        return [str(task["id"]) for task in answer["items"]]

    async def groups_of(self, tenant: Tenant) -> list[str]:
        """Returns the ids of the asset groups that a tenant sees, of both types."""
        found = []
        for kind in ("AIGC", "LivenessFace"):
            answer = await self._get(
                tenant, "POST", "/api/v3/open/ListAssetGroups", json={"Filter": {"GroupType": kind}}
            )
            found += [str(group["Id"]) for group in answer["Items"]]
        return found

    async def _get(self, tenant: Tenant, method: str, path: str, **options: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {tenant.key}"}
        async with httpx.AsyncClient(verify=PLAIN, base_url=self.gateway.url, headers=headers) as client:
            answer = await client.request(method, path, **options)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def body_of(self, task_id: str) -> str:
        """Returns the body with which the upstream was asked to make a task."""
        requests = self.sandbox.store.ledger.requests
        return next(entry.body or "" for entry in requests if entry.resource_id == task_id)

    def end_faults(self) -> None:
        """Lets the upstream behave again."""
        self.sandbox.store.faults.clear()

    def made(self, mark: str) -> int:
        """Returns how many tasks, groups and assets the upstream has made of requests that hold a text."""
        return sum(
            entry.has_effect and mark in (entry.body or "") and entry.operation.lower().startswith("create")
            for entry in self.sandbox.store.ledger.requests
        )

    @asynccontextmanager
    async def second_gateway(self, folder: Path, port: int = 0, /, **settings: str) -> AsyncIterator[GatewayProcess]:
        """Runs another gateway on the same database and upstream, with these settings changed; 0: on any free port."""
        async with _serve(folder, {**self._settings, **settings}, port=port) as gateway:
            yield gateway

    async def close(self) -> None:
        """Closes its clients."""
        await self._admin.aclose()
        await self.control.aclose()


@asynccontextmanager
async def open_site(server_url: str, folder: Path, **settings: str) -> AsyncIterator[Site]:
    """Runs everything in a database and a folder of its own; the sandbox's tasks take about a second.

    Args:
        server_url: the URL of the database server.
        folder: for what the gateway writes.
        settings: the settings of the gateway beside the usual ones, without ``SEEDGATE_``.
    """
    async with AsyncExitStack() as stack:
        database_url = await stack.enter_async_context(own_database(server_url))
        sandbox = await stack.enter_async_context(SandboxServer(SandboxConfig(time_scale=200, limits=None)))
        settings = _settings(database_url, sandbox) | settings
        gateway = await stack.enter_async_context(_serve(folder / "gateway", settings))
        site = Site(gateway, sandbox, database_url, settings)
        stack.push_async_callback(site.close)
        yield site


def _settings(database_url: str, sandbox: SandboxServer) -> dict[str, str]:
    return {
        "DATABASE_URL": database_url,
        "ADMIN_TOKEN": _ADMIN_TOKEN,
        "SECRET_KEY": generate_key(),
        "ARK_BASE_URL": sandbox.ark_base_url,
        "ARK_API_KEY": DEFAULT_ACCOUNT.api_key,
        "OPENAPI_URL": sandbox.openapi_url,
        "ACCESS_KEY_ID": DEFAULT_ACCOUNT.access_key_id,
        "SECRET_ACCESS_KEY": DEFAULT_ACCOUNT.secret_access_key,
        "CHANNEL_ALLOW": "127.0.0.1",
        "LOG_FORMAT": "json",
        "DRAIN_SECONDS": "0",
    }


@asynccontextmanager
async def _serve(folder: Path, settings: Mapping[str, str], *, port: int = 0) -> AsyncIterator[GatewayProcess]:
    """Runs a gateway on a port; 0: on a free one."""
    await asyncio.to_thread(folder.mkdir)
    environment = {f"SEEDGATE_{name}": value for name, value in settings.items()}
    async with serve(folder, environment, port=port or free_port()) as gateway:
        yield gateway
