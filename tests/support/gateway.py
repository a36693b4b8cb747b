"""The gateway in the process of the tests, on real sockets, over a sandbox upstream and a database.

This is the one harness of tests that enter through HTTP. Real processes are started by ``tests.support.process`` and
``tests.support.site``; a server whose every byte a test chooses is in ``tests.upstream.servers``.
"""

import asyncio
import itertools
import json
import re
import secrets
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from pydantic import SecretStr
from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.audit.log import Actor
from app.channels.models import ChannelHealthRow, ChannelRow
from app.channels.repository import ChannelRepository
from app.core.sealing import SecretBox, generate_key
from app.creates.models import AttemptRow
from app.db.base import utc_now
from app.db.engine import is_unavailable, open_engine, session_factory
from app.main import create_app, server_config
from app.sandbox.config import DEFAULT_ACCOUNT, SandboxConfig
from app.sandbox.faults import Effect, FaultScript
from app.sandbox.ledger import RequestEntry
from app.sandbox.server import SandboxServer
from app.settings import Settings
from app.tasks.models import TaskRow
from app.tenants.key_service import KeyService
from app.tenants.service import TenantService
from app.upstream.models import RateLimitRow
from app.upstream.rate_limits import RateClass
from tests.support.clock import ManualSeconds, MovableClock
from tests.support.loopback import LOOPBACK_NETWORKS
from tests.support.plain import PLAIN
from tests.support.serving import serving
from tests.support.timeouts import HANG_SECONDS, until

TASKS = "/api/v3/contents/generations/tasks"
MODEL = "doubao-seedance-2"
FAST = "doubao-seedance-2-fast"
ENDLESS = "[queue:1000000]"
RUNNING = "[queue:0][run:1000000]"
SPARE_ID = re.compile(r"cgt-\d{14}-[a-z0-9]{16}")
HELD: dict[str, Any] = {"kind": "delay", "at": "after", "delay_seconds": 3600}
"""A fault that holds a call, which was carried out, until the test releases it."""
_numbers = itertools.count(1)
_ACTOR = Actor("admin", "127.0.0.1")


@dataclass
class Tenant:
    """A tenant with one key, and a client that calls the gateway with it."""

    id: str
    key_id: str
    key: str
    http: httpx.AsyncClient

    async def create_task(self, **fields: Any) -> httpx.Response:
        """Creates a text-to-video task; ``fields`` are added to the body."""
        return await self.http.post(TASKS, json={"model": MODEL, "content": text("a kitten"), **fields})

    async def new_task(self, **fields: Any) -> str:
        """Creates a task that must be accepted, and returns its id."""
        response = await self.create_task(**fields)
        assert response.status_code == 200, response.text
        return str(response.json()["id"])

    async def action(self, name: str, **body: Any) -> httpx.Response:
        """Calls an Assets action on the open entry."""
        return await self.http.post(f"/api/v3/open/{name}", json=body)


