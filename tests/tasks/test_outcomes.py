"""Creates that the upstream refuses, throttles, or does not clearly answer."""

import asyncio
from typing import Any

import httpx
import pytest

from app.tasks.models import TaskStatus
from tests.support.answers import check_error
from tests.support.driving import activate, new_asset, new_group
from tests.support.gateway import HELD, MODEL, SPARE_ID, TASKS, Gateway, Tenant, get, serve_gateway, text

ACCOUNT_FAULTS = [
    pytest.param({"kind": "error", "status": 401, "code": "AuthenticationError"}, id="401"),
    pytest.param({"kind": "error", "status": 403, "code": "AccessDenied"}, id="403"),
    pytest.param({"kind": "error", "status": 403, "code": "AccountOverdueError"}, id="overdue"),
    pytest.param({"kind": "error", "status": 404, "code": "ModelNotOpen"}, id="model not open"),
]

THROTTLE: dict[str, Any] = {"kind": "throttle", "status": 429, "code": "ModelAccountRpmRateLimitExceeded"}

OVERDUE = {"code": "AccountOverdueError", "message": "no"}
UNKNOWN = [
    pytest.param({"kind": "error", "status": 500, "code": "InternalServiceError"}, id="500"),
    pytest.param({"kind": "error", "status": 500, "code": "InternalServiceError", "at": "after"}, id="500 late"),
    pytest.param({"kind": "answer", "status": 503}, id="503"),
    pytest.param({"kind": "answer", "status": 408}, id="408"),
    pytest.param({"kind": "answer", "status": 302, "headers": {"Location": "http://127.0.0.1:1/"}}, id="302"),
    pytest.param({"kind": "answer", "status": 200, "body": {"request": "received"}}, id="200 without an id"),
    pytest.param({"kind": "answer", "status": 200, "body": {"id": 7}}, id="200 with a number for an id"),
    pytest.param({"kind": "answer", "status": 200, "body": {"id": "a/../b"}}, id="200 with a strange id"),
    pytest.param({"kind": "answer", "status": 204}, id="204"),
    pytest.param({"kind": "answer", "status": 409, "body": "<html>Conflict"}, id="a conflict of another server's"),
    pytest.param({"kind": "answer", "status": 402, "body": {"id": "err-1", "error": OVERDUE}}, id="402 with an id"),
    pytest.param({"kind": "error", "status": 500, "code": "RequestLimitExceeded"}, id="a rate with 500"),
    pytest.param({"kind": "error", "status": 503, "code": "RequestLimitExceeded"}, id="a rate with 503"),
    pytest.param({"kind": "garbage"}, id="garbage"),
    pytest.param({"kind": "cut", "at": "request"}, id="cut while the body is sent"),
    pytest.param({"kind": "cut", "at": "before"}, id="cut before the effect"),
    pytest.param({"kind": "cut", "at": "after"}, id="cut after the effect"),
    pytest.param({"kind": "cut", "at": "after", "reset": True}, id="reset after the effect"),
    pytest.param({"kind": "cut", "at": "headers"}, id="cut in the headers"),
    pytest.param({"kind": "cut", "at": "body"}, id="cut in the body"),
    pytest.param({"kind": "oversize", "at": "after", "size_bytes": 200_000}, id="oversized"),
]


async def test_a_clients_mistake_gets_the_upstreams_error_and_leaves_nothing(gateway: Gateway) -> None:
    tenant = await gateway.tenant("default", "second")
    key = {"Idempotency-Key": "again"}
    await gateway.fault(
        "create_task", kind="error", status=400, code="InputTextSensitiveContentDetected", message="No cats, please."
    )
    body = {"model": MODEL, "content": text("a kitten")}
    refused = await tenant.http.post(TASKS, json=body, headers=key)
    assert refused.status_code == 400
    error = refused.json()["error"]
    assert (error["code"], error["type"]) == ("InputTextSensitiveContentDetected", "BadRequest")
    assert error["message"].startswith("No cats, please.")
    assert refused.json()["ResponseMetadata"]["Error"]["Code"] == error["code"]
    assert len(gateway.received("create_task")) == 1
    assert await gateway.rows_of(tenant) == []
    accepted = await tenant.http.post(TASKS, json=body, headers=key)
    assert accepted.status_code == 200, "the key was not freed"


async def test_the_upstreams_param_is_passed_on(gateway: Gateway) -> None:
    error = {"code": "InvalidParameter", "message": "bad", "param": "content[0].text.duration", "type": "BadRequest"}
    await gateway.fault("create_task", kind="answer", status=400, body={"error": error})
    response = await (await gateway.tenant()).create_task()
    assert response.json()["error"]["param"] == "content[0].text.duration"


