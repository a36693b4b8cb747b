"""Cases 401 and 403 of the table of errors: the caller, and what it may do."""

import pytest

from app.tenants.api_key import make_key
from tests.support.answers import check_error
from tests.support.gateway import TASKS, Gateway, Tenant

ENTRIES = [TASKS, "/api/v3/open/ListAssetGroups", "/?Action=ListAssetGroups&Version=2024-01-01"]


def authorized(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer None"},
        {"Authorization": "Bearer sk-somebody-elses-key"},
        {"Authorization": "Basic dXNlcjpwYXNz"},
        {"Authorization": f"Bearer {make_key().plaintext}"},
        {"X-Api-Key": "nonsense"},
        {"Authorization": "HMAC-SHA256 Credential=unused/20261122/cn-beijing/ark/request, Signature=ce6b"},
    ],
    ids=["none", "no key", "None", "another service's", "Basic", "never made", "X-Api-Key", "unused access key"],
)
@pytest.mark.parametrize("path", ENTRIES)
async def test_a_missing_or_wrong_credential_is_401_and_says_where_the_key_goes(
    gateway: Gateway, path: str, headers: dict[str, str]
) -> None:
    error = check_error(await gateway.anonymous.post(path, json={}, headers=headers), 401, "AuthenticationError")
    assert "Bearer" in error["message"]
    assert "X-Api-Key" in error["message"]
    assert "AccessKeyId" in error["message"]


async def test_a_key_with_one_character_wrong_is_401(gateway: Gateway, tenant: Tenant) -> None:
    last = "A" if tenant.key[-1] != "A" else "B"
    refused = await gateway.anonymous.get("/api/v3/whoami", headers=authorized(tenant.key[:-1] + last))
    check_error(refused, 401, "AuthenticationError")


async def test_a_revoked_key_is_401(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    assert (await gateway.admin.delete(f"/keys/{tenant.key_id}")).status_code == 204
    check_error(await tenant.http.get(TASKS), 401, "AuthenticationError")


async def test_the_first_kind_of_credential_decides_even_when_it_is_wrong(gateway: Gateway, tenant: Tenant) -> None:
    both = {"Authorization": "Bearer wrong", "X-Api-Key": tenant.key}
    check_error(await gateway.anonymous.get(TASKS, headers=both), 401, "AuthenticationError")


async def test_an_address_that_the_key_may_not_be_used_from_is_403(gateway: Gateway) -> None:
    check_error(await (await gateway.tenant(allowed_ips=["203.0.113.0/24"])).http.get(TASKS), 403, "AccessDenied")
    assert (await (await gateway.tenant(allowed_ips=["127.0.0.1"])).http.get(TASKS)).status_code == 200


async def test_a_suspended_tenant_is_403(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    suspended = await gateway.admin.patch(f"/tenants/{tenant.id}", json={"status": "suspended"})
    assert suspended.status_code == 200
    check_error(await tenant.http.get(TASKS), 403, "AccessDenied")


async def test_a_channel_without_a_key_pair_has_no_assets_and_says_so(gateway: Gateway) -> None:
    made = await gateway.admin.post("/channels", json={"name": "keyless", "ark_api_key": "key", "priority": -1000})
    tenant = await gateway.tenant("keyless")
    answer = await tenant.action("CreateAssetGroup", Name="a group", GroupType="AIGC")
    assert (await gateway.admin.delete(f"/channels/{made.json()['id']}")).status_code == 204
    error = check_error(answer, 403, "OperationDenied.ServiceNotOpen")
    assert "Assets" in error["message"]