class Gateway:
    """A running gateway with its upstream, its clocks, and access to what is behind it.

    Attributes:
        admin: a client with the admin token, below ``/admin/v1``.
        control: a client of the sandbox's control API.
        anonymous: a client without a key.
        clock: the time of day of the gateway.
        seconds: the monotonic clock of the gateway, by which its caches and rates expire, if a test moves it.
        sessions: makes sessions of its database.
        default_channels: which channels a new tenant may use, unless the test names others; None for all.
    """

    def __init__(
        self,
        base_url: str,
        settings: Settings,
        sandbox: SandboxServer,
        clock: MovableClock,
        sessions: async_sessionmaker[AsyncSession],
    ) -> None:
        assert settings.database_url is not None
        assert settings.admin_token is not None
        assert settings.secret_key is not None
        self.base_url = base_url
        self.database_url = settings.database_url.get_secret_value()
        self.settings = settings
        self.sandbox = sandbox
        self.clock = clock
        self.seconds = ManualSeconds()
        self.sessions = sessions
        self.default_channels: Sequence[str] | None = None
        self._clients: list[httpx.AsyncClient] = []
        self._first_number = 0
        box = SecretBox.from_text(settings.secret_key.get_secret_value())
        self._keys = KeyService(sessions, clock, box)
        self.admin = self._client(f"{base_url}/admin/v1", settings.admin_token.get_secret_value())
        self.control = self._client(sandbox.control_url)
        self.anonymous = self._client(base_url)

    async def tenant(self, *channels: str, **key_fields: Any) -> Tenant:
        """Makes a tenant with a key, which may use these channels; none named, ``default_channels``."""
        service = TenantService(self.sessions, self.clock)
        made = await service.create_tenant(_ACTOR, name=f"tenant {next(_numbers)}")
        allowed = channels or self.default_channels
        if allowed:
            key_fields.setdefault("allowed_channels", list(allowed))
        return await self.key_of(made.id, **key_fields)

    async def key_of(self, tenant_id: str, **key_fields: Any) -> Tenant:
        """Makes one more key of a tenant. Channels are given by name or id."""
        if "allowed_channels" in key_fields:
            async with self.sessions() as session:
                ids = await ChannelRepository(session).ids_by_word(key_fields["allowed_channels"])
            key_fields["allowed_channels"] = [ids[word] for word in key_fields["allowed_channels"]]
        issued = await self._keys.create(_ACTOR, tenant_id, name="test", **key_fields)
        return Tenant(tenant_id, issued.row.id, issued.secret, self._client(self.base_url, issued.secret))

    async def rotated(self, key: Tenant) -> Tenant:
        """Makes a key that replaces ``key``, which goes on for an hour."""
        answer = await self.admin.post(f"/keys/{key.key_id}/rotate", json={"grace_seconds": 3600})
        made = answer.json()
        return Tenant(key.id, made["id"], made["key"], self.client(made["key"]))

    async def channel_id(self, name: str = "default") -> str:
        """Returns the id of a channel."""
        listed = (await self.admin.get("/channels")).json()["data"]
        return str(next(channel["id"] for channel in listed if channel["name"] == name))

    async def add_channel(self, name: str, base_url: str, key: str, **fields: Any) -> str:
        """Adds a channel for videos over the admin API; returns its id."""
        body = {"name": name, "ark_base_url": base_url, "ark_api_key": key, **fields}
        made = await self.admin.post("/channels", json=body)
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    # The upstream

    async def ledger(self) -> dict[str, Any]:
        """What the sandbox received, created and would bill."""
        response = await self.control.get("/ledger")
        response.raise_for_status()
        answer: dict[str, Any] = response.json()
        return answer

    async def fault(self, operation: str, *, times: int | None = 1, account: str | None = None, **effect: Any) -> str:
        """Makes the next calls of an operation fail upstream; returns the fault's id."""
        script = FaultScript(operation=operation, times=times, account=account, effect=Effect(**effect))
        return self.sandbox.store.faults.add(script).id

    async def release(self, fault_id: str | None = None) -> None:
        """Removes a fault, or all of them, and continues the calls that it holds."""
        if fault_id is None:
            self.sandbox.store.faults.clear()
        else:
            assert self.sandbox.store.faults.remove(fault_id)

    @asynccontextmanager
    async def suspended(self, channel: str) -> AsyncIterator[None]:
        """Suspends a channel, which is active again afterwards, whatever other tests have done with its objects.

        The API activates only a channel whose account still has the newest of them.
        """
        channel_id = await self.channel_id(channel)
        done = await self.admin.patch(f"/channels/{channel_id}", json={"status": "suspended"})
        assert done.status_code == 200, done.text
        try:
            yield
        finally:
            async with self.sessions.begin() as session:
                await session.execute(update(ChannelRow).where(ChannelRow.id == channel_id).values(status="active"))
            self.expire_caches()

    async def force(self, task_id: str, status: str, **change: Any) -> None:
        """Puts a task of the sandbox into a state, in which it stays; the gateway is not told."""
        forced = await self.control.post(f"/tasks/{task_id}", json={"status": status, **change})
        assert forced.status_code == 200, forced.text

    def received(self, operation: str, *, account: str | None = None) -> list[RequestEntry]:
        """Returns the calls that the sandbox has received since ``prepare``, oldest first."""
        return [
            entry
            for entry in self._requests()
            if entry.number > self._first_number and entry.operation == operation and account in (None, entry.account)
        ]

    def sent_body(self) -> dict[str, Any]:
        """Returns the body of the last create that arrived upstream."""
        body: dict[str, Any] = json.loads(self.received("create_task")[-1].body or "")
        return body

    async def arrival(self, operation: str) -> RequestEntry:
        """Waits until a call of an operation has reached the sandbox."""
        await until(lambda: self.received(operation))
        return self.received(operation)[-1]

    async def effect(self, operation: str) -> str:
        """Waits until the sandbox has carried out a call that creates something; returns the id of it."""
        entry = await self.arrival(operation)
        await until(lambda: entry.resource_id)
        return str(entry.resource_id)

    def _requests(self) -> list[RequestEntry]:
        return list(self.sandbox.store.ledger.requests)

    # The database

    async def row(self, task_id: str) -> TaskRow | None:
        """Returns a task's row, deleted ones included, by either id."""
        async with self.sessions.begin() as session:
            query = select(TaskRow).where(or_(TaskRow.id == task_id, TaskRow.upstream_id == task_id))
            return (await session.scalars(query)).one_or_none()

    async def rows_of(self, tenant: Tenant) -> list[TaskRow]:
        """Returns every row of a tenant's tasks."""
        async with self.sessions.begin() as session:
            return list(await session.scalars(select(TaskRow).where(TaskRow.tenant_id == tenant.id)))

    async def written(self, task_id: str) -> TaskRow:
        """Waits until the database has a task with this id, also while the database is unavailable."""
        async with asyncio.timeout(HANG_SECONDS):
            while True:
                try:
                    row = await self.row(task_id)
                except Exception as error:
                    if not is_unavailable(error):
                        raise
                    row = None
                if row is not None:
                    return row
                await asyncio.sleep(0.02)

    async def until_abandoned(self, tenant: Tenant) -> None:
        """Waits until the gateway has noticed that a client of the tenant has disconnected."""
        await self.until_attempt(tenant, AttemptRow.abandoned_at.is_not(None))

    async def until_claimed(self, tenant: Tenant) -> None:
        """Waits until a retry has claimed the tenant's abandoned attempt, and waits for its end."""
        await self.until_attempt(tenant, and_(AttemptRow.abandoned_at.is_(None), AttemptRow.answered_at.is_(None)))

    async def until_attempt(self, tenant: Tenant, condition: ColumnElement[bool]) -> None:
        """Waits until an attempt of a tenant's clients is in a certain state."""
        query = select(AttemptRow.id).where(AttemptRow.tenant_id == tenant.id, condition).limit(1)
        async with asyncio.timeout(HANG_SECONDS):
            while True:
                async with self.sessions() as session:
                    if await session.scalar(query) is not None:
                        return
                await asyncio.sleep(0.01)

    async def use_up(self, kind: RateClass) -> None:
        """Leaves the account ``default`` no call of a rate class, for days."""
        channel_id = await self.channel_id("default")
        async with self.sessions.begin() as session:
            await session.merge(
                RateLimitRow(channel_id=channel_id, kind=kind.value[0], tokens=-1e7, refilled_at=utc_now())
            )

    async def refill(self) -> None:
        """Gives every account its full rates again: four polls for clients at once."""
        async with self.sessions.begin() as session:
            await session.execute(delete(RateLimitRow))
        self.expire_caches()

    # Time and order

    def expire_caches(self) -> None:
        """Advances the monotonic clock so far that no cached row and no used-up rate is trusted any more."""
        self.seconds.advance(1)

    async def prepare(self) -> None:
        """Begins a test on a gateway that others have used: no faults, full rates, and ``received`` from now on.

        Channels that a change of another test has left suspended are active again.
        """
        await self.release()
        async with self.sessions.begin() as session:
            await session.execute(update(ChannelRow).where(ChannelRow.status == "suspended").values(status="active"))
            await session.execute(delete(ChannelHealthRow))
            await session.execute(delete(RateLimitRow))
        self.expire_caches()
        self._first_number = self._requests()[-1].number if self._requests() else 0

    async def close(self) -> None:
        """Closes every client."""
        for client in self._clients:
            await client.aclose()

    def client(self, key: str) -> httpx.AsyncClient:
        """Returns a client of the gateway with this credential."""
        return self._client(self.base_url, key)

    def _client(self, base_url: str, key: str = "") -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        client = httpx.AsyncClient(verify=PLAIN, base_url=base_url, headers=headers, timeout=HANG_SECONDS)
        self._clients.append(client)
        return client


