"""``GET /v1/models`` and ``GET /api/v3/models``: what a key may use, as a check of the key, in both dialects."""

from typing import Any

import pytest
import pytest_asyncio

from tests.support.answers import check_error, check_shape
from tests.support.gateway import FAST, MODEL, Gateway, Tenant

BASES = ("/v1/models", "/api/v3/models")
V20 = "doubao-seedance-2-0-260128"
V15 = "doubao-seedance-1-5-pro-251215"
TEXT_ONLY = "doubao-seedance-1-0-lite-t2v-250428"
SHAPE = {
    "id": str,
    "object": str,
    "created": int,
    "owned_by": str,
    "name": str,
    "version": str,
    "domain": str,
    "task_type": [str],
    "modalities": {"input_modalities": [str], "output_modalities": [str]},
    "shutdown_date": None,
    "supported_endpoint_types": [str],
    "resolutions": [str],
    "ratios": [str],
    "durations": {"min": int, "max": int, "auto": bool},
}


@pytest_asyncio.fixture
async def tenant(gateway: Gateway) -> Tenant:
    return await gateway.tenant()


async def listed(tenant: Tenant, base: str) -> list[dict[str, Any]]:
    answer = await tenant.http.get(base)
    assert answer.status_code == 200, answer.text
    page = answer.json()
    assert (set(page), page["object"]) == ({"object", "data"}, "list")
    found: list[dict[str, Any]] = page["data"]
    return found


@pytest.mark.parametrize("base", BASES)
async def test_each_model_has_the_members_of_both_dialects(tenant: Tenant, base: str) -> None:
    models = {model["id"]: model for model in await listed(tenant, base)}
    for model in models.values():
        retiring = model["status"] is not None
        check_shape(model, {**SHAPE, "status": str if retiring else None})
        assert (await tenant.http.get(f"{base}/{model['id']}")).json() == model
    assert models[V20]["created"] == 1_769_558_400
    assert (models[V20]["name"], models[V20]["version"]) == ("doubao-seedance-2-0", "260128")
    assert models[V20]["durations"] == {"min": 4, "max": 15, "auto": True}
    assert models[V20]["resolutions"] == ["480p", "720p", "1080p", "4k"]
    assert models[V20]["modalities"]["input_modalities"] == ["text", "image", "video", "audio"]
    assert models[TEXT_ONLY]["task_type"] == ["TextToVideo"]
    assert {model["id"] for model in models.values() if model["status"] == "Retiring"} == {
        V15,
        TEXT_ONLY,
        "doubao-seedance-1-0-lite-i2v-250428",
    }
    alias = (await tenant.http.get(f"{base}/seedance-1.5-pro")).json()
    assert alias["id"] == V15


async def test_each_list_has_the_limits_that_the_create_of_its_dialect_has(tenant: Tenant) -> None:
    openai = {model["id"]: model for model in await listed(tenant, "/v1/models")}
    native = {model["id"]: model for model in await listed(tenant, "/api/v3/models")}
    for name in (MODEL, FAST):
        assert native[name]["durations"] == {"min": 5, "max": 15, "auto": False}
        assert native[name]["ratios"] == ["16:9", "9:16", "1:1"]
        assert openai[name]["durations"] == {"min": 4, "max": 15, "auto": True}
        for ratio in openai[name]["ratios"]:
            for seconds in (4, 15, -1):
                body = {"model": name, "prompt": "a kitten", "ratio": ratio, "seconds": seconds}
                answer = await tenant.http.post("/v1/videos", params={"dry_run": "true"}, json=body)
                assert answer.status_code == 200, answer.text
    assert {name for name in native if native[name] != openai[name]} == {MODEL, FAST}


@pytest.mark.parametrize("base", BASES)
async def test_a_key_that_may_create_nothing_sees_no_model_and_is_a_good_key(gateway: Gateway, base: str) -> None:
    owner = await gateway.tenant()
    for permissions in (["assets"], ["read"], []):
        key = await gateway.key_of(owner.id, permissions=permissions)
        assert await listed(key, base) == []
        await check_unknown(key, base, MODEL)


