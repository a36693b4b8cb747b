"""A walk in Chromium from a limit of a model to the playground, which says beside the field what it refuses."""

from typing import Any

import pytest
from playwright.async_api import expect

from tests.console.conftest import Windows
from tests.support.site import Site, Tenant

pytestmark = pytest.mark.console

TASKS = "/api/v3/contents/generations/tasks"
PICTURE = "https://assets.example/kitten.png"


async def test_a_limit_of_a_model_is_changed_and_the_playground_refuses_by_it(site: Site, windows: Windows) -> None:
    await _add_model(site, "walked-model")
    tenant = await site.tenant()
    window = await windows("en")
    await window.open_as(await site.owner(), "/console/models?show=walked-model")
    drawer, t = window.drawer, window.t
    await window.button("common:action.edit").click()
    longest = drawer.get_by_label(t("models:model.durationMax"), exact=True)
    await expect(longest).to_have_value("15")
    await longest.fill("8")
    await window.button("common:action.save").click()
    await expect(window.message("common:state.saved")).to_be_visible()
    row = window.page.locator("[data-row='walked-model']")
    seconds = t("models:model.seconds", **{"from": "5", "to": "8"})
    await expect(row).to_contain_text(seconds)
    await window.page.reload()
    await expect(row).to_contain_text(seconds)

    caller = await windows("en")
    caller.expected = {400}
    await caller.open_as(tenant.key, "/console/playground")
    page = caller.page
    await page.get_by_label(t("playground:model"), exact=True).select_option("walked-model")
    await page.get_by_label(t("playground:prompt"), exact=True).fill("a kitten yawns")
    duration = page.get_by_label(t("playground:parameter.duration"), exact=True)
    await duration.fill("9")
    await expect(page.get_by_role("alert")).to_have_text(await _refusal(site, tenant, duration=9))
    await expect(duration).to_have_attribute("aria-invalid", "true")
    assert await caller.axe() == []
    await duration.fill("8")
    await caller.button("playground:references.add.image").click()
    picture = page.get_by_label(t("playground:references.kind.image"), exact=True)
    await picture.fill("ftp://assets.example/kitten.png")
    await expect(picture).to_have_attribute("aria-invalid", "true")
    await expect(duration).to_have_attribute("aria-invalid", "false")
    await picture.fill(PICTURE)
    await expect(page.locator("[data-estimate]")).to_be_visible()
    await expect(page.get_by_role("alert")).to_have_count(0)
    await caller.button("playground:create").click()
    await page.wait_for_url("**/playground?task=*")
    assert PICTURE in site.body_of(page.url.partition("task=")[2])

    # Other walks have the models as they were.
    await row.click()
    await window.button("common:action.edit").click()
    await window.button("models:model.remove").click()
    await window.button("models:model.removeQuestion").click()
    await expect(row).to_have_count(0)


async def _add_model(site: Site, name: str) -> None:
    """Adds a model that is another one's but for its name."""
    async with site.gateway.client(site.admin_token) as client:
        models: list[dict[str, Any]] = (await client.get("/admin/v1/models")).json()["data"]
        of = next(model for model in models if model["name"] == "doubao-seedance-2")
        added = [*models, {**of, "name": name, "aliases": []}]
        answer = await client.put("/admin/v1/models", json={"data": added})
        assert answer.is_success, answer.text


async def _refusal(site: Site, tenant: Tenant, **fields: Any) -> str:
    """Returns the words of the API without the id of the request, which is another one's."""
    body = {"model": "walked-model", "content": [{"type": "text", "text": "a kitten yawns"}], **fields}
    async with site.gateway.client(tenant.key) as client:
        answer = await client.post(f"{TASKS}?dry_run=true", json=body)
    return str(answer.json()["error"]["message"]).partition(" Request id: ")[0]