@asynccontextmanager
async def open_gateway(
    database_url: str,
    *,
    sandbox_config: SandboxConfig,
    clock: MovableClock,
    seconds: ManualSeconds | None = None,
    **changes: Any,
) -> AsyncIterator[Gateway]:
    """Runs sandbox and gateway on ports of their own.

    Args:
        database_url: the URL of a migrated database without tenants.
        sandbox_config: the configuration of the upstream.
        clock: the gateway's time of day.
        seconds: its monotonic clock; None for the real one.
        changes: settings that differ from the usual ones.
    """
    engine = open_engine(database_url, pool_size=2)
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
        async with serve_gateway(settings, clock, seconds or time.monotonic) as base_url:
            gateway = Gateway(base_url, settings, sandbox, clock, session_factory(engine))
            if seconds is not None:
                gateway.seconds = seconds
            try:
                yield gateway
            finally:
                await gateway.close()
    await engine.dispose()


@asynccontextmanager
async def serve_gateway(
    settings: Settings, clock: MovableClock, monotonic: Callable[[], float] = time.monotonic
) -> AsyncIterator[str]:
    """Runs a gateway on a port of its own, such as one more on the database of another; yields its address."""
    app = create_app(settings, clock=clock, monotonic=monotonic)
    async with serving(server_config(app, host="127.0.0.1", port=0)) as base_url:
        yield base_url


def text(prompt: str) -> list[dict[str, Any]]:
    """Returns the content of a text-to-video request."""
    return [{"type": "text", "text": prompt}]


async def get(tenant: Tenant, task_id: str) -> httpx.Response:
    """Gets a task that must exist."""
    response = await tenant.http.get(f"{TASKS}/{task_id}")
    assert response.status_code == 200, response.text
    return response