@pytest.mark.parametrize("effect", ACCOUNT_FAULTS)
async def test_a_fault_of_our_account_is_never_the_tenants(gateway: Gateway, effect: dict[str, Any]) -> None:
    await gateway.fault("create_task", account="default", times=2, message="sk-secret of account 2100-ABC", **effect)
    tenant = await gateway.tenant("default", "second")
    await tenant.new_task()
    assert [entry.account for entry in gateway.received("create_task")] == ["default", "second"]
    alone = await gateway.tenant()
    refused = await alone.create_task()
    check_error(refused, 502, "InternalServiceError")
    assert refused.headers["x-should-retry"] == "false"
    assert "sk-secret" not in refused.text
    assert "2100-ABC" not in refused.text
    assert await gateway.rows_of(alone) == []


async def test_a_tasks_id_is_kept_whatever_the_status_says(gateway: Gateway) -> None:
    await gateway.fault("create_task", kind="answer", status=402, body={"id": "cgt-1", "error": OVERDUE})
    tenant = await gateway.tenant("default", "second")
    task_id = await tenant.new_task()
    row = await gateway.row(task_id)
    assert row is not None
    assert (row.upstream_id, row.channel_id) == ("cgt-1", await gateway.channel_id("default"))
    assert len(gateway.received("create_task")) == 1


async def test_a_mistake_of_the_clients_is_one_although_the_status_is_the_accounts(gateway: Gateway) -> None:
    code = "InputTextSensitiveContentDetected"
    await gateway.fault("create_task", kind="error", status=403, code=code)
    check_error(await (await gateway.tenant("default", "second")).create_task(), 403, code, is_upstreams=True)
    assert [entry.account for entry in gateway.received("create_task")] == ["default"]


async def test_after_a_throttle_the_next_channel_is_asked(gateway: Gateway) -> None:
    await gateway.fault("create_task", account="default", times=2, headers={"Retry-After": "7"}, **THROTTLE)
    task_id = await (await gateway.tenant("default", "second")).new_task()
    row = await gateway.row(task_id)
    assert row is not None
    assert (row.channel_id, row.upstream_model) == (await gateway.channel_id("second"), gateway.sent_body()["model"])
    refused = await (await gateway.tenant()).create_task()
    assert refused.status_code == 429
    assert refused.json()["error"]["code"] == "ModelAccountRpmRateLimitExceeded"
    assert refused.headers["retry-after"] == "7"


async def test_a_throttle_without_a_hint_still_tells_when_to_retry(gateway: Gateway) -> None:
    await gateway.fault("create_task", **THROTTLE)
    refused = await (await gateway.tenant()).create_task()
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")


async def test_after_a_refused_connection_the_next_channel_is_asked(gateway: Gateway) -> None:
    task_id = await (await gateway.tenant("dead", "second")).new_task()
    # The second one has the lower priority, and must still be found to follow the task.
    assert (await get(await _owner(gateway, task_id), task_id)).json()["status"] == "queued"
    assert [entry.account for entry in gateway.received("create_task")] == ["second"]


async def test_what_was_provably_not_sent_may_be_tried_again(gateway: Gateway) -> None:
    tenant = await gateway.tenant("dead")
    for _ in range(2):
        refused = await tenant.http.post(
            TASKS, json={"model": MODEL, "content": text("x")}, headers={"Idempotency-Key": "k"}
        )
        check_error(refused, 503, "ServiceUnavailable")
        assert refused.headers["retry-after"].isdigit()
        assert "x-should-retry" not in refused.headers
    assert await gateway.rows_of(tenant) == []


async def test_what_one_channel_refuses_may_be_served_by_one_that_was_not_reached(gateway: Gateway) -> None:
    tenant = await gateway.tenant("dead", "second")
    for status, code in ((404, "UnsupportedModel"), (403, "AccountOverdueError")):
        await gateway.fault("create_task", account="second", kind="error", status=status, code=code, message="x")
        refused = await tenant.create_task()
        check_error(refused, 503, "ServiceUnavailable")
        assert (refused.headers["retry-after"], "x-should-retry" in refused.headers) == ("1", False)


async def test_without_an_active_channel_a_create_is_503(gateway: Gateway) -> None:
    tenant = await gateway.tenant("second")
    async with gateway.suspended("second"):
        refused = await tenant.create_task()
    check_error(refused, 503, "ServerOverloaded")
    assert refused.headers["retry-after"].isdigit()


