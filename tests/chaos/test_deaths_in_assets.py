"""kill -9 of a gateway at every await of CreateAssetGroup and of CreateAsset."""

import asyncio
from collections import Counter
from typing import Any

import httpx
import pytest

from tests.chaos.dooming import ask_doomed, doomed_gateways
from tests.chaos.launcher import Process
from tests.chaos.site import Site, Tenant
from tests.chaos.verdict import stuck

pytestmark = pytest.mark.slow

_OPEN = "/api/v3/open"
_MIN_AWAITS = 10
_TIMEOUT_SECONDS = 60.0


@pytest.mark.parametrize("is_keyed", [False, True], ids=["plain", "keyed"])
@pytest.mark.parametrize("action", ["CreateAssetGroup", "CreateAsset"])
async def test_no_create_is_sent_twice_and_everything_made_is_its_tenants_or_removed(
    site: Site, action: str, *, is_keyed: bool
) -> None:
    # On an account that is not exclusive no group is attributed.
    survivor = await site.gateway(ark_exclusive="on")
    tenant, other = await site.tenant(survivor), await site.tenant(survivor)
    group_id = (await _act(site, survivor, tenant, "CreateAssetGroup", Name="library", GroupType="AIGC")).json()["Id"]
    answered: dict[str, str] = {}
    names: list[str] = []
    async for doomed in doomed_gateways(site, f"request:POST {_OPEN}/{action}", background="off", ark_exclusive="on"):
        names.append(f"{action} {len(names)}")
        body = _body(action, names[-1], group_id)
        key = {"Idempotency-Key": names[-1]} if is_keyed else {}
        answer = await ask_doomed(site, doomed, tenant, "POST", f"{_OPEN}/{action}", json=body, headers=key)
        answer = answer or await _retry(site, survivor, tenant, action, body, key=key)
        if answer.is_success:
            answered[names[-1]] = answer.json()["Id"]
        else:
            assert (answer.status_code, answer.json()["error"]["code"]) == (409, "OutcomeUnknown"), answer.text
    assert len(names) >= _MIN_AWAITS
    await _until_all_is_owned(site, action, names)
    for name in answered if is_keyed else ():
        again = await _retry(
            site, survivor, tenant, action, _body(action, name, group_id), key={"Idempotency-Key": name}
        )
        assert again.json()["Id"] == answered[name]
    sent = Counter(_name_in(entry) for entry in (await site.ledger())["requests"] if entry["operation"] == action)
    assert [name for name in names if sent[name] > 1] == []
    for object_id in answered.values():
        get = action.replace("Create", "Get")
        assert (await _act(site, survivor, tenant, get, Id=object_id)).is_success
        assert (await _act(site, survivor, other, get, Id=object_id)).status_code == 404
    assert await stuck(site) == []


def _body(action: str, name: str, group_id: str) -> dict[str, str]:
    if action == "CreateAssetGroup":
        return {"Name": name, "GroupType": "AIGC"}
    return {"GroupId": group_id, "Name": name, "AssetType": "Image", "URL": "https://example.com/reference.png"}


async def _act(site: Site, gateway: Process, tenant: Tenant, action: str, **body: str) -> httpx.Response:
    return await site.http.post(f"{gateway.url}{_OPEN}/{action}", json=body, headers=tenant.headers)


async def _retry(
    site: Site, survivor: Process, tenant: Tenant, action: str, body: dict[str, str], *, key: dict[str, str]
) -> httpx.Response:
    """Sends again what got no answer, as the SDKs do."""
    for _ in range(4):
        await asyncio.sleep(0.3)
        answer = await site.http.post(f"{survivor.url}{_OPEN}/{action}", json=body, headers={**tenant.headers, **key})
        if answer.status_code < 500 and answer.status_code != 429:
            break
    return answer


def _name_in(entry: dict[str, Any]) -> str:
    return str(httpx.Response(200, content=entry["body"] or "{}").json().get("Name"))


async def _until_all_is_owned(site: Site, action: str, names: list[str]) -> None:
    """Waits until every object that the upstream still has of these names is in the mirror."""
    what = "groups" if action == "CreateAssetGroup" else "assets"
    table = "asset_groups" if action == "CreateAssetGroup" else "assets"
    unowned: list[str] = []
    for _ in range(int(_TIMEOUT_SECONDS)):
        owned = {row["id"] for row in await site.query(f"SELECT id FROM {table}")}
        made = [made for made in (await site.ledger())[what] if made["name"] in names and made["deleted_at"] is None]
        unowned = [made["id"] for made in made if made["id"] not in owned]
        if not unowned:
            return
        await asyncio.sleep(1)
    raise AssertionError(f"without an owner: {unowned}")
