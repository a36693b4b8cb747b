"""Walks in Chromium through what a key and a tenant may do, and how that is changed and ended for a while."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Locator, expect

from tests.console.chromium import Window
from tests.console.conftest import Windows
from tests.support.site import Site
from tests.support.timeouts import HANG_SECONDS

pytestmark = pytest.mark.console

TASKS = "/api/v3/contents/generations/tasks"


async def test_a_key_gets_a_budget_and_other_rights_which_the_api_then_keeps(site: Site, windows: Windows) -> None:
    key = await _key(site)
    window = await windows("en")
    await window.open_as(await site.owner(), f"/console/keys?show={key['id']}")
    page, drawer, t = window.page, window.drawer, window.t
    await window.button("keys:budgets.add").click()
    await drawer.get_by_label(t("keys:budgets.amount"), exact=True).fill("12.5")
    await window.button("common:action.create").click()
    budget = _section(window, "keys:budgets.title")
    await expect(budget).to_contain_text("¥12.50")
    await budget.get_by_role("button", name=t("common:action.edit"), exact=True).click()
    amount = budget.get_by_label(f"{t('keys:budgets.amount')} (CNY)", exact=True)
    await expect(amount).to_have_value("12.5")
    await amount.fill("20")
    await window.button("common:action.save").click()
    await expect(budget).to_contain_text("¥20.00")
    (stored,) = (await _read(site, f"/budgets?key={key['id']}"))["data"]
    assert (stored["amount_micros"], stored["currency"], stored["is_hard"]) == (20_000_000, "CNY", True)

    about = _section(window, "keys:section.about")
    await about.get_by_role("button", name=t("common:action.edit"), exact=True).click()
    await drawer.get_by_label(t("keys:rights.rpm"), exact=True).fill("77")
    await drawer.get_by_role("checkbox", name="doubao-seedance-2", exact=True).check()
    await window.button("common:action.save").click()
    await expect(about).to_contain_text(f"{t('keys:rights.rpm')} 77")
    await page.reload()
    await expect(budget).to_contain_text("¥20.00")
    await expect(about).to_contain_text(f"{t('keys:rights.rpm')} 77")
    await expect(about).to_contain_text("doubao-seedance-2")
    assert await window.axe() == []
    stored = await _read(site, f"/keys/{key['id']}")
    assert (stored["limits"]["rpm"], stored["allowed_models"]) == (77, ["doubao-seedance-2"])
    body = {"model": "doubao-seedance-2-fast", "content": [{"type": "text", "text": "a cat"}]}
    await _until(site, key["key"], 403, "POST", f"{TASKS}?dry_run=true", json=body)


async def test_secrets_of_a_key_are_shown_once_and_the_old_key_has_the_chosen_grace(
    site: Site, windows: Windows
) -> None:
    key = await _key(site)
    window = await windows()
    await window.open_as(await site.owner(), f"/console/keys?show={key['id']}")
    page, drawer, t = window.page, window.drawer, window.t
    await window.button("keys:signing.create").click()
    secret = (await page.locator("[data-secret]").inner_text()).strip()
    assert await window.copy(window.button("keys:once.copy")) == secret
    assert await window.axe() == []
    await _say_saved(window)
    pair = _section(window, "keys:signing.title")
    await expect(pair.locator("code")).to_have_text((await _read(site, f"/keys/{key['id']}"))["access_key_id"])
    assert secret not in await page.content(), "it is shown once"

    await drawer.get_by_role("combobox", name=t("keys:rotate.grace"), exact=True).select_option("hour")
    await window.button("keys:rotate.action").click()
    await window.button("keys:rotate.question").click()
    issued = (await page.locator("[data-secret]").inner_text()).strip()
    assert await window.copy(window.button("keys:once.copy")) == issued
    for working in (key["key"], issued):
        await _until(site, working, 200)
    await _say_saved(window)
    # The drawer is of the new key then, which leads to the one that it replaces.
    await drawer.get_by_role("link", name=key["id"], exact=True).click()
    await expect(drawer).to_contain_text(t("common:status.rotated"))
    await expect(drawer).to_contain_text(t("keys:graceEnds"))
    assert await window.axe() == []
    assert issued not in await page.content(), "it is shown once"
    old = await _read(site, f"/keys/{key['id']}")
    new = await _read(site, f"/keys?q={issued.split('-')[1]}")
    made_at = datetime.fromisoformat(new["data"][0]["created_at"])
    assert datetime.fromisoformat(old["grace_ends_at"]) - made_at == timedelta(hours=1)


async def test_a_suspended_tenant_is_refused_until_it_is_activated(site: Site, windows: Windows) -> None:
    key = await _key(site)
    window = await windows("en")
    await window.open_as(await site.owner(), f"/console/tenants?show={key['tenant_id']}")
    status = window.drawer.locator("dl").first
    await _until(site, key["key"], 200)
    await window.button("tenants:suspend.action").click()
    await window.button("tenants:suspend.question").click()
    await expect(window.message("tenants:suspend.done")).to_be_visible()
    await expect(status).to_contain_text(window.t("common:status.suspended"))
    await _until(site, key["key"], 403)
    await window.button("tenants:activate.action").click()
    await expect(window.message("tenants:activate.done")).to_be_visible()
    await expect(status).to_contain_text(window.t("common:status.active"))
    await _until(site, key["key"], 200)


async def _key(site: Site) -> dict[str, Any]:
    tenant = await site.admin("/tenants", {"name": "with rights"})
    return await site.admin(f"/tenants/{tenant['id']}/keys", {"name": "of the walk"})


def _section(window: Window, title: str) -> Locator:
    """Returns a part of the drawer by its heading."""
    heading = window.page.get_by_role("heading", level=2, name=window.t(title), exact=True)
    return window.drawer.locator("section").filter(has=heading)


async def _say_saved(window: Window) -> None:
    await window.page.get_by_label(window.t("keys:once.saved")).check()
    await window.button("keys:once.done").click()
    await expect(window.page.locator("[data-secret]")).to_have_count(0)


async def _read(site: Site, path: str) -> dict[str, Any]:
    async with site.gateway.client(site.admin_token) as client:
        answer = await client.get(f"/admin/v1{path}")
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def _until(
    site: Site, key: str, status: int, method: str = "GET", path: str = "/api/v3/whoami", **options: Any
) -> None:
    """Calls with a key until the answer has a status; every process knows of a change within a second."""
    async with asyncio.timeout(HANG_SECONDS), site.gateway.client(key) as client:
        while (await client.request(method, path, **options)).status_code != status:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.1)
