"""A gateway whose creates are lost and searched for: two reconcilers, as of two processes, that tests run by hand.

The budget of LIST, one a second by the database's clock, is not waited for here; it has a test of its own.
"""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx
from sqlalchemy import delete, func, select, update
from sqlalchemy import text as sql

from app.composition import open_services
from app.core.models import LeaseRow
from app.sandbox.config import DEFAULT_ACCOUNT
from app.services import Services
from app.tasks.context import TasksContext
from app.tasks.correlation import hash_of, new_callback_token
from app.tasks.models import OrphanRow, TaskEventRow, TaskRow
from app.tasks.recovery.attribution import Attribution
from app.tasks.recovery.reconciler import Reconciler
from app.upstream.ark import ArkClient
from app.upstream.configured import destination_rules, open_http
from app.upstream.rate_limits import RateClass, RateLimiter
from app.usage.pricing import PricingSource
from tests.support.database import own_database
from tests.support.frozen_gateway import open_frozen_gateway
from tests.support.gateway import ENDLESS, SPARE_ID, TASKS, Gateway, Tenant, text
from tests.support.plain import PLAIN

GRACE_SECONDS = 600
PAUSE_SECONDS = 4
"""Longer than the pause before the first search, and than that between the first ones."""


class FreeRates(RateLimiter):
    """Grants every token."""

    async def acquire(
        self,
        channel_id: str,
        rate_class: RateClass,
        *,
        timeout_seconds: float = 0.0,
        unused_of: RateClass | None = None,
    ) -> bool:
        return True


def to_context(
    services: Services, ark: ArkClient, rates: RateLimiter, clock: Callable[[], datetime], **changes: Any
) -> TasksContext:
    """Returns what the parts of tasks share in the process of ``services``, but with these clients."""
    context = TasksContext(
        sessions=services.sessions,
        reads=services.reads,
        clock=clock,
        directory=services.directory,
        ark=ark,
        rates=rates,
        pricing=PricingSource(services.sessions, services.prices),
        retry_dedup=services.retry_dedup,
        processes=services.processes,
        create_window=timedelta(minutes=5),
        links=None,
        grace=timedelta(seconds=GRACE_SECONDS),
    )
    return replace(context, **changes)


@asynccontextmanager
async def open_context(gateway: Gateway, **changes: Any) -> AsyncIterator[TasksContext]:
    """Yields what the parts of tasks share in a process of its own, which does not wait for call rates."""
    settings = gateway.settings
    async with (
        open_services(settings, clock=gateway.clock, monotonic=gateway.seconds) as services,
        open_http(settings, destination_rules(settings)) as http,
    ):
        yield to_context(services, ArkClient(http), FreeRates(services.sessions), gateway.clock, **changes)


