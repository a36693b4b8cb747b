"""Cases of the table of errors that the upstream brings about."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.support.answers import check_error
from tests.support.driving import count_received, create_with_fault
from tests.support.gateway import TASKS, Gateway, Tenant


@pytest.mark.parametrize(
    "effect",
    [
        {"kind": "cut", "at": "before"},
        {"kind": "cut", "at": "after"},
        {"kind": "cut", "at": "body"},
        {"kind": "error", "status": 500, "code": "InternalServiceError"},
        {"kind": "error", "status": 408, "code": "RequestTimeout"},
        {"kind": "garbage", "at": "after"},
        {"kind": "answer", "status": 200, "body": {"id": ""}},
    ],
    ids=["cut before", "cut after", "cut in the body", "500", "408", "garbage", "no id"],
)
async def test_a_create_of_unknown_outcome_is_200_queued_and_never_sent_twice(
    gateway: Gateway, tenant: Tenant, effect: dict[str, Any]
) -> None:
    before = count_received(gateway, "create_task")
    created = await create_with_fault(gateway, tenant, **effect)
    assert created.status_code == 200, created.text
    shown = await tenant.http.get(f"{TASKS}/{created.json()['id']}")
    assert (shown.json()["id"], shown.json()["status"]) == (created.json()["id"], "queued")
    assert count_received(gateway, "create_task") == before + 1
    # Five in a row would have the channel given no more creates, which others need too.
    await tenant.new_task()


async def test_a_throttled_account_is_429_with_the_upstreams_code(gateway: Gateway, tenant: Tenant) -> None:
    code = "ModelAccountRpmRateLimitExceeded"
    answer = await create_with_fault(gateway, tenant, kind="throttle", status=429, code=code)
    check_error(answer, 429, code)
    assert int(answer.headers["retry-after"]) >= 1


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "AuthenticationError"), (403, "AccountOverdueError"), (403, "AccessDenied"), (404, "ModelNotOpen")],
)
async def test_an_upstream_that_refuses_our_account_is_502_and_not_the_tenants_fault(
    gateway: Gateway, tenant: Tenant, status: int, code: str
) -> None:
    effect = {"kind": "error", "status": status, "code": code, "message": "account 2100 owes money"}
    answer = await create_with_fault(gateway, tenant, **effect)
    check_error(answer, 502, "InternalServiceError")
    assert answer.headers["x-should-retry"] == "false"
    assert "2100 owes" not in answer.text
    assert code not in answer.text


async def test_the_upstreams_word_on_a_clients_mistake_passes_through(tenant: Tenant) -> None:
    refused = await tenant.create_task(service_tier="flex")
    error = check_error(refused, 400, "InvalidParameter", "service_tier", is_upstreams=True)
    assert "service_tier" in error["message"]


async def test_what_was_provably_not_sent_is_503_and_worth_a_retry(gateway: Gateway) -> None:
    async with only_channel(gateway, ark_base_url="http://127.0.0.1:1/api/v3") as tenant:
        answer = await tenant.create_task()
    check_error(answer, 503, "ServiceUnavailable")
    assert int(answer.headers["retry-after"]) >= 1


async def test_a_suspended_channel_is_503_and_not_the_keys_fault(gateway: Gateway) -> None:
    async with only_channel(gateway, status="suspended") as tenant:
        check_error(await tenant.create_task(), 503, "ServerOverloaded")


async def test_a_channel_without_a_key_pair_has_no_assets_and_says_so(gateway: Gateway) -> None:
    async with only_channel(gateway) as tenant:
        answer = await tenant.action("CreateAssetGroup", Name="a group", GroupType="AIGC")
    error = check_error(answer, 403, "OperationDenied.ServiceNotOpen")
    assert "Assets" in error["message"]


@asynccontextmanager
async def only_channel(gateway: Gateway, **fields: Any) -> AsyncIterator[Tenant]:
    """A tenant that may use one channel only, which nobody else is given, and which is gone afterwards."""
    name = f"only-{secrets.token_hex(4)}"
    made = await gateway.admin.post("/channels", json={"name": name, "ark_api_key": "key", "priority": -1000, **fields})
    assert made.status_code == 201, made.text
    yield await gateway.tenant(allowed_channels=[name])
    assert (await gateway.admin.delete(f"/channels/{made.json()['id']}")).status_code == 204
