"""Creates that were not clearly answered: attributed on evidence, proven absent, or left to the operator."""

from datetime import timedelta
from typing import Any

import pytest

from app.channels.circuit_breaker import load_open_breakers, open_breaker
from app.sandbox.config import DEFAULT_ACCOUNT
from app.tasks.correlation import hash_of, tag_of
from tests.support.frozen_gateway import ENDPOINT
from tests.support.gateway import FAST
from tests.tasks.searching import GRACE_SECONDS, PAUSE_SECONDS, Search

FITTING: dict[str, Any] = {"resolution": "720p", "ratio": "16:9", "duration": 5}


async def test_on_an_exclusive_channel_the_only_task_that_can_be_an_intents_becomes_it(search: Search) -> None:
    await search.declare("default", exclusive=True)
    tenant = await search.gateway.tenant()
    task_id, upstream_id = await search.lose(tenant, **FITTING)
    await search.run()
    assert (await search.row(task_id)).upstream_id is None, "it is not known yet whether it is what was asked for"
    assert not search.gateway.received("get_task"), "its list tells that it is not finished"
    assert (await search.show(tenant, task_id))["status"] == "queued"
    assert await search.orphans() == {upstream_id}
    await search.gateway.force(upstream_id, "succeeded")
    await search.run()
    row = await search.row(task_id)
    assert (row.upstream_id, row.status) == (upstream_id, "succeeded")
    assert await search.orphans() == set()
    shown = await search.show(tenant, task_id)
    assert (shown["id"], shown["status"]) == (task_id, "succeeded")
    assert shown["content"]["video_url"]
    assert await search.history(task_id) == [
        ("unknown", "create", None),
        ("queued", "reconciler", "elimination"),
        ("succeeded", "reconciler", None),
    ]
    assert len(search.gateway.received("create_task")) == 1


async def test_on_any_other_channel_nothing_is_attributed_or_shown_without_a_proof(search: Search) -> None:
    tenant, other = await search.gateway.tenant(), await search.gateway.tenant()
    task_id, upstream_id = await search.lose(tenant, **FITTING)
    await search.gateway.force(upstream_id, "succeeded")
    for _ in range(3):
        await search.run()
    row = await search.row(task_id)
    assert (row.upstream_id, row.status, row.snapshot) == (None, "unknown", None)
    assert await search.orphans() == {upstream_id}
    shown = await search.show(tenant, task_id)
    assert (shown["status"], "content" in shown) == ("queued", False)
    for somebody in (tenant, other):
        answer = await somebody.http.get(f"/api/v3/contents/generations/tasks/{upstream_id}")
        assert answer.status_code == 404


async def _two_intents_two_tasks(search: Search) -> None:
    await search.lose(await search.gateway.tenant())
    await search.lose(await search.gateway.tenant())


async def _one_intent_two_tasks(search: Search) -> None:
    await search.lose(await search.gateway.tenant())
    await search.make_elsewhere()


async def _two_intents_one_task(search: Search) -> None:
    await search.lose(await search.gateway.tenant(), at="before")
    await search.lose(await search.gateway.tenant())


async def _one_of_the_intents_is_under_way(search: Search) -> None:
    under_way, _ = await search.lose(await search.gateway.tenant(), at="before")
    await search.lose(await search.gateway.tenant())
    await search.change(under_way, status="submitting", cut_at=None, next_poll_at=None)


async def _one_of_the_intents_has_ended_without_a_task(search: Search) -> None:
    ended, _ = await search.lose(await search.gateway.tenant(), at="before")
    await search.lose(await search.gateway.tenant())
    await search.change(ended, status="failed", next_poll_at=None)


async def _one_of_the_intents_is_another_channels_on_the_same_account(search: Search) -> None:
    channel_id = await _twin(search)
    other, _ = await search.lose(await search.gateway.tenant(), at="before")
    await search.lose(await search.gateway.tenant())
    await search.change(other, channel_id=channel_id)


async def _twin(search: Search) -> str:
    """Returns the id of a second channel with the same key as ``default``."""
    listed = (await search.gateway.admin.get("/channels")).json()["data"]
    found = [str(channel["id"]) for channel in listed if channel["name"] == "twin"]
    url, key = search.gateway.sandbox.ark_base_url, DEFAULT_ACCOUNT.api_key
    return found[0] if found else await search.gateway.add_channel("twin", url, key, status="suspended")


async def _the_task_names_a_model_that_may_be_another_ones(search: Search) -> None:
    _, upstream_id = await search.lose(await search.gateway.tenant())
    await search.gateway.control.post(f"/tasks/{upstream_id}", json={"extra": {"model": ENDPOINT}})


