"""A world for tests of what goes wrong: three channels, scripted faults, clocks that only tests move, no jobs.

Every channel but ``dead`` leads to the same sandbox, to an account of its own:

=========  ========  =========================================================
name       priority  leads to
=========  ========  =========================================================
default    0         the account ``default``, with Assets
second     -10       the account ``second``; has its own endpoint for one model
dead       -5        a port on which nobody listens
=========  ========  =========================================================
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from sqlalchemy import ColumnElement, and_, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.channels.models import ChannelHealthRow
from app.creates.models import AttemptRow
from app.db.base import utc_now
from app.db.engine import is_unavailable, open_engine, session_factory
from app.sandbox.config import DEFAULT_ACCOUNT, Account, SandboxConfig
from app.sandbox.ledger import RequestEntry
from app.tasks.models import TaskRow
from app.upstream.models import RateLimitRow
from app.upstream.rate_limits import RateClass
from tests.support.clock import ManualSeconds, MovableClock
from tests.support.patience import HANG_SECONDS, until
from tests.support.world import TASKS, Tenant, World, running_world

MODEL = "doubao-seedance-2"
FAST = "doubao-seedance-2-fast"
ENDPOINT = "ep-20260101000000-abcde"
ENDLESS = "[queue:1000000]"
RUNNING = "[queue:0][run:1000000]"
HELD: dict[str, Any] = {"kind": "delay", "at": "after", "delay_seconds": 3600}
"""A fault that holds a call, which was carried out, until the test releases it."""
SECOND_ACCOUNT = Account(
    name="second", api_key="second-ark-key", access_key_id="AKSECOND", secret_access_key="second-secret"
)


class Stage:
    """A running world, and how to set it up for a test and look behind it.

    Attributes:
        clock: the time of day, of the gateway and the upstream.
        seconds: what the gateway measures its trust in rows with that it has read.
        mark: the number of the last call that was received before the test.
    """

    def __init__(
        self, world: World, clock: MovableClock, seconds: ManualSeconds, sessions: async_sessionmaker[AsyncSession]
    ) -> None:
        self.world = world
        self.clock = clock
        self.seconds = seconds
        self.sessions = sessions
        self.mark = 0

    async def prepare(self) -> None:
        """Removes every fault, and forgets what was received and made of calls, and how the channels fared so far."""
        await self.release()
        async with self.sessions.begin() as session:
            await session.execute(delete(ChannelHealthRow))
        await self.refill()
        self.mark = self._requests()[-1].number if self._requests() else 0

    def forget_rows(self) -> None:
        """Lets so much time pass that no process trusts a row any more that it read before, nor a rate it used up."""
        self.seconds.advance(1)

    async def tenant(self, *channels: str) -> Tenant:
        """Makes a tenant that may use these channels; none named, it is ``default``."""
        return await self.world.tenant(allowed_channels=list(channels or ("default",)))

    async def fault(self, operation: str, *, times: int | None = 1, account: str | None = None, **effect: Any) -> str:
        """Has the next call of an operation go wrong; returns the fault's id."""
        script = {"operation": operation, "times": times, "account": account, "effect": effect}
        added = await self.world.control.post("/faults", json=script)
        assert added.status_code == 201, added.text
        return str(added.json()["id"])

    async def release(self, fault_id: str | None = None) -> None:
        """Removes a fault, or all of them, and lets the calls go on that it holds."""
        removed = await self.world.control.delete("/faults" if fault_id is None else f"/faults/{fault_id}")
        assert removed.status_code == 200, removed.text

    def received(self, operation: str, *, account: str | None = None) -> list[RequestEntry]:
        """Returns what the sandbox has received in this test, oldest first."""
        return [
            entry
            for entry in self._requests()
            if entry.number > self.mark and entry.operation == operation and account in (None, entry.account)
        ]

    def sent_body(self) -> dict[str, Any]:
        """Returns the body of the last create that arrived upstream."""
        body: dict[str, Any] = json.loads(self.received("create_task")[-1].body or "")
        return body

    async def row(self, task_id: str) -> TaskRow | None:
        """Returns a task's row, deleted ones included, by either id."""
        async with self.sessions.begin() as session:
            query = select(TaskRow).where(or_(TaskRow.id == task_id, TaskRow.upstream_id == task_id))
            return (await session.scalars(query)).one_or_none()

    async def written(self, task_id: str) -> TaskRow:
        """Waits until the database has a task with this id, and until it answers if it was away."""
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

    async def until_lost(self, tenant: Tenant) -> None:
        """Waits until the gateway knows that a client of the tenant's has left."""
        await until_attempt(self.sessions, tenant, AttemptRow.abandoned_at.is_not(None))

    async def until_taken(self, tenant: Tenant) -> None:
        """Waits until a retry has taken over the attempt of the tenant's client that left, and waits for its end."""
        await until_attempt(
            self.sessions, tenant, and_(AttemptRow.abandoned_at.is_(None), AttemptRow.answered_at.is_(None))
        )

    async def use_up(self, kind: RateClass) -> None:
        """Leaves the account ``default`` no call of a kind, for days."""
        channel_id = await self.channel_id("default")
        async with self.sessions.begin() as session:
            await session.merge(
                RateLimitRow(channel_id=channel_id, kind=kind.value[0], tokens=-1e7, refilled_at=utc_now())
            )

    async def refill(self) -> None:
        """Gives every account back the calls that it may make at once: four looks for clients."""
        async with self.sessions.begin() as session:
            await session.execute(delete(RateLimitRow))
        self.forget_rows()

    async def channel_id(self, name: str) -> str:
        """Returns the id of a channel."""
        listed = (await self.world.admin.get("/channels")).json()["data"]
        return str(next(channel["id"] for channel in listed if channel["name"] == name))

    async def rows_of(self, tenant: Tenant) -> list[TaskRow]:
        """Returns every row of a tenant's tasks."""
        async with self.sessions.begin() as session:
            return list(await session.scalars(select(TaskRow).where(TaskRow.tenant_id == tenant.id)))

    async def force(self, task_id: str, status: str, **change: Any) -> None:
        """Puts a task of the sandbox into a state, where it stays; the gateway is not told."""
        forced = await self.world.control.post(f"/tasks/{task_id}", json={"status": status, **change})
        assert forced.status_code == 200, forced.text

    async def arrival(self, operation: str) -> RequestEntry:
        """Waits until a call of an operation has reached the sandbox."""
        await until(lambda: self.received(operation))
        return self.received(operation)[-1]

    async def effect(self, operation: str) -> str:
        """Waits until the sandbox has carried out a call that makes something; returns the id of what it made."""
        entry = await self.arrival(operation)
        await until(lambda: entry.resource_id)
        return str(entry.resource_id)

    def _requests(self) -> list[RequestEntry]:
        return list(self.world.sandbox.store.ledger.requests)


