"""Upstream objects that the database does not know are listed, and adopted for a tenant."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import delete, update
from sqlalchemy import text as sql

from app.admin.reconcile.candidates import Candidates
from app.assets.create_spec import Kind, may_be_of
from app.assets.models import AssetGroupRow, AssetRow, CreateIntentRow
from app.core.models import DatabasePlaceRow
from app.sandbox.config import DEFAULT_ACCOUNT
from app.tasks.correlation import hash_of, new_callback_token, tag_of
from app.tasks.models import TaskEventRow, TaskRow
from app.tasks.recovery.account_snapshot import ListedTask, Pace
from app.tasks.recovery.attribution_rules import may_match
from app.upstream.rate_limits import RateLimiter
from tests.support.gateway import ENDLESS, HELD, TASKS, Gateway, Tenant, text
from tests.support.plain import PLAIN

UPSTREAM_MODEL = "doubao-seedance-2-0-260128"
_KINDS = sql("SELECT kind FROM account_rates")


@pytest_asyncio.fixture(autouse=True)
async def a_time_of_its_own(gateway: Gateway) -> None:
    """Lets a day pass, so that nothing of another test was made since."""
    gateway.clock.advance(86_400)


async def has_a_call_to_spare(*_call: object, **_options: object) -> bool:
    return True


async def reconcile(
    gateway: Gateway, *, hours: float = 1, channel: str = "default", is_rated: bool = False
) -> list[dict[str, Any]]:
    """Returns all lines of the answer; rate limits apply only with ``is_rated``."""
    since = (gateway.clock() - timedelta(hours=hours)).isoformat()
    with pytest.MonkeyPatch.context() as patch:
        if not is_rated:
            patch.setattr(RateLimiter, "acquire", has_a_call_to_spare)
        answer = await gateway.admin.get("/reconcile", params={"since": since, "channel": channel})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert lines[-1] == {"type": "end"}
    return lines


def objects(lines: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {line["upstream_id"]: line for line in lines if line["type"] == "object"}


def lists(lines: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {line["kind"]: line for line in lines if line["type"] == "list"}


async def forget(gateway: Gateway, *ids: str) -> None:
    """Deletes rows as the restore of an older backup does."""
    async with gateway.sessions.begin() as session:
        rows = [row for task_id in ids if (row := await gateway.row(task_id)) is not None]
        for row in rows:
            await session.execute(delete(TaskEventRow).where(TaskEventRow.task_id == row.id))
            await session.execute(delete(TaskRow).where(TaskRow.id == row.id))
        await session.execute(delete(AssetRow).where(AssetRow.id.in_(ids) | AssetRow.group_id.in_(ids)))
        await session.execute(delete(AssetGroupRow).where(AssetGroupRow.id.in_(ids)))


async def made(tenant: Tenant, action: str, **body: Any) -> str:
    answer = await tenant.action(action, **body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["Id"])


async def new_group(tenant: Tenant, name: str) -> str:
    return await made(tenant, "CreateAssetGroup", Name=name, GroupType="AIGC")


async def new_asset(tenant: Tenant, group_id: str) -> str:
    return await made(
        tenant, "CreateAsset", GroupId=group_id, URL="https://example.com/a.png", AssetType="Image", Name="an asset"
    )


@pytest_asyncio.fixture
async def exclusive(gateway: Gateway) -> AsyncIterator[None]:
    """Declares the account of the channel ``default`` exclusive."""
    path = f"/channels/{await gateway.channel_id('default')}"
    assert (await gateway.admin.patch(path, json={"exclusive": True})).status_code == 200
    gateway.expire_caches()
    yield
    assert (await gateway.admin.patch(path, json={"exclusive": False})).status_code == 200
    gateway.expire_caches()


async def test_forgotten_tasks_and_no_others_are_listed_with_their_tokens(gateway: Gateway) -> None:
    tenant, other = await gateway.tenant(), await gateway.tenant()
    kept, deleted, ended, queued = [await each.new_task() for each in (tenant, other, tenant, other)]
    await gateway.force(ended, "succeeded", extra={"usage": {"total_tokens": 108_900, "completion_tokens": 108_900}})
    await gateway.force(deleted, "failed", code="InternalServiceError")
    assert (await other.http.delete(f"/api/v3/contents/generations/tasks/{deleted}")).status_code == 200
    await forget(gateway, ended, queued)

    lines = await reconcile(gateway)

    found = objects(lines)
    assert found.keys() == {ended, queued}
    assert (found[ended]["total_tokens"], found[queued]["total_tokens"]) == (108_900, None)
    assert (found[ended]["status"], found[ended]["model"]) == ("succeeded", UPSTREAM_MODEL)
    assert {found[each]["channel_name"] for each in found} == {"default"}
    # Several tenants have the rights, and another program may have created them.
    assert {(line["is_ours"], line["likely_tenant"]) for line in found.values()} == {(None, None)}
    told = lists(lines)["task"]
    assert (told["unknown"], told["is_complete"], told["problem"]) == (2, True, None)
    assert kept not in json.dumps(lines)


async def test_only_tasks_since_the_given_time_of_at_most_a_week_are_listed(gateway: Gateway) -> None:
    old = await (await gateway.tenant()).new_task(content=text(ENDLESS))
    await forget(gateway, old)
    gateway.clock.advance(7200)

    assert old not in objects(await reconcile(gateway, hours=1.5))
    lines = await reconcile(gateway, hours=24 * 30)
    assert old in objects(lines)
    ages = {kind: gateway.clock() - datetime.fromisoformat(line["since"]) for kind, line in lists(lines).items()}
    assert {kind: age.days for kind, age in ages.items()} == {"task": 7, "group": 30, "asset": 30}


@pytest.mark.usefixtures("exclusive")
async def test_groups_and_assets_are_shown_with_the_tenant_whose_group_it_is(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.assets.account_snapshot._PAGE_SIZE", 2)
    tenant = await gateway.tenant()
    group, lost = await new_group(tenant, "kept"), await new_group(tenant, "lost")
    assets = [await new_asset(tenant, group) for _ in range(5)]
    inside = await new_asset(tenant, lost)
    await forget(gateway, lost, *assets[:3], inside)

    lines = await reconcile(gateway)

    found = objects(lines)
    assert found.keys() == {lost, inside, *assets[:3]}
    assert {found[each]["likely_tenant"] for each in assets[:3]} == {tenant.id}
    assert {(found[each]["likely_tenant"], found[each]["is_ours"]) for each in (lost, inside)} == {(None, True)}
    assert (found[lost]["name"], found[inside]["group_id"]) == ("lost", lost)
    assert (lists(lines)["asset"]["listed"], lists(lines)["asset"]["unknown"]) == (6, 4)


async def test_a_create_of_unknown_outcome_names_its_tenant_and_one_under_way_is_marked(gateway: Gateway) -> None:
    tenant, other = await gateway.tenant(), await gateway.tenant()
    await gateway.fault("create_task", kind="cut", at="after")
    lost = await tenant.new_task(content=text(ENDLESS))
    upstream_id = str(gateway.received("create_task")[-1].resource_id)

    (line,) = objects(await reconcile(gateway)).values()
    assert (line["upstream_id"], line["likely_tenant"], line["possible_tasks"]) == (upstream_id, tenant.id, [lost])
    assert not line["is_in_flight"]

    await other.new_task(content=text(ENDLESS))
    async with gateway.sessions.begin() as session:
        row = await session.get_one(TaskRow, (tenant.id, lost))
        row.status = "submitting"
    (line,) = objects(await reconcile(gateway)).values()
    assert line["is_in_flight"]
    async with gateway.sessions.begin() as session:
        (await session.get_one(TaskRow, (tenant.id, lost))).status = "unknown"


async def test_after_a_restore_an_older_create_names_no_tenant(gateway: Gateway) -> None:
    tenant, other = await gateway.tenant(), await gateway.tenant()
    await gateway.fault("create_task", kind="cut", at="before")
    lost = await tenant.new_task(content=text(ENDLESS))
    forgotten = await other.new_task(content=text(ENDLESS))
    await forget(gateway, forgotten)
    async with gateway.sessions.begin() as session:
        await session.execute(update(DatabasePlaceRow).values(noticed_at=gateway.clock()))
    line = objects(await reconcile(gateway))[forgotten]
    async with gateway.sessions.begin() as session:
        await session.execute(update(DatabasePlaceRow).values(noticed_at=None))
    assert (line["likely_tenant"], line["evidence"], line["possible_tasks"]) == (None, None, [lost])
    line = objects(await reconcile(gateway))[forgotten]
    assert (line["likely_tenant"], "that the database knows" in line["evidence"]) == (tenant.id, True)


async def test_an_upstream_whose_clock_is_slow_hides_nothing(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    await gateway.control.post("/clock", json={"skew_seconds": -800})
    group, task = await new_group(tenant, "slow"), await tenant.new_task(content=text(ENDLESS))
    asset = await new_asset(tenant, group)
    await forget(gateway, group, asset, task)
    found = objects(await reconcile(gateway, hours=1 / 60))
    await gateway.control.post("/clock", json={"skew_seconds": 0})
    assert {group, asset, task} <= found.keys()


async def test_pages_that_are_older_are_not_read(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.tasks.recovery.account_snapshot._PAGE_SIZE", 1)
    monkeypatch.setattr("app.admin.reconcile.report._PACE", Pace())
    tenant = await gateway.tenant()
    for _ in range(3):
        await tenant.new_task(content=text(ENDLESS))
    gateway.clock.advance(7200)
    recent = await tenant.new_task(content=text(ENDLESS))
    await forget(gateway, recent)
    lines = await reconcile(gateway)
    assert objects(lines).keys() == {recent}
    assert lists(lines)["task"]["is_complete"]
    assert len(gateway.received("list_tasks")) <= 3, "the recent one, an older one, and the other tier"


async def test_an_account_is_compared_once_at_a_time_and_waits_for_its_rate(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def acquire(*_call: object, timeout_seconds: float = 0.0) -> bool:
        waited.append(timeout_seconds)
        begun.set()
        await go_on.wait()
        return True

    monkeypatch.setattr(RateLimiter, "acquire", acquire)
    query = {"since": gateway.clock().isoformat(), "channel": "default"}
    first = asyncio.create_task(gateway.admin.get("/reconcile", params=query))
    await begun.wait()
    second = await gateway.admin.get("/reconcile", params=query)
    go_on.set()
    assert (second.status_code, (await first).status_code) == (409, 200)
    assert min(waited) >= 300, "a call that is missed for seconds ends no list"
    assert (await gateway.admin.get("/reconcile", params=query)).status_code == 200


@pytest.mark.parametrize("offset_seconds", [0, -800, None])
def test_every_create_that_may_have_made_a_task_is_found_by_time(offset_seconds: int | None) -> None:
    chance = random.Random(5)
    start = datetime(2030, 1, 1, tzinfo=UTC)
    grace, offset = timedelta(minutes=10), None if offset_seconds is None else timedelta(seconds=offset_seconds)

    def moment() -> datetime:
        return start + timedelta(seconds=chance.randrange(86_400))

    intents = []
    for number in range(300):
        sent_at = moment()
        cut_at = None if number % 10 == 0 else sent_at + timedelta(seconds=chance.choice([1, 300, 3600, 50_000]))
        intents.append(TaskRow(id=str(number), upstream_model="m", parameters={}, sent_at=sent_at, cut_at=cut_at))
    candidates = Candidates(intents, grace=grace, offset=offset)
    for number in range(100):
        task = ListedTask(str(number), "m", "default", "queued", moment() if number else None, None)
        expected = {row.id for row in intents if may_match(row, task, offset=offset, grace=grace)}
        assert {row.id for row in candidates.of(task)} == expected


async def test_an_object_of_another_program_is_never_called_ours(gateway: Gateway) -> None:
    body = {"model": UPSTREAM_MODEL, "content": text(ENDLESS)}
    headers = {"Authorization": f"Bearer {DEFAULT_ACCOUNT.api_key}"}
    async with httpx.AsyncClient(verify=PLAIN, headers=headers) as client:
        answer = await client.post(f"{gateway.sandbox.ark_base_url}/contents/generations/tasks", json=body)
    (line,) = objects(await reconcile(gateway)).values()
    assert (line["upstream_id"], line["is_ours"], line["likely_tenant"]) == (answer.json()["id"], None, None)


@pytest.mark.parametrize(
    ("operation", "kind", "effect"),
    [
        ("list_tasks", "task", {"kind": "cut", "at": "before"}),
        ("ListAssets", "asset", {"kind": "error", "status": 503, "code": "ServiceUnavailable"}),
    ],
)
async def test_an_unreadable_list_is_incomplete_and_the_others_are_shown(
    gateway: Gateway, operation: str, kind: str, effect: dict[str, Any]
) -> None:
    tenant = await gateway.tenant()
    task, group = await tenant.new_task(content=text(ENDLESS)), await new_group(tenant, "lost")
    await forget(gateway, task, group)
    await gateway.fault(operation, times=None, **effect)

    lines = await reconcile(gateway)

    assert group in objects(lines)
    told = lists(lines)
    assert {name: line["is_complete"] for name, line in told.items()} == {
        name: name != kind for name in ("task", "group", "asset")
    }
    assert told[kind]["problem"]


async def test_an_account_is_asked_within_its_rates(gateway: Gateway) -> None:
    await reconcile(gateway, is_rated=True)
    assert len(gateway.received("list_tasks")) == 2
    async with gateway.sessions() as session:
        kinds = await session.execute(_KINDS)
    assert {"list", "list_assets"} <= set(kinds.scalars())


async def test_a_suspended_channel_is_not_called_and_is_reported(gateway: Gateway) -> None:
    path = f"/channels/{await gateway.channel_id('second')}"
    assert (await gateway.admin.patch(path, json={"status": "suspended"})).status_code == 200
    gateway.expire_caches()
    (told, _) = await reconcile(gateway, channel="second")
    assert (told["is_complete"], "suspended" in told["problem"]) == (False, True)
    assert (await gateway.admin.patch(path, json={"status": "active"})).status_code == 200
    gateway.expire_caches()


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({}, "MissingParameter.since"),
        ({"since": "yesterday"}, "InvalidParameter.since"),
        ({"since": "2026-01-31T12:00:00"}, "InvalidParameter.since"),
        ({"since": "2999-01-31T12:00:00Z"}, "InvalidParameter.since"),
        ({"since": "2026-01-31T12:00:00Z", "channel": "none"}, "InvalidParameter.channel"),
    ],
)
async def test_an_invalid_query_is_refused_before_any_upstream_call(
    gateway: Gateway, query: dict[str, str], code: str
) -> None:
    answer = await gateway.admin.get("/reconcile", params=query)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
    assert gateway.received("list_tasks") == []


async def adopt(gateway: Gateway, tenant: Tenant, **wanted: Any) -> dict[str, dict[str, Any]]:
    """Adopts objects for a tenant; returns the outcomes by id."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RateLimiter, "acquire", has_a_call_to_spare)
        answer = await gateway.admin.post(f"/tenants/{tenant.id}/adopt", json={"channel": "default", **wanted})
    assert answer.status_code == 200, answer.text
    return {view["upstream_id"]: view for view in answer.json()["data"]}


