"""Walks in Chromium through what was used and what was done, and the files that are made of it."""

import asyncio
import csv
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from playwright.async_api import Locator, expect

from tests.console.chromium import Window
from tests.console.conftest import Windows
from tests.support.site import Site, Tenant

pytestmark = pytest.mark.console

# The days of these two are never the same.
ZONES = {"Pacific/Kiritimati": timezone(timedelta(hours=14)), "Pacific/Pago_Pago": timezone(timedelta(hours=-11))}


async def test_usage_is_summed_by_what_is_chosen_and_saved_as_csv(site: Site, windows: Windows) -> None:
    tenant = await site.admin("/tenants", {"name": "Cassiopeia Films"})
    key = await site.admin(f"/tenants/{tenant['id']}/keys", {"name": "colour grading"})
    caller = Tenant(tenant["id"], key["key"], "", "")
    task_id = await site.create_task(caller, "a cat")
    await site.until_succeeded(caller, task_id)
    made_at = datetime.fromtimestamp((await site.get_task(caller, task_id))["created_at"], UTC)
    window = await windows("en")
    await window.open_as(await site.owner(), f"/console/usage?tenant={tenant['id']}")
    page, t = window.page, window.t
    zones = page.get_by_role("combobox", name=t("usage:zone"), exact=True)
    for zone, offset in ZONES.items():
        await zones.select_option(zone)
        day = _table(window, "day").locator("tbody tr")
        await expect(day.locator("td").first).to_have_text(made_at.astimezone(offset).date().isoformat())
        await expect(day).to_have_count(1)
    await page.reload()
    await expect(zones).to_have_value(zone)

    for by, name in (("tenant", "Cassiopeia Films"), ("model", "doubao-seedance-2"), ("key", "colour grading")):
        await window.button(f"usage:by.{by}").click()
        row = _table(window, by).locator("tbody tr")
        await expect(row).to_have_count(1)
        await expect(row.locator("td").first).to_have_text(name)
        await expect(row.locator("td").nth(1)).to_have_text("1")
    assert await window.axe() == []
    await row.click()
    await page.wait_for_url(f"**/usage?*key={key['id']}*")
    await expect(_table(window, "day").locator("tbody tr")).to_have_count(1)

    name, text = await _save(window, "usage:export")
    assert name.startswith("usage-")
    (entry,) = csv.DictReader(text.splitlines())
    wanted = {"tenant_id": tenant["id"], "key_id": key["id"], "upstream_id": task_id, "status": "succeeded"}
    assert {name: entry[name] for name in wanted} == wanted


async def test_a_change_is_shown_with_what_was_before_and_saved_as_ndjson(site: Site, windows: Windows) -> None:
    tenant = await site.admin("/tenants", {"name": "with a change"})
    budget = {"tenant_id": tenant["id"], "amount_micros": 1_000_000, "currency": "CNY", "period": "total"}
    budget_id = (await site.admin("/budgets", budget))["id"]
    async with site.gateway.client(site.admin_token) as client:
        changed = await client.patch(f"/admin/v1/budgets/{budget_id}", json={"amount_micros": 2_000_000})
    assert changed.is_success, changed.text
    window = await windows()
    await window.open_as(await site.owner(), f"/console/audit?tenant={tenant['id']}")
    page, t = window.page, window.t
    await page.locator("[data-row]").filter(has_text=t("audit:action.budget.update")).click()
    for name, micros in (("before", 1_000_000), ("after", 2_000_000)):
        heading = page.get_by_role("heading", level=2, name=t(f"audit:{name}"), exact=True)
        pane = window.drawer.locator("section").filter(has=heading).locator("pre")
        assert json.loads(await pane.inner_text())["amount_micros"] == micros
    assert await window.axe() == []
    await page.keyboard.press("Escape")
    await expect(window.drawer).to_have_count(0)

    created = [("budget.create", budget_id), ("tenant.create", tenant["id"])]
    assert await _saved_actions(window) == [("budget.update", budget_id), *created]
    await page.get_by_role("combobox", name=t("audit:column.action"), exact=True).select_option("budget.create")
    await expect(page.locator("[data-row]")).to_have_count(1)
    assert await _saved_actions(window) == created[:1]


def _table(window: Window, by: str) -> Locator:
    label = window.t("usage:table", by=window.t(f"usage:by.{by}"))
    return window.page.get_by_role("table", name=label, exact=True)


async def _saved_actions(window: Window) -> list[tuple[str, str]]:
    """Saves the audit log; returns the action and the target of each row, newest first."""
    name, text = await _save(window, "audit:export.button")
    assert name == "audit.ndjson"
    return [(entry["action"], entry["target_id"]) for entry in map(json.loads, text.splitlines())]


async def _save(window: Window, button: str) -> tuple[str, str]:
    """Saves a file by a button; returns its name and its text."""
    async with window.page.expect_download() as begun:
        await window.button(button).click()
    file = await begun.value
    path = await file.path()
    return file.suggested_filename, await asyncio.to_thread(path.read_text, encoding="utf-8")