async def _the_task_does_not_tell_when_it_was_made(search: Search) -> None:
    await search.lose(await search.gateway.tenant())
    other = await search.make_elsewhere()
    await search.gateway.control.post(f"/tasks/{other}", json={"extra": {"created_at": None}})


@pytest.mark.parametrize(
    "lose",
    [
        _two_intents_two_tasks,
        _one_intent_two_tasks,
        _two_intents_one_task,
        _one_of_the_intents_is_under_way,
        _one_of_the_intents_has_ended_without_a_task,
        _one_of_the_intents_is_another_channels_on_the_same_account,
        _the_task_names_a_model_that_may_be_another_ones,
        _the_task_does_not_tell_when_it_was_made,
    ],
)
async def test_what_is_not_the_only_possibility_is_left_to_the_operator(search: Search, lose: Any) -> None:
    await search.declare("default", exclusive=True)
    await lose(search)
    made = {entry.resource_id for entry in search.gateway.received("create_task") if entry.resource_id}
    for upstream_id in made:
        await search.gateway.force(str(upstream_id), "succeeded")
    for seconds in (PAUSE_SECONDS, GRACE_SECONDS, 70):
        await search.run(after_seconds=seconds)
    assert await search.orphans() == made
    for upstream_id in made:
        assert await search.gateway.row(str(upstream_id)) is None


async def test_two_intents_of_two_models_do_not_compete(search: Search) -> None:
    await search.declare("default", exclusive=True)
    pairs = [await search.lose(await search.gateway.tenant(), **fields) for fields in ({}, {"model": FAST})]
    for _, upstream_id in pairs:
        await search.gateway.force(upstream_id, "succeeded")
    await search.run()
    for task_id, upstream_id in pairs:
        assert (await search.row(task_id)).upstream_id == upstream_id


@pytest.mark.parametrize(
    ("asked", "made"),
    [
        pytest.param({"resolution": "720p"}, {"resolution": "480p"}, id="resolution"),
        pytest.param({"ratio": "16:9"}, {"ratio": "9:16"}, id="ratio"),
        pytest.param({"duration": 5}, {"duration": 10}, id="duration"),
        pytest.param({"duration": 5}, {"duration": None}, id="not told"),
        pytest.param({}, {"safety_identifier": "of-another-request"}, id="another tag"),
    ],
)
async def test_what_is_not_what_was_asked_for_is_never_shown(
    search: Search, asked: dict[str, Any], made: dict[str, Any]
) -> None:
    await search.declare("default", exclusive=True)
    tenant = await search.gateway.tenant()
    task_id, upstream_id = await search.lose(tenant, **asked)
    await search.gateway.force(upstream_id, "succeeded", extra=made)
    await search.run()
    assert (await search.row(task_id)).status == "unknown"
    assert (await search.show(tenant, task_id))["status"] == "queued"
    assert await search.orphans() == {upstream_id}


async def test_what_the_model_was_to_choose_fits_whatever_it_chose(search: Search) -> None:
    await search.declare("default", exclusive=True)
    task_id, upstream_id = await search.lose(
        await search.gateway.tenant(), model="doubao-seedance-2-0-260128", ratio="adaptive", duration=-1
    )
    await search.gateway.force(upstream_id, "succeeded", extra={"ratio": "21:9", "duration": 11})
    await search.run()
    assert (await search.row(task_id)).upstream_id == upstream_id


async def test_a_task_that_echoes_an_intents_tag_is_that_intents_on_any_channel(search: Search) -> None:
    tenants = [await search.gateway.tenant() for _ in range(2)]
    pairs = [await search.lose(tenant) for tenant in tenants]
    for task_id, upstream_id in pairs:
        token = await search.give_token(task_id)
        await search.gateway.force(upstream_id, "succeeded", extra={"safety_identifier": tag_of(hash_of(token))})
    await search.run()
    for task_id, upstream_id in pairs:
        assert (await search.row(task_id)).upstream_id == upstream_id
        assert (await search.history(task_id))[1] == ("queued", "reconciler", "tag")
    assert await search.orphans() == set()


