"""Creates that an SDK sends again: the retry gets what the first attempt made."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from app.core.watched_event import WatchedEvent
from app.creates.models import AttemptRow
from app.errors import ConflictError, ServiceUnavailableError
from tests.assets.gateway import ENTRIES, AssetsGateway, by_path, create_body, created_id, fingerprint
from tests.support.gateway import HELD, Tenant
from tests.support.timeouts import until

MARKS = [{"X-Sdk-Request": "attempt=2; max=4"}, {"x-stainless-retry-count": "1"}]


async def _send(
    tenant: Tenant, action: str, body: dict[str, Any], *, entry: str = "by path", **mark: str
) -> httpx.Response:
    return await tenant.http.post(ENTRIES[entry].format(action=action), content=json.dumps(body), headers=mark)


@asynccontextmanager
async def _disconnected_client(
    gateway: AssetsGateway, tenant: Tenant, action: str, body: dict[str, Any], *, entry: str = "by path"
) -> AsyncIterator[None]:
    """Disconnects a client while the upstream holds its create."""
    before = gateway.count(action)
    await gateway.fault(action, **HELD)
    sending = asyncio.create_task(_send(tenant, action, body, entry=entry))
    await until(lambda: gateway.count(action) > before)
    sending.cancel()
    await asyncio.wait({sending})
    await gateway.until_abandoned(tenant)
    yield
    await gateway.release()
    assert gateway.count(action) == before + 1, "the retry was sent upstream too"


async def _end(gateway: AssetsGateway, tenant: Tenant) -> None:
    """Lets the upstream answer, and waits until the gateway has written the result."""
    await gateway.release()
    await gateway.until_attempt(tenant, AttemptRow.result_id.is_not(None))


async def _carried(gateway: AssetsGateway, tenant: Tenant) -> AttemptRow:
    """Returns the tenant's one attempt."""
    async with gateway.sessions() as session:
        return (await session.scalars(select(AttemptRow).where(AttemptRow.tenant_id == tenant.id))).one()


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("action", ["CreateAssetGroup", "CreateAsset"])
async def test_the_retry_of_a_disconnected_client_gets_what_the_first_attempt_made(
    gateway: AssetsGateway, tenant: Tenant, action: str, entry: str
) -> None:
    body = await create_body(tenant, action)
    async with _disconnected_client(gateway, tenant, action, body, entry=entry):
        retrying = asyncio.create_task(_send(tenant, action, body, entry=entry))
        await gateway.until_claimed(tenant)
        await gateway.release()
        answered = created_id(await retrying)
    assert gateway.created(action, body) == [answered]


async def test_a_disconnected_client_gets_the_result_also_when_it_retries_after_the_end(
    gateway: AssetsGateway, tenant: Tenant
) -> None:
    body = await create_body(tenant, "CreateAssetGroup")
    async with _disconnected_client(gateway, tenant, "CreateAssetGroup", body):
        await _end(gateway, tenant)
        answered = created_id(await _send(tenant, "CreateAssetGroup", body))
    assert gateway.created("CreateAssetGroup", body) == [answered]


@pytest.mark.parametrize("mark", MARKS)
async def test_a_marked_retry_claims_the_attempt_that_is_still_running(
    gateway: AssetsGateway, tenant: Tenant, mark: dict[str, str]
) -> None:
    body = await create_body(tenant, "CreateAssetGroup")
    await gateway.fault("CreateAssetGroup", **HELD)
    before = gateway.count("CreateAssetGroup")
    first = asyncio.create_task(_send(tenant, "CreateAssetGroup", body))
    await until(lambda: gateway.count("CreateAssetGroup") > before)
    carried = await _carried(gateway, tenant)
    joining = asyncio.create_task(_send(tenant, "CreateAssetGroup", body, **mark))
    await gateway.until_attempt(tenant, AttemptRow.started_at > carried.started_at)
    await gateway.release()
    second = await joining
    assert created_id(second) == created_id(await first)
    third = await _send(tenant, "CreateAssetGroup", body, **mark)
    assert created_id(third) == created_id(second), "the answer to the first retry may not have arrived"
    assert gateway.created("CreateAssetGroup", body) == [created_id(second)]


@pytest.mark.parametrize("mark", [{}, {"X-Sdk-Request": "attempt=1; max=4"}, {"x-stainless-retry-count": "0"}])
async def test_any_other_second_create_is_a_second_object(
    gateway: AssetsGateway, tenant: Tenant, mark: dict[str, str]
) -> None:
    body = await create_body(tenant, "CreateAsset")
    answered = {created_id(await _send(tenant, "CreateAsset", body, **mark)) for _ in range(2)}
    assert len(answered) == 2
    assert set(gateway.created("CreateAsset", body)) == answered