async def audit(gateway: Gateway, tenant: Tenant, action: str) -> list[dict[str, Any]]:
    rows = await gateway.admin.get("/audit", params={"tenant": tenant.id, "action": action})
    return [row["detail"] for row in rows.json()["data"]]


async def test_an_adopted_task_has_its_state_and_usage_and_is_seen_by_its_tenant_alone(gateway: Gateway) -> None:
    tenant, other = await gateway.tenant(), await gateway.tenant()
    ended, queued = await tenant.new_task(), await tenant.new_task(content=text(ENDLESS))
    await gateway.force(ended, "succeeded", extra={"usage": {"total_tokens": 4711, "completion_tokens": 4711}})
    created_at = (await gateway.written(ended)).created_at
    await forget(gateway, ended, queued)
    assert (await tenant.http.get(f"{TASKS}/{ended}")).status_code == 404
    creates = len(gateway.received("create_task"))

    outcomes = await adopt(gateway, tenant, task_ids=[ended, queued])

    assert {task_id: view["outcome"] for task_id, view in outcomes.items()} == {ended: "adopted", queued: "adopted"}
    shown = (await tenant.http.get(f"{TASKS}/{ended}")).json()
    assert (shown["id"], shown["status"], shown["usage"]["total_tokens"]) == (ended, "succeeded", 4711)
    assert (await other.http.get(f"{TASKS}/{ended}")).status_code == 404
    listed = (await tenant.http.get(TASKS)).json()["items"]
    assert {item["id"] for item in listed} == {queued, ended}
    row = await gateway.written(ended)
    assert (row.model, row.key_id, row.total_tokens) == ("doubao-seedance-2", tenant.key_id, 4711)
    assert abs(row.created_at - created_at) < timedelta(seconds=1)
    told = (await gateway.admin.get(f"/tasks/{ended}")).json()["history"]
    assert [(event["status"], event["source"]) for event in told] == [("queued", "operator"), ("succeeded", "operator")]
    assert {detail["upstream_id"] for detail in await audit(gateway, tenant, "task.adopt")} == {ended, queued}
    assert (await tenant.http.delete(f"{TASKS}/{queued}")).status_code == 200
    assert len(gateway.received("create_task")) == creates
    assert objects(await reconcile(gateway)) == {}


