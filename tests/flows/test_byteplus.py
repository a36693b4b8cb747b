"""BytePlus, the same service abroad: its own region, hosts and model ids, and nothing but settings for it."""

import asyncio
import json
import shlex
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import volcenginesdkcore
from volcenginesdkarkruntime import Ark
from volcenginesdkcore.universal import UniversalApi, UniversalInfo

from app.sandbox.config import DEFAULT_ACCOUNT, Account, SandboxConfig
from app.sandbox.server import SandboxServer
from tests.support.clock import MovableClock
from tests.support.database import own_database
from tests.support.driving import act, new_asset, new_group, new_session, pass_verification, until
from tests.support.gateway import TASKS, Gateway, Tenant, open_gateway
from tests.support.timeouts import HANG_SECONDS

pytestmark = pytest.mark.slow

REGION = "ap-southeast-1"
MODEL = "dreamina-seedance-2-0-260128"
ABROAD = Account(name="abroad", api_key="byteplus-key", access_key_id="AKBYTEPLUS", secret_access_key="byteplus-secret")
DOCUMENTATION = (
    (Path(__file__).parents[2] / "docs/accounts.md").read_text(encoding="utf-8").partition("## BytePlus\n")[2]
)


def documented_settings() -> dict[str, str]:
    """Returns the settings that the documentation shows, as a shell would set them."""
    lines = DOCUMENTATION.partition("```sh\n")[2].partition("```")[0].splitlines()
    return dict(shlex.split(line)[0].split("=", 1) for line in lines)


def documented_channel() -> dict[str, Any]:
    """Returns the body with which the documentation makes a channel."""
    channel: dict[str, Any] = json.loads(DOCUMENTATION.partition(" -d '")[2].partition("'\n")[0])
    return channel


@pytest_asyncio.fixture(scope="module")
async def alone(database_url: str) -> AsyncIterator[Gateway]:
    """A gateway whose only upstream is BytePlus, by the settings that the documentation shows."""
    config = SandboxConfig(region=REGION, time_scale=200, limits=None)
    region = documented_settings()["SEEDGATE_REGION"]
    async with (
        own_database(database_url) as url,
        open_gateway(url, sandbox_config=config, clock=MovableClock(), region=region) as running,
    ):
        yield running


class Beside:
    """A gateway with a Volcano Engine account and one of BytePlus.

    Attributes:
        gateway: the gateway, and the upstream in China.
        abroad: the other upstream.
    """

    def __init__(self, gateway: Gateway, abroad: SandboxServer) -> None:
        self.gateway = gateway
        self.abroad = abroad


@pytest_asyncio.fixture(scope="module")
async def beside(database_url: str) -> AsyncIterator[Beside]:
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(own_database(database_url))
        abroad = await stack.enter_async_context(
            SandboxServer(SandboxConfig(accounts=(ABROAD,), region=REGION, time_scale=200, limits=None))
        )
        config = SandboxConfig(time_scale=200, limits=None)
        gateway = await stack.enter_async_context(open_gateway(url, sandbox_config=config, clock=MovableClock()))
        channel = documented_channel() | {
            "ark_base_url": abroad.ark_base_url,
            "ark_api_key": ABROAD.api_key,
            "openapi_url": abroad.openapi_url,
            "access_key_id": ABROAD.access_key_id,
            "secret_access_key": ABROAD.secret_access_key,
        }
        made = await gateway.admin.post("/channels", json=channel)
        assert made.status_code == 201, made.text
        checked = await gateway.admin.post(f"/channels/{made.json()['id']}/check")
        assert [checked.json()[plane]["ok"] for plane in ("ark", "openapi")] == [True, True], checked.text
        yield Beside(gateway, abroad)


def made_by(sandbox: SandboxServer, task_id: str) -> dict[str, Any]:
    """Returns the body with which an upstream was asked for a task, which must be of its making."""
    [body] = [each.body for each in sandbox.store.ledger.requests if each.resource_id == task_id]
    made: dict[str, Any] = json.loads(body or "")
    return made


async def video_is_made_listed_and_deleted(
    tenant: Tenant, sandbox: SandboxServer, model: str, upstream_id: str
) -> None:
    task_id = await tenant.new_task(model=model)
    assert made_by(sandbox, task_id)["model"] == upstream_id
    done = await until(tenant, task_id)
    assert (done["status"], done["model"]) == ("succeeded", upstream_id)
    assert done["content"]["video_url"]
    listed = (await tenant.http.get(TASKS, params={"filter.task_ids": task_id, "filter.status": "succeeded"})).json()
    assert [item["id"] for item in listed["items"]] == [task_id]
    assert (await tenant.http.delete(f"{TASKS}/{task_id}")).status_code == 200
    assert (await tenant.http.get(f"{TASKS}/{task_id}")).status_code == 404


async def asset_is_used_in_a_task(
    tenant: Tenant, sandbox: SandboxServer, model: str, *, used_by: Tenant | None = None
) -> None:
    group_id = await new_group(tenant)
    asset_id = await new_asset(tenant, group_id)
    async with asyncio.timeout(HANG_SECONDS):
        while (await act(tenant, "GetAsset", Id=asset_id))["Status"] != "Active":  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0.05)
    picture = {"type": "image_url", "image_url": {"url": f"asset://{asset_id}"}, "role": "reference_image"}
    content = [{"type": "text", "text": "a kitten"}, picture]
    task_id = await (used_by or tenant).new_task(model=model, content=content)
    assert made_by(sandbox, task_id)["content"] == content
    assert (await until(tenant, task_id))["status"] == "succeeded"
    await act(tenant, "DeleteAsset", Id=asset_id)
    await act(tenant, "DeleteAssetGroup", Id=group_id)


