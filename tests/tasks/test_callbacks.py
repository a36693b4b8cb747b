"""What a callback of the upstream can change, and what it cannot."""

import asyncio
import json
import logging
from typing import Any

import pytest
from sqlalchemy import select

from app.db.engine import open_engine, session_factory
from app.observability.counters import OWNERSHIP_CONFLICTS
from app.tasks.correlation import new_callback_token
from app.tasks.models import TaskRow
from tests.support.database import set_reachable
from tests.support.gateway import HELD, RUNNING, TASKS, text
from tests.support.timeouts import HANG_SECONDS
from tests.tasks.searching import Search, open_search


def _alarms() -> float:
    return float(OWNERSHIP_CONFLICTS._value.get())  # noqa: SLF001 - the library has no reader


async def test_a_callback_names_the_task_that_an_intent_became(search: Search) -> None:
    tenant = await search.gateway.tenant()
    task_id, upstream_id = await search.lose(tenant)
    token = await search.give_token(task_id)
    await search.gateway.force(upstream_id, "succeeded")
    answer = await search.call_back(token, {"id": upstream_id, "status": "failed", "error": {"code": "Lie"}})
    assert (answer.status_code, answer.json()) == (200, {})
    assert (await search.row(task_id)).upstream_id is None, "the upstream is asked first"
    await search.run(after_seconds=0)
    shown = await search.show(tenant, task_id)
    assert (shown["id"], shown["status"]) == (task_id, "succeeded")
    assert await search.history(task_id) == [
        ("unknown", "create", None),
        ("queued", "callback", "callback"),
        ("succeeded", "callback", None),
    ]
    assert not search.gateway.received("list_tasks")


async def test_a_callback_that_outruns_the_creates_own_answer_is_harmless(search: Search) -> None:
    tenant = await search.gateway.tenant()
    await search.gateway.fault("create_task", **HELD)
    creating = asyncio.create_task(tenant.create_task(content=text(RUNNING)))
    upstream_id = await search.gateway.effect("create_task")
    [row] = await search.gateway.rows_of(tenant)
    token = await search.give_token(row.id)
    for _ in range(2):
        await search.call_back(token, {"id": upstream_id})
        assert (await search.row(row.id)).next_poll_at is None, "the create's own answer has the first word"
        await search.run()
    await search.gateway.release()
    answered = await creating
    assert answered.json() == {"id": upstream_id}
    row = await search.row(row.id)
    assert (row.upstream_id, row.claimed_upstream_id, row.is_spare_id_public) == (upstream_id, None, False)


async def test_a_callback_is_read_under_any_type_and_behind_a_byte_order_mark(search: Search) -> None:
    tenant = await search.gateway.tenant()
    task_id, upstream_id = await search.lose(tenant)
    token = await search.give_token(task_id)
    body = b"\xef\xbb\xbf" + json.dumps({"id": upstream_id}).encode()
    answer = await search.call_back(token, body, content_type="multipart/form-data; charset=gbk")
    assert (answer.status_code, answer.json()) == (200, {})
    assert (await search.row(task_id)).claimed_upstream_id == upstream_id


async def test_a_callback_during_a_create_whose_answer_is_lost_is_remembered(search: Search) -> None:
    tenant = await search.gateway.tenant()
    await search.gateway.fault("create_task", kind="cut", at="after", delay_seconds=3600)
    creating = asyncio.create_task(tenant.create_task(content=text(RUNNING)))
    upstream_id = await search.gateway.effect("create_task")
    [row] = await search.gateway.rows_of(tenant)
    await search.call_back(await search.give_token(row.id), {"id": upstream_id})
    await search.gateway.release()
    assert (await creating).json() == {"id": row.id}
    await search.run()
    assert (await search.row(row.id)).upstream_id == upstream_id
    assert not search.gateway.received("list_tasks")


async def test_a_callback_for_a_known_task_makes_a_poll_due_and_its_status_is_ignored(search: Search) -> None:
    tenant = await search.gateway.tenant()
    upstream_id = await tenant.new_task(content=text(RUNNING))
    spare_id = (await search.row(upstream_id)).id
    token = await search.give_token(spare_id)
    search.gateway.clock.advance(1)
    body = {"id": upstream_id, "status": "succeeded", "content": {"video_url": "https://evil.example/v.mp4"}}
    for _ in range(5):
        assert (await search.call_back(token, body)).json() == {}
    await search.services.task_poller.run_once()
    row = await search.row(spare_id)
    assert (row.status, row.snapshot and row.snapshot["status"]) == ("running", "running")
    assert len(search.gateway.received("get_task")) == 1


async def test_many_callbacks_cause_at_most_one_poll_in_two_seconds(search: Search) -> None:
    tenant = await search.gateway.tenant()
    upstream_id = await tenant.new_task(content=text(RUNNING))
    token = await search.give_token((await search.row(upstream_id)).id)
    for _ in range(4):
        await search.call_back(token, {"id": upstream_id})
        await search.services.task_poller.run_once()
    assert len(search.gateway.received("get_task")) == 1
    search.gateway.clock.advance(2.1)
    await search.services.task_poller.run_once()
    assert len(search.gateway.received("get_task")) == 2


