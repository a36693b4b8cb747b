"""Reading of one task: from the mirror when that will do, from the upstream when it is due and affordable."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from app.upstream.rate_limits import RateClass
from tests.support.answers import check_error
from tests.support.gateway import ENDLESS, HELD, RUNNING, TASKS, Gateway, get, serve_gateway, text
from tests.support.plain import PLAIN

STALE = "x-seedgate-stale"
HOUR_SECONDS = 3600
DAY_SECONDS = 86_400


def nested(depth: int) -> Any:
    """Returns an empty list inside lists."""
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


async def test_what_the_upstream_adds_is_kept_and_its_numbers_become_integers(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(content=text(RUNNING))
    extra = {"revised_prompt": "x", "novelty": {"a": [1.5, None]}, "seed": 7.0, "usage": {"tool_usage": {"n": 2.0}}}
    await gateway.force(task_id, "running", extra=extra)
    body = (await get(tenant, task_id)).json()
    assert body | extra == body
    assert (type(body["seed"]), type(body["usage"]["tool_usage"]["n"])) == (int, int)


@pytest.mark.parametrize(
    "odd",
    [
        {"usage": {"total_tokens": 1e20}},
        {"created_at": 1e300},
        {"novelty": [2**70, -(2**70)]},
        {"novelty": "a\0b"},
        {"novelty": nested(300)},
        {"novelty": nested(900)},
    ],
    ids=["tokens", "time", "integers", "nul", "deep", "deeper"],
)
async def test_an_answer_that_cannot_be_stored_or_shown_whole_still_ends_its_task(
    gateway: Gateway, odd: dict[str, Any]
) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(callback_url="https://tenant.example/hook")
    content = {"video_url": "https://media.example/v.mp4"}
    answer = {"id": task_id, "status": "succeeded", "content": content, **odd}
    await gateway.fault("get_task", kind="answer", status=200, body=json.dumps(answer), at="before")
    body = (await get(tenant, task_id)).json()
    shown = {**content, "expires_at": int(gateway.clock().timestamp()) + DAY_SECONDS}
    assert (body["status"], body["content"]) == ("succeeded", shown)
    listed = (await tenant.http.get(TASKS)).json()["items"]
    assert [item["status"] for item in listed] == ["succeeded"]


async def test_the_end_of_the_links_is_shown_beside_them(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(return_last_frame=True)
    await gateway.force(task_id, "succeeded")
    gateway.clock.advance(2 * HOUR_SECONDS)  # no request for some hours
    done = (await get(tenant, task_id)).json()
    content = done["content"]
    assert content.keys() == {"video_url", "last_frame_url", "expires_at"}
    assert content["expires_at"] == done["updated_at"] + DAY_SECONDS
    assert (await tenant.http.get(TASKS)).json()["items"][0]["content"] == content

    async def clips() -> list[int]:
        async with httpx.AsyncClient(verify=PLAIN) as client:
            return [(await client.get(content[name])).status_code for name in ("video_url", "last_frame_url")]

    gateway.clock.advance(content["expires_at"] - gateway.clock().timestamp() - 0.5)
    assert await clips() == [200, 200]
    gateway.clock.advance(0.5)
    assert await clips() == [403, 403]
    assert (await get(tenant, task_id)).json()["content"] == content


@pytest.mark.parametrize("ended_at", [None, "yesterday", 0, -5, True, 2**62, 1_790_000_000_000], ids=repr)
async def test_links_that_do_not_say_end_a_day_after_the_task(gateway: Gateway, ended_at: Any) -> None:
    tenant = await gateway.tenant()
    learned_at = int(gateway.clock().timestamp())
    content = {"video_url": "https://media.example/v.mp4", "expires_at": "later", "words": ["x"]}
    for given, expected in ((learned_at - 100, learned_at - 100), (ended_at, learned_at)):
        task_id = await tenant.new_task()
        answer = {"id": task_id, "status": "succeeded", "updated_at": given, "content": content}
        await gateway.fault("get_task", kind="answer", status=200, body=json.dumps(answer), at="before")
        shown = (await get(tenant, task_id)).json()["content"]
        assert shown == {**content, "expires_at": expected + DAY_SECONDS}


async def test_where_an_integer_belongs_the_upstreams_value_becomes_one_or_is_left_out(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    now = int(gateway.clock().timestamp())
    task_id = await tenant.new_task(content=text(RUNNING))
    row = await gateway.row(task_id)
    assert row is not None
    whole = {"duration": 5, "seed": -1, "created_at": now - 60, "updated_at": now - 30}
    ours = {"created_at": int(row.created_at.timestamp()), "model": row.upstream_model}
    table: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({name: str(value) for name, value in whole.items()}, whole),
        ({name: float(value) for name, value in whole.items()}, whole),
        *(
            (dict.fromkeys([*whole, "model"], odd), {"duration": None, "seed": None, **ours})
            for odd in (None, True, 5.5)
        ),
        ({"usage": {"total_tokens": "9", "unit": "t"}}, {"usage": {"total_tokens": 9, "unit": "t"}}),
        ({"usage": {"completion_tokens": True, "total_tokens": 5.0}}, {"usage": {"total_tokens": 5}}),
        ({"usage": {"tool_usage": {"web_search": "2"}}}, {"usage": {"tool_usage": {"web_search": 2}}}),
        ({"usage": {"tool_usage": [1], "total_tokens": -5}}, {"usage": {"total_tokens": -5}}),
        ({"usage": [1]}, {"usage": None}),
    ]
    for odd, shown in table:
        await gateway.refill()
        answer = {"id": task_id, "status": "running", **odd}
        await gateway.fault("get_task", kind="answer", status=200, body=json.dumps(answer), at="before")
        gateway.clock.advance(3)
        body = (await get(tenant, task_id)).json()
        assert {name: body.get(name) for name in shown} == shown, odd
        # Null, too, is no integer.
        assert not [name for name, value in shown.items() if value is None and name in body], odd
        assert {type(body[name]) for name in ("created_at", "updated_at")} == {int}, odd
        assert (await tenant.http.get(TASKS)).json()["items"] == [body], odd


async def test_tokens_are_counted_in_whatever_form_they_come(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    await gateway.refill()
    for given, counted in (("108900", 108_900), (True, None), (5.5, None), (-5, None)):
        task_id = await tenant.new_task()
        answer = {"id": task_id, "status": "succeeded", "usage": {"total_tokens": given}}
        await gateway.fault("get_task", kind="answer", status=200, body=json.dumps(answer), at="before")
        await get(tenant, task_id)
        row = await gateway.row(task_id)
        assert row is not None
        assert (row.status, row.total_tokens) == ("succeeded", counted), given


async def test_members_of_the_gateway_are_not_copied_from_the_upstream(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task()
    ours = {"callback_url": "https://gateway.example/callbacks/token", "callback": {"state": "delivered"}}
    answer = {"id": task_id, "status": "succeeded", **ours, "content": {"text": "no link", "expires_at": 5}}
    await gateway.fault("get_task", kind="answer", status=200, body=json.dumps(answer), at="before")
    body = (await get(tenant, task_id)).json()
    assert body["content"] == {"text": "no link"}
    assert not ours.keys() & body.keys()
    row = await gateway.row(task_id)
    assert row is not None
    assert row.snapshot is not None
    assert not ours.keys() & row.snapshot.keys()


@pytest.mark.parametrize("status", ["succeeded", "failed", "expired"])
async def test_a_final_state_is_kept_after_the_upstream_has_forgotten_it(gateway: Gateway, status: str) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task()
    await gateway.force(task_id, status)
    seen = await get(tenant, task_id)
    gateway.clock.advance(8 * DAY_SECONDS)
    again = await get(tenant, task_id)
    assert again.json() == seen.json()
    assert again.json()["status"] == status
    assert STALE not in again.headers
    assert len(gateway.received("get_task")) == 1


async def test_the_upstream_is_asked_at_most_every_two_seconds(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(content=text(ENDLESS))
    await get(tenant, task_id)
    await gateway.force(task_id, "running")
    assert (await get(tenant, task_id)).json()["status"] == "queued"
    assert len(gateway.received("get_task")) == 1
    gateway.clock.advance(2.1)
    assert (await get(tenant, task_id)).json()["status"] == "running"
    assert len(gateway.received("get_task")) == 2


async def test_a_hundred_gets_at_once_cost_one_upstream_call(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(content=text(RUNNING))
    await gateway.fault("get_task", **HELD)
    asking = asyncio.gather(*(get(tenant, task_id) for _ in range(100)))
    await gateway.arrival("get_task")
    await gateway.release()
    answers = await asking
    assert {answer.json()["id"] for answer in answers} == {task_id}
    assert len(gateway.received("get_task")) == 1


async def test_two_gateways_share_the_question_and_the_answer(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(content=text(RUNNING))
    await gateway.fault("get_task", **HELD)
    async with (
        serve_gateway(gateway.settings, gateway.clock, gateway.seconds) as base_url,
        httpx.AsyncClient(verify=PLAIN, base_url=base_url, headers={"Authorization": f"Bearer {tenant.key}"}) as other,
    ):
        both = (tenant.http, other)
        asking = asyncio.gather(*(both[n % 2].get(f"{TASKS}/{task_id}") for n in range(10)))
        await gateway.arrival("get_task")
        await gateway.release()
        answers = await asking
    assert {answer.status_code for answer in answers} == {200}
    assert len(gateway.received("get_task")) == 1


async def test_when_the_accounts_calls_are_used_up_the_mirror_answers(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("_TOKEN_TIMEOUT_SECONDS", "_LAST_GETS_TIMEOUT_SECONDS"):
        monkeypatch.setattr(f"app.tasks.polling.client_refresh.{name}", 0.05)
    tenant = await gateway.tenant()
    task_ids = await asyncio.gather(*(tenant.new_task(content=text(RUNNING)) for _ in range(10)))
    gateway.clock.advance(3)
    for kind in (RateClass.POLL_GET, RateClass.INTERACTIVE_GET, RateClass.LIST):
        await gateway.use_up(kind)
    answers = await asyncio.gather(*(get(tenant, task_id) for task_id in task_ids))
    assert {answer.json()["status"] for answer in answers} == {"queued"}
    assert not gateway.received("get_task")
    assert not gateway.received("list_tasks")
    assert not any(STALE in answer.headers for answer in answers)


@pytest.mark.parametrize(
    "effect",
    [
        {"kind": "error", "status": 500, "code": "InternalServiceError"},
        {"kind": "throttle", "status": 429},
        {"kind": "error", "status": 401, "code": "AuthenticationError"},
        {"kind": "garbage"},
        {"kind": "cut"},
        {"kind": "answer", "status": 200, "body": {"id": "cgt-of-somebody-else", "status": "succeeded"}},
    ],
    ids=["500", "429", "401", "garbage", "cut", "another task"],
)
async def test_an_upstream_in_trouble_makes_the_answer_stale_not_wrong(
    gateway: Gateway, effect: dict[str, Any]
) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(content=text(RUNNING))
    fresh = await get(tenant, task_id)
    assert fresh.json()["status"] == "running"
    assert STALE not in fresh.headers
    gateway.clock.advance(5)
    await gateway.fault("get_task", times=None, **effect)
    for _ in range(2):
        stale = await get(tenant, task_id)
        assert stale.json()["status"] == "running"
        assert int(stale.headers[STALE]) >= 5
    await gateway.prepare()
    gateway.clock.advance(3)
    assert STALE not in (await get(tenant, task_id)).headers


async def test_a_slow_upstream_delays_a_client_no_longer_than_the_timeout(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.tasks.polling.client_refresh._CLIENT_TIMEOUT_SECONDS", 0.1)
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(content=text(RUNNING))
    await gateway.fault("get_task", **HELD)
    answer = await get(tenant, task_id)
    assert STALE in answer.headers
    await gateway.release()


async def test_a_task_on_a_suspended_channel_is_shown_from_the_mirror(gateway: Gateway) -> None:
    tenant = await gateway.tenant("second")
    task_id = await tenant.new_task(content=text(RUNNING))
    async with gateway.suspended("second"):
        gateway.clock.advance(16)
        assert int((await get(tenant, task_id)).headers[STALE]) >= 16
        # A late call for a task of another test may arrive meanwhile.
        assert not [entry for entry in gateway.received("get_task") if task_id in entry.url]


async def test_an_unknown_status_is_shown_as_the_last_known_one(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(content=text(RUNNING))
    assert (await get(tenant, task_id)).json()["status"] == "running"
    await gateway.force(task_id, "polishing")
    gateway.clock.advance(3)
    assert (await get(tenant, task_id)).json()["status"] == "running"
    await gateway.force(task_id, "succeeded")
    gateway.clock.advance(3)
    assert (await get(tenant, task_id)).json()["status"] == "succeeded"


async def test_one_not_found_of_the_upstream_hides_nothing(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(content=text(RUNNING))
    await gateway.fault("get_task", kind="error", status=404, code="NotFound.ID")
    assert (await get(tenant, task_id)).json()["status"] == "queued"
    gateway.clock.advance(3)
    assert (await get(tenant, task_id)).json()["status"] == "running"


async def test_a_task_that_the_upstream_has_forgotten_unfinished_ends_expired(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(content=text(RUNNING), execution_expires_after=259_200)
    gateway.clock.advance(8 * DAY_SECONDS)
    body = (await get(tenant, task_id)).json()
    assert (body["id"], body["status"]) == (task_id, "expired")


@pytest.mark.parametrize(
    "task_id",
    ["cgt-20260101000000-abcde", "x", "x" * 129, "x" * 5000, "%00", "%ff", "%0d%0a", "a%2fb", "..%2f", "ж", "%20"],
)
async def test_an_id_of_nothing_is_not_found(gateway: Gateway, task_id: str) -> None:
    tenant = await gateway.tenant()
    for method in ("GET", "DELETE"):
        response = await tenant.http.request(method, f"{TASKS}/{task_id}")
        check_error(response, 404, "NotFound.id", "id")
    assert not gateway.received("get_task")
    assert not gateway.received("delete_task")
