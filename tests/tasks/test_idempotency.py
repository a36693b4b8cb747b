"""``Idempotency-Key``: one task per key, whatever the client repeats."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from app.creates.idempotency import IdempotencyKeyRepository
from app.creates.models import IdempotencyKeyRow
from app.tasks.repository import TaskRepository
from tests.support.answers import check_error
from tests.support.gateway import HELD, MODEL, TASKS, Gateway, Tenant, serve_gateway, text
from tests.support.observed_calls import ObservedCalls
from tests.support.plain import PLAIN
from tests.support.timeouts import until

BODY = {"model": MODEL, "content": text("a kitten")}


@pytest.fixture
def finds(monkeypatch: pytest.MonkeyPatch) -> ObservedCalls:
    """The requests that have queried the outcome of an earlier create."""
    return ObservedCalls(monkeypatch, TaskRepository, "find_intent")


async def create(tenant: Tenant, key: str, body: Any = BODY) -> httpx.Response:
    return await tenant.http.post(TASKS, json=body, headers={"Idempotency-Key": key})


async def test_other_keys_and_no_key_make_other_tasks(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    answers = [await create(tenant, "a"), await create(tenant, "b"), *[await tenant.create_task() for _ in range(2)]]
    assert len({answer.json()["id"] for answer in answers}) == len(gateway.received("create_task")) == 4


async def test_ten_at_once_make_one_task(gateway: Gateway, finds: ObservedCalls) -> None:
    tenant = await gateway.tenant()
    await gateway.fault("create_task", **HELD)
    creating = asyncio.gather(*(create(tenant, "k") for _ in range(10)))
    await until(lambda: len(finds.callers) == 9)
    await gateway.release()
    answers = await creating
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(gateway.received("create_task")) == len(await gateway.rows_of(tenant)) == 1


async def test_after_a_refusal_one_of_the_waiting_requests_is_sent(gateway: Gateway, finds: ObservedCalls) -> None:
    tenant = await gateway.tenant()
    code = "InputTextSensitiveContentDetected"
    await gateway.fault("create_task", kind="error", status=400, code=code, delay_seconds=3600)
    creating = asyncio.gather(*(create(tenant, "k") for _ in range(3)))
    await until(lambda: len(finds.callers) == 2)
    await gateway.release()
    answers = await creating
    assert sorted(answer.status_code for answer in answers) == [200, 200, 400]
    assert len(await gateway.rows_of(tenant)) == 1
    assert len(gateway.received("create_task")) == 2


CONTENT = '"content":[{"type":"text","text":"a kitten é"}]'
SPELLINGS = {
    "blanks": f' {{\n"model" : "{MODEL}" ,\t{CONTENT}, "duration":5, "watermark":true}}\r\n',
    "order": f'{{"watermark":true,"duration":5,{CONTENT},"model":"{MODEL}"}}',
    "numbers": f'{{"model":"{MODEL}",{CONTENT},"duration":5.0,"watermark":true}}',
    "escapes": f'{{"mod\\u0065l":"{MODEL}",{CONTENT.replace("é", chr(92) + "u00E9")},"duration":5,"watermark":true}}',
}
OTHER_VALUES = {
    "a number": f'{{"model":"{MODEL}",{CONTENT},"duration":6,"watermark":true}}',
    "a text for a number": f'{{"model":"{MODEL}",{CONTENT},"duration":"5","watermark":true}}',
    "a number for a boolean": f'{{"model":"{MODEL}",{CONTENT},"duration":5,"watermark":1}}',
    "a member more": f'{{"model":"{MODEL}",{CONTENT},"duration":5,"watermark":true,"seed":null}}',
    "a member less": f'{{"model":"{MODEL}",{CONTENT},"duration":5}}',
    "a blank in a text": f'{{"model":"{MODEL}",{CONTENT.replace("a k", "a  k")},"duration":5,"watermark":true}}',
}
NO_VALUES = {
    "a member twice": f'{{"model":"{MODEL}",{CONTENT},"duration":5,"duration":5,"watermark":true}}',
    "a number beyond a double": f'{{"model":"{MODEL}",{CONTENT},"duration":5,"watermark":true,"seed":1e400}}',
    "no number": f'{{"model":"{MODEL}",{CONTENT},"duration":5,"watermark":true,"seed":NaN}}',
    "no JSON": f'{{"model":"{MODEL}",{CONTENT}',
}


async def test_the_value_of_the_body_decides_not_its_bytes(gateway: Gateway) -> None:
    tenant = await gateway.tenant()

    async def send(text: str) -> httpx.Response:
        headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
        return await tenant.http.post(TASKS, content=text.encode(), headers=headers)

    first = await send(f'{{"model":"{MODEL}",{CONTENT},"duration":5,"watermark":true}}')
    assert first.status_code == 200, first.text
    for name, spelling in SPELLINGS.items():
        again = await send(spelling)
        assert (again.status_code, again.json()) == (200, first.json()), name
    for name, other in OTHER_VALUES.items():
        refused = await send(other)
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "IdempotencyConflict"), name
        assert refused.headers["x-should-retry"] == "false"
    for name, none in NO_VALUES.items():
        assert (await send(none)).status_code == 400, name
    assert len(gateway.received("create_task")) == 1


async def test_two_spellings_at_once_make_one_task(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when the second one is carried out between the first one's query of the keys and its query of the tasks."""
    tenant = await gateway.tenant()
    find, has_looked, may_go_on = IdempotencyKeyRepository.find, asyncio.Event(), asyncio.Event()

    async def find_and_wait(keys: IdempotencyKeyRepository, key: str) -> IdempotencyKeyRow | None:
        row = await find(keys, key)
        if not has_looked.is_set():
            has_looked.set()
            await may_go_on.wait()
        return row

    monkeypatch.setattr(IdempotencyKeyRepository, "find", find_and_wait)
    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    first = asyncio.create_task(tenant.http.post(TASKS, content=json.dumps(BODY, indent=1), headers=headers))
    await has_looked.wait()
    second = await create(tenant, "k")
    may_go_on.set()
    assert ((await first).status_code, (await first).json()) == (200, second.json())
    assert len(gateway.received("create_task")) == 1


