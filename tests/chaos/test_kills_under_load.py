"""kill -9 at random, while several tenants' clients create tasks through two gateways and send again what fails."""

import asyncio
import contextlib
import os
from collections.abc import Callable

import pytest

from tests.chaos.figures import Figures
from tests.chaos.launcher import Process
from tests.chaos.site import Site, settle
from tests.chaos.storm import kill_until, load, open_slots
from tests.chaos.verdict import foreign_ids_shown, gather, orphans, stuck, summed, unknown_ids

pytestmark = pytest.mark.slow

CREATES = int(os.environ.get("CHAOS_CREATES", "2000"))
KILLS = int(os.environ.get("CHAOS_KILLS", "50"))
_USERS = 24
_LISTING_SECONDS = 150
_PAUSE = (0.3, 1.2)


async def test_two_thousand_creates_over_fifty_kills_with_callbacks(
    site: Site, tell: Callable[[Figures], None]
) -> None:
    slots = await open_slots(site, 2)
    tenants = [await site.tenant(slots[0].process, f"tenant {number}") for number in range(3)]
    # A create is under way for long enough that many are when their gateway dies.
    await site.fault("create_task", times=None, kind="delay", at="after", delay_seconds=0.2)
    loading = asyncio.create_task(load(slots, tenants, count=CREATES, users=_USERS, pause_seconds=0.5))
    await kill_until(loading, slots, pause=_PAUSE)
    creates = await loading
    kills = site.kills
    await settle(site, "submitting", "unknown")
    verdict = await gather(site, creates)
    gateway = slots[0].process
    lost = await unknown_ids(site, gateway, creates)
    tell(summed(verdict, lost, kills=kills))
    assert kills >= KILLS
    assert lost == []
    assert verdict.unanswered() == []
    assert verdict.doubled() == []
    assert verdict.misattributed() == []
    assert verdict.answered_with_two_ids() == []
    assert verdict.unowned() == []
    assert await foreign_ids_shown(site, gateway, creates, tenants) == []
    assert await stuck(site) == []


async def _unlisted(site: Site, gateway: Process, unowned: set[str]) -> set[str]:
    """What is nobody's and not in the operator's list, when the account has been listed once more."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LISTING_SECONDS):
            while not unowned <= await orphans(site, gateway):  # noqa: ASYNC110 - no event tells
                await asyncio.sleep(1)
    return unowned - await orphans(site, gateway)


async def test_kills_without_callbacks_leave_every_paid_task_owned_or_listed_as_an_orphan(
    site: Site, tell: Callable[[Figures], None]
) -> None:
    slots = await open_slots(site, 2, public_url=None)
    tenants = [await site.tenant(slots[0].process, f"tenant {number}") for number in range(3)]
    # A create is under way for long enough that many are when their gateway dies.
    await site.fault("create_task", times=None, kind="delay", at="after", delay_seconds=0.2)
    loading = asyncio.create_task(load(slots, tenants, count=CREATES // 4, users=_USERS, pause_seconds=0.5))
    await kill_until(loading, slots, pause=_PAUSE)
    creates = await loading
    kills = site.kills
    await settle(site, "submitting")
    verdict = await gather(site, creates)
    gateway = slots[0].process
    lost = await unknown_ids(site, gateway, creates)
    tell(summed(verdict, lost, kills=kills))
    assert lost == []
    assert verdict.unanswered() == []
    assert verdict.doubled() == []
    assert verdict.misattributed() == []
    assert verdict.answered_with_two_ids() == []
    assert await foreign_ids_shown(site, gateway, creates, tenants) == []
    assert await _unlisted(site, gateway, set(verdict.unowned())) == set()
    assert await stuck(site) == []
