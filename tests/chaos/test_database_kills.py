"""PostgreSQL is killed and restarted while clients create tasks, alone or together with gateways."""

import asyncio
import os
import random
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from app.db.schema import upgrade_to_head
from tests.chaos.cluster import Cluster, running_cluster
from tests.chaos.figures import Figures
from tests.chaos.launcher import Launcher
from tests.chaos.site import open_site, settle
from tests.chaos.storm import load, open_slots
from tests.chaos.verdict import check_creates

pytestmark = pytest.mark.slow

CREATES = int(os.environ.get("CHAOS_CREATES", "2000")) // 5
_KILLS = 8
_USERS = 12


@pytest_asyncio.fixture
async def cluster() -> AsyncIterator[Cluster]:
    """A server to kill."""
    async with running_cluster() as running:
        await upgrade_to_head(running.owner_url)
        yield running


@pytest.mark.parametrize("are_gateways_killed", [False, True], ids=["alone", "with the gateways"])
async def test_a_killed_database_loses_no_task_and_makes_none_twice(
    cluster: Cluster, launcher: Launcher, tell: Callable[[Figures], None], *, are_gateways_killed: bool
) -> None:
    async with open_site(cluster.url, launcher) as site:
        slots = await open_slots(site, 2)
        tenants = [await site.tenant(slots[0].process, f"tenant {number}") for number in range(3)]
        await site.fault("create_task", times=None, kind="delay", at="after", delay_seconds=0.2)
        loading = asyncio.create_task(load(slots, tenants, count=CREATES, users=_USERS, pause_seconds=0.5))
        while not loading.done():
            await asyncio.wait({loading}, timeout=random.uniform(1, 3))
            await cluster.kill_and_restart(pause_seconds=random.uniform(0, 1.5))
            if are_gateways_killed:
                await random.choice(slots).kill_and_restart()
        creates = await loading
        kills = site.kills + cluster.kills
        await settle(site, "submitting", "unknown")
        assert cluster.kills >= _KILLS
        await check_creates(site, slots[0].process, creates, tell=tell, kills=kills, tenants=tenants)
