"""Walks in Chromium through the tasks of all tenants: what an operator does to one, and what a viewer cannot."""

import shlex
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import expect

from tests.console.chromium import Window
from tests.console.conftest import Windows
from tests.support.site import Site, Tenant

pytestmark = pytest.mark.console

TASKS = "/api/v3/contents/generations/tasks"
# A task that does not leave the queue while a walk looks at it.
STAYS_QUEUED = "a cat [queue:9000000]"
HAS_PICTURE = "(image) => image.complete && image.naturalWidth > 0"
ACTS_ON_A_TASK = ("tasks:act.refresh", "tasks:act.cancel")
ACTS_ON_A_KEY = (
    "common:action.edit",
    "keys:budgets.add",
    "keys:signing.replace",
    "keys:rotate.action",
    "keys:revoke.action",
)
ACTS_ON_A_TENANT = (
    "common:action.edit",
    "keys:new.title",
    "keys:budgets.add",
    "tenants:webhook.action",
    "tenants:suspend.action",
    "tenants:delete.action",
)


async def test_a_queued_task_is_copied_as_curl_refreshed_and_cancelled(site: Site, windows: Windows) -> None:
    tenant = await site.tenant()
    task_id = await site.create_task(tenant, STAYS_QUEUED)
    window = await windows("en")
    await window.open_as(await site.owner(), f"/console/tasks?show={task_id}")
    page, drawer, t = window.page, window.drawer, window.t
    *_, header, url = shlex.split(await window.copy(window.button("tasks:act.curl")))
    assert header == "Authorization: Bearer $SEEDGATE_ADMIN_TOKEN"
    assert url.startswith(site.gateway.url)
    async with site.gateway.client(site.admin_token) as client:
        assert (await client.get(urlsplit(url).path)).json()["id"] == task_id

    asked = _asked(site, task_id)
    async with page.expect_response(lambda answer: answer.url.endswith("/refresh")) as refreshed:
        await window.button("tasks:act.refresh").click()
    assert (await refreshed.value).status == 200
    await expect(window.message("tasks:act.refreshed")).to_be_visible()
    assert _asked(site, task_id) > asked

    await window.button("tasks:act.cancel").click()
    assert (await site.get_task(tenant, task_id))["status"] == "queued"
    await window.button("tasks:act.cancelQuestion").click()
    await expect(window.message("tasks:act.cancelled")).to_be_visible()
    await expect(drawer.locator("dl").first).to_contain_text(t("common:status.cancelled"))
    for act in ACTS_ON_A_TASK:
        await expect(window.button(act)).to_have_count(0)
    assert (await site.get_task(tenant, task_id))["status"] == "cancelled"
    assert await window.axe() == []


async def test_the_last_frame_of_a_clip_is_fetched_only_when_it_is_asked_for(site: Site, windows: Windows) -> None:
    tenant = await site.tenant()
    task_id = await _create(site, tenant, return_last_frame=True)
    await site.until_succeeded(tenant, task_id)
    window = await windows()
    await window.open_as(await site.owner(), f"/console/tasks?show={task_id}")
    await window.button("tasks:media.play").click()
    show = window.button("common:clip.showFrame")
    await expect(show).to_be_visible()
    frame = window.page.get_by_role("img", name=window.t("common:clip.lastFrame"), exact=True)
    await expect(frame).to_have_count(0)
    await show.click()
    await window.page.wait_for_function(HAS_PICTURE, arg=await frame.element_handle())
    await expect(show).to_have_count(0)
    assert await window.axe() == []