async def test_a_task_with_an_owner_is_not_adopted(gateway: Gateway) -> None:
    owner, other = await gateway.tenant(), await gateway.tenant()
    kept, deleted = await owner.new_task(content=text(ENDLESS)), await owner.new_task()
    await gateway.force(deleted, "failed", code="InternalServiceError")
    async with gateway.sessions.begin() as session:
        (await session.get_one(TaskRow, (owner.id, (await gateway.written(deleted)).id))).deleted_at = gateway.clock()

    outcomes = await adopt(gateway, other, task_ids=[kept, deleted, "cgt-20260101000000-none1", "a/b"])

    assert [view["outcome"] for view in outcomes.values()] == ["owned", "owned", "not_found", "not_found"]
    assert (await other.http.get(f"{TASKS}/{kept}")).status_code == 404
    assert await audit(gateway, other, "task.adopt") == []
    assert [view["outcome"] for view in (await adopt(gateway, owner, task_ids=[kept])).values()] == ["own"]


async def test_a_task_of_a_create_that_is_under_way_is_not_adopted(gateway: Gateway) -> None:
    tenant, other = await gateway.tenant(), await gateway.tenant()
    fault = await gateway.fault("create_task", **HELD)
    create = asyncio.create_task(tenant.new_task(content=text(ENDLESS)))
    upstream_id = await gateway.effect("create_task")

    outcomes = await adopt(gateway, other, task_ids=[upstream_id])

    await gateway.release(fault)
    assert (await create, outcomes[upstream_id]["outcome"]) == (upstream_id, "in_flight")
    assert (await tenant.http.get(f"{TASKS}/{upstream_id}")).status_code == 200