async def test_an_id_that_another_task_owns_is_counted_as_a_conflict_and_not_shown(search: Search) -> None:
    owner, thief = await search.gateway.tenant(), await search.gateway.tenant()
    owned = await owner.new_task(content=text(RUNNING))
    task_id, upstream_id = await search.lose(thief)
    token = await search.give_token(task_id)
    before = _alarms()
    await search.call_back(token, {"id": owned})
    assert _alarms() == before + 1
    await search.run()
    assert (await search.row(task_id)).upstream_id is None
    assert (await thief.http.get(f"{TASKS}/{owned}")).status_code == 404
    await search.call_back(token, {"id": upstream_id})
    await search.run()
    assert (await search.row(task_id)).upstream_id == upstream_id
    await search.call_back(token, {"id": owned})
    assert _alarms() == before + 2
    assert (await search.row(task_id)).upstream_id == upstream_id


async def test_an_id_that_is_claimed_before_its_owner_is_known_goes_to_one_of_them(search: Search) -> None:
    tenant = await search.gateway.tenant()
    pairs = [await search.lose(tenant) for _ in range(2)]
    before = _alarms()
    for task_id, _ in pairs:
        await search.call_back(await search.give_token(task_id), {"id": pairs[0][1]})
    await search.run(after_seconds=0)
    assert {(await search.row(task_id)).upstream_id for task_id, _ in pairs} == {pairs[0][1], None}
    assert _alarms() == before + 1


async def test_an_id_unknown_to_the_channel_is_not_attributed_and_does_not_end_the_intent(
    search: Search,
) -> None:
    task_id, _ = await search.lose(await search.gateway.tenant(), at="before")
    await search.call_back(await search.give_token(task_id), {"id": "cgt-20260101000000-zzzzz"})
    for _ in range(3):
        await search.run(after_seconds=700)
    assert (await search.row(task_id)).status == "unknown"
    assert not search.gateway.received("list_tasks")


async def test_a_paid_task_of_an_intent_that_had_ended_is_listed_for_the_operator(search: Search) -> None:
    task_id, upstream_id = await search.lose(await search.gateway.tenant())
    token = await search.give_token(task_id)
    await search.change(task_id, status="failed", next_poll_at=None)
    before = _alarms()
    await search.call_back(token, {"id": upstream_id})
    await search.run()
    row = await search.row(task_id)
    assert (row.status, row.upstream_id, row.claimed_upstream_id, row.next_poll_at) == ("failed", None, None, None)
    assert await search.orphans() == {upstream_id}
    assert _alarms() == before + 1


async def test_a_callback_during_an_outage_of_the_database_is_asked_for_again_and_written_afterwards(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.tasks.callbacks._ANSWER_TIMEOUT_SECONDS", 0.1)  # the upstream waits no longer
    async with open_search(database_url) as search:
        task_id, upstream_id = await search.lose(await search.gateway.tenant())
        token = await search.give_token(task_id)
        url = search.gateway.database_url
        await set_reachable(database_url, url, is_reachable=False)
        try:
            answer = await search.call_back(token, {"id": upstream_id})
        finally:
            await set_reachable(database_url, url, is_reachable=True)
        assert answer.status_code == 503, "the upstream sends it again, should this process die before it is written"
        engine = open_engine(url)
        async with asyncio.timeout(HANG_SECONDS), session_factory(engine)() as session:
            while await session.scalar(select(TaskRow.claimed_upstream_id)) != upstream_id:
                await session.rollback()
                await asyncio.sleep(0.05)
        await engine.dispose()


BODIES: list[Any] = [
    b"",
    b"not json",
    b"[]",
    b"null",
    b'{"id": 7}',
    b'{"id": "a/../b"}',
    b'{"id": ""}',
    b"[" * 50_000,
    b'{"id": "\xff"}',
    b'{"id": "cgt-1", "x": "' + b"x" * 70_000 + b'"}',
    b"x" * 3_000_000,
]


@pytest.mark.parametrize("body", BODIES, ids=lambda body: f"{body[:12]!r} {len(body)}")
async def test_every_malformed_callback_gets_the_same_answer_and_changes_nothing(search: Search, body: bytes) -> None:
    task_id, _ = await search.lose(await search.gateway.tenant())
    token = await search.give_token(task_id)
    for used in (token, new_callback_token(), "x", "%00"):
        try:
            answer = await search.call_back(used, body)
        except OSError:
            assert len(body) > 1_000_000, "only who writes on and on is cut off"
            continue
        assert (answer.status_code, answer.content) == (200, b"{}")
    assert (await search.row(task_id)).claimed_upstream_id is None


async def test_only_a_post_is_a_callback(search: Search) -> None:
    path = f"/callbacks/{new_callback_token()}"
    for method in ("GET", "PUT", "DELETE"):
        assert (await search.gateway.anonymous.request(method, path)).status_code == 405


async def test_no_log_line_holds_the_token(search: Search, caplog: pytest.LogCaptureFixture) -> None:
    task_id, upstream_id = await search.lose(await search.gateway.tenant())
    token = await search.give_token(task_id)
    formatter = logging.getLogger().handlers[0].formatter
    assert formatter is not None
    with caplog.at_level(logging.INFO):
        await search.call_back(token, {"id": upstream_id})
        await search.gateway.anonymous.get(f"/callbacks/{token}")
        await search.gateway.anonymous.get(f"/somewhere/callbacks/{token}/x?token={token}")
        await search.run()
    lines = [formatter.format(record) for record in caplog.records]
    paths = [json.loads(line).get("path") for line in lines if '"request"' in line]
    assert paths[:2] == ["/callbacks/[redacted]"] * 2
    assert not [line for line in lines if token in line]
