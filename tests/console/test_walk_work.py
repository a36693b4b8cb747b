"""Walks in Chromium through the work of an operator: a tenant, its key, a video, and the end of the key."""

import asyncio
from typing import Any

import pytest
from playwright.async_api import FilePayload, Locator, Route, expect

from tests.console.chromium import Window
from tests.console.conftest import Windows
from tests.support.site import Site

pytestmark = pytest.mark.console

SUM_OF_BARS = "[...document.querySelectorAll('figure td')].reduce((sum, bar) => sum + Number(bar.textContent), 0)"
HAS_PICTURE = "(video) => video.readyState >= 2 && video.videoWidth > 0"


async def test_a_tenant_gets_a_key_and_makes_a_video_that_plays(site: Site, windows: Windows) -> None:
    window = await _signed_in(windows, site, "/console/tenants")
    page, t = window.page, window.t
    await window.button("tenants:new.title").click()
    await page.get_by_role("dialog").get_by_label(t("tenants:form.name"), exact=True).fill("影像工作室")
    await window.button("common:action.create").click()
    await window.button("keys:new.title").click()
    await page.get_by_role("dialog").get_by_label(t("keys:form.name"), exact=True).fill("first")
    await window.button("common:action.create").click()
    secret = page.locator("[data-secret]")
    key = (await secret.inner_text()).strip()
    assert key.startswith("sg-")
    await window.button("keys:issued.try").click()
    await expect(window.heading("playground:title")).to_be_visible()
    await page.get_by_label(t("playground:prompt"), exact=True).fill("a kitten yawns")
    await window.button("playground:create").click()
    await _plays(page.locator("video"))
    task_id = page.url.partition("task=")[2]
    await window.open("/console/tenants")
    await page.get_by_text("影像工作室").click()
    await expect(page.get_by_text(f"sg-{key.split('-')[1]}-…")).to_be_visible()
    assert key not in await page.content(), "it is shown once"

    # The operator looks at the clip by one click, which the audit log records.
    await window.open(f"/console/tasks?show={task_id}")
    await expect(window.button("tasks:media.play")).to_be_visible()
    assert await page.locator("video").count() == 0
    await window.button("tasks:media.play").click()
    await _plays(page.locator("video"))
    tenant_id = (await _whoami(site, key)).json()["tenant"]["id"]
    await window.open(f"/console/audit?action=task.look&tenant={tenant_id}")
    await expect(page.get_by_role("row").filter(has_text=t("audit:action.task.look"))).to_have_count(1)


async def test_an_estimate_is_of_the_form_as_it_is_with_an_upload_of_any_size(site: Site, windows: Windows) -> None:
    tenant = await site.tenant()
    window = await windows()
    await window.open("/console/playground")
    await window.sign_in(tenant.key)
    page, t = window.page, window.t
    await page.get_by_label(t("playground:prompt"), exact=True).fill("a kitten yawns")
    estimate = page.locator("[data-estimate]")
    await expect(estimate).to_contain_text("Token")
    before = await estimate.inner_text()
    held = asyncio.Event()
    sizes: list[int] = []

    async def hold(route: Route) -> None:
        sizes.append(len(route.request.post_data_buffer or b""))
        await held.wait()
        await route.continue_()

    await page.route("**/tasks?dry_run=true", hold)
    picture = FilePayload(name="cat.png", mimeType="image/png", buffer=b"x" * 1_200_000)
    await page.locator("input[type=file]").set_input_files(picture)
    await page.get_by_label(t("playground:parameter.duration"), exact=True).fill("15")
    # As long as the answer about this form is on its way, nothing says what another one would cost.
    await expect(estimate).to_have_count(0)
    await expect(page.get_by_text(t("playground:estimate.reckoning"))).to_be_visible()
    held.set()
    await expect(estimate).to_contain_text("Token")
    assert await estimate.inner_text() != before
    assert max(sizes) < 10_000


async def test_the_usage_plot_moves_after_a_task_succeeded(site: Site, windows: Windows) -> None:
    tenant = await site.tenant()
    window = await _signed_in(windows, site, f"/console/usage?tenant={tenant.id}")
    await expect(window.page.get_by_text(window.t("usage:empty.title"))).to_be_visible()
    for count in (1, 2):
        task_id = await site.create_task(tenant, "a cat")
        await site.until_succeeded(tenant, task_id)
        await window.page.reload()
        await window.page.get_by_label(window.t("usage:measure.label")).select_option("tasks")
        await expect(window.page.locator("[data-plot] svg").first).to_be_visible()
        # Until the page has followed the choice, the bars are as high as before.
        # A function, as the page's policy forbids to evaluate an expression again.
        await window.page.wait_for_function(f"() => {SUM_OF_BARS} === {count}")


async def test_a_key_is_rotated_and_revoked_by_typing_its_name(site: Site, windows: Windows) -> None:
    tenant = await site.admin("/tenants", {"name": "revoking"})
    made = await site.admin(f"/tenants/{tenant['id']}/keys", {"name": "to go"})
    window = await _signed_in(windows, site, f"/console/keys?show={made['id']}")
    page, t = window.page, window.t
    await window.button("keys:rotate.action").click()
    await window.button("keys:rotate.question").click()
    key = (await page.locator("[data-secret]").inner_text()).strip()
    assert key.startswith("sg-")
    assert key != made["key"]
    assert (await _whoami(site, key)).status_code == 200
    await page.get_by_label(t("keys:once.saved")).check()
    await window.button("keys:once.done").click()
    await window.button("keys:revoke.action").click()
    dialog = page.get_by_role("alertdialog")
    confirm = dialog.get_by_role("button", name=t("keys:revoke.action"), exact=True)
    await expect(confirm).to_be_disabled()
    await dialog.get_by_role("textbox").fill("to go")
    await confirm.click()
    await expect(page.get_by_text(t("keys:revoke.done"))).to_be_visible()
    await asyncio.sleep(1)
    assert (await _whoami(site, key)).status_code == 401


async def test_an_error_of_the_api_is_said_beside_its_field_and_nothing_is_lost(site: Site, windows: Windows) -> None:
    window = await _signed_in(windows, site, "/console/tenants", language="en")
    window.expected = {400}
    page, t = window.page, window.t
    await window.button("tenants:new.title").click()
    await page.get_by_role("dialog").get_by_label(t("tenants:form.name"), exact=True).fill("kept")
    await page.get_by_label(t("keys:rights.rpm")).fill("0")
    await window.button("common:action.create").click()
    await expect(page.get_by_role("alert").first).to_be_visible()
    await expect(page.get_by_role("dialog").get_by_label(t("tenants:form.name"), exact=True)).to_have_value("kept")


async def _signed_in(windows: Windows, site: Site, path: str, language: str = "zh-CN") -> Window:
    window = await windows(language)
    await window.open(path)
    await window.sign_in(await site.owner())
    await window.until_signed_in()
    return window


async def _plays(video: Locator) -> None:
    """Checks that nothing is fetched before one plays, and that then there is a picture."""
    await video.wait_for()
    await video.evaluate("(video) => video.play()")
    shown = await video.element_handle()
    await video.page.wait_for_function(HAS_PICTURE, arg=shown)


async def _whoami(site: Site, key: str) -> Any:
    async with site.gateway.client(key) as client:
        return await client.get("/api/v3/whoami")
