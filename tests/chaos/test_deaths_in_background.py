"""kill -9 of a gateway at every await of what completes tasks: callbacks, polls, the reconciler, deliveries."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.chaos.clients import Create, send_until_answered
from tests.chaos.dooming import doomed_gateways
from tests.chaos.launcher import Process
from tests.chaos.receiver import Receiver
from tests.chaos.site import TASKS, Site, Tenant, settle
from tests.chaos.verdict import billed_otherwise, budgets_otherwise, gather, stuck, unlisted

pytestmark = pytest.mark.slow

_TASK = "SELECT id FROM tasks WHERE upstream_id = :upstream_id"
_DELIVERY = f"SELECT id FROM deliveries WHERE task_id IN ({_TASK}) AND body LIKE '%succeeded%'"
_AHEAD_SECONDS = 60.0
"""How far the doomed gateway's clock is ahead, so that every task is due."""
_FIRST_SEARCH_SECONDS = 4.0
_AWAITS_OF_A_SEARCH = 60
_MIN_KILLS = 3
_DOOM_SECONDS = 3.0


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A tenant's endpoint for deliveries."""
    async with Receiver() as running:
        yield running


async def test_a_task_is_completed_once_although_the_poller_dies_at_any_await(site: Site, receiver: Receiver) -> None:
    creator = await site.gateway(public_url=None, background="off")
    tenant = await site.tenant(creator)
    ids = await _complete_in_dying_gateways(site, "job:poll_tasks", creator, tenant, receiver, awaited=_TASK)
    await _check_completion(site, tenant, ids, receiver)


async def test_a_delivery_arrives_although_its_sender_dies_at_any_await(site: Site, receiver: Receiver) -> None:
    creator = await site.gateway(public_url=None, background="off")
    tenant = await site.tenant(creator)
    ids = await _complete_in_dying_gateways(site, "job:deliver", creator, tenant, receiver, awaited=_DELIVERY)
    await _check_completion(site, tenant, ids, receiver)


async def test_a_callback_whose_gateway_dies_at_any_await_is_not_lost(site: Site, receiver: Receiver) -> None:
    creator = await site.gateway(background="off")
    tenant = await site.tenant(creator)
    ids: list[str] = []
    async for doomed in doomed_gateways(
        site, "request:POST /callbacks/", timeout_seconds=_DOOM_SECONDS, background="off"
    ):
        site.front.lead_to(creator.url)
        site.front.lead_to(doomed.url)
        ids.append(await _create(site, creator, tenant, receiver, f"[queue:0][run:100] {len(ids)}"))
        await doomed.dies(timeout_seconds=_DOOM_SECONDS)
    await _check_completion(site, tenant, ids, receiver)


async def test_lost_creates_are_attributed_although_the_reconciler_dies_at_any_await(site: Site) -> None:
    creator = await site.gateway(public_url=None, background="off", ark_exclusive="on")
    tenant = await site.tenant(creator)
    creates: list[Create] = []
    async for doomed in doomed_gateways(
        site,
        "job:reconcile",
        timeout_seconds=_DOOM_SECONDS,
        most=_AWAITS_OF_A_SEARCH,
        shift_seconds=_FIRST_SEARCH_SECONDS,
        public_url=None,
        ark_exclusive="on",
    ):
        await site.fault("create_task", kind="cut", at="after")
        # The second one gets a clear answer, which keeps the circuit breaker closed.
        for number in range(2):
            creates.append(Create(tenant, f"wish {len(creates)} {number}"))
            await send_until_answered(creates[-1], site.http, lambda: creator.url)
        doomed.let_go()
        await doomed.dies(timeout_seconds=_DOOM_SECONDS)
    last = await site.gateway(public_url=None, ark_exclusive="on")
    await settle(site, "submitting")
    verdict = await gather(site, creates)
    assert verdict.doubled() == []
    assert verdict.misattributed() == []
    # Many were lost at once, so that they cannot be attributed; the operator sees them.
    assert await unlisted(site, last, creates) == []
    assert (await billed_otherwise(site), await budgets_otherwise(site), await stuck(site)) == ([], [], [])


async def _complete_in_dying_gateways(
    site: Site, point: str, creator: Process, tenant: Tenant, receiver: Receiver, *, awaited: str
) -> list[str]:
    ids: list[str] = []
    async for doomed in doomed_gateways(
        site, point, timeout_seconds=_DOOM_SECONDS, shift_seconds=_AHEAD_SECONDS, public_url=None
    ):
        ids.append(await _create(site, creator, tenant, receiver, f"[queue:0][run:0] {len(ids)}"))
        await _until_there(site, awaited, ids[-1])
        doomed.let_go()
        await doomed.dies(timeout_seconds=_DOOM_SECONDS)
    return ids


async def _until_there(site: Site, query: str, upstream_id: str) -> None:
    """Waits until the query finds a row."""
    async with asyncio.timeout(20):
        while not await site.query(query, upstream_id=upstream_id):  # noqa: ASYNC110 - another process has no event
            await asyncio.sleep(0.05)


async def _create(site: Site, gateway: Process, tenant: Tenant, receiver: Receiver, prompt: str) -> str:
    create = Create(tenant, prompt, callback_url=receiver.url)
    await send_until_answered(create, site.http, lambda: gateway.url)
    return create.ids[0]


async def _check_completion(site: Site, tenant: Tenant, ids: list[str], receiver: Receiver) -> None:
    """Runs a gateway without a fault, and checks that it completes each task and delivers that."""
    assert site.kills >= _MIN_KILLS
    # The leases of the killed gateways have expired by the clock of the next one.
    last = await site.gateway(public_url=None, shift_seconds=10 * _AHEAD_SECONDS)
    await settle(site, "queued", "running")
    billed = {task["id"]: task["billed_tokens"] for task in (await site.ledger())["tasks"]}
    assert set(ids) == set(billed)
    for task_id in ids:
        body = (await site.http.get(f"{last.url}{TASKS}/{task_id}", headers=tenant.headers)).json()
        assert (body["status"], body["usage"]["total_tokens"]) == ("succeeded", billed[task_id])
    async with asyncio.timeout(60):
        while {task_id for task_id, status in receiver.received if status == "succeeded"} != set(ids):  # noqa: ASYNC110
            await asyncio.sleep(0.2)
    finals = await site.query(
        "SELECT task_id, count(*) AS times FROM task_events WHERE status = 'succeeded' GROUP BY 1"
    )
    assert {row["times"] for row in finals} == {1}
    assert (await billed_otherwise(site), await budgets_otherwise(site), await stuck(site)) == ([], [], [])
