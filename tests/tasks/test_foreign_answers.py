"""A response that is not in the format of the upstream's API is the channel's fault, and proves nothing about any task.

A firewall, a load balancer or another server answers where the API should.
"""

import asyncio
from typing import Any

import pytest

from tests.contract.upstream_codes import ACCOUNT_NUMBER, every_code
from tests.support.answers import check_error
from tests.support.driving import new_asset, new_group
from tests.support.gateway import ENDLESS, TASKS, Gateway, get, text
from tests.support.timeouts import HANG_SECONDS

PAGE = "<!doctype html><title>404</title>"
# Beside the sandbox's own id of the request, which would be a mark of the upstream's API.
ITS_ID = {"headers": {"X-Request-Id": "another"}}
NO_ROUTE = {
    "code": "NotFound",
    "message": "No such route. Set the base URL to https://gw.example/api/v3.",
    "param": None,
}
FOREIGN: list[Any] = [
    pytest.param({"status": 404, "body": PAGE}, id="a load balancer's 404"),
    pytest.param({"status": 403, "body": "<html>Request blocked"}, id="a firewall's 403"),
    pytest.param({"status": 400, "body": {"message": "no Route matched with those values"}}, id="another JSON"),
    pytest.param({"status": 404, "body": None}, id="nothing"),
    pytest.param({"status": 401, "body": {"error": {"code": "invalid_api_key", "message": "no"}}}, id="another API"),
    pytest.param({"status": 404, "body": {"error": NO_ROUTE}}, id="another gateway of this kind"),
    pytest.param({"status": 400, "body": {"error": {"code": "NoTenant", "message": "no"}}, **ITS_ID}, id="its code"),
    pytest.param({"status": 400, "body": {"error": {"type": "BadRequest"}}, **ITS_ID}, id="its type"),
]
READS: list[Any] = [
    *FOREIGN,
    pytest.param({"status": 200, "body": PAGE}, id="a page"),
    pytest.param({"status": 302, "headers": {"Location": "/login"}}, id="a redirect"),
    pytest.param({"status": 200, "body": {"code": 1, "msg": "login required"}}, id="another JSON with 200"),
    pytest.param({"status": 200, "body": {"total": 0, "data": [], "code": 0}}, id="another list"),
    pytest.param({"status": 200, "body": {"error": NO_ROUTE}}, id="another API's error with 200"),
]


@pytest.mark.parametrize("answer", FOREIGN)
async def test_a_create_goes_to_the_next_channel_and_else_is_our_502(gateway: Gateway, answer: dict[str, Any]) -> None:
    await gateway.fault("create_task", account="default", times=2, kind="answer", **answer)
    await (await gateway.tenant("default", "second")).new_task()
    assert [entry.account for entry in gateway.received("create_task")] == ["default", "second"]
    alone = await gateway.tenant()
    refused = await alone.create_task()
    check_error(refused, 502, "InternalServiceError")
    assert refused.headers["x-should-retry"] == "false"
    assert await gateway.rows_of(alone) == []


@pytest.mark.parametrize("answer", READS)
async def test_no_task_ends_and_none_is_deleted(gateway: Gateway, answer: dict[str, Any]) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(content=text(ENDLESS), execution_expires_after=3600)
    finished = await tenant.new_task()
    await gateway.force(finished, "succeeded")
    await get(tenant, finished)
    # The task's own window has passed, so that a true "not found" would end it.
    gateway.clock.advance(3 * 3600)
    for operation in ("get_task", "delete_task"):
        await gateway.fault(operation, times=None, kind="answer", **answer)
    shown = await get(tenant, task_id)
    assert (shown.json()["status"], "x-seedgate-stale" in shown.headers) == ("queued", True)
    refused = await tenant.http.delete(f"{TASKS}/{task_id}")
    check_error(refused, 502, "InternalServiceError")
    # A redirect does not tell whether a deletion was carried out, and that may be tried again.
    is_undecided = answer["status"] == 302
    refused = await tenant.http.delete(f"{TASKS}/{finished}")
    check_error(refused, *((503, "ServiceUnavailable") if is_undecided else (502, "InternalServiceError")))
    for found in (task_id, finished):
        row = await gateway.row(found)
        assert row is not None
        assert (row.status, row.deleted_at) == ("queued" if found == task_id else "succeeded", None)


async def test_a_channel_that_leads_to_another_gateway_of_this_kind_is_refused(gateway: Gateway) -> None:
    fields = {"ark_base_url": gateway.base_url, "ark_api_key": "sg-x"}
    refused = await gateway.admin.post("/channels", json={"name": "gateway", **fields})
    assert (refused.status_code, "it answered with 404 and JSON of another make" in refused.text) == (400, True)
    # So is one whose API says of the list that it is not there, in whatever words.
    for status, code in ((404, "NotFound.ID"), (404, "SomethingNew"), (405, "MethodNotAllowed")):
        await gateway.fault("list_tasks", account="second", kind="error", status=status, code=code)
        fields = {"ark_base_url": gateway.sandbox.ark_base_url, "ark_api_key": "second-ark-key"}
        refused = await gateway.admin.post("/channels", json={"name": "gateway", **fields})
        assert (refused.status_code, f"it answered with {status} {code}" in refused.text) == (400, True), refused.text