class Search:
    """The gateway, the two reconcilers, and what tests of them share."""

    def __init__(self, gateway: Gateway, services: Services, ark: ArkClient) -> None:
        self.gateway = gateway
        self.services = services
        self.ark = ark
        self.first, self.second = (self.reconciler(FreeRates(services.sessions)) for _ in range(2))

    def attribution(self, rates: RateLimiter) -> Attribution:
        """Returns what attributes tasks to intents."""
        return Attribution(to_context(self.services, self.ark, rates, self.gateway.clock))

    def reconciler(self, rates: RateLimiter) -> Reconciler:
        """Returns the reconciler of one more process."""
        return Reconciler(to_context(self.services, self.ark, rates, self.gateway.clock), self.attribution(rates))

    async def prepare(self) -> None:
        """Empties the upstream and the tables, and makes the channel ``default`` an ordinary one."""
        await self.gateway.control.post("/reset")
        await self.gateway.prepare()
        async with self.gateway.sessions.begin() as session:
            for table in ("orphans", "leases", "channel_health", "task_events", "deliveries", "create_attempts"):
                await session.execute(sql(f"DELETE FROM {table}"))
            await session.execute(delete(TaskRow))
        await self.declare("default", exclusive=False)

    async def declare(self, channel: str, **fields: Any) -> None:
        """Changes a channel over the admin API."""
        channel_id = await self.gateway.channel_id(channel)
        patched = await self.gateway.admin.patch(f"/channels/{channel_id}", json=fields)
        assert patched.status_code == 200, patched.text
        self.services.directory.invalidate()

    async def lose(self, tenant: Tenant, *, at: str = "after", **fields: Any) -> tuple[str, str]:
        """Loses the answer to a create, ``after`` or ``before`` the upstream took it.

        Returns:
            The id that the client got, and the upstream's; the latter is empty when nothing came of it.
        """
        await self.gateway.fault("create_task", kind="cut", at=at)
        task_id = await tenant.new_task(**{"content": text(ENDLESS), **fields})
        assert SPARE_ID.fullmatch(task_id)
        return task_id, str(self.gateway.received("create_task")[-1].resource_id or "")

    async def make_elsewhere(self, **fields: Any) -> str:
        """Creates an upstream task past the gateway, as another program on the same account does."""
        body = {"model": "doubao-seedance-2-0-260128", "content": text(ENDLESS), **fields}
        headers = {"Authorization": f"Bearer {DEFAULT_ACCOUNT.api_key}"}
        async with httpx.AsyncClient(verify=PLAIN, headers=headers) as client:
            url = f"{self.gateway.sandbox.ark_base_url}/contents/generations/tasks"
            made = await client.post(url, content=json.dumps(body))
        assert made.status_code == 200, made.text
        return str(made.json()["id"])

    async def give_token(self, task_id: str) -> str:
        """Gives an intent a callback token that the test knows."""
        token = new_callback_token()
        async with self.gateway.sessions.begin() as session:
            change = update(TaskRow).where(TaskRow.id == task_id).values(callback_token_hash=hash_of(token))
            await session.execute(change)
        return token

    async def call_back(
        self, token: str, body: Any, *, content_type: str = "application/json; charset=utf-8"
    ) -> httpx.Response:
        """Sends a callback as the upstream does."""
        content = body if isinstance(body, bytes) else json.dumps(body)
        headers = {"Content-Type": content_type}
        return await self.gateway.anonymous.post(f"/callbacks/{token}", content=content, headers=headers)

    async def run(self, *, after_seconds: float = PAUSE_SECONDS) -> None:
        """Advances the clock, and runs what is due in one reconciler."""
        self.gateway.clock.advance(after_seconds)
        await self.first.tidy()
        await self.first.run_once()

    async def row(self, task_id: str) -> TaskRow:
        """Returns the row of a task, by our own id."""
        row = await self.gateway.row(task_id)
        assert row is not None
        return row

    async def change(self, task_id: str, **values: Any) -> None:
        """Changes a row directly in the database."""
        async with self.gateway.sessions.begin() as session:
            await session.execute(update(TaskRow).where(TaskRow.id == task_id).values(**values))

    async def orphans(self) -> set[str]:
        """Returns the upstream ids of the orphans."""
        async with self.gateway.sessions.begin() as session:
            return set(await session.scalars(select(OrphanRow.upstream_id)))

    async def history(self, task_id: str) -> list[tuple[str, str, str | None]]:
        """Returns status, source and detail of each change of a task."""
        async with self.gateway.sessions.begin() as session:
            query = select(TaskEventRow).where(TaskEventRow.task_id == task_id).order_by(TaskEventRow.id)
            return [(event.status, event.source, event.detail) for event in await session.scalars(query)]

    async def end_leases(self) -> None:
        """Lets so much time pass on the database's clock that every lease has ended."""
        async with self.gateway.sessions.begin() as session:
            await session.execute(update(LeaseRow).values(expires_at=func.now() - timedelta(seconds=1)))

    async def show(self, tenant: Tenant, task_id: str) -> dict[str, Any]:
        """Returns what a client is shown; no poll reaches the upstream while the task has no upstream id."""
        shown = await tenant.http.get(f"{TASKS}/{task_id}")
        assert shown.status_code == 200, shown.text
        body: dict[str, Any] = shown.json()
        return body


@asynccontextmanager
async def open_search(server_url: str) -> AsyncIterator[Search]:
    """Runs all of it on a database of its own."""
    async with (
        own_database(server_url) as url,
        open_frozen_gateway(url) as gateway,
        open_services(gateway.settings, clock=gateway.clock, monotonic=gateway.seconds) as services,
        open_http(gateway.settings, destination_rules(gateway.settings)) as http,
    ):
        yield Search(gateway, services, ArkClient(http))