async def test_an_upstream_whose_clock_is_wrong_gives_no_object_of_a_create_under_way_away(gateway: Gateway) -> None:
    tenant, other = await gateway.tenant(), await gateway.tenant()
    await gateway.control.post("/clock", json={"skew_seconds": -800})
    faults = [await gateway.fault(operation, **HELD) for operation in ("create_task", "CreateAssetGroup")]
    creates = asyncio.gather(tenant.new_task(content=text(ENDLESS)), new_group(tenant, "under way"))
    task, group = await gateway.effect("create_task"), await gateway.effect("CreateAssetGroup")
    outcomes = await adopt(gateway, other, task_ids=[task], group_ids=[group])
    for fault in faults:
        await gateway.release(fault)
    await gateway.control.post("/clock", json={"skew_seconds": 0})
    assert tuple(await creates) == (task, group)
    assert {view["outcome"] for view in outcomes.values()} == {"in_flight"}


def test_a_name_that_the_upstream_shows_otherwise_hides_no_create_under_way() -> None:
    sent = {"Name": " a name ", "Description": "", "GroupType": "AIGC", "ProjectName": "default"}
    create = CreateIntentRow(id="one", kind=Kind.GROUP.value, members=sent)
    assert may_be_of(create, {**sent, "Name": "a name"})
    assert not may_be_of(create, {**sent, "ProjectName": "another"})