async def test_a_create_that_made_nothing_ends_failed_after_the_grace_and_not_before(search: Search) -> None:
    tenant = await search.gateway.tenant()
    task_id, _ = await search.lose(tenant, at="before")
    await search.make_elsewhere(model="doubao-seedance-1-5-pro-251215")
    await search.run()
    assert (await search.row(task_id)).absent_at is not None
    await search.run(after_seconds=GRACE_SECONDS / 2)
    assert (await search.show(tenant, task_id))["status"] == "queued"
    await search.run(after_seconds=GRACE_SECONDS / 2)
    shown = await search.show(tenant, task_id)
    assert (shown["status"], shown["error"]["code"]) == ("failed", "OutcomeUnknown")
    row = await search.row(task_id)
    assert (row.total_tokens, row.next_poll_at) == (None, None)
    ours = [entry for entry in search.gateway.received("create_task") if entry.client_request_id]
    assert len(ours) == 1


async def test_one_list_alone_proves_nothing_however_late_it_is(search: Search) -> None:
    task_id, _ = await search.lose(await search.gateway.tenant(), at="before")
    await search.run(after_seconds=2 * GRACE_SECONDS)
    assert (await search.row(task_id)).status == "unknown"
    await search.run(after_seconds=61)
    assert (await search.row(task_id)).status == "failed"


async def test_a_task_that_turns_up_late_takes_back_that_it_was_absent(search: Search) -> None:
    task_id, upstream_id = await search.lose(await search.gateway.tenant())
    await search.gateway.fault("list_tasks", times=2, kind="answer", status=200, body={"items": [], "total": 0})
    await search.run()
    assert (await search.row(task_id)).absent_at is not None
    await search.run()
    assert (await search.row(task_id)).absent_at is None
    await search.run(after_seconds=GRACE_SECONDS)
    assert (await search.row(task_id)).status == "unknown"
    assert await search.orphans() == {upstream_id}


INCOMPLETE: list[Any] = [
    pytest.param({"skip": 1, "times": 1, "effect": {"kind": "error", "status": 500, "code": "X"}}, id="second tier"),
    pytest.param({"skip": 1, "times": 1, "effect": {"kind": "throttle"}}, id="throttled"),
    pytest.param({"times": None, "effect": {"kind": "answer", "body": {"items": [], "total": 3}}}, id="too few"),
    pytest.param({"times": None, "effect": {"kind": "garbage"}}, id="garbage"),
    pytest.param({"times": None, "effect": {"kind": "answer", "status": 404, "body": "<html>"}}, id="no API's 404"),
    *(
        pytest.param({"times": None, "effect": {"kind": "answer", "body": {"total": 0, **body}}}, id=name)
        for name, body in (
            ("another list", {"data": [], "code": 0, "msg": "ok"}),
            ("an error", {"error": {"code": "AccountOverdueError", "message": "x"}}),
        )
    ),
    pytest.param({"times": 1, "effect": {"kind": "cut", "at": "body"}}, id="cut"),
]


@pytest.mark.parametrize("fault", INCOMPLETE)
async def test_an_incomplete_list_proves_nothing(search: Search, fault: dict[str, Any]) -> None:
    task_id, _ = await search.lose(await search.gateway.tenant(), at="before")
    for _ in range(2):
        added = await search.gateway.control.post("/faults", json={"operation": "list_tasks", **fault})
        assert added.status_code == 201, added.text
        await search.run(after_seconds=2 * GRACE_SECONDS)
        await search.gateway.control.delete("/faults")
    row = await search.row(task_id)
    assert (row.status, row.absent_at) == ("unknown", None)


