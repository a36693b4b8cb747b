"""Upstream objects that the database does not know are listed, with what is known of their tenants."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import text as sql
from sqlalchemy import update

from app.admin.reconcile.candidates import Candidates
from app.core.models import DatabasePlaceRow
from app.sandbox.config import DEFAULT_ACCOUNT
from app.tasks.models import TaskRow
from app.tasks.recovery.account_snapshot import ListedTask, Pace
from app.tasks.recovery.attribution_rules import may_match
from app.upstream.rate_limits import RateLimiter
from tests.admin.forgotten import forget, lists, objects, reconcile
from tests.support.driving import new_asset, new_group
from tests.support.gateway import ENDLESS, Gateway, text
from tests.support.plain import PLAIN


@pytest_asyncio.fixture(autouse=True)
async def a_time_of_its_own(gateway: Gateway) -> None:
    """Lets a day pass, so that nothing of another test was made since."""
    gateway.clock.advance(86_400)


UPSTREAM_MODEL = "doubao-seedance-2-0-260128"


_KINDS = sql("SELECT kind FROM account_rates")


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
    result = lists(lines)["task"]
    assert (result["unknown"], result["is_complete"], result["problem"]) == (2, True, None)
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
    monkeypatch.setattr("app.admin.reconcile.report.PACE", Pace())
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
    result = lists(lines)
    assert {name: line["is_complete"] for name, line in result.items()} == {
        name: name != kind for name in ("task", "group", "asset")
    }
    assert result[kind]["problem"]


async def test_an_account_is_asked_within_its_rates(gateway: Gateway) -> None:
    await reconcile(gateway, is_rated=True)
    assert len(gateway.received("list_tasks")) == 2
    async with gateway.sessions() as session:
        kinds = await session.execute(_KINDS)
    assert {"list", "list_assets"} <= set(kinds.scalars())


async def test_a_suspended_channel_is_not_called_and_is_reported(gateway: Gateway) -> None:
    async with gateway.suspended("second"):
        gateway.expire_caches()
        (result, _) = await reconcile(gateway, channel="second")
        assert (result["is_complete"], "suspended" in result["problem"]) == (False, True)
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
