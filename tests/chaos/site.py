"""What the chaos tests run: a database, a sandbox and gateways, each a process, and tenants with their keys."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.sealing import generate_key
from app.db.engine import open_engine
from app.sandbox.config import DEFAULT_ACCOUNT
from tests.chaos.front import Front
from tests.chaos.launcher import Fault, Launcher, Process
from tests.support.plain import PLAIN

TASKS = "/api/v3/contents/generations/tasks"
MODEL = "doubao-seedance-2"
GRACE_SECONDS = 5
"""The grace of a create that the upstream does not list, ten minutes by default."""
_GENEROUS_MICROS = 10**15


@dataclass(frozen=True)
class Tenant:
    """A tenant and its key."""

    id: str
    key: str

    @property
    def headers(self) -> dict[str, str]:
        """The credentials of its requests."""
        return {"Authorization": f"Bearer {self.key}"}


class Site:
    """Everything that runs, and access to its internals.

    Attributes:
        database_url: the URL of the gateways' database.
        engine: an engine of that database.
        sandbox: the upstream's process.
        control: a client of the sandbox's control API.
        front: the address in ``SEEDGATE_PUBLIC_URL``, which passes connections to a running gateway.
        http: a client for everything else.
    """

    def __init__(
        self, database_url: str, launcher: Launcher, sandbox: Process, front: Front, engine: AsyncEngine
    ) -> None:
        self.database_url = database_url
        self.engine = engine
        self._launcher = launcher
        self.sandbox = sandbox
        self.front = front
        self.control = httpx.AsyncClient(verify=PLAIN, base_url=f"{sandbox.url}/_sandbox", timeout=60)
        self.http = httpx.AsyncClient(verify=PLAIN, timeout=30)
        self._processes: list[Process] = [sandbox]
        self._kills_before = launcher.kills
        self._admin_token = secrets.token_urlsafe(32)
        self._secret_key = generate_key()

    def environment(self, **changes: object) -> dict[str, str]:
        """Returns the settings of a gateway; ``changes`` name others, and None takes one out."""
        settings = {
            "database_url": self.database_url,
            "admin_token": self._admin_token,
            "secret_key": self._secret_key,
            "ark_base_url": f"{self.sandbox.url}/api/v3",
            "ark_api_key": DEFAULT_ACCOUNT.api_key,
            "openapi_url": self.sandbox.url,
            "access_key_id": DEFAULT_ACCOUNT.access_key_id,
            "secret_access_key": DEFAULT_ACCOUNT.secret_access_key,
            "public_url": self.front.url,
            "unknown_grace_seconds": GRACE_SECONDS,
            "callback_allow": "127.0.0.0/8",
            "channel_allow": "127.0.0.0/8",
            "drain_seconds": 0,
            "log_level": "warning",
            "create_read_timeout_seconds": 3,
            **changes,
        }
        return {f"SEEDGATE_{name.upper()}": str(value) for name, value in settings.items() if value is not None}

    async def gateway(
        self, *, port: int | None = None, fault: Fault | None = None, shift_seconds: float = 0.0, **changes: object
    ) -> Process:
        """Starts a gateway and returns when it is ready; unless it is to die, callbacks may reach it."""
        process = await self._launcher.gateway(
            self.environment(**changes), port=port, fault=fault, clock_shift_seconds=shift_seconds
        )
        self._processes.append(process)
        if fault is None:
            self.front.lead_to(process.url)
        return process

    async def tenant(self, gateway: Process, name: str = "tenant", *, has_budgets: bool = True) -> Tenant:
        """Makes a tenant with a key, and with budgets that refuse none of its creates: each takes holds."""
        made = await self.admin(gateway, "POST", "/tenants", json={"name": name})
        key = await self.admin(gateway, "POST", f"/tenants/{made['id']}/keys", json={"name": "key"})
        tenant = Tenant(made["id"], key["key"])
        if has_budgets:
            await self.budget(gateway, tenant, _GENEROUS_MICROS)
            await self.budget(gateway, tenant, _GENEROUS_MICROS, period="total", is_hard=False)
        return tenant

    async def budget(self, gateway: Process, tenant: Tenant, amount_micros: int, **fields: Any) -> str:
        """Gives a tenant a hard budget in CNY of a day; returns its id."""
        body = {"currency": "CNY", "period": "day", "is_hard": True, **fields}
        made = await self.admin(
            gateway, "POST", "/budgets", json={"tenant_id": tenant.id, "amount_micros": amount_micros, **body}
        )
        return str(made["id"])

    async def admin(self, gateway: Process, method: str, path: str, **options: Any) -> dict[str, Any]:
        """Calls the admin API, and asserts that it succeeds."""
        headers = {"Authorization": f"Bearer {self._admin_token}"}
        answer = await self.http.request(method, f"{gateway.url}/admin/v1{path}", headers=headers, **options)
        assert answer.is_success, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def ledger(self) -> dict[str, Any]:
        """Returns the sandbox's ledger."""
        answer = await self.control.get("/ledger")
        ledger: dict[str, Any] = answer.raise_for_status().json()
        return ledger

    async def fault(self, operation: str, *, times: int | None = 1, **effect: Any) -> None:
        """Makes calls of an operation fail upstream."""
        script = {"operation": operation, "times": times, "effect": effect}
        (await self.control.post("/faults", json=script)).raise_for_status()

    async def query(self, statement: str, **values: Any) -> list[dict[str, Any]]:
        """Returns the rows of a query."""
        async with self.engine.connect() as connection:
            return [dict(row) for row in (await connection.execute(text(statement), values)).mappings()]

    @property
    def kills(self) -> int:
        """The number of its processes that were killed."""
        return self._launcher.kills - self._kills_before

    async def close(self) -> None:
        """Kills its processes, and closes its clients."""
        for process in self._processes:
            await process.kill()
        await self.control.aclose()
        await self.http.aclose()


@asynccontextmanager
async def open_site(database_url: str, launcher: Launcher, *, time_scale: float = 200.0) -> AsyncIterator[Site]:
    """Runs a sandbox beside a migrated database; the test starts its gateways, which end with the block."""
    engine = open_engine(database_url, pool_size=2)
    try:
        async with Front() as front:
            site = Site(database_url, launcher, await launcher.sandbox(time_scale=time_scale), front, engine)
            try:
                yield site
            finally:
                await site.close()
    finally:
        await engine.dispose()


async def settle(site: Site, *statuses: str, timeout_seconds: float = 400.0) -> None:
    """Waits until no task has one of these statuses, at most ``timeout_seconds``; the test checks what is left."""
    query = "SELECT count(*) AS left FROM tasks WHERE status = ANY(:statuses)"
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(timeout_seconds):
            while (await site.query(query, statuses=list(statuses)))[0]["left"]:  # noqa: ASYNC110 - no event tells
                await asyncio.sleep(0.2)
