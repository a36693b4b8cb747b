"""The permissions of a key are those that both it and its tenant have."""

from typing import Any

import pytest

from tests.support.admin_app import Process
from tests.support.clock import ManualSeconds

ALL = ["tasks", "assets", "read", "priority", "4k", "flex", "long_expiry"]


async def permissions_of(process: Process, key: str) -> list[str]:
    permissions: list[str] = (await process.whoami(key)).json()["permissions"]
    return permissions


async def test_a_key_has_what_both_it_and_its_tenant_have(
    process: Process, other_process: Process, seconds: ManualSeconds
) -> None:
    tenant = await process.tenant(permissions=["read", "tasks"])
    key = await process.key(tenant["id"], permissions=["assets", "tasks"])
    assert (tenant["permissions"], key["permissions"]) == (["tasks", "read"], ["tasks", "assets"])
    for each in (process, other_process):
        assert await permissions_of(each, key["key"]) == ["tasks"]

    changed = await process.admin.patch(f"/tenants/{tenant['id']}", json={"permissions": None})
    assert changed.json()["permissions"] == ALL
    seconds.advance(1)
    for each in (process, other_process):
        assert await permissions_of(each, key["key"]) == ["tasks", "assets"]

    rotated = (await process.admin.post(f"/keys/{key['id']}/rotate", json={"grace_seconds": 0})).json()
    assert await permissions_of(process, rotated["key"]) == ["tasks", "assets"]
    (audited,) = (await process.admin.get("/audit", params={"action": "tenant.update"})).json()["data"]
    assert audited["detail"] == {"fields": ["permissions"]}


@pytest.mark.parametrize("permissions", [[], ["task"], "tasks", [1]])
async def test_a_wrong_list_is_refused(process: Process, permissions: Any) -> None:
    for path in ("/tenants", f"/tenants/{(await process.tenant())['id']}/keys"):
        refused = await process.admin.post(path, json={"name": "a", "permissions": permissions})
        assert refused.status_code == 400
        assert refused.json()["error"]["param"].startswith("permissions")