@pytest.mark.parametrize("effect", UNKNOWN)
async def test_what_was_sent_and_not_clearly_answered_is_never_sent_again(
    gateway: Gateway, effect: dict[str, Any]
) -> None:
    tenant = await gateway.tenant("default", "second")
    await gateway.fault("create_task", account="default", times=None, **effect)
    await check_unknown(gateway, tenant, await tenant.create_task())


async def test_what_the_upstream_does_not_answer_in_time_is_never_sent_again(gateway: Gateway) -> None:
    tenant = await gateway.tenant("default", "second")
    await gateway.fault("create_task", account="default", **HELD)
    hasty = gateway.settings.model_copy(update={"create_read_timeout_seconds": 0.3})
    body = {"model": MODEL, "content": text("a kitten")}
    async with serve_gateway(hasty, gateway.clock, gateway.seconds) as base_url:
        response = await tenant.http.post(f"{base_url}{TASKS}", json=body)
    await check_unknown(gateway, tenant, response)


async def check_unknown(gateway: Gateway, tenant: Tenant, response: httpx.Response) -> None:
    assert response.status_code == 200, response.text
    task_id = response.json()["id"]
    assert SPARE_ID.fullmatch(task_id)
    shown = (await get(tenant, task_id)).json()
    assert (shown["id"], shown["status"], shown["error"]) == (task_id, "queued", None)
    assert [item["id"] for item in (await tenant.http.get(TASKS)).json()["items"]] == [task_id]
    refused = await tenant.http.delete(f"{TASKS}/{task_id}")
    check_error(refused, 409, "InvalidAction")
    assert refused.headers["x-should-retry"] == "false"
    assert [entry.account for entry in gateway.received("create_task")] == ["default"]
    assert not gateway.received("get_task")
    row = await gateway.row(task_id)
    assert row is not None
    assert row.status == TaskStatus.UNKNOWN
    assert row.is_spare_id_public
    assert row.sent_at is not None
    assert row.cut_at is not None
    assert row.next_poll_at is not None
    assert row.sent_at <= row.cut_at < row.next_poll_at, "it would not be searched for"


async def test_an_unknown_outcome_is_replayed_under_its_key_and_not_repeated(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    await gateway.fault("create_task", kind="cut", at="after")
    answers = [
        await tenant.http.post(TASKS, json={"model": MODEL, "content": text("x")}, headers={"Idempotency-Key": "k"})
        for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()
    assert len(gateway.received("create_task")) == 1


@pytest.mark.parametrize(
    "effect",
    [{"kind": "error", "status": 401, "code": "AuthenticationError"}, THROTTLE],
    ids=["account refused", "throttled"],
)
async def test_a_task_with_an_asset_goes_to_no_other_account(gateway: Gateway, effect: dict[str, Any]) -> None:
    tenant = await gateway.tenant("default", "second")
    asset_id = await new_asset(tenant, await new_group(tenant))
    await activate(gateway, tenant, asset_id)
    item = {"type": "image_url", "image_url": {"url": f"asset://{asset_id}"}, "role": "reference_image"}
    content = [*text("the girl in image 1 waves"), item]
    await gateway.fault("create_task", account="default", **effect)
    refused = await tenant.create_task(content=content)
    assert refused.status_code in {429, 502}
    await tenant.new_task(content=content)
    assert {entry.account for entry in gateway.received("create_task")} == {"default"}


async def test_a_draft_is_finished_in_the_account_that_made_it(gateway: Gateway) -> None:
    tenant = await gateway.tenant("second")
    draft = await tenant.new_task(model="doubao-seedance-1-5-pro-251215", draft=True, resolution="480p")
    await gateway.force(draft, "succeeded")
    both = await gateway.key_of(tenant.id, allowed_channels=["default", "second"])
    content = [{"type": "draft_task", "draft_task": {"id": draft}}]
    await both.new_task(model="doubao-seedance-1-5-pro-251215", content=content)
    assert {entry.account for entry in gateway.received("create_task")} == {"second"}


async def test_a_client_that_leaves_does_not_stop_its_create(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    await gateway.fault("create_task", **HELD)
    creating = asyncio.create_task(tenant.http.post(TASKS, json={"model": MODEL, "content": text("x")}))
    upstream_id = await gateway.effect("create_task")
    creating.cancel()
    await gateway.until_abandoned(tenant)
    await gateway.release()
    row = await gateway.written(upstream_id)
    assert row.status == TaskStatus.QUEUED
    listed = (await tenant.http.get(TASKS)).json()
    assert [item["id"] for item in listed["items"]] == [upstream_id]
    assert len(gateway.received("create_task")) == 1


async def _owner(gateway: Gateway, task_id: str) -> Tenant:
    row = await gateway.row(task_id)
    assert row is not None
    return await gateway.key_of(row.tenant_id)
