"""kill -9 of a gateway at every await of a create, while another gateway keeps running."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.chaos.clients import Create, Dialect, Kind, send_once, send_until_answered
from tests.chaos.dooming import doomed_gateways
from tests.chaos.figures import Figures
from tests.chaos.launcher import Process
from tests.chaos.site import Site, Tenant, settle
from tests.chaos.verdict import check_creates

pytestmark = pytest.mark.slow

_MIN_AWAITS = 20
# Of all dialects, whose creates are held alike, the tests would take a third longer.
_HELD = {Dialect.NATIVE}


@pytest.mark.parametrize(
    ("dialect", "kind"),
    [
        *((Dialect.NATIVE, kind) for kind in Kind),
        (Dialect.VIDEO_JSON, Kind.PLAIN),
        (Dialect.VIDEO_FORM, Kind.PLAIN),
        (Dialect.VIDEO_FORM, Kind.KEYED),
    ],
)
async def test_a_create_whose_gateway_dies_at_any_await_is_sent_at_most_once(
    site: Site, dialect: Dialect, kind: Kind, tell: Callable[[Figures], None]
) -> None:
    survivor = await site.gateway()
    tenant = await site.tenant(survivor, has_budgets=dialect in _HELD)
    other = await site.tenant(survivor)
    creates = await create_in_dying_gateways(site, survivor, tenant, kind, dialect)
    kills = site.kills
    await settle(site, "submitting", "unknown")
    assert kills >= _MIN_AWAITS
    await check_creates(site, survivor, creates, tell=tell, kills=kills, tenants=[tenant, other])


async def test_without_callbacks_what_a_dead_gateway_left_is_owned_or_listed_as_an_orphan(
    site: Site, tell: Callable[[Figures], None]
) -> None:
    survivor = await site.gateway(public_url=None)
    tenant = await site.tenant(survivor)
    creates = await create_in_dying_gateways(site, survivor, tenant, Kind.PLAIN, public_url=None)
    kills = site.kills
    await settle(site, "submitting")
    await check_creates(site, survivor, creates, tell=tell, kills=kills, may_be_unowned=True)


@pytest.mark.parametrize("dialect", [Dialect.NATIVE, Dialect.VIDEO_FORM])
async def test_a_create_is_not_sent_twice_when_its_retry_is_killed_as_well(
    site: Site, dialect: Dialect, tell: Callable[[Figures], None]
) -> None:
    """The first gateway dies with the create, and the second one at every await of the retry."""
    survivor = await site.gateway()
    tenant = await site.tenant(survivor, has_budgets=dialect in _HELD)
    await site.fault("create_task", times=None, kind="delay", at="after", delay_seconds=0.3)
    creates: list[Create] = []
    async for doomed in doomed_gateways(site, f"request:POST {dialect.path}", background="off"):
        creates.append(Create(tenant, f"wish {len(creates)}", dialect=dialect))
        first = await site.gateway(background="off")
        await lose_with(first, creates[-1], site)
        await send_to_doomed(creates[-1], doomed, site)
        await send_until_answered(creates[-1], site.http, lambda: survivor.url, pause=(0.1, 0.5))
    kills = site.kills
    await settle(site, "submitting", "unknown")
    await check_creates(site, survivor, creates, tell=tell, kills=kills)


async def create_in_dying_gateways(
    site: Site,
    survivor: Process,
    tenant: Tenant,
    kind: Kind,
    dialect: Dialect = Dialect.NATIVE,
    **settings: Any,
) -> list[Create]:
    """Sends one create for each await, and again to the survivor when it had no answer."""
    creates: list[Create] = []
    async for doomed in doomed_gateways(site, f"request:POST {dialect.path}", background="off", **settings):
        creates.append(Create(tenant, f"wish {len(creates)}", kind, dialect))
        await send_to_doomed(creates[-1], doomed, site)
        await send_until_answered(creates[-1], site.http, lambda: survivor.url, pause=(0.1, 0.5))
    return creates


async def send_to_doomed(create: Create, doomed: Process, site: Site) -> None:
    """Sends a create once, to a gateway that may die of it."""
    try:
        await send_once(create, site.http, doomed.url)
    except httpx.TransportError:
        await doomed.ended


async def lose_with(gateway: Process, create: Create, site: Site) -> None:
    """Sends a create, and kills the gateway while the upstream is carrying it out."""
    seen = (await site.ledger())["requests_received"]
    with_answer = asyncio.create_task(send_once(create, site.http, gateway.url))
    while (await site.ledger())["requests_received"] == seen:  # noqa: ASYNC110 - another process has no event
        await asyncio.sleep(0.02)
    await gateway.kill()
    with pytest.raises(httpx.TransportError):
        await with_answer