@pytest.mark.parametrize("evidence", ["its time", "a callback", "a tag"])
async def test_a_task_that_may_be_of_a_create_of_unknown_outcome_is_given_to_nobody(
    gateway: Gateway, evidence: str
) -> None:
    tenant, other = await gateway.tenant(), await gateway.tenant()
    await gateway.fault("create_task", kind="cut", at="after")
    lost = await tenant.new_task(content=text(ENDLESS))
    upstream_id = str(gateway.received("create_task")[-1].resource_id)
    token = new_callback_token()
    async with gateway.sessions.begin() as session:
        row = await session.get_one(TaskRow, (tenant.id, lost))
        if evidence != "its time":  # by a clock that was wrong
            row.sent_at = row.created_at = row.cut_at = gateway.clock() - timedelta(days=1)
            row.callback_token_hash = hash_of(token)
        if evidence == "a callback":
            row.claimed_upstream_id = upstream_id
    if evidence == "a tag":
        tag = tag_of(hash_of(token))
        await gateway.force(upstream_id, "succeeded", extra={"safety_identifier": tag})

    for each in (tenant, other):
        (view,) = (await adopt(gateway, each, task_ids=[upstream_id])).values()
        assert (view["outcome"], "seedgate tasks resolve" in view["detail"]) == ("failed", True)
        assert lost in view["detail"]

    resolved = await gateway.admin.post(f"/tasks/{lost}/resolve", json={"upstream_id": upstream_id})
    assert resolved.status_code == 200, resolved.text