async def test_a_failed_page_may_hold_another_candidate(search: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.tasks.recovery.account_snapshot._PAGE_SIZE", 2)
    await search.declare("default", exclusive=True)
    task_id, upstream_id = await search.lose(await search.gateway.tenant())
    for _ in range(4):
        await search.make_elsewhere(model="doubao-seedance-1-5-pro-251215")
    await search.gateway.force(upstream_id, "succeeded")
    fault = {"operation": "list_tasks", "skip": 2, "effect": {"kind": "error", "status": 500, "code": "X"}}
    await search.gateway.control.post("/faults", json=fault)
    await search.run()
    row = await search.row(task_id)
    assert (row.upstream_id, row.absent_at) == (None, None)
    await search.run()
    assert (await search.row(task_id)).upstream_id == upstream_id


async def test_what_cannot_be_seen_may_be_another_candidate(search: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.tasks.recovery.account_snapshot._PAGE_SIZE", 1)
    await search.declare("default", exclusive=True)
    await search.make_elsewhere()
    task_id, upstream_id = await search.lose(await search.gateway.tenant())
    await search.gateway.force(upstream_id, "succeeded")
    for skip in (1, 2):
        fault = {"operation": "list_tasks", "skip": skip, "effect": {"kind": "error", "status": 500, "code": "X"}}
        await search.gateway.control.post("/faults", json=fault)
        await search.run()
        await search.gateway.control.delete("/faults")
        assert (await search.row(task_id)).upstream_id is None


@pytest.mark.parametrize("skew_seconds", [-3600, 3600])
async def test_windows_are_compared_on_the_upstreams_clock(search: Search, skew_seconds: int) -> None:
    await search.gateway.control.post("/clock", json={"skew_seconds": skew_seconds})
    await search.declare("default", exclusive=True)
    await search.make_elsewhere()
    search.gateway.clock.advance(300)
    task_id, upstream_id = await search.lose(await search.gateway.tenant())
    await search.gateway.force(upstream_id, "succeeded")
    await search.run()
    assert (await search.row(task_id)).upstream_id == upstream_id


@pytest.mark.parametrize("ahead_seconds", [-900, 300])
async def test_a_create_whose_gateway_had_a_wrong_clock_is_not_called_absent(
    search: Search, ahead_seconds: int
) -> None:
    """It was paid: what it made is listed for the operator instead."""
    task_id, upstream_id = await search.lose(await search.gateway.tenant())
    row = await search.row(task_id)
    ahead = timedelta(seconds=ahead_seconds)
    assert row.sent_at is not None
    assert row.cut_at is not None
    moments = {"created_at": row.created_at, "sent_at": row.sent_at, "cut_at": row.cut_at}
    await search.change(task_id, **{name: moment + ahead for name, moment in moments.items()})
    await search.run()
    await search.run(after_seconds=3 * GRACE_SECONDS)
    row = await search.row(task_id)
    assert (row.status, row.absent_at) == ("unknown", None)
    assert await search.orphans() == {upstream_id}


async def test_a_list_that_does_not_tell_the_time_proves_nothing_but_by_a_tag(search: Search) -> None:
    task_id, _ = await search.lose(await search.gateway.tenant(), at="before")
    timeless: dict[str, Any] = {
        "kind": "answer",
        "status": 200,
        "headers": {"Date": "yesterday"},
        "body": {"items": [], "total": 0},
    }
    await search.gateway.fault("list_tasks", times=None, **timeless)
    for _ in range(3):
        await search.run(after_seconds=GRACE_SECONDS)
    row = await search.row(task_id)
    assert (row.status, row.absent_at) == ("unknown", None)


async def test_an_intent_ends_expired_when_its_own_window_has_passed(search: Search) -> None:
    tenant = await search.gateway.tenant()
    task_id, _ = await search.lose(tenant, execution_expires_after=3600)
    await search.run(after_seconds=2 * 3600 - 60)
    assert (await search.row(task_id)).status == "unknown"
    await search.run(after_seconds=120)
    assert (await search.show(tenant, task_id))["status"] == "expired"


async def test_an_intent_on_a_suspended_channel_ends_with_its_window_too(search: Search) -> None:
    tenant = await search.gateway.tenant()
    task_id, _ = await search.lose(tenant, execution_expires_after=3600)
    await search.declare("default", status="suspended")
    try:
        await search.run(after_seconds=2 * 3600 + 60)
        assert (await search.row(task_id)).status == "expired"
        assert not search.gateway.received("list_tasks")
    finally:
        await search.declare("default", status="active")


async def test_a_channel_whose_breaker_is_open_is_asked_every_five_seconds_until_it_answers(search: Search) -> None:
    channel_id = await search.gateway.channel_id("default")
    async with search.gateway.sessions.begin() as session:
        await open_breaker(session, channel_id, now=search.gateway.clock())
    await search.gateway.fault("list_tasks", kind="error", status=500, code="InternalServiceError")
    for _ in range(2):
        search.services.directory.invalidate()
        await search.run()
        assert len(search.gateway.received("list_tasks")) == 1
    async with search.gateway.sessions() as session:
        assert await load_open_breakers(session) == {channel_id}
    await search.end_leases()
    await search.run()
    async with search.gateway.sessions() as session:
        assert await load_open_breakers(session) == set()


async def test_one_list_serves_all_intents_and_searches_become_rarer(search: Search) -> None:
    tenant = await search.gateway.tenant()
    task_ids = [(await search.lose(tenant))[0] for _ in range(3)]
    await search.run()
    assert len(search.gateway.received("list_tasks")) == 2, "one page for each tier"
    for task_id in task_ids:
        row = await search.row(task_id)
        assert row.next_poll_at is not None
        assert 0 < (row.next_poll_at - search.gateway.clock()).total_seconds() <= 3
    await search.run(after_seconds=400)
    row = await search.row(task_ids[0])
    assert row.next_poll_at is not None
    assert 30 < (row.next_poll_at - search.gateway.clock()).total_seconds() <= 60