async def test_filters_by_model_channel_and_day_survive_a_reload(site: Site, windows: Windows) -> None:
    tenant = await site.tenant()
    wanted = await _create(site, tenant, model="doubao-seedance-2-fast")
    other = await site.create_task(tenant, "a dog")
    nowhere = {"ark_base_url": "http://127.0.0.1:1/api/v3", "ark_api_key": "unused"}
    unused = await site.admin("/channels", {"name": "without-tasks", "status": "suspended", **nowhere})
    window = await windows("en")
    await window.open_as(await site.owner(), f"/console/tasks?tenant={tenant.id}")
    page, t = window.page, window.t
    rows, empty = page.locator("[data-row]"), page.get_by_text(t("tasks:empty.title"), exact=True)
    model, channel = (
        page.get_by_role("combobox", name=t(f"tasks:column.{name}"), exact=True) for name in ("model", "channel")
    )
    first, last = (page.get_by_label(t(f"common:filter.{name}"), exact=True) for name in ("from", "to"))
    await expect(rows).to_have_count(2)
    assert {await row.get_attribute("data-row") for row in await rows.all()} == {wanted, other}

    await model.select_option("doubao-seedance-2-fast")
    await expect(rows).to_have_count(1)
    await channel.select_option(label="without-tasks")
    await expect(empty).to_be_visible()
    await channel.select_option(label="default")
    await expect(rows).to_have_count(1)
    await first.fill(_day(2))
    await expect(empty).to_be_visible()
    await first.fill(_day(-3))
    await expect(rows).to_have_count(1)
    await last.fill(_day(-2))
    await expect(empty).to_be_visible()
    await last.fill(_day(1))
    await expect(rows).to_have_count(1)

    address = page.url
    await page.reload()
    await expect(rows).to_have_count(1)
    await expect(rows).to_have_attribute("data-row", wanted)
    await expect(model).to_have_value("doubao-seedance-2-fast")
    await expect(channel.locator("option:checked")).to_have_text("default")
    await expect(first).to_have_value(_day(-3))
    await expect(last).to_have_value(_day(1))
    assert page.url == address
    async with site.gateway.client(site.admin_token) as client:
        assert (await client.delete(f"/admin/v1/channels/{unused['id']}")).status_code == 204


async def test_a_viewer_reads_the_same_drawers_without_a_button_that_acts(site: Site, windows: Windows) -> None:
    tenant = await site.tenant()
    queued, ended = await site.create_task(tenant, STAYS_QUEUED), await site.create_task(tenant, "a cat")
    await site.until_succeeded(tenant, ended)
    viewer = await site.admin("/admins", {"name": "who only reads", "role": "viewer"})
    async with site.gateway.client(tenant.key) as client:
        key_id = (await client.get("/api/v3/whoami")).json()["key"]["id"]
    drawers = {
        f"tasks?show={ended}": ("tasks:media.play",),
        f"tasks?show={queued}": ACTS_ON_A_TASK,
        f"keys?show={key_id}": ACTS_ON_A_KEY,
        f"tenants?show={tenant.id}": ACTS_ON_A_TENANT,
    }
    for secret, count in ((await site.owner(), 1), (viewer["token"], 0)):
        window = await windows("en")
        await window.open_as(secret, "/console/tasks")
        for path, acts in drawers.items():
            await window.open(f"/console/{path}")
            await expect(window.drawer.locator("dl").first).to_be_visible()
            await window.until_loaded()
            found = {act: await _count(window, act) for act in acts}
            assert found == dict.fromkeys(acts, count), path


async def _count(window: Window, act: str) -> int:
    return await window.drawer.get_by_role("button", name=window.t(act), exact=True).count()


async def _create(site: Site, tenant: Tenant, **fields: Any) -> str:
    body = {"model": "doubao-seedance-2", "content": [{"type": "text", "text": "a cat"}], **fields}
    async with site.gateway.client(tenant.key) as client:
        made = await client.post(TASKS, json=body)
    assert made.is_success, made.text
    return str(made.json()["id"])


def _asked(site: Site, task_id: str) -> int:
    """Returns how often the upstream was asked about this very task."""
    requests = site.sandbox.store.ledger.requests
    return sum(entry.operation == "get_task" and task_id in entry.url for entry in requests)


def _day(days: int) -> str:
    """Returns a day before or after today, as the browser counts them."""
    return (datetime.now().astimezone() + timedelta(days=days)).date().isoformat()
