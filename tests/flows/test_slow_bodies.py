"""A key or an admin token that ends while a body arrives ends that request too, however slowly the body comes."""

import json
from contextlib import AsyncExitStack
from typing import Any

import pytest

from tests.http.wires import connected
from tests.support.answers import check_error
from tests.support.frozen_gateway import prepared_gateway
from tests.support.gateway import TASKS, Gateway, Tenant

gateway = prepared_gateway
_EXPECT = "Expect: 100-continue"
REQUESTS: list[tuple[str, dict[str, Any]]] = [
    (TASKS, {"model": "doubao-seedance-2", "content": [{"type": "text", "text": "a kitten"}]}),
    (f"{TASKS}?dry_run=true", {"model": "doubao-seedance-2", "content": [{"type": "text", "text": "a kitten"}]}),
    ("/api/v3/open/CreateAssetGroup", {"Name": "late", "GroupType": "AIGC"}),
    ("/api/v3/assets?Action=CreateAssetGroup", {"Name": "late", "GroupType": "AIGC"}),
    ("/?Action=CreateAssetGroup", {"Name": "late", "GroupType": "AIGC"}),
]


async def _end(gateway: Gateway, tenant: Tenant, how: str) -> None:
    if how == "revoked":
        done = await gateway.admin.delete(f"/keys/{tenant.key_id}")
    else:
        done = await gateway.admin.patch(f"/tenants/{tenant.id}", json={"status": "suspended"})
    assert done.is_success, done.text


@pytest.mark.parametrize(
    ("how", "status", "code"), [("revoked", 401, "AuthenticationError"), ("suspended", 403, "AccessDenied")]
)
async def test_a_key_that_ends_while_the_body_arrives_does_nothing_any_more(
    gateway: Gateway, how: str, status: int, code: str
) -> None:
    tenants = [await gateway.tenant() for _ in REQUESTS]
    async with AsyncExitStack() as stack:
        wires = [await stack.enter_async_context(connected(gateway.base_url)) for _ in REQUESTS]
        bodies = [json.dumps(body).encode() for _, body in REQUESTS]
        for wire, tenant, (url, _), body in zip(wires, tenants, REQUESTS, bodies, strict=True):
            length = f"Content-Length: {len(body)}"
            await wire.send_head(url, f"Authorization: Bearer {tenant.key}", length, _EXPECT)
            assert (await wire.read_head())[0] == 100, "the credential was looked at, and the body is asked for"
            await wire.send(body[:10])
        for tenant in tenants:
            await _end(gateway, tenant, how)
        gateway.expire_caches()
        for wire, body in zip(wires, bodies, strict=True):
            await wire.send(body[10:])
            check_error(await wire.read_answer(), status, code)
    for operation in ("create_task", "CreateAssetGroup"):
        assert gateway.received(operation) == []


@pytest.mark.parametrize(
    ("how", "status", "code"), [("revoked", 401, "AuthenticationError"), ("restricted", 403, "AccessDenied")]
)
async def test_an_admin_token_that_ends_while_the_body_arrives_changes_nothing_any_more(
    gateway: Gateway, how: str, status: int, code: str
) -> None:
    owner = (await gateway.admin.post("/admins", json={"name": "Ada", "role": "owner"})).json()
    body = json.dumps({"name": "for later", "role": "owner"}).encode()
    async with connected(gateway.base_url) as wire:
        length = f"Content-Length: {len(body)}"
        await wire.send_head("/admin/v1/admins", f"Authorization: Bearer {owner['token']}", length, _EXPECT)
        assert (await wire.read_head())[0] == 100, "the token was looked at, and the body is asked for"
        if how == "revoked":
            done = await gateway.admin.delete(f"/admins/{owner['id']}")
        else:
            done = await gateway.admin.patch(f"/admins/{owner['id']}", json={"role": "viewer"})
        assert done.is_success, done.text
        gateway.expire_caches()
        await wire.send(body)
        answer = await wire.read_answer()
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert "for later" not in (await gateway.admin.get("/admins")).text
