"""A database that was restored from a backup has forgotten creates, so elimination proves nothing about older ones."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import delete, text

from app.composition import open_services
from app.tasks.models import TaskEventRow, TaskRow
from tests.tasks.searching import GRACE_SECONDS, Search

FITTING: dict[str, Any] = {"resolution": "720p", "ratio": "16:9", "duration": 5}


async def forget(search: Search, task_id: str) -> None:
    """Does to a task's row what a restore from an older backup does."""
    row = await search.row(task_id)
    async with search.gateway.sessions.begin() as session:
        await session.execute(delete(TaskEventRow).where(TaskEventRow.task_id == row.id))
        await session.execute(delete(TaskRow).where(TaskRow.id == row.id))


async def set_place(search: Search, **values: str | datetime | None) -> None:
    """Changes what is written about the place of the database."""
    async with search.gateway.sessions.begin() as session:
        for name, value in values.items():
            await session.execute(text(f"UPDATE database_place SET {name} = :value"), {"value": value})


async def start_a_process(search: Search, *, is_moved: bool) -> None:
    """Starts one more process and ends it, after the database was moved or not."""
    if is_moved:
        await set_place(search, place="elsewhere")
    async with open_services(search.gateway.settings, clock=search.gateway.clock, monotonic=search.gateway.seconds):
        pass
    if is_moved:  # the clock of the gateway may be ahead of that of the database
        await set_place(search, noticed_at=search.gateway.clock())


@pytest.fixture(autouse=True)
async def nothing_is_doubted(search: Search) -> None:
    await set_place(search, noticed_at=None)


@pytest.mark.parametrize("is_moved", [True, False])
async def test_the_task_of_a_forgotten_create_is_given_to_no_other_tenant(search: Search, *, is_moved: bool) -> None:
    await search.declare("default", exclusive=True)
    tenant, other = await search.gateway.tenant(), await search.gateway.tenant()
    lost, _ = await search.lose(tenant, at="before", **FITTING)
    forgotten = await other.new_task(**FITTING)
    await forget(search, forgotten)
    await search.gateway.force(forgotten, "succeeded")

    await start_a_process(search, is_moved=is_moved)
    for _ in range(3):
        await search.run()

    is_bound = (await search.row(lost)).upstream_id == forgotten
    assert is_bound is not is_moved, "only where nothing was forgotten, elimination is a proof"
    if not is_bound:
        assert forgotten in await search.orphans()
        search.gateway.clock.advance(GRACE_SECONDS)
        await search.run()
        assert (await search.show(tenant, lost))["status"] == "queued"


async def test_a_create_that_is_newer_than_the_restore_gets_no_task_of_a_forgotten_one(search: Search) -> None:
    await search.declare("default", exclusive=True)
    tenant, other = await search.gateway.tenant(), await search.gateway.tenant()
    forgotten = await other.new_task(**FITTING)
    await forget(search, forgotten)
    await search.gateway.force(forgotten, "succeeded")
    await start_a_process(search, is_moved=True)
    search.gateway.clock.advance(20)
    lost, _ = await search.lose(tenant, at="before", **FITTING)
    for _ in range(3):
        await search.run()
    assert (await search.row(lost)).upstream_id is None


async def test_a_process_that_has_not_noticed_the_move_concludes_nothing(search: Search) -> None:
    await search.declare("default", exclusive=True)
    tenant, other = await search.gateway.tenant(), await search.gateway.tenant()
    lost, _ = await search.lose(tenant, at="before", **FITTING)
    forgotten = await other.new_task(**FITTING)
    await forget(search, forgotten)
    await search.gateway.force(forgotten, "succeeded")
    await set_place(search, place="elsewhere")
    for _ in range(3):
        await search.run()
    assert (await search.row(lost)).upstream_id is None
    await start_a_process(search, is_moved=False)


async def test_a_create_of_an_hour_and_ten_minutes_after_the_restore_is_found_as_before(
    search: Search,
) -> None:
    await search.declare("default", exclusive=True)
    await start_a_process(search, is_moved=True)
    tenant = await search.gateway.tenant()
    search.gateway.clock.advance(70 * 60)
    lost, upstream_id = await search.lose(tenant, **FITTING)
    await search.gateway.force(upstream_id, "succeeded")
    await start_a_process(search, is_moved=False)
    await search.run()
    await search.run()
    assert (await search.row(lost)).upstream_id == upstream_id