async def until_attempt(
    sessions: async_sessionmaker[AsyncSession], tenant: Tenant, condition: ColumnElement[bool]
) -> None:
    """Waits until an attempt of a tenant's clients is in a certain state."""
    query = select(AttemptRow.id).where(AttemptRow.tenant_id == tenant.id, condition).limit(1)
    async with asyncio.timeout(HANG_SECONDS):
        while True:
            async with sessions() as session:
                if await session.scalar(query) is not None:
                    return
            await asyncio.sleep(0.01)


@asynccontextmanager
async def open_stage(database_url: str) -> AsyncIterator[Stage]:
    """Runs a stage on an empty, migrated database."""
    clock, seconds = MovableClock(stands_still=True), ManualSeconds()
    config = SandboxConfig(
        accounts=(DEFAULT_ACCOUNT, SECOND_ACCOUNT),
        clock=clock,
        limits=None,
        endpoints={ENDPOINT: "doubao-seedance-2-0-260128"},
    )
    engine = open_engine(database_url, pool_size=2)
    async with running_world(
        database_url,
        sandbox_config=config,
        clock=clock,
        monotonic=seconds,
        background="off",
        upstream_max_response_bytes=64 * 1024,
    ) as world:
        base_url = world.sandbox.ark_base_url
        key = SECOND_ACCOUNT.api_key
        await add_channel(world, "second", base_url, key, priority=-10, models={MODEL: ENDPOINT})
        await add_channel(world, "dead", "http://127.0.0.1:1/api/v3", key, priority=-5)
        yield Stage(world, clock, seconds, session_factory(engine))
    await engine.dispose()


async def add_channel(world: World, name: str, base_url: str, key: str, **fields: Any) -> str:
    """Adds a channel for videos over the admin API; returns its id."""
    body = {"name": name, "ark_base_url": base_url, "ark_api_key": key, **fields}
    made = await world.admin.post("/channels", json=body)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


def text(prompt: str) -> list[dict[str, Any]]:
    """Returns the content of a text-to-video request."""
    return [{"type": "text", "text": prompt}]


async def get(tenant: Tenant, task_id: str) -> httpx.Response:
    """Asks for a task that must exist."""
    response = await tenant.http.get(f"{TASKS}/{task_id}")
    assert response.status_code == 200, response.text
    return response