async def test_a_large_body_is_compared_by_its_value_too(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    image = {
        "type": "image_url",
        "role": "reference_image",
        "image_url": {"url": "data:image/png;base64," + "A" * 400_000},
    }
    body = {"model": MODEL, "content": [*text("a kitten"), image]}
    headers = {"Idempotency-Key": "large", "Content-Type": "application/json"}
    spellings = [json.dumps(body), json.dumps(dict(reversed(body.items())), indent=1).replace("/", "\\/")]
    answers = [await tenant.http.post(TASKS, content=spelling, headers=headers) for spelling in spellings]
    assert [answer.status_code for answer in answers] == [200, 200], answers[1].text
    assert answers[0].json() == answers[1].json()
    assert len(gateway.received("create_task")) == 1


async def test_without_a_key_the_bytes_of_a_retry_decide(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    ids = set()
    for content in (json.dumps(BODY), json.dumps(BODY) + " "):
        headers = {"x-stainless-retry-count": "1", "Content-Type": "application/json"}
        ids.add((await tenant.http.post(TASKS, content=content, headers=headers)).json()["id"])
    assert len(ids) == len(gateway.received("create_task")) == 2


async def test_a_key_of_the_version_before_is_known_with_the_bytes_of_its_body(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    headers = {"Idempotency-Key": "old", "Content-Type": "application/json"}
    first = await tenant.http.post(TASKS, content=json.dumps(BODY), headers=headers)
    async with gateway.sessions.begin() as session:
        await session.delete(await session.get_one(IdempotencyKeyRow, (tenant.id, "old")))
    again = await tenant.http.post(TASKS, content=json.dumps(BODY), headers=headers)
    assert (again.status_code, again.json()) == (200, first.json())
    other = await tenant.http.post(TASKS, content=json.dumps(BODY) + " ", headers=headers)
    check_error(other, 409, "IdempotencyConflict")
    assert len(gateway.received("create_task")) == 1


async def test_a_request_waits_for_a_create_under_way_of_the_version_before(
    gateway: Gateway, finds: ObservedCalls
) -> None:
    tenant = await gateway.tenant()
    await gateway.fault("create_task", **HELD)
    first = asyncio.create_task(create(tenant, "k"))
    await gateway.arrival("create_task")
    async with gateway.sessions.begin() as session:
        await session.delete(await session.get_one(IdempotencyKeyRow, (tenant.id, "k")))
    second = asyncio.create_task(create(tenant, "k"))
    await until(lambda: finds.callers)
    await gateway.release()
    assert (await second).json() == (await first).json()
    assert len(gateway.received("create_task")) == 1


async def test_a_key_belongs_to_its_tenant_and_is_shared_by_its_api_keys(gateway: Gateway) -> None:
    tenant, other = await gateway.tenant(), await gateway.tenant()
    colleague = await gateway.key_of(tenant.id, allowed_channels=["default"])
    mine, theirs, ours = await create(tenant, "k"), await create(other, "k"), await create(colleague, "k")
    assert mine.json() == ours.json() != theirs.json()
    assert len(gateway.received("create_task")) == 2


async def test_a_deleted_task_is_still_the_first_answer(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    first = await create(tenant, "k")
    await gateway.force(first.json()["id"], "failed")
    assert (await tenant.http.delete(f"{TASKS}/{first.json()['id']}")).status_code == 200
    assert (await create(tenant, "k")).json() == first.json()
    assert len(gateway.received("create_task")) == 1


KEY, OTHER_KEY = "Idempotency-Key", "X-Idempotency-Key"


@pytest.mark.parametrize(
    ("headers", "wrong"),
    [
        ([(KEY, "")], KEY),
        ([(KEY, "x" * 256)], KEY),
        ([(KEY, "a"), (KEY, "b")], KEY),
        ([(KEY, "a"), (KEY, "a")], KEY),
        ([(OTHER_KEY, "")], OTHER_KEY),
        ([(OTHER_KEY, "x" * 256)], OTHER_KEY),
        ([(OTHER_KEY, "a\u0085")], OTHER_KEY),
        ([(KEY, "a\u200bb".encode().decode("latin-1"))], KEY),
        ([(OTHER_KEY, "a"), (OTHER_KEY, "a")], OTHER_KEY),
        ([(KEY, "a"), (OTHER_KEY, "b")], KEY),
        ([(OTHER_KEY, "a"), (KEY, "A")], KEY),
        ([(KEY, "a"), (OTHER_KEY, "")], OTHER_KEY),
    ],
)
async def test_a_bad_key_is_refused(gateway: Gateway, headers: list[tuple[str, str]], wrong: str) -> None:
    tenant = await gateway.tenant()
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    refused = await tenant.http.post(TASKS, json=BODY, headers=raw)
    check_error(refused, 400, f"InvalidParameter.{wrong}", wrong)
    assert not gateway.received("create_task")


async def test_the_key_has_two_names(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    spellings = [{KEY: "k"}, {OTHER_KEY: "k"}, {OTHER_KEY.lower(): "k"}, {KEY: "k", OTHER_KEY: "k"}]
    answers = [await tenant.http.post(TASKS, json=BODY, headers=headers) for headers in spellings]
    assert len({answer.json()["id"] for answer in answers}) == len(gateway.received("create_task")) == 1


async def test_a_key_may_be_any_printable_text(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    keys = ["x" * 255, "a b", "é", "订单-42", "naïve à", "😀", "订" * 255, '";--']
    spellings = [(key, key.encode()) for key in keys] + [("é", b"\xe9")]
    ids: dict[str, set[str]] = {}
    for key, raw in spellings:
        for _ in range(2):
            answer = await tenant.http.post(TASKS, json=BODY, headers=[(b"Idempotency-Key", raw)])
            assert answer.status_code == 200, (key, answer.text)
            ids.setdefault(key, set()).add(answer.json()["id"])
    assert [len(found) for found in ids.values()] == [1] * len(keys)
    assert len(set.union(*ids.values())) == len(gateway.received("create_task")) == len(keys)
    too_long = await tenant.http.post(TASKS, json=BODY, headers=[(b"Idempotency-Key", ("订" * 256).encode())])
    check_error(too_long, 400, f"InvalidParameter.{KEY}", KEY)


async def test_a_key_is_known_to_every_process_and_after_a_restart(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    first = await create(tenant, "k")
    async with (
        serve_gateway(gateway.settings, gateway.clock, gateway.seconds) as base_url,
        httpx.AsyncClient(verify=PLAIN, base_url=base_url, headers={"Authorization": f"Bearer {tenant.key}"}) as client,
    ):
        second = await client.post(TASKS, json=BODY, headers={"Idempotency-Key": "k"})
    assert second.json() == first.json()
    assert len(gateway.received("create_task")) == 1


async def test_a_create_that_a_crash_left_behind_is_answered_with_its_spare_id_and_never_sent_again(
    gateway: Gateway,
) -> None:
    tenant = await gateway.tenant()
    await gateway.fault("create_task", kind="cut", at="after")
    task_id = (await create(tenant, "k")).json()["id"]
    async with gateway.sessions.begin() as session:
        row = await gateway.row(task_id)
        assert row is not None
        row.status = "submitting"
        await session.merge(row)
    waiting = asyncio.create_task(create(tenant, "k"))
    done, _ = await asyncio.wait({waiting}, timeout=0.3)
    assert not done, "the first one may still be under way"
    gateway.clock.advance(600)
    assert (await waiting).json() == {"id": task_id}
    assert (await tenant.http.get(f"{TASKS}/{task_id}")).json()["status"] == "queued"
    assert len(gateway.received("create_task")) == 1
