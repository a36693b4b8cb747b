"""``Idempotency-Key``: one task per key, whatever the client repeats."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.support.answers import check_error
from tests.support.plain import PLAIN
from tests.support.stage import HELD, MODEL, Stage, text
from tests.support.world import TASKS, Tenant, running_gateway

BODY = {"model": MODEL, "content": text("a kitten")}


async def create(tenant: Tenant, key: str, body: Any = BODY) -> httpx.Response:
    return await tenant.http.post(TASKS, json=body, headers={"Idempotency-Key": key})


async def test_a_repeated_create_gets_the_first_ones_id(stage: Stage) -> None:
    tenant = await stage.tenant()
    first, second = [await create(tenant, "k") for _ in range(2)]
    assert first.status_code == second.status_code == 200
    assert first.json() == second.json()
    assert len(stage.received("create_task")) == 1


async def test_other_keys_and_no_key_make_other_tasks(stage: Stage) -> None:
    tenant = await stage.tenant()
    answers = [await create(tenant, "a"), await create(tenant, "b"), *[await tenant.create_task() for _ in range(2)]]
    assert len({answer.json()["id"] for answer in answers}) == len(stage.received("create_task")) == 4


async def test_ten_at_once_make_one_task(stage: Stage) -> None:
    tenant = await stage.tenant()
    await stage.fault("create_task", **HELD)
    creating = asyncio.gather(*(create(tenant, "k") for _ in range(10)))
    await stage.arrival("create_task")
    await stage.release()
    answers = await creating
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(stage.received("create_task")) == len(await stage.rows_of(tenant)) == 1


async def test_those_that_wait_for_a_refused_one_try_for_themselves(stage: Stage) -> None:
    tenant = await stage.tenant()
    await stage.fault("create_task", kind="error", status=400, code="InputTextSensitiveContentDetected")
    answers = await asyncio.gather(*(create(tenant, "k") for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 400]
    assert len(await stage.rows_of(tenant)) == 1
    assert len(stage.received("create_task")) == 2


async def test_a_key_with_another_body_is_a_conflict(stage: Stage) -> None:
    tenant = await stage.tenant()
    await create(tenant, "k")
    refused = await create(tenant, "k", {**BODY, "duration": 5})
    check_error(refused, 409, "IdempotencyConflict")
    assert refused.headers["x-should-retry"] == "false"
    assert len(stage.received("create_task")) == 1


async def test_the_bytes_decide_not_the_meaning(stage: Stage) -> None:
    tenant = await stage.tenant()
    headers = {"Idempotency-Key": "k"}
    content = '{"model":"doubao-seedance-2","content":[{"type":"text","text":"x"}]}'
    assert (await tenant.http.post(TASKS, content=content, headers=headers)).status_code == 200
    assert (await tenant.http.post(TASKS, content=content + " ", headers=headers)).status_code == 409


async def test_a_key_belongs_to_its_tenant_and_is_shared_by_its_api_keys(stage: Stage) -> None:
    tenant, other = await stage.tenant(), await stage.tenant()
    colleague = await stage.world.key_of(tenant.id, allowed_channels=["default"])
    mine, theirs, ours = await create(tenant, "k"), await create(other, "k"), await create(colleague, "k")
    assert mine.json() == ours.json() != theirs.json()
    assert len(stage.received("create_task")) == 2


async def test_a_deleted_task_is_still_the_first_answer(stage: Stage) -> None:
    tenant = await stage.tenant()
    first = await create(tenant, "k")
    await stage.force(first.json()["id"], "failed")
    assert (await tenant.http.delete(f"{TASKS}/{first.json()['id']}")).status_code == 200
    assert (await create(tenant, "k")).json() == first.json()
    assert len(stage.received("create_task")) == 1


@pytest.mark.parametrize("headers", [{"Idempotency-Key": ""}, {"Idempotency-Key": "x" * 256}], ids=["empty", "long"])
async def test_a_bad_key_is_refused(stage: Stage, headers: dict[str, str]) -> None:
    tenant = await stage.tenant()
    refused = await tenant.http.post(TASKS, json=BODY, headers=headers)
    check_error(refused, 400, "InvalidParameter.Idempotency-Key", "Idempotency-Key")
    assert not stage.received("create_task")


async def test_two_keys_in_one_request_are_refused(stage: Stage) -> None:
    tenant = await stage.tenant()
    headers = [("Authorization", f"Bearer {tenant.key}"), ("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    async with httpx.AsyncClient(verify=PLAIN, base_url=stage.world.base_url) as client:
        refused = await client.post(TASKS, json=BODY, headers=headers)
    check_error(refused, 400, "InvalidParameter.Idempotency-Key", "Idempotency-Key")


@pytest.mark.parametrize("key", ["x" * 255, "a b", "é", '";--'])
async def test_a_key_may_be_any_printable_text(stage: Stage, key: str) -> None:
    tenant = await stage.tenant()
    headers = [(b"Idempotency-Key", key.encode("latin-1"))]
    answers = [await tenant.http.post(TASKS, json=BODY, headers=headers) for _ in range(2)]
    assert answers[0].status_code == 200, answers[0].text
    assert answers[0].json() == answers[1].json()


async def test_a_key_is_known_to_every_process_and_after_a_restart(stage: Stage) -> None:
    tenant = await stage.tenant()
    first = await create(tenant, "k")
    async with (
        running_gateway(stage.world.settings, stage.clock, stage.seconds) as base_url,
        httpx.AsyncClient(verify=PLAIN, base_url=base_url, headers={"Authorization": f"Bearer {tenant.key}"}) as client,
    ):
        second = await client.post(TASKS, json=BODY, headers={"Idempotency-Key": "k"})
    assert second.json() == first.json()
    assert len(stage.received("create_task")) == 1


async def test_a_create_that_a_crash_left_behind_is_answered_with_its_spare_id_and_never_sent_again(
    stage: Stage,
) -> None:
    tenant = await stage.tenant()
    await stage.fault("create_task", kind="cut", at="after")
    task_id = (await create(tenant, "k")).json()["id"]
    async with stage.sessions.begin() as session:
        row = await stage.row(task_id)
        assert row is not None
        row.status = "submitting"
        await session.merge(row)
    waiting = asyncio.create_task(create(tenant, "k"))
    done, _ = await asyncio.wait({waiting}, timeout=0.3)
    assert not done, "the first one may still be under way"
    stage.clock.advance(600)
    assert (await waiting).json() == {"id": task_id}
    assert (await tenant.http.get(f"{TASKS}/{task_id}")).json()["status"] == "queued"
    assert len(stage.received("create_task")) == 1
