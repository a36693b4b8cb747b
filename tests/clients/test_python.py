"""Programs in Python."""

import asyncio
import json
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.clients.conftest import Check, make_ready
from tests.clients.program import Program
from tests.clients.python import APIYI_SDK, PYTHON, SD2, command
from tests.clients.running import each, run
from tests.support.driving import URL, pass_verification
from tests.support.site import Site

_TIMEOUT_SECONDS = 60.0


@each(PYTHON)
async def test_a_program_does_all_that_it_can(program: Program, check: Check) -> None:
    await check(program)


@pytest.mark.programs
@pytest.mark.parametrize("is_signed", [False, True], ids=["key", "signed"])
async def test_sd2_calls_every_assets_action_with_a_signature_of_its_own(
    site: Site, tmp_path: Path, *, is_signed: bool
) -> None:
    await make_ready(SD2)
    tenant = await site.tenant()
    pair = (tenant.access_key_id, tenant.secret_access_key) if is_signed else (tenant.key, "unused")
    given = {"SEEDGATE_URL": site.gateway.url, "VOLC_AK": pair[0], "VOLC_SK": pair[1]}

    async def sd2(*arguments: str) -> Any:
        said = await run(replace(SD2, command=command("sd2", "sd2_elsewhere.py", *arguments)), given, tmp_path)
        return json.loads(said)["Result"]

    name = f"kittens {uuid.uuid4().hex}"
    group_id = (await sd2("create-asset-group", "--name", name))["Id"]
    assert (await sd2("get-asset-group", "--group_id", group_id))["Name"] == name
    assert await sd2("update-asset-group", "--group_id", group_id, "--description", "two") == {"Id": group_id}
    groups = await sd2("list-asset-groups", "--group_ids", group_id)
    assert [(each["Id"], each["Description"]) for each in groups["Items"]] == [(group_id, "two")]

    asset_id = (await sd2("create-asset", "--group_id", group_id, "--url", URL, "--name", name))["Id"]
    async with asyncio.timeout(_TIMEOUT_SECONDS):
        while (await sd2("get-asset", "--asset_id", asset_id))["Status"] != "Active":  # noqa: ASYNC110 - as its user does
            await asyncio.sleep(0.1)
    assert await sd2("update-asset", "--asset_id", asset_id, "--name", "three") == {"Id": asset_id}
    assets = await sd2("list-assets", "--group_ids", group_id, "--statuses", "Active")
    assert [(each["Id"], each["Name"]) for each in assets["Items"]] == [(asset_id, "three")]
    assert await sd2("delete-asset", "--asset_id", asset_id) == {}
    assert await sd2("delete-asset-group", "--group_id", group_id) == {}
    assert site.made(name) == 2

    session = await sd2("create-visual-validate-session", "--callback_url", "https://www.example.com/callback")
    await pass_verification(session["H5Link"])
    verified = await sd2("get-visual-validate-result", "--byted_token", session["BytedToken"])
    assert await site.groups_of(tenant) == [verified["GroupId"]]


@pytest.mark.programs
async def test_the_error_for_a_program_that_adds_another_prefix_names_the_path(site: Site, tmp_path: Path) -> None:
    await make_ready(APIYI_SDK)
    tenant = await site.tenant()
    prompt = f"A kitten {uuid.uuid4().hex}"
    given = {"SEEDGATE_URL": site.gateway.url, "SEEDGATE_API_KEY": tenant.key, "PROMPT": prompt, "EARLIER_TASK": ""}
    unchanged = replace(APIYI_SDK, command=command("apiyi-sdk", "with_apiyi_sdk.py"))
    with pytest.raises(AssertionError, match=r"404 .*It is served as `/api/v3/contents/generations/tasks`"):
        await run(unchanged, given, tmp_path)
    assert site.made(prompt) == 0
