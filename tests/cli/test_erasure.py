"""``seedgate tenants delete --erase``, and what the operator still sees of the tenant afterwards."""

import json

from tests.admin.test_erasure import full_tenant, run
from tests.cli.commands import Command
from tests.support.frozen_gateway import prepared_gateway
from tests.support.gateway import TASKS, Gateway

gateway = prepared_gateway


async def test_a_tenant_is_erased_once_confirmed_and_its_usage_is_still_shown(
    gateway: Gateway, seedgate: Command
) -> None:
    tenant, task_id, *_ = await full_tenant(gateway)
    name = (await gateway.admin.get(f"/tenants/{tenant.id}")).json()["name"]
    usage = ("usage", "--by", "tenant", "--tenant", tenant.id, "--json")
    before = await seedgate(*usage)
    assert [row["total_tokens"] for row in json.loads(before[1])] == [4711]

    code, _, err = await seedgate("tenants", "delete", name, "--erase")
    assert (code, "--yes" in err) == (2, True), err
    assert (await tenant.http.get(f"{TASKS}/{task_id}")).status_code == 200

    code, out, err = await seedgate("tenants", "delete", name, "--erase", "--yes")
    assert code == 0, err
    deleted, kept = out.splitlines()
    assert deleted == f"deleted {tenant.id}"
    assert kept.startswith("its content is being removed; what stays: usage and its cost; ")

    await run(gateway, times=2)
    assert "tenant.erased" in (await seedgate("audit", "list", "--tenant", tenant.id))[1]
    assert (await seedgate("tasks", "get", task_id))[0] == 1
    assert await seedgate(*usage) == before