@pytest.mark.parametrize("base", BASES)
async def test_a_key_without_4k_sees_none(gateway: Gateway, base: str) -> None:
    owner = await gateway.tenant()
    key = await gateway.key_of(owner.id, permissions=["tasks"])
    for tenant, expected in ((owner, True), (key, False)):
        models = await listed(tenant, base)
        assert {resolution.lower() for model in models for resolution in model["resolutions"]} == (
            {"480p", "720p", "1080p"} | ({"4k"} if expected else set())
        )


@pytest.mark.parametrize("base", BASES)
async def test_a_key_sees_what_it_may_use_alone(gateway: Gateway, base: str) -> None:
    owner = await gateway.tenant(allowed_models=["seedance-1.5-pro", MODEL])
    assert [model["id"] for model in await listed(owner, base)] == [MODEL, V15]
    narrow = await gateway.key_of(owner.id, allowed_models=[V15], permissions=["tasks"])
    assert [model["id"] for model in await listed(narrow, base)] == [V15]
    await check_unknown(narrow, base, MODEL)
    # A channel of a region without the model.
    settings = {
        "name": "abroad" + base.replace("/", "-"),
        "region": "eu-west-1",
        "ark_base_url": gateway.sandbox.ark_base_url,
    }
    made = await gateway.admin.post("/channels", json={**settings, "ark_api_key": "sandbox-ark-key"})
    assert made.status_code == 201, made.text
    abroad = await gateway.key_of(owner.id, allowed_channels=[made.json()["id"]], allowed_models=[MODEL, V15])
    assert [model["id"] for model in await listed(abroad, base)] == [MODEL]
    await check_unknown(abroad, base, V15)
    await gateway.admin.delete(f"/channels/{made.json()['id']}")


@pytest.mark.parametrize("base", BASES)
async def test_a_model_of_the_operator_is_found_by_a_name_with_a_slash(gateway: Gateway, base: str) -> None:
    before = (await gateway.admin.get("/models")).json()["data"]
    own = {"name": "studio/seedance:best", "upstream_id": "ep-20260101-x"}
    assert (await gateway.admin.put("/models", json={"data": [own, *before]})).status_code == 200
    tenant = await gateway.tenant()
    found = (await tenant.http.get(f"{base}/studio/seedance:best")).json()
    assert (found["id"], found["name"], found["version"], found["created"]) == (own["name"], own["name"], "", 0)
    assert found in await listed(tenant, base)
    await gateway.admin.put("/models", json={"data": before})


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("name", ["gpt-4o", "doubao-seedance-2-0-", "x" * 2000, "模型"])
async def test_an_unknown_model_is_404_in_the_form_of_the_dialect(tenant: Tenant, base: str, name: str) -> None:
    await check_unknown(tenant, base, name)


async def check_unknown(tenant: Tenant, base: str, name: str) -> None:
    answer = await tenant.http.get(f"{base}/{name}")
    if base.startswith("/api/v3"):
        check_error(answer, 404, "InvalidEndpointOrModel.NotFound", "model")
        return
    assert answer.status_code == 404
    error = answer.json()["error"]
    assert (set(answer.json()), error["code"], error["param"]) == ({"error"}, "model_not_found", "model")
    assert (error["type"], error["message"].startswith("The model or endpoint ")) == ("not_found_error", True)


async def test_a_missing_or_wrong_key_is_401_in_the_form_of_the_dialect(gateway: Gateway) -> None:
    for headers in ({}, {"Authorization": "Bearer sk-openai"}, {"X-Api-Key": ""}):
        for path in (BASES[0], f"{BASES[0]}/{MODEL}"):
            answer = await gateway.anonymous.get(path, headers=headers)
            error = answer.json()["error"]
            assert (answer.status_code, error["type"]) == (401, "authentication_error")
            assert set(answer.json()) == {"error"}
        check_error(await gateway.anonymous.get(BASES[1], headers=headers), 401, "AuthenticationError")
