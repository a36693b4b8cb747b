"""Creates whose process is dead: they are searched for, and no request waits for them any longer."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from app.core.process_registry import ProcessRegistry
from app.tasks.context import TasksContext
from app.tasks.models import TaskRow, TaskStatus
from app.tasks.recovery.stale_creates import StaleCreates
from tests.support.gateway import Gateway
from tests.tasks.searching import open_context

WINDOW = timedelta(seconds=300)


class Scene:
    """A living process that checks the creates of a second one."""

    def __init__(self, gateway: Gateway, context: TasksContext) -> None:
        self.gateway = gateway
        self.living, self.owner = [
            ProcessRegistry(gateway.database_url, gateway.sessions, gateway.clock) for _ in range(2)
        ]
        self.stale_creates = StaleCreates(replace(context, processes=self.living, create_window=WINDOW))

    async def submitting(self, *, owner: ProcessRegistry | None = None) -> TaskRow:
        """Makes a create under way in the second process, or in the one that is named."""
        tenant = await self.gateway.tenant()
        row = await self.gateway.written(await tenant.new_task())
        async with self.gateway.sessions.begin() as session:
            row.status, row.instance_id = TaskStatus.SUBMITTING.value, (owner or self.owner).instance_id
            row.upstream_id = row.next_poll_at = None
            await session.merge(row)
        return row

    async def settled(self, row: TaskRow) -> TaskRow:
        await self.stale_creates.run_once()
        found = await self.gateway.row(row.id)
        assert found is not None
        return found


@pytest.fixture
async def scene(gateway: Gateway) -> AsyncIterator[Scene]:
    """Both processes live."""
    async with open_context(gateway) as context:
        opened = Scene(gateway, context)
        await opened.living.open()
        await opened.owner.open()
        yield opened
        await opened.living.close()
        await opened.owner.close()


async def test_what_a_dead_process_left_becomes_unknown_as_of_its_death(scene: Scene) -> None:
    row = await scene.submitting()
    await scene.owner.close()
    scene.gateway.clock.advance(100)
    left = await scene.settled(row)
    assert (left.status, left.is_spare_id_public) == (TaskStatus.UNKNOWN, True)
    assert left.cut_at is not None
    assert left.next_poll_at is not None
    assert timedelta(0) <= left.cut_at - left.created_at < timedelta(seconds=20)
    assert left.next_poll_at > scene.gateway.clock() - timedelta(seconds=20)


async def test_a_create_of_a_living_process_is_unchanged(scene: Scene) -> None:
    row = await scene.submitting()
    assert (await scene.settled(row)).status == TaskStatus.SUBMITTING


async def test_a_create_that_is_too_old_to_be_under_way_is_stale_although_its_process_lives(scene: Scene) -> None:
    for owner in (scene.owner, scene.living):
        row = await scene.submitting(owner=owner)
        assert (await scene.settled(row)).status == TaskStatus.SUBMITTING
        scene.gateway.clock.advance(WINDOW.total_seconds() + 1)
        assert (await scene.settled(row)).status == TaskStatus.UNKNOWN


async def test_many_are_settled_in_one_run_and_once(scene: Scene) -> None:
    rows = [await scene.submitting() for _ in range(3)]
    await scene.owner.close()
    await asyncio.gather(*(scene.stale_creates.run_once() for _ in range(3)))
    for row in rows:
        assert (await scene.settled(row)).status == TaskStatus.UNKNOWN
