"""A person tries the API out on ``/docs``, in a Chromium that reaches nothing but the gateway."""

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.clients.builds import JAVASCRIPT
from tests.clients.conftest import make_ready
from tests.clients.program import Program
from tests.clients.running import run
from tests.support.site import Site
from tests.support.toolchains import ROOT

TASKS = "/api/v3/contents/generations/tasks"
BROWSER = Program(
    name="Chromium, /docs",
    version="",
    setting="",
    mark="clients",
    command=("node", f"{ROOT}/{JAVASCRIPT}/docs_page.mjs", shutil.which("chromium") or "chromium", "create.png"),
    build="clients-javascript",
    needs={"chromium": "apt-get install chromium"},
)


@pytest.mark.clients
@pytest.mark.parametrize("prefix", ["", "/behind/a/proxy"])
async def test_a_tenant_makes_a_task_there_and_an_operator_a_tenant(site: Site, tmp_path: Path, prefix: str) -> None:
    tenant = await site.tenant()
    await make_ready(BROWSER)
    given = {
        "SEEDGATE_URL": site.gateway.url,
        "SEEDGATE_API_KEY": tenant.key,
        "SEEDGATE_ADMIN_TOKEN": site.admin_token,
        "PREFIX": prefix,
    }
    seen = json.loads(await run(BROWSER, given, tmp_path))

    answers = seen["answers"]
    assert {operation: answer["status"] for operation, answer in answers.items()} == {
        "create_task": 200,
        "CreateAssetGroup": 200,
        "ListAssetGroups": 200,
        "admin_list_tenants": 200,
        "admin_create_tenant": 201,
    }
    assert await site.tasks_of(tenant) == re.findall(r"cgt-[\w-]+", answers["create_task"]["body"])
    (group,) = await site.groups_of(tenant)
    assert group in answers["CreateAssetGroup"]["body"]
    assert group in answers["ListAssetGroups"]["body"]
    assert tenant.id in answers["admin_list_tenants"]["body"]

    assert [url for url in seen["requests"] if not url.startswith(f"{site.gateway.url}{prefix}/")] == []
    assert seen["complaints"] == []
    secrets = (tenant.key, site.admin_token)
    for place in ("storage", "address", "typed"):
        assert not any(secret in str(seen[place]) for secret in secrets), place
    assert seen["typed"] == ["", "", ""]
    assert not any(secret in site.gateway.read_log() for secret in secrets)