async def face_is_verified(tenant: Tenant) -> None:
    session = await new_session(tenant)
    await pass_verification(session["H5Link"])
    verified = await act(tenant, "GetVisualValidateResult", BytedToken=session["BytedToken"])
    assert (await act(tenant, "GetAssetGroup", Id=verified["GroupId"]))["GroupType"] == "LivenessFace"


def test_the_documentation_shows_the_same_account_both_ways() -> None:
    settings, channel = documented_settings(), documented_channel()
    for name in ("ark_base_url", "openapi_url", "region"):
        assert settings[f"SEEDGATE_{name.upper()}"] == channel[name]
    assert {f"SEEDGATE_{name.upper()}" for name in channel} - set(settings) == {"SEEDGATE_NAME"}


async def test_alone_it_makes_videos_under_its_own_names_and_under_names_of_others(alone: Gateway) -> None:
    tenant = await alone.tenant()
    for name, upstream_id in (
        (MODEL, MODEL),
        ("doubao-seedance-2-0-260128", MODEL),
        ("doubao-seedance-2", MODEL),
        ("seedance-1-0-pro-250528", "seedance-1-0-pro-250528"),
        ("doubao-seedance-2.0-fast", "dreamina-seedance-2-0-fast-260128"),
    ):
        await video_is_made_listed_and_deleted(tenant, alone.sandbox, name, upstream_id)


async def test_alone_it_keeps_assets_and_verifies_faces(alone: Gateway) -> None:
    tenant = await alone.tenant()
    await asset_is_used_in_a_task(tenant, alone.sandbox, MODEL)
    await face_is_verified(tenant)


async def test_without_its_region_its_control_plane_refuses_the_signature(alone: Gateway) -> None:
    made = await alone.admin.post(
        "/channels",
        json={
            "name": "no-region",
            "openapi_url": alone.sandbox.openapi_url,
            "access_key_id": DEFAULT_ACCOUNT.access_key_id,
            "secret_access_key": DEFAULT_ACCOUNT.secret_access_key,
        },
    )
    checked = (await alone.admin.post(f"/channels/{made.json()['id']}/check")).json()
    assert (await alone.admin.delete(f"/channels/{made.json()['id']}")).status_code == 204
    assert "InvalidCredential" in checked["openapi"]["detail"]


async def test_clients_are_told_the_gateways_region(alone: Gateway) -> None:
    tenant = await alone.tenant()
    query = {"Action": "ListAssetGroups", "Version": "2024-01-01"}
    listed = await tenant.http.post("/", params=query, json={"Filter": {"GroupType": "AIGC"}})
    assert listed.json()["ResponseMetadata"]["Region"] == REGION
    refused = await alone.anonymous.post("/", params=query, json={})
    assert (refused.status_code, refused.json()["ResponseMetadata"]["Region"]) == (401, REGION)


async def test_the_official_sdks_work_with_its_region_and_names(alone: Gateway) -> None:
    tenant = await alone.tenant()
    configuration = volcenginesdkcore.Configuration()
    configuration.ak, configuration.sk, configuration.region = tenant.key, "unused", REGION
    configuration.scheme, configuration.host = "http", alone.base_url.removeprefix("http://")
    api = UniversalApi(volcenginesdkcore.ApiClient(configuration))
    info = UniversalInfo("POST", "ark", "2024-01-01", "CreateAssetGroup", "application/json")
    group = await asyncio.to_thread(api.do_call, info, {"Name": "group", "GroupType": "AIGC"})
    assert (await act(tenant, "GetAssetGroup", Id=group["Id"]))["Name"] == "group"
    with await asyncio.to_thread(Ark, base_url=f"{alone.base_url}/api/v3", api_key=tenant.key) as client:
        tasks = client.content_generation.tasks
        made = await asyncio.to_thread(tasks.create, model=MODEL, content=[{"type": "text", "text": "a kitten"}])
        assert (await asyncio.to_thread(tasks.get, task_id=made.id)).model == MODEL


async def test_beside_a_chinese_account_each_tenant_works_on_its_own(beside: Beside) -> None:
    here = await beside.gateway.tenant(allowed_channels=["default"])
    abroad = await beside.gateway.tenant(allowed_channels=["byteplus"])
    for tenant, sandbox, upstream_id in (
        (here, beside.gateway.sandbox, "doubao-seedance-2-0-260128"),
        (abroad, beside.abroad, MODEL),
    ):
        await asset_is_used_in_a_task(tenant, sandbox, "doubao-seedance-2")
        await face_is_verified(tenant)
        await video_is_made_listed_and_deleted(tenant, sandbox, "doubao-seedance-2", upstream_id)


async def test_beside_a_chinese_account_a_model_that_only_one_region_serves_is_made_there(beside: Beside) -> None:
    tenant = await beside.gateway.tenant()
    model = "doubao-seedance-1-5-pro-251215"
    for _ in range(5):
        await video_is_made_listed_and_deleted(tenant, beside.gateway.sandbox, "seedance-1.5-pro", model)
    only_abroad = await beside.gateway.tenant(allowed_channels=["byteplus"])
    refused = await only_abroad.create_task(model="seedance-1.5-pro")
    assert (refused.status_code, refused.json()["error"]["code"]) == (404, "InvalidEndpointOrModel.NotFound")


async def test_beside_a_chinese_account_an_asset_decides_where_its_task_is_made(beside: Beside) -> None:
    tenant = await beside.gateway.tenant()
    only_abroad = await beside.gateway.key_of(tenant.id, allowed_channels=["byteplus"])
    await asset_is_used_in_a_task(only_abroad, beside.abroad, "doubao-seedance-2", used_by=tenant)