async def test_a_deleted_task_is_called_deleted(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task = await tenant.new_task(content=text(ENDLESS))
    async with gateway.sessions.begin() as session:
        row = await session.get_one(TaskRow, (tenant.id, (await gateway.written(task)).id))
        row.deleted_at = gateway.clock()
    assert (await adopt(gateway, tenant, task_ids=[task]))[task]["outcome"] == "deleted"


@pytest.mark.parametrize("result", [{}, {"Id": "group-other"}, {"Id": "group-1", "GroupType": "New"}])
async def test_an_answer_without_the_group_that_was_asked_for_makes_no_group(
    gateway: Gateway, result: dict[str, Any]
) -> None:
    tenant = await gateway.tenant()
    body = json.dumps({"ResponseMetadata": {"RequestId": "x"}, "Result": {"GroupType": "AIGC", **result}})
    await gateway.fault("GetAssetGroup", kind="answer", at="before", status=200, body=body)
    assert (await adopt(gateway, tenant, group_ids=["group-1"]))["group-1"]["outcome"] == "failed"


async def test_an_asset_with_an_unusable_id_fails_the_adoption_and_makes_the_list_incomplete(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    group = await new_group(tenant, "kept")
    items = [{"Id": "asset-\0x", "GroupId": group, "Status": "Active"}]
    body = json.dumps({"ResponseMetadata": {"RequestId": "x"}, "Result": {"Items": items}})
    await gateway.fault("ListAssets", kind="answer", at="before", times=None, status=200, body=body)
    assert (await adopt(gateway, tenant, group_ids=[group]))[group]["outcome"] == "failed"
    told = lists(await reconcile(gateway))["asset"]
    assert (told["is_complete"], "usable id" in told["problem"]) == (False, True)
    await gateway.release()


async def test_a_group_that_is_the_tenants_on_another_channel_gets_no_asset(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    group = await new_group(tenant, "elsewhere")
    asset = await new_asset(tenant, group)
    await forget(gateway, asset)
    async with gateway.sessions.begin() as session:
        row = await session.get_one(AssetGroupRow, (tenant.id, group))
        row.channel_id = await gateway.channel_id("second")
    view = (await adopt(gateway, tenant, group_ids=[group]))[group]
    assert (view["outcome"], view["asset_ids"], "another channel" in view["detail"]) == ("failed", [], True)


async def test_a_group_is_adopted_with_its_assets(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.assets.account_snapshot._PAGE_SIZE", 2)
    tenant, other = await gateway.tenant(), await gateway.tenant()
    group, kept = await new_group(tenant, "lost"), await new_group(tenant, "kept")
    assets = [await new_asset(tenant, group) for _ in range(3)]
    missing = await new_asset(tenant, kept)
    await forget(gateway, group, *assets, missing)

    outcomes = await adopt(gateway, tenant, group_ids=[group, kept])

    assert {each: view["outcome"] for each, view in outcomes.items()} == {group: "adopted", kept: "own"}
    assert (set(outcomes[group]["asset_ids"]), outcomes[kept]["asset_ids"]) == (set(assets), [missing])
    shown = (await tenant.action("GetAssetGroup", Id=group)).json()
    assert shown["Name"] == "lost"
    for asset in (*assets, missing):
        assert (await tenant.action("GetAsset", Id=asset)).json()["Name"] == "an asset"
        assert (await other.action("GetAsset", Id=asset)).status_code == 404
    assert (await adopt(gateway, other, group_ids=[group]))[group]["outcome"] == "owned"
    assert (await tenant.action("DeleteAssetGroup", Id=group)).status_code == 200
    assert (await adopt(gateway, tenant, group_ids=[group]))[group]["outcome"] == "not_found"
    assert len(await audit(gateway, tenant, "group.adopt")) == 4


async def test_a_failed_upstream_call_stops_no_other_adoption(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task, group = await tenant.new_task(content=text(ENDLESS)), await new_group(tenant, "lost")
    await forget(gateway, task, group)
    await gateway.fault("get_task", times=None, kind="cut", at="before")

    outcomes = await adopt(gateway, tenant, task_ids=[task], group_ids=[group])

    assert (outcomes[group]["outcome"], outcomes[task]["outcome"]) == ("adopted", "failed")
    assert outcomes[task]["detail"]
    await gateway.release()
    assert (await adopt(gateway, tenant, task_ids=[task]))[task]["outcome"] == "adopted"


@pytest.mark.parametrize(
    ("wanted", "status", "code"),
    [
        ({}, 400, "InvalidParameter"),
        ({"task_ids": [f"cgt-{number}" for number in range(101)]}, 400, "InvalidParameter"),
        ({"task_ids": ["cgt-1"], "channel": "none"}, 400, "InvalidParameter.channel"),
        ({"group_ids": ["group-1"], "channel": "second"}, 400, "InvalidParameter.channel"),
        ({"task_ids": ["cgt-1"], "asset_ids": ["asset-1"]}, 400, "InvalidParameter.asset_ids"),
    ],
)
async def test_an_invalid_adoption_is_refused(gateway: Gateway, wanted: dict[str, Any], status: int, code: str) -> None:
    tenant = await gateway.tenant()
    answer = await gateway.admin.post(f"/tenants/{tenant.id}/adopt", json={"channel": "default", **wanted})
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


async def test_nothing_is_adopted_for_a_keyless_or_unknown_tenant(gateway: Gateway) -> None:
    made = await gateway.admin.post("/tenants", json={"name": "keyless"})
    body = {"channel": "default", "task_ids": ["cgt-1"]}
    refused = await gateway.admin.post(f"/tenants/{made.json()['id']}/adopt", json=body)
    unknown = await gateway.admin.post("/tenants/none/adopt", json=body)
    assert (refused.status_code, unknown.status_code) == (409, 404)
