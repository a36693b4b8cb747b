"""Rows that are older than the operator keeps them are removed; a removed task never becomes another tenant's."""

import dataclasses
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import Engine, event, select

from app.composition import open_services
from app.retention_days import RetentionDays
from app.services import Services
from app.tasks.models import TaskRow, TombstoneRow
from tests.admin.forgotten import adopt, objects, reconcile
from tests.support.budgets import ledger_of
from tests.support.gateway import ENDLESS, TASKS, Gateway, Tenant, text

# Long enough that the hours which other tests let pass do not count.
KEPT = 1000


@pytest_asyncio.fixture(autouse=True)
async def a_time_of_its_own(gateway: Gateway) -> None:
    """Lets two days pass, so that nothing of another test was made since."""
    gateway.clock.advance(2 * 86_400)


@asynccontextmanager
async def worker(gateway: Gateway, **days: int) -> AsyncIterator[Services]:
    """Opens a process whose operator keeps rows for these days."""
    settings = gateway.settings.model_copy(update={"retention_days": dataclasses.replace(RetentionDays(), **days)})
    async with open_services(settings, clock=gateway.clock, monotonic=gateway.seconds) as services:
        yield services


async def remove(gateway: Gateway, **days: int) -> None:
    async with worker(gateway, **days) as services:
        for job in services.removals.values():
            await job()


async def ended(gateway: Gateway, tenant: Tenant) -> str:
    task_id = await tenant.new_task()
    await gateway.force(task_id, "succeeded", extra={"usage": {"total_tokens": 4711, "completion_tokens": 4711}})
    assert (await tenant.http.get(f"{TASKS}/{task_id}")).json()["status"] == "succeeded"
    return task_id


async def test_an_old_task_is_removed_with_its_history_and_younger_and_unfinished_ones_stay(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    old, deleted = await ended(gateway, tenant), await ended(gateway, tenant)
    assert (await tenant.http.delete(f"{TASKS}/{deleted}")).status_code == 200
    unfinished = await tenant.new_task(content=text(ENDLESS))
    gateway.clock.advance(86_400 + 60)
    young = await ended(gateway, tenant)
    assert (await tenant.http.get(f"{TASKS}/{old}")).status_code == 200, "it is in the memory of the gateway"

    await remove(gateway, tasks=1)

    assert (await tenant.http.get(f"{TASKS}/{old}")).status_code == 404
    assert (await gateway.admin.get(f"/tasks/{old}")).status_code == 404
    assert {row.upstream_id for row in await gateway.rows_of(tenant)} == {unfinished, young}
    assert {item["id"] for item in (await tenant.http.get(TASKS)).json()["items"]} == {unfinished, young}


async def test_more_tasks_than_a_step_removes_are_removed_in_several_and_the_ledger_keeps_all(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = await gateway.tenant()
    task_ids = [await ended(gateway, tenant) for _ in range(5)]
    settled = await ledger_of(gateway, tenant)
    assert [row["total_tokens"] for row in settled] == [4711] * 5
    gateway.clock.advance(86_400 + 60)
    monkeypatch.setattr("app.tasks.retention._TASKS_BATCH", 2)

    with removed_in_each_step() as removed:
        await remove(gateway, tasks=1)

    # Tasks of other tests may be old enough, too.
    assert max(removed) == 2
    assert sum(removed) >= len(task_ids)
    assert await gateway.rows_of(tenant) == []
    assert all([await has_tombstone(gateway, task_id) for task_id in task_ids])
    assert await ledger_of(gateway, tenant) == settled


@contextmanager
def removed_in_each_step() -> Iterator[list[int]]:
    """Yields how many tasks each statement has removed."""
    removed: list[int] = []

    def note(_connection: Any, cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("DELETE FROM tasks"):
            removed.append(cursor.rowcount)

    event.listen(Engine, "after_cursor_execute", note)
    try:
        yield removed
    finally:
        event.remove(Engine, "after_cursor_execute", note)


async def test_a_removed_task_is_no_orphan_and_no_other_tenant_s_while_the_upstream_lists_it(gateway: Gateway) -> None:
    tenant, other = await gateway.tenant(), await gateway.tenant()
    task_id = await ended(gateway, tenant)
    gateway.clock.advance(86_400 + 60)
    await remove(gateway, tasks=1)

    assert task_id not in objects(await reconcile(gateway, hours=48))
    assert (await adopt(gateway, other, task_ids=[task_id]))[task_id]["outcome"] == "owned"
    assert (await adopt(gateway, tenant, task_ids=[task_id]))[task_id]["outcome"] == "deleted"
    assert (await other.http.get(f"{TASKS}/{task_id}")).status_code == 404

    gateway.clock.advance(8 * 86_400 - 120)
    await remove(gateway)
    assert await has_tombstone(gateway, task_id)
    gateway.clock.advance(180)
    await remove(gateway)
    assert not await has_tombstone(gateway, task_id)


async def has_tombstone(gateway: Gateway, task_id: str) -> bool:
    async with gateway.sessions() as session:
        return await session.get(TombstoneRow, task_id) is not None


async def test_two_processes_remove_each_task_once(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await ended(gateway, tenant)
    gateway.clock.advance(86_400 + 60)
    async with worker(gateway, tasks=1) as one, gateway.sessions.begin() as session:
        (await session.scalars(select(TaskRow).where(TaskRow.upstream_id == task_id).with_for_update())).one()
        await one.removals["remove_old_tasks"]()
        assert not await has_tombstone(gateway, task_id), "another process has locked it"
    await remove(gateway, tasks=1)
    assert await has_tombstone(gateway, task_id)


async def test_entries_of_the_history_and_of_the_audit_log_are_removed_alone(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await ended(gateway, tenant)
    made = await gateway.admin.post("/tenants", json={"name": "audited"})
    tenant_id = made.json()["id"]
    gateway.clock.advance(timedelta(days=KEPT).total_seconds() + 60)

    await remove(gateway)
    assert (await gateway.admin.get(f"/tasks/{task_id}")).json()["history"]
    assert (await gateway.admin.get("/audit", params={"tenant": tenant_id})).json()["data"]

    await remove(gateway, events=KEPT, audit=KEPT)
    assert (await gateway.admin.get(f"/tasks/{task_id}")).json()["history"] == []
    assert (await tenant.http.get(f"{TASKS}/{task_id}")).json()["status"] == "succeeded"
    assert (await gateway.admin.get("/audit", params={"tenant": tenant_id})).json()["data"] == []


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("", RetentionDays()),
        ("tasks=1", RetentionDays(tasks=1)),
        (
            " tasks=90, events=30 ,deliveries=7,audit=400,tombstones=9,",
            RetentionDays(tasks=90, events=30, deliveries=7, audit=400, tombstones=9),
        ),
    ],
)
def test_days_are_given_per_kind(given: str, kept: RetentionDays) -> None:
    assert RetentionDays.from_text(given) == kept


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("tombstones=7", "tombstones must be from 8"),
        ("tasks=0", "tasks must be from 1"),
        ("tasks=99999", "tasks must be from 1 to 36500"),
        ("tasks=-1", "'tasks=-1' is not one of tasks=<days>"),
        ("tasks=1,tasks=2", "tasks is given twice"),
        ("keys=3", "'keys=3' is not one of"),
        ("90", "'90' is not one of"),
        ("tasks=１", "is not one of"),
    ],
)
def test_other_values_are_refused(given: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RetentionDays.from_text(given)
