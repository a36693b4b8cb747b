"""A database that was restored from a backup has forgotten creates, so elimination proves nothing about older ones."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, text

from app.assets.models import CreateIntentRow
from app.composition import open_services
from app.core.models import InstanceRow
from app.tasks.models import TaskEventRow, TaskRow
from tests.tasks.searching import GRACE_SECONDS, Search

FITTING: dict[str, Any] = {"resolution": "720p", "ratio": "16:9", "duration": 5}


async def forget(search: Search, task_id: str) -> None:
    """Does to a task's row what a restore from an older backup does."""
    row = await search.row(task_id)
    async with search.stage.sessions.begin() as session:
        await session.execute(delete(TaskEventRow).where(TaskEventRow.task_id == row.id))
        await session.execute(delete(TaskRow).where(TaskRow.id == row.id))


async def start_a_process(search: Search, *, after: str = "nothing") -> None:
    """Starts one more process, and ends it: after a move of the database (``moved``), or after silence (``unseen``).

    The other processes of the stage go on being seen, so what they wrote last is made newer, and the new one's clock
    is ahead.
    """
    world, clock = search.stage.world, search.stage.clock
    row = InstanceRow(id="elsewhere", lock_key=1, started_at=clock(), seen_at=clock() + timedelta(hours=1), place="x")
    ahead = timedelta(hours=2) if after == "unseen" else timedelta()
    if after == "moved":
        async with search.stage.sessions.begin() as session:
            session.add(row)
    async with open_services(world.settings, clock=lambda: clock() + ahead, monotonic=search.stage.seconds) as services:
        started = services.processes.instance_id
    async with search.stage.sessions.begin() as session:
        await session.execute(delete(InstanceRow).where(InstanceRow.id.in_(["elsewhere", started])))


@pytest.mark.parametrize("how", ["moved", "unseen", "nothing"])
async def test_the_task_of_a_forgotten_create_is_given_to_no_other_tenant(search: Search, how: str) -> None:
    await search.declare("default", exclusive=True)
    tenant, other = await search.stage.tenant(), await search.stage.tenant()
    lost, _ = await search.lose(tenant, at="before", **FITTING)
    forgotten = await other.new_task(**FITTING)
    await forget(search, forgotten)
    await search.stage.force(forgotten, "succeeded")

    await start_a_process(search, after=how)
    for _ in range(3):
        await search.run()

    is_bound = (await search.row(lost)).upstream_id == forgotten
    assert is_bound is (how == "nothing"), "only where nothing was forgotten, elimination is a proof"
    if not is_bound:
        assert forgotten in await search.orphans()
        search.stage.clock.advance(GRACE_SECONDS)
        await search.run()
        assert (await search.show(tenant, lost))["status"] == "queued"


async def test_a_create_that_began_after_the_restore_is_found_as_ever(search: Search) -> None:
    await search.declare("default", exclusive=True)
    await start_a_process(search, after="moved")
    tenant = await search.stage.tenant()
    lost, upstream_id = await search.lose(tenant, **FITTING)
    await search.stage.force(upstream_id, "succeeded")
    await start_a_process(search)
    await search.run()
    await search.run()
    assert (await search.row(lost)).upstream_id == upstream_id


@pytest.mark.parametrize("is_moved", [True, False])
async def test_a_group_or_asset_of_a_forgotten_create_is_neither_given_away_nor_deleted(
    search: Search, *, is_moved: bool
) -> None:
    tenant = await search.stage.tenant()
    now = search.stage.clock()
    async with search.stage.sessions.begin() as session:
        await session.execute(text("DELETE FROM asset_create_intents"))
        session.add(
            CreateIntentRow(id="restored", tenant_id=tenant.id, kind="CreateAssetGroup", name="n", started_at=now)
        )
    await start_a_process(search, after="moved" if is_moved else "nothing")
    async with search.stage.sessions.begin() as session:
        left = await session.get(CreateIntentRow, "restored")
        await session.execute(text("DELETE FROM asset_create_intents"))
    assert (left is None) is is_moved, "nothing is searched for, so nothing is taken for it"
