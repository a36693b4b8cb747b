"""Walks in Chromium by keyboard alone through what an operator, a billing admin and a tenant's developer come for."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Locator, Route, expect

from tests.console.chromium import Window
from tests.console.conftest import Windows
from tests.support.site import Site, Tenant

pytestmark = pytest.mark.console

TASKS = "/api/v3/contents/generations/tasks"
PICTURE = "https://assets.example/cat.png"
HAS_PICTURE = "(video) => video.readyState >= 2 && video.videoWidth > 0"
# A name that is markup, and turns the direction of writing.
HOSTILE = "<img src=x onerror=document.title='hacked'>\u202e<b>reversed</b>"


async def test_an_unknown_outcome_leads_from_the_overview_to_its_resolution(site: Site, windows: Windows) -> None:
    tenant = await site.tenant()
    await site.fault("create_task", kind="cut", at="before")
    task_id = (await _create(site, tenant)).json()["id"]
    window = await _signed_in(windows, await site.owner(), "/console/overview")
    page, t = window.page, window.t
    # Other walks may have left some of unknown outcome, too.
    finding = page.get_by_role("listitem").filter(
        has_text=t("overview:finding.unknown_outcome_other", count="").strip()
    )
    await _press(finding.get_by_text(t("overview:findings.show"), exact=True))
    await expect(window.heading("tasks:title")).to_be_visible()
    await page.wait_for_url("**/tasks?*status=unknown*")
    await _press(page.locator(f"[data-row='{task_id}']"))
    await expect(window.drawer).to_contain_text(t("tasks:resolve.why"))
    assert await window.axe() == []
    await _press(window.button("tasks:resolve.absent"))
    confirmation = page.get_by_role("alertdialog")
    confirm = confirmation.get_by_role("button", name=t("tasks:resolve.absent"), exact=True)
    await expect(confirm).to_be_disabled()
    await confirmation.get_by_role("textbox").focus()
    await page.keyboard.type(task_id)
    await page.keyboard.press("Enter")
    history = window.drawer.locator("ol")
    await expect(history).to_contain_text(t("tasks:source.operator"))
    await expect(history).to_contain_text(t("common:status.failed"))
    assert (await site.get_task(tenant, task_id))["status"] == "failed"
    await page.keyboard.press("Escape")
    await expect(window.drawer).to_have_count(0)
    await window.open(f"/console/audit?target={task_id}")
    await _press(page.locator("[data-row]").filter(has_text=t("audit:action.task.resolve")))
    await expect(window.drawer).to_contain_text('"absent": true')


async def test_a_callback_that_failed_is_sent_again_and_arrives(site: Site, windows: Windows) -> None:
    tenant = await site.tenant()
    async with _receiver() as (url, statuses):
        made = await _create(site, tenant, callback_url=url)
        assert made.status_code == 200, made.text
        window = await _signed_in(windows, await site.owner(), f"/console/deliveries?tenant={tenant.id}")
        page, t = window.page, window.t
        failing = page.locator("[data-row]").filter(has_text=t("common:status.failing")).first
        await expect(failing).to_contain_text("(500)")
        await _press(failing.get_by_role("checkbox"), "Space")
        statuses.append(204)
        await _press(page.get_by_role("button", name=t("deliveries:resend.chosen_other", count="1"), exact=True))
        await expect(page.get_by_role("dialog").filter(has_text=t("deliveries:resend.done"))).to_be_visible()
        await page.keyboard.press("/")
        await expect(page.get_by_label(t("deliveries:column.endpoint"))).to_be_focused()
        delivered = page.locator("[data-row]").filter(has_text=t("common:status.delivered")).first
        await expect(delivered).to_be_visible()
        await _press(delivered)
        await expect(window.drawer).to_contain_text(url.rpartition("/")[0])
        assert await window.axe() == []
        await window.open(f"/console/audit?action=delivery.resend&tenant={tenant.id}")
        await expect(page.locator("[data-row]")).to_have_count(1)


async def test_an_endpoint_that_fails_comes_first_and_is_sent_everything_again(site: Site, windows: Windows) -> None:
    tenant = await site.tenant()
    async with _receiver(410) as (url, statuses):
        made = await _create(site, tenant, callback_url=url)
        assert made.status_code == 200, made.text
        window = await _signed_in(windows, await site.owner(), f"/console/deliveries?tenant={tenant.id}")
        page, t = window.page, window.t
        await expect(page.locator("[data-row]").filter(has_text=t("common:status.failed")).first).to_be_visible()
        await page.reload()
        failing = page.locator("main").get_by_role("listitem").filter(has_text=url.rpartition("/")[0])
        await expect(failing).to_be_visible()
        assert await window.axe() == []
        await _press(page.locator("[data-row]").first)
        await _press(window.button("deliveries:body.show"))
        await expect(window.drawer.locator("pre")).to_contain_text(made.json()["id"])
        assert await window.axe() == []
        await page.keyboard.press("Escape")
        statuses.append(204)
        await _press(failing.get_by_role("button", name=t("deliveries:resend.endpoint"), exact=True))
        await expect(failing).to_have_count(0)
        await expect(page.locator("[data-row]").filter(has_text=t("common:status.delivered")).first).to_be_visible()
        await window.open(f"/console/audit?action=delivery.look&tenant={tenant.id}")
        await expect(page.locator("[data-row]")).to_have_count(1)


async def test_an_asset_is_shown_after_a_click_that_the_audit_log_records(site: Site, windows: Windows) -> None:
    tenant = await site.tenant()
    asset_id = await _create_asset(site, tenant, HOSTILE)
    window = await _signed_in(windows, await site.owner(), f"/console/assets?tenant={tenant.id}", "en")
    page, t = window.page, window.t
    tile = page.get_by_role("button").filter(has_text=HOSTILE)
    await expect(tile).to_be_visible()
    assert await page.locator("main img").count() == 0
    await _press(tile)
    await expect(window.drawer).to_contain_text(f"asset://{asset_id}")
    assert await window.axe() == []
    await _press(window.button("assets:look.show"))
    await expect(window.button("assets:look.show")).to_have_count(0)
    await window.open(f"/console/audit?target={asset_id}")
    await expect(page.locator("[data-row]").filter(has_text=t("audit:action.asset.look"))).to_have_count(1)
    for tab in ("groups", "verifications"):
        await window.open(f"/console/assets?tab={tab}&tenant={tenant.id}")
        await expect(page.get_by_role("tab", name=t(f"assets:tab.{tab}"), selected=True)).to_be_visible()
        assert await window.axe() == []
    assert "hacked" not in await page.title()


async def test_a_channel_is_added_checked_suspended_and_deleted(site: Site, windows: Windows) -> None:
    window = await _signed_in(windows, await site.owner(), "/console/channels", "en", has_clock=True)
    window.expected = {400}
    page, t = window.page, window.t
    await _press(window.button("channels:new.title"))
    form = window.drawer
    for field, value in (("name", "walked"), ("arkBaseUrl", "ftp://ark.example"), ("ark_api_key", "a-wrong-secret")):
        await form.get_by_label(t(f"channels:form.{field}"), exact=True).fill(value)
    await _press(window.button("common:action.create"))
    url = form.get_by_label(t("channels:form.arkBaseUrl"), exact=True)
    await expect(url).to_have_attribute("aria-invalid", "true")
    await expect(form.get_by_label(t("channels:form.name"), exact=True)).to_have_value("walked")
    assert await window.axe() == []
    await url.fill(site.sandbox.ark_base_url)
    await page.keyboard.press("Enter")
    await _press(window.button("channels:check.run"))
    await expect(form.get_by_text(t("channels:check.ark"), exact=True)).to_be_visible()
    assert "a-wrong-secret" not in await page.content() + await window.read_answers()
    await _press(window.button("channels:act.suspend"))
    await page.keyboard.press("Enter")
    await expect(window.button("channels:act.activate")).to_be_visible()
    assert await window.axe() == []
    await _press(window.button("channels:act.delete"))
    await _delete_by_typing(window, "walked")


async def test_a_tenant_is_deleted_and_not_read_again(site: Site, windows: Windows) -> None:
    tenant = await site.admin("/tenants", {"name": "leaving"})
    path = f"/console/tenants?show={tenant['id']}"
    window = await _signed_in(windows, await site.owner(), path, "en", has_clock=True)
    await _press(window.button("tenants:delete.action"))
    assert await window.axe() == []
    await _delete_by_typing(window, "leaving")
    # What it did is still listed, by its id.
    await window.open(f"/console/audit?tenant={tenant['id']}")
    await expect(window.page.locator("[data-row]")).to_have_count(2)
    await window.until_loaded()


async def test_a_billing_admin_sets_prices_and_sees_no_tenants_content(site: Site, windows: Windows) -> None:
    tenant = await site.tenant()
    task_id, asset_id = await site.create_task(tenant, "a secret prompt"), await _create_asset(site, tenant, "secret")
    admin = await site.admin("/admins", {"name": HOSTILE, "role": "billing"})
    window = await _signed_in(windows, admin["token"], "/console/models?tab=prices", "en")
    window.expected = {400}
    page, t = window.page, window.t
    await _press(window.button("models:price.new"))
    form = window.drawer
    await form.get_by_label(t("models:model.upstreamId"), exact=True).fill("priced-in-a-walk")
    await _press(window.button("common:action.save"))
    amount = form.get_by_label(t("models:price.amount"), exact=True)
    await expect(amount).to_have_attribute("aria-invalid", "true")
    await amount.fill("46.5")
    await page.keyboard.press("Enter")
    await expect(form).to_have_count(0)
    row = page.locator("[data-row]").filter(has_text="priced-in-a-walk")
    await expect(row).to_contain_text("46.5")
    await _press(row)
    await expect(form.get_by_text(t("models:price.change"))).to_be_visible()
    assert await window.axe() == []
    await _press(window.button("models:price.remove"))
    await page.keyboard.press("Enter")
    await expect(row).to_have_count(0)
    for name in ("tenants", "keys", "tasks", "assets", "channels", "deliveries", "audit", "me"):
        await window.open(f"/console/{name}")
        await expect(page.get_by_text(t("common:nav.notForYou"))).to_be_visible()
        assert await window.axe() == []
    for path in (f"tasks/{task_id}", f"tasks/{task_id}/media", "tasks", "assets", f"assets/{asset_id}/media", "audit"):
        assert await window.fetch(f"/admin/v1/{path}") == 403, path
    for name in ("overview", "usage", "models", "playground"):
        await window.open(f"/console/{name}")
        await window.until_loaded()
    received = await window.read_answers()
    for secret in (task_id, asset_id, "a secret prompt", tenant.key):
        assert secret not in received


async def test_a_developer_finds_tasks_usage_and_the_way_to_connect(site: Site, windows: Windows) -> None:
    tenant = await site.tenant()
    task_id = await site.create_task(tenant, "my own clip")
    window = await _signed_in(windows, tenant.key, "/console/me")
    page, t = window.page, window.t
    await page.get_by_role("tab", name=t("me:tab.key"), exact=True).focus()
    for tab in ("tasks", "assets", "usage", "setup"):
        await page.keyboard.press("ArrowRight")
        await expect(page.get_by_role("tab", name=t(f"me:tab.{tab}"), exact=True)).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("tab", name=t(f"me:tab.{tab}"), exact=True, selected=True)).to_be_visible()
        assert await window.axe() == []
    await expect(page.locator("pre").first).to_contain_text(tenant.key[: tenant.key.rindex("-") + 1])
    assert tenant.key not in await page.content()
    await window.open(f"/console/me?tab=tasks&show={task_id}")
    video = page.locator("video")
    await expect(video).to_have_attribute("preload", "none")
    await video.evaluate("(video) => video.play()")
    await page.wait_for_function(HAS_PICTURE, arg=await video.element_handle())
    assert await window.axe() == []


async def test_coming_without_a_session_is_no_error_to_the_browser(windows: Windows) -> None:
    window = await windows("en")
    errors: list[str] = []
    window.page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    await window.open("/console/tasks")
    await expect(window.page.get_by_label(window.t("common:signIn.token"))).to_be_visible()
    await window.until_loaded()
    assert errors == []


async def _signed_in(
    windows: Windows, secret: str, path: str, language: str = "zh-CN", *, has_clock: bool = False
) -> Window:
    """Opens a page by keyboard; ``has_clock``: its clock can be moved."""
    window = await windows(language)
    if has_clock:
        await window.page.clock.install()
    await window.open(path)
    await expect(window.page.get_by_label(window.t("common:signIn.token"))).to_be_focused()
    await window.page.keyboard.type(secret)
    await window.page.keyboard.press("Enter")
    await window.until_signed_in()
    return window


async def _press(target: Locator, key: str = "Enter") -> None:
    """Presses a key on what has the focus: what cannot have it cannot be reached by keyboard."""
    await target.focus()
    await expect(target).to_be_focused()
    await target.page.keyboard.press(key)


async def _create(site: Site, tenant: Tenant, **fields: Any) -> Any:
    body = {"model": "doubao-seedance-2", "content": [{"type": "text", "text": "a kitten"}], **fields}
    async with site.gateway.client(tenant.key) as client:
        return await client.post(TASKS, json=body)


async def _create_asset(site: Site, tenant: Tenant, name: str) -> str:
    async with site.gateway.client(tenant.key) as client:
        group = {"Name": "walked", "GroupType": "AIGC"}
        made = (await client.post("/api/v3/open/CreateAssetGroup", json=group)).json()
        asset = {"GroupId": made["Id"], "Name": name, "URL": PICTURE, "AssetType": "Image"}
        return str((await client.post("/api/v3/open/CreateAsset", json=asset)).json()["Id"])


@asynccontextmanager
async def _receiver(status: int = 500) -> AsyncIterator[tuple[str, list[int]]]:
    """Receives callbacks; yields its URL, and a list whose last status it answers."""
    statuses = [status]

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
        json.loads(await reader.readexactly(length))
        writer.write(b"HTTP/1.1 %d x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % statuses[-1])
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook", statuses


async def _delete_by_typing(window: Window, name: str) -> None:
    """Confirms a deletion; its row is gone from the list, and no request asks for it by its id any more.

    Also not before the page knows that it is deleted, though that takes a minute.
    """
    page = window.page
    await page.get_by_role("alertdialog").get_by_role("textbox").focus()
    await page.keyboard.type(name)
    later: list[str] = []
    deleted: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    is_known = asyncio.Event()

    async def hold(route: Route) -> None:
        if route.request.method != "DELETE":
            await route.continue_()
            return
        answer = await route.fetch()
        assert answer.status == 204
        page.on("request", lambda request: later.append(urlsplit(request.url).path))
        deleted.set_result(urlsplit(route.request.url).path)
        await is_known.wait()
        await route.fulfill(response=answer)

    await page.route("**/admin/v1/**", hold)
    await page.keyboard.press("Enter")
    path = await deleted
    await page.clock.fast_forward("01:00")
    is_known.set()
    await expect(page.locator("[data-row]").filter(has_text=name)).to_have_count(0)
    await expect(page.get_by_role("dialog").filter(has_text=name)).to_have_count(0)
    await window.until_loaded()
    assert later
    assert path not in later