async def test_an_abandoned_attempt_is_claimed_with_its_key_and_body_alone_and_by_one_request(
    gateway: AssetsGateway, tenant: Tenant
) -> None:
    body = await create_body(tenant, "CreateAssetGroup")
    other_key = await gateway.key_of(tenant.id)
    stranger = await gateway.tenant()
    async with _disconnected_client(gateway, tenant, "CreateAssetGroup", body):
        await _end(gateway, tenant)
    (lost,) = gateway.created("CreateAssetGroup", body)
    others = [
        created_id(await _send(other_key, "CreateAssetGroup", body)),
        created_id(await _send(stranger, "CreateAssetGroup", body)),
        created_id(await _send(tenant, "CreateAssetGroup", {**body, "Description": "another"})),
    ]
    assert lost not in others
    assert created_id(await _send(tenant, "CreateAssetGroup", body)) == lost
    assert created_id(await _send(tenant, "CreateAssetGroup", body)) not in {lost, *others}


async def test_the_retry_of_a_refused_create_is_a_new_create(gateway: AssetsGateway, tenant: Tenant) -> None:
    body = await create_body(tenant, "CreateAssetGroup")
    before = gateway.count("CreateAssetGroup")
    await gateway.fault("CreateAssetGroup", kind="error", status=400, code="InvalidParameter.Name", delay_seconds=3600)
    sending = asyncio.create_task(_send(tenant, "CreateAssetGroup", body))
    await until(lambda: gateway.count("CreateAssetGroup") > before)
    sending.cancel()
    await asyncio.wait({sending})
    await gateway.until_abandoned(tenant)
    retrying = asyncio.create_task(_send(tenant, "CreateAssetGroup", body))
    await gateway.until_claimed(tenant)
    await gateway.release()
    assert [created_id(await retrying)] == gateway.created("CreateAssetGroup", body)


@pytest.mark.parametrize("code", ["AccessDenied", "FlowLimitExceeded"])
async def test_a_create_that_no_account_accepted_leaves_no_attempt(
    gateway: AssetsGateway, tenant: Tenant, code: str
) -> None:
    body = await create_body(tenant, "CreateAssetGroup")
    await gateway.fault("CreateAssetGroup", kind="error", status=403, code=code)
    assert (await by_path(tenant, "CreateAssetGroup", body)).status_code in {429, 502}
    assert [created_id(await by_path(tenant, "CreateAssetGroup", body))] == gateway.created("CreateAssetGroup", body)


async def test_a_marked_retry_of_an_unknown_outcome_gets_the_409_or_what_was_found_and_nothing_is_sent_again(
    fresh: AssetsGateway,
) -> None:
    tenant = await fresh.tenant()
    await fresh.change_channel(exclusive=False)
    body = await create_body(tenant, "CreateAssetGroup")
    await fresh.fault("CreateAssetGroup", kind="cut", at="after")
    first = await _send(tenant, "CreateAssetGroup", body)
    assert (first.status_code, first.json()["error"]["code"]) == (409, "OutcomeUnknown"), first.text
    assert first.headers["x-should-retry"] == "false"
    second = await _send(tenant, "CreateAssetGroup", body, **MARKS[0])
    assert (second.status_code, second.json()["error"]["code"]) == (409, "OutcomeUnknown"), second.text
    await fresh.change_channel(exclusive=True)
    fresh.clock.advance(5)
    await fresh.services.asset_create_recovery.run_once()
    assert [created_id(await _send(tenant, "CreateAssetGroup", body, **MARKS[0]))] == fresh.created(
        "CreateAssetGroup", body
    )
    assert fresh.count("CreateAssetGroup") == 1


async def test_a_gateway_that_stops_answers_409_to_a_create_that_may_have_made_something(fresh: AssetsGateway) -> None:
    """The work is cancelled when the stop times out; without special handling that would be a 500."""
    tenant = await fresh.tenant()
    await fresh.fault("CreateAssetGroup", **HELD)
    running = asyncio.create_task(fresh.run(tenant, "CreateAssetGroup", Name="stopped", GroupType="AIGC"))
    await until(lambda: fresh.count("CreateAssetGroup"))
    running.cancel()
    await fresh.release()  # after which the stop need not wait for the call any longer
    with pytest.raises(ConflictError) as caught:
        await running
    assert (caught.value.code, caught.value.is_retry_refused) == ("OutcomeUnknown", True)


async def test_nothing_is_sent_for_a_client_that_has_disconnected(fresh: AssetsGateway) -> None:
    tenant = await fresh.tenant()
    gone = WatchedEvent()
    gone.set()
    with pytest.raises(ServiceUnavailableError):
        await fresh.run(tenant, "CreateAssetGroup", gone=gone, Name="left", GroupType="AIGC")
    assert fresh.count("CreateAssetGroup") == 0


async def test_a_retry_without_a_database_gets_409_and_no_503(fresh: AssetsGateway) -> None:
    tenant = await fresh.tenant()
    sent = fingerprint(tenant, "CreateAssetGroup")
    async with fresh.sessions.begin() as session:
        attempt = fresh.services.retry_dedup.add(session, sent)
    await fresh.services.retry_dedup.mark_abandoned(attempt)
    async with fresh.without_table("asset_create_intents"):
        with pytest.raises(ConflictError) as caught:
            await fresh.run(tenant, "CreateAssetGroup", sent=sent, Name="x", GroupType="AIGC")
    assert caught.value.code == "OutcomeUnknown"
    assert fresh.count("CreateAssetGroup") == 0
