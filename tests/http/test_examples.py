"""The example bodies of ``/docs`` are accepted."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from app.sandbox.config import SandboxConfig
from tests.http.operations import Operation, operations
from tests.support.clock import MovableClock
from tests.support.database import own_database
from tests.support.gateway import Gateway, Tenant, open_gateway

WITH_BODY = [operation for operation in operations() if "requestBody" in operation.documented]
ENTRIES = {"/", "/api/v3/assets"}
# Of what an example names there is none: it is 404. What it would end or resolve is in another state: it is 409.
ACCEPTED = {200, 201}
ABSENT = 404
OTHER_STATE = 409


@pytest_asyncio.fixture(scope="module")
async def own_gateway(database_url: str) -> AsyncIterator[Gateway]:
    """A gateway of this file's own: the examples change its models and channels."""
    config = SandboxConfig(time_scale=200, limits=None)
    async with (
        own_database(database_url) as url,
        open_gateway(url, sandbox_config=config, clock=MovableClock(), background="off") as running,
    ):
        yield running


@pytest_asyncio.fixture(scope="module")
async def tenant(own_gateway: Gateway) -> Tenant:
    """A tenant whose things the examples are sent to."""
    return await own_gateway.tenant()


@pytest.mark.parametrize("operation", WITH_BODY, ids=lambda operation: operation.id)
async def test_an_example_is_accepted(own_gateway: Gateway, tenant: Tenant, operation: Operation) -> None:
    assert operation.examples
    for name, example in operation.examples.items():
        url = operation.path.format(
            tenant_id=tenant.id,
            key_id=(await own_gateway.key_of(tenant.id)).key_id if "{key_id}" in operation.path else "",
            task_id=await tenant.new_task() if "{task_id}" in operation.path else "",
            channel_id=await _channel(own_gateway) if "{channel_id}" in operation.path else "",
            budget_id=await _budget(own_gateway, tenant) if "{budget_id}" in operation.path else "",
            admin_id=await _admin(own_gateway) if "{admin_id}" in operation.path else "",
        )
        if operation.path in ENTRIES:
            url += f"?Action={name}"
        # The key of an example is no key, and its address is not one that a test may call.
        elsewhere = {"ark_base_url": own_gateway.sandbox.ark_base_url} if "ark_api_key" in example else {}
        owned = {"tenant_id": tenant.id} if "tenant_id" in example else {}
        client = own_gateway.admin if operation.is_admins else tenant.http
        answer = await client.request(
            operation.method, f"{own_gateway.base_url}{url}", json={**example, **elsewhere, **owned}
        )
        names_none = {"Id", "GroupId", "BytedToken", "task_id"} & example.keys()
        expected = {ABSENT} if names_none else {OTHER_STATE} if "absent" in example else ACCEPTED
        assert answer.status_code in expected, (name, answer.text)


async def test_a_create_has_an_example_with_words_alone(own_gateway: Gateway, tenant: Tenant) -> None:
    create = next(operation for operation in WITH_BODY if operation.id == "create_task")
    first = next(iter(create.examples.values()))
    assert [item["type"] for item in first["content"]] == ["text"]
    made = await tenant.http.post(create.path, json=first)
    assert (await tenant.http.get(f"{create.path}/{made.json()['id']}")).status_code == 200


async def _channel(gateway: Gateway) -> str:
    channels = (await gateway.admin.get("/channels")).json()["data"]
    return str(next(each["id"] for each in channels if each["name"] == "default"))


async def _budget(gateway: Gateway, tenant: Tenant) -> str:
    limited = {"tenant_id": tenant.id, "amount_micros": 10**15, "currency": "CNY", "period": "month"}
    return str((await gateway.admin.post("/budgets", json=limited)).json()["id"])


async def _admin(gateway: Gateway) -> str:
    return str((await gateway.admin.post("/admins", json={"name": "an admin", "role": "viewer"})).json()["id"])
