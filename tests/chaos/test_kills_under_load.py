"""kill -9 at random, while several tenants' clients create tasks through two gateways and send again what fails."""

import asyncio
import contextlib
import os
from collections.abc import Callable
from typing import Any

import pytest

from tests.chaos.clients import Create
from tests.chaos.figures import Figures
from tests.chaos.launcher import Process
from tests.chaos.site import Site, Tenant, settle
from tests.chaos.storm import Slot, kill_until, load, open_slots
from tests.chaos.verdict import check_creates, orphans

pytestmark = pytest.mark.slow

CREATES = int(os.environ.get("CHAOS_CREATES", "2000"))
KILLS = int(os.environ.get("CHAOS_KILLS", "50"))
_USERS = 24
_LISTING_SECONDS = 150
_PAUSE = (0.3, 1.2)


async def test_two_thousand_creates_over_fifty_kills_with_callbacks(
    site: Site, tell: Callable[[Figures], None]
) -> None:
    slots, tenants, creates = await _create_while_gateways_are_killed(site, CREATES)
    kills = site.kills
    await settle(site, "submitting", "unknown")
    assert kills >= KILLS
    await check_creates(site, slots[0].process, creates, tell=tell, kills=kills, tenants=tenants)


async def test_kills_without_callbacks_leave_every_paid_task_owned_or_listed_as_an_orphan(
    site: Site, tell: Callable[[Figures], None]
) -> None:
    slots, tenants, creates = await _create_while_gateways_are_killed(site, CREATES // 4, public_url=None)
    kills, gateway = site.kills, slots[0].process
    await settle(site, "submitting")
    verdict = await check_creates(site, gateway, creates, tell=tell, kills=kills, tenants=tenants, may_be_unowned=True)
    assert await _unlisted(site, gateway, set(verdict.unowned())) == set()


async def _create_while_gateways_are_killed(
    site: Site, count: int, **settings: Any
) -> tuple[list[Slot], list[Tenant], list[Create]]:
    """Creates tasks of three tenants through two gateways that are killed at random moments."""
    slots = await open_slots(site, 2, **settings)
    tenants = [await site.tenant(slots[0].process, f"tenant {number}") for number in range(3)]
    # A create takes so long that many are in progress when their gateway is killed.
    await site.fault("create_task", times=None, kind="delay", at="after", delay_seconds=0.2)
    loading = asyncio.create_task(load(slots, tenants, count=count, users=_USERS, pause_seconds=0.5))
    await kill_until(loading, slots, pause=_PAUSE)
    return slots, tenants, await loading


async def _unlisted(site: Site, gateway: Process, unowned: set[str]) -> set[str]:
    """Returns the unowned tasks that are not among the orphans once the account has been listed again."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LISTING_SECONDS):
            while not unowned <= await orphans(site, gateway):  # noqa: ASYNC110 - another process has no event
                await asyncio.sleep(1)
    return unowned - await orphans(site, gateway)
