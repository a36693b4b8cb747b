"""``Idempotency-Key`` on creates of groups and assets: one object per key, however often it is sent."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from app.assets.intent_log import IntentLog
from app.core.json_hash import hash_json
from app.core.watched_event import WatchedEvent
from app.creates.attempts import RequestFingerprint
from app.creates.idempotency import IdempotencyKey
from app.creates.models import AttemptRow, IdempotencyKeyRow
from app.errors import ConflictError, ServiceUnavailableError
from app.ids import new_id
from app.tasks.models import TaskRow
from tests.assets.gateway import (
    ENTRIES,
    OPEN,
    AssetsGateway,
    create_body,
    created_id,
    list_groups,
    open_assets_gateway,
)
from tests.support.answers import check_error
from tests.support.driving import act
from tests.support.gateway import HELD, TASKS, Tenant
from tests.support.observed_calls import ObservedCalls
from tests.support.process import gateway_process
from tests.support.timeouts import HANG_SECONDS, until

ACTIONS = ("CreateAssetGroup", "CreateAsset")


async def send(
    tenant: Tenant, action: str, body: dict[str, Any] | str, key: str, *, entry: str = "by path"
) -> httpx.Response:
    content = body if isinstance(body, str) else json.dumps(body)
    headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
    return await tenant.http.post(ENTRIES[entry].format(action=action), content=content, headers=headers)


@pytest.mark.parametrize("action", ACTIONS)
async def test_every_entry_and_every_spelling_gets_what_the_first_request_made(
    gateway: AssetsGateway, tenant: Tenant, action: str
) -> None:
    body = await create_body(tenant, action)
    spellings = [json.dumps(body), json.dumps(dict(reversed(body.items())), indent=2), json.dumps(body) + "\r\n"]
    answers = [await send(tenant, action, text, "k", entry=entry) for entry in ENTRIES for text in spellings]
    other_name = await tenant.http.post(OPEN + action, json=body, headers={"X-Idempotency-Key": "k"})
    assert {created_id(answer) for answer in [*answers, other_name]} == set(gateway.created(action, body))
    assert len(gateway.created(action, body)) == 1
    assert created_id(await send(tenant, action, body, "another")) != created_id(answers[0])


async def test_a_key_identifies_one_body_and_one_kind_of_create(gateway: AssetsGateway, tenant: Tenant) -> None:
    group, asset = [await create_body(tenant, action) for action in ACTIONS]
    task = {"model": "doubao-seedance-2", "content": [{"type": "text", "text": "a kitten"}]}
    created_id(await send(tenant, "CreateAssetGroup", group, "group"))
    created_id(await send(tenant, "CreateAsset", asset, "asset"))
    created = await tenant.http.post(TASKS, json=task, headers={"Idempotency-Key": "task"})
    assert created.status_code == 200
    calls = gateway.calls
    for entry in ENTRIES:
        for action, body, key, result in (
            ("CreateAssetGroup", {**group, "Description": "another"}, "group", "with another request body"),
            ("CreateAssetGroup", {**group, "Name": group["Name"].upper()}, "group", "with another request body"),
            ("CreateAssetGroup", group, "asset", "for CreateAsset."),
            ("CreateAsset", asset, "group", "for CreateAssetGroup."),
            ("CreateAsset", asset, "task", "for a create of a task."),
        ):
            refused = await send(tenant, action, body, key, entry=entry)
            error = check_error(refused, 409, "IdempotencyConflict")
            assert result in error["message"]
            assert refused.headers["x-should-retry"] == "false"
    refused = await tenant.http.post(TASKS, json=task, headers={"Idempotency-Key": "group"})
    assert "for CreateAssetGroup." in check_error(refused, 409, "IdempotencyConflict")["message"]
    assert gateway.calls == calls


async def test_a_key_that_only_the_row_of_a_task_has_identifies_that_task(
    gateway: AssetsGateway, tenant: Tenant
) -> None:
    """As a version before 0007 of the schema leaves it, and as it is when an Assets create took the key as well."""
    task = {"model": "doubao-seedance-2", "content": [{"type": "text", "text": "a kitten"}]}
    group, asset = [await create_body(tenant, action) for action in ACTIONS]
    first = await tenant.http.post(TASKS, json=task, headers={"Idempotency-Key": "old"})
    group_id = created_id(await send(tenant, "CreateAssetGroup", group, "both"))
    async with gateway.sessions.begin() as session:
        await session.delete(await session.get_one(IdempotencyKeyRow, (tenant.id, "old")))
    calls = gateway.calls
    for action, body in zip(ACTIONS, (group, asset), strict=True):
        error = check_error(await send(tenant, action, body, "old"), 409, "IdempotencyConflict")
        assert "for a create of a task." in error["message"]
    for key in ("old", "both"):
        async with gateway.sessions.begin() as session:
            await session.execute(update(TaskRow).where(TaskRow.tenant_id == tenant.id).values(idempotency_key=key))
        again = await tenant.http.post(TASKS, json=task, headers={"Idempotency-Key": key})
        assert (again.status_code, again.json()) == (200, first.json())
    assert created_id(await send(tenant, "CreateAssetGroup", group, "both")) == group_id
    assert gateway.calls == calls


@pytest.mark.parametrize("action", ACTIONS)
async def test_ten_at_once_over_all_entries_make_one_object(
    gateway: AssetsGateway, tenant: Tenant, finds: ObservedCalls, action: str
) -> None:
    body = await create_body(tenant, action)
    before = gateway.count(action)
    await gateway.fault(action, **HELD)
    sending = asyncio.gather(*(send(tenant, action, body, "k", entry=list(ENTRIES)[n % 3]) for n in range(10)))
    await until(lambda: gateway.count(action) > before)
    await until(lambda: len(finds.callers) == 9)
    await gateway.release()
    assert {created_id(answer) for answer in await sending} == set(gateway.created(action, body))
    assert gateway.count(action) == before + 1


async def test_two_kinds_at_once_under_one_key_make_one_object(gateway: AssetsGateway, tenant: Tenant) -> None:
    bodies = {action: await create_body(tenant, action) for action in ACTIONS}
    answers = await asyncio.gather(*(send(tenant, action, body, "k") for action, body in bodies.items()))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert sum(len(gateway.created(action, body)) for action, body in bodies.items()) == 1


async def test_a_refused_create_frees_its_key_for_those_that_wait_for_it(
    gateway: AssetsGateway, tenant: Tenant, finds: ObservedCalls
) -> None:
    body = await create_body(tenant, "CreateAssetGroup")
    before = gateway.count("CreateAssetGroup")
    refusal: dict[str, Any] = {"kind": "error", "status": 400, "code": "InvalidParameter.Name"}
    await gateway.fault("CreateAssetGroup", **refusal, delay_seconds=3600)
    sending = asyncio.gather(*(send(tenant, "CreateAssetGroup", body, "k") for _ in range(3)))
    await until(lambda: gateway.count("CreateAssetGroup") > before)
    await until(lambda: len(finds.callers) == 2)
    await gateway.release()
    answers = await sending
    assert sorted(answer.status_code for answer in answers) == [200, 200, 400]
    (only,) = gateway.created("CreateAssetGroup", body)
    assert {created_id(answer) for answer in answers if answer.is_success} == {only}
    await gateway.fault("CreateAssetGroup", **refusal)
    check_error(await send(tenant, "CreateAssetGroup", body, "j"), 400, "InvalidParameter.Name")
    assert created_id(await send(tenant, "CreateAssetGroup", {**body, "Name": new_id("other")}, "j"))


async def test_a_key_belongs_to_its_tenant_and_outlives_what_it_made(gateway: AssetsGateway, tenant: Tenant) -> None:
    body: dict[str, Any] = {"Name": new_id("name"), "GroupType": "AIGC"}
    stranger, colleague = await gateway.tenant(), await gateway.key_of(tenant.id)
    first = created_id(await send(tenant, "CreateAssetGroup", body, "k"))
    assert created_id(await send(stranger, "CreateAssetGroup", body, "k")) != first
    await act(tenant, "DeleteAssetGroup", Id=first)
    assert created_id(await send(colleague, "CreateAssetGroup", body, "k")) == first
    check_error(await tenant.action("GetAssetGroup", Id=first), 404, "NotFound.group_id", "Id")


async def test_a_keyed_create_leaves_no_attempt(gateway: AssetsGateway, tenant: Tenant) -> None:
    created_id(await send(tenant, "CreateAssetGroup", await create_body(tenant, "CreateAssetGroup"), "k"))
    async with gateway.sessions() as session:
        assert await session.scalar(AttemptRow.__table__.select().where(AttemptRow.tenant_id == tenant.id)) is None


@pytest.mark.parametrize("entry", ENTRIES)
async def test_a_malformed_key_and_one_for_a_face_session_are_refused(
    gateway: AssetsGateway, tenant: Tenant, entry: str
) -> None:
    body = json.dumps(await create_body(tenant, "CreateAssetGroup"))
    calls = gateway.calls
    for headers, wrong in (
        ({"Idempotency-Key": ""}, "Idempotency-Key"),
        ({"X-Idempotency-Key": "x" * 256}, "X-Idempotency-Key"),
        ({"Idempotency-Key": "a", "X-Idempotency-Key": "b"}, "Idempotency-Key"),
    ):
        refused = await tenant.http.post(
            ENTRIES[entry].format(action="CreateAssetGroup"), content=body, headers=headers
        )
        check_error(refused, 400, f"InvalidParameter.{wrong}", wrong)
    session = json.dumps({"CallbackURL": "https://example.com/back"})
    path = ENTRIES[entry].format(action="CreateVisualValidateSession")
    for name in ("Idempotency-Key", "X-Idempotency-Key"):
        refused = await tenant.http.post(path, content=session, headers={name: "k"})
        check_error(refused, 400, "InvalidParameter.Idempotency-Key", "Idempotency-Key")
    assert gateway.calls == calls
    listing = json.dumps({"Filter": {"GroupType": "AIGC"}})
    listed = await tenant.http.post(
        ENTRIES[entry].format(action="ListAssetGroups"), content=listing, headers={"Idempotency-Key": ""}
    )
    assert listed.status_code == 200, "an action that creates nothing ignores the key"


@pytest.fixture
def finds(monkeypatch: pytest.MonkeyPatch) -> ObservedCalls:
    """The tasks that have read the outcome of an earlier create."""
    return ObservedCalls(monkeypatch, IntentLog, "find")


async def test_a_create_of_unknown_outcome_is_never_sent_again_and_found_under_its_key(fresh: AssetsGateway) -> None:
    """Also when the tenant has created an equal object under another key since."""
    tenant = await fresh.tenant()
    body: dict[str, Any] = {"Name": new_id("name"), "GroupType": "AIGC"}
    before = fresh.count("CreateAssetGroup")
    await fresh.change_channel(exclusive=False)
    await fresh.fault("CreateAssetGroup", kind="cut", at="after")
    listed = fresh.count("ListAssetGroups")
    for _ in range(2):
        lost = await send(tenant, "CreateAssetGroup", body, "lost")
        error = check_error(lost, 409, "OutcomeUnknown")
        assert "with the same Idempotency-Key never creates a second one" in error["message"]
        assert lost.headers["x-should-retry"] == "false"
    assert fresh.count("ListAssetGroups") == listed, "a list could not show which client made it"
    (first,) = fresh.upstream_ids("groups", body["Name"])
    second = created_id(await send(tenant, "CreateAssetGroup", body, "second"))
    await fresh.change_channel(exclusive=True)
    fresh.clock.advance(timedelta(minutes=3).total_seconds())
    await fresh.services.asset_create_recovery.run_once()
    assert created_id(await send(tenant, "CreateAssetGroup", body, "lost")) == first
    assert created_id(await send(tenant, "CreateAssetGroup", body, "second")) == second
    assert {item["Id"] for item in (await list_groups(tenant))["Items"]} == {first, second}
    assert fresh.count("CreateAssetGroup") == before + 2


def keyed(tenant: Tenant, body: dict[str, Any], key: str = "k") -> RequestFingerprint:
    """A create of a group with a key, as a fingerprint."""
    value_hash = hash_json(body)
    return RequestFingerprint(
        tenant.id, tenant.key_id, "CreateAssetGroup", b"bytes", idempotency_key=IdempotencyKey(key, value_hash)
    )


async def leave_in_doubt(
    gateway: AssetsGateway, tenant: Tenant, body: dict[str, Any], *, at: str
) -> RequestFingerprint:
    """Leaves a keyed create of unknown outcome whose search is due; returns its fingerprint."""
    sent = keyed(tenant, body)
    await gateway.fault("CreateAssetGroup", kind="cut", at=at)
    await gateway.fault("ListAssetGroups", times=None, kind="error", status=500, code="InternalServiceError")
    with pytest.raises(ConflictError):
        await gateway.run(tenant, "CreateAssetGroup", search_timeout_seconds=0.0, sent=sent, **body)
    await gateway.release()
    gateway.clock.advance(3)
    return sent


async def test_one_of_the_requests_for_a_create_in_doubt_searches_and_none_again_in_the_next_seconds(
    fresh: AssetsGateway,
) -> None:
    tenant = await fresh.tenant()
    body: dict[str, Any] = {"Name": new_id("name"), "GroupType": "AIGC"}
    sent = await leave_in_doubt(fresh, tenant, body, at="before")
    asked = []
    for _ in range(2):
        before = fresh.calls
        asking = (
            fresh.run(tenant, "CreateAssetGroup", search_timeout_seconds=0.95, sent=sent, **body) for _ in range(8)
        )
        answers = await asyncio.gather(*asking, return_exceptions=True)
        assert {getattr(answer, "code", answer) for answer in answers} == {"OutcomeUnknown"}
        asked.append(fresh.calls - before)
    assert asked == [1, 0]
    fresh.clock.advance(5)
    before = fresh.calls
    with pytest.raises(ConflictError):
        await fresh.run(tenant, "CreateAssetGroup", search_timeout_seconds=0.95, sent=sent, **body)
    assert fresh.calls == before + 1, "later it is searched for again"
    fresh.clock.advance(timedelta(minutes=13).total_seconds())
    await fresh.services.asset_create_recovery.run_once()
    created = await fresh.run(tenant, "CreateAssetGroup", sent=sent, **body)
    assert [created["Id"]] == fresh.upstream_ids("groups", body["Name"]), "nothing was made, so the key is free"


async def test_when_the_client_that_searches_disconnects_another_one_searches(fresh: AssetsGateway) -> None:
    tenant = await fresh.tenant()
    body: dict[str, Any] = {"Name": new_id("name"), "GroupType": "AIGC"}
    sent = await leave_in_doubt(fresh, tenant, body, at="after")
    before, gone = fresh.calls, WatchedEvent()
    await fresh.fault("ListAssetGroups", kind="error", status=500, code="InternalServiceError", delay_seconds=3600)
    leaving = asyncio.create_task(
        fresh.run(tenant, "CreateAssetGroup", search_timeout_seconds=HANG_SECONDS, sent=sent, gone=gone, **body)
    )
    await until(lambda: fresh.calls > before)
    staying = asyncio.create_task(
        fresh.run(tenant, "CreateAssetGroup", search_timeout_seconds=HANG_SECONDS, sent=sent, **body)
    )
    gone.set()
    await fresh.release()
    with pytest.raises(ServiceUnavailableError):
        await leaving
    assert [(await staying)["Id"]] == fresh.upstream_ids("groups", body["Name"])


async def test_a_client_that_disconnects_no_longer_waits_for_a_create_that_is_under_way(
    gateway: AssetsGateway, tenant: Tenant, finds: ObservedCalls
) -> None:
    body = await create_body(tenant, "CreateAssetGroup")
    before, gone = gateway.count("CreateAssetGroup"), WatchedEvent()
    await gateway.fault("CreateAssetGroup", **HELD)
    first = asyncio.create_task(send(tenant, "CreateAssetGroup", body, "k"))
    await until(lambda: gateway.count("CreateAssetGroup") > before)
    waiting = asyncio.create_task(gateway.run(tenant, "CreateAssetGroup", sent=keyed(tenant, body), gone=gone, **body))
    await until(lambda: waiting in finds.callers)
    gone.set()
    with pytest.raises(ServiceUnavailableError):
        await waiting
    await gateway.release()
    created_id(await first)


async def test_a_server_that_stops_answers_a_keyed_create_with_503_and_retry_after(
    gateway: AssetsGateway, tenant: Tenant, finds: ObservedCalls
) -> None:
    """Both the request that carries it out and the one that waits for it."""
    body = await create_body(tenant, "CreateAssetGroup")
    before, sent = gateway.count("CreateAssetGroup"), keyed(tenant, body)
    await gateway.fault("CreateAssetGroup", **HELD)
    carrying = asyncio.create_task(gateway.run(tenant, "CreateAssetGroup", sent=sent, **body))
    await until(lambda: gateway.count("CreateAssetGroup") > before)
    waiting = asyncio.create_task(gateway.run(tenant, "CreateAssetGroup", sent=sent, **body))
    await until(lambda: waiting in finds.callers)
    for stopped in (waiting, carrying):
        stopped.cancel()
        if stopped is carrying:
            await gateway.release()
        with pytest.raises(ServiceUnavailableError) as caught:
            await stopped
        assert caught.value.retry_after_seconds == 1
        assert "the same Idempotency-Key" in caught.value.message
    assert [created_id(await send(tenant, "CreateAssetGroup", body, "k"))] == gateway.created("CreateAssetGroup", body)


@pytest.mark.slow
@pytest.mark.parametrize("action", ACTIONS)
async def test_the_key_of_a_create_finds_its_object_after_the_gateway_was_killed(
    database_url: str, tmp_path: Path, action: str
) -> None:
    async with open_assets_gateway(database_url, stands_still=False) as gateway:
        tenant = await gateway.tenant()
        body = await create_body(tenant, action)
        await gateway.fault(action, **HELD)
        before = gateway.count(action)
        async with (
            gateway_process(tmp_path, gateway.settings, ark_exclusive="on", background="off") as process,
            process.client(tenant.key) as client,
        ):
            creating = asyncio.create_task(client.post(OPEN + action, json=body, headers={"Idempotency-Key": "k"}))
            await until(lambda: gateway.count(action) > before and len(gateway.created(action, body)) == 1)
            process.process.kill()
            with pytest.raises(httpx.TransportError):
                await creating
            await process.process.wait()
        await gateway.release()
        assert [created_id(await send(tenant, action, body, "k"))] == gateway.created(action, body)
        assert gateway.count(action) == before + 1