@pytest.mark.parametrize("code", ["AccountOverdueError", "InternalServiceError"])
async def test_an_error_that_the_api_reports_with_200_makes_no_url_wrong(gateway: Gateway, code: str) -> None:
    await gateway.fault("list_tasks", account="second", kind="error", status=200, code=code)
    fields = {"ark_base_url": gateway.sandbox.ark_base_url, "ark_api_key": "second-ark-key"}
    made = await gateway.admin.post("/channels", json={"name": code, **fields})
    assert made.status_code == 201, made.text


async def test_a_model_that_one_channel_does_not_offer_is_asked_of_the_next_one(gateway: Gateway) -> None:
    words = "The model or endpoint ep-secret does not exist or you do not have access to it."
    fault = {"kind": "error", "status": 404, "code": "InvalidEndpointOrModel.NotFound", "message": words}
    await gateway.fault("create_task", account="default", times=2, **fault)
    await (await gateway.tenant("default", "second")).new_task()
    refused = await (await gateway.tenant()).create_task()
    check_error(refused, 404, "InvalidEndpointOrModel.NotFound")
    assert "ep-secret" not in refused.text


@pytest.mark.slow
async def test_what_the_account_refuses_is_shown_to_the_operator_and_suspends_nothing(gateway: Gateway) -> None:
    channel = f"/channels/{await gateway.channel_id('second')}"
    message = "Your account 2100123456 has reached its limit."
    await gateway.fault(
        "create_task", account="second", kind="error", status=429, code="SetLimitExceeded", message=message
    )
    tenant = await gateway.tenant("second")
    check_error(await tenant.create_task(), 502, "InternalServiceError")
    (fault,) = await _refused_creates(gateway, channel, number=1)
    assert (fault["status"], fault["code"]) == (429, "SetLimitExceeded")
    assert fault["message"].startswith(message)
    assert (await gateway.admin.get(channel)).json()["status"] == "active"
    gateway.clock.advance(301)
    await tenant.new_task()
    await _refused_creates(gateway, channel, number=0)
    # The URL of a refused change has never been the channel's.
    await gateway.fault("list_tasks", account="second", kind="answer", status=404, body=PAGE)
    wrong = {"ark_base_url": f"{gateway.sandbox.ark_base_url}/typo", "ark_api_key": "second-ark-key"}
    assert (await gateway.admin.patch(channel, json=wrong)).status_code == 400
    await gateway.fault("create_task", account="second", kind="error", status=403, code="AccessDenied", message=message)
    check_error(await tenant.create_task(), 502, "InternalServiceError")
    await _refused_creates(gateway, channel, number=1)
    health = (await gateway.admin.get(channel)).json()["health"]
    assert [fault["operation"] for fault in health["faults"]] == ["create_task"]


async def _refused_creates(gateway: Gateway, channel: str, *, number: int) -> list[dict[str, Any]]:
    """Waits until a channel shows so many refusals of creates; the gateway writes them every two seconds."""
    async with asyncio.timeout(HANG_SECONDS):
        while True:
            health = (await gateway.admin.get(channel)).json()["health"]
            found = [fault for fault in health["faults"] if fault["operation"] == "create_task"]
            if len(found) == number:
                return found
            await asyncio.sleep(0.05)


@pytest.mark.slow
async def test_no_code_of_the_table_but_not_found_ends_or_deletes_anything(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    channel = f"/channels/{await gateway.channel_id('default')}"
    task_id = await tenant.new_task(content=text(ENDLESS), execution_expires_after=86400)
    finished = await tenant.new_task()
    await gateway.force(finished, "succeeded")
    await get(tenant, finished)
    asset_id = await new_asset(tenant, await new_group(tenant))
    asked = ("get_task", "delete_task", "list_tasks", "GetAsset", "DeleteAsset", "ListAssetGroups")
    statuses = {"rate": 429, "overloaded": 429, "account": 502, "failure": 503}
    for row in every_code():
        if row.group == "client" and row.code.startswith("NotFound."):
            continue
        await gateway.prepare()
        gateway.clock.advance(3)
        for operation in asked:
            effect: dict[str, Any] = {"status": row.status, "code": row.code, "message": row.message}
            await gateway.fault(operation, times=None, kind="error", **effect)
        probed = (await gateway.admin.post(f"{channel}/check")).json()
        assert not probed["ark"]["ok"]
        assert not probed["openapi"]["ok"]
        shown = [await get(tenant, task_id), await tenant.action("GetAsset", Id=asset_id)]
        assert [(answer.status_code, "x-seedgate-stale" in answer.headers) for answer in shown] == [(200, True)] * 2, (
            row
        )
        assert shown[0].json()["status"] == "queued"
        refused = [await tenant.http.delete(f"{TASKS}/{finished}"), await tenant.action("DeleteAsset", Id=asset_id)]
        expected = statuses.get(row.group, row.status)
        assert [answer.status_code for answer in refused] == [expected] * 2, row
        assert ACCOUNT_NUMBER not in "".join(answer.text for answer in (*shown, *refused))
        assert all(gateway.received(operation) for operation in asked), row
    await gateway.prepare()
    gateway.clock.advance(3)
    assert (await tenant.http.get(f"{TASKS}/{finished}")).json()["status"] == "succeeded"
    assert (await tenant.action("DeleteAsset", Id=asset_id)).status_code == 200
