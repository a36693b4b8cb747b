"""Clocks that are wrong: the gateways' against each other, and the upstream's against theirs."""

import asyncio
from collections.abc import Callable

import pytest

from tests.chaos.figures import Figures
from tests.chaos.site import Site, settle
from tests.chaos.storm import kill_until, load, open_slots
from tests.chaos.verdict import check_creates

pytestmark = pytest.mark.slow

_CREATES = 150


@pytest.mark.parametrize(("shift_seconds", "upstream_skew_seconds"), [(45.0, -1200.0), (-45.0, 1200.0)])
async def test_wrong_clocks_cost_no_task_and_make_none_twice(
    site: Site, tell: Callable[[Figures], None], shift_seconds: float, upstream_skew_seconds: float
) -> None:
    (await site.control.post("/clock", json={"skew_seconds": upstream_skew_seconds})).raise_for_status()
    slots = [*await open_slots(site, 1), *await open_slots(site, 1, shift_seconds=shift_seconds)]
    tenants = [await site.tenant(slots[0].process) for _ in range(2)]
    await site.fault("create_task", times=None, kind="delay", at="after", delay_seconds=0.2)
    loading = asyncio.create_task(load(slots, tenants, count=_CREATES, users=8, pause_seconds=0.3))
    await kill_until(loading, slots, pause=(0.3, 1.0))
    creates = await loading
    kills = site.kills
    await settle(site, "submitting", "unknown", timeout_seconds=90 + abs(shift_seconds))
    await check_creates(site, slots[0].process, creates, tell=tell, kills=kills, tenants=tenants)
