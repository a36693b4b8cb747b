"""Walks in Chromium to addresses that were kept: a drawer opens whatever the list shows, or says that there is none."""

import pytest
from playwright.async_api import expect
from sqlalchemy import delete, update

from app.tasks.models import OrphanRow
from app.webhooks.models import DeliveryRow
from tests.console.chromium import Window
from tests.console.conftest import Windows
from tests.console.rows import add_delivery, add_orphan, change
from tests.support.site import Site

pytestmark = pytest.mark.console

OTHER_MODEL = "doubao-seedance-1-0-pro-250528"
TASKS = "/api/v3/contents/generations/tasks"


async def test_a_kept_address_opens_its_row_though_the_list_shows_others(site: Site, windows: Windows) -> None:
    tenant = await site.tenant()
    delivery_id = await add_delivery(site, tenant.id)
    window = await _signed_in(windows, site, "/console/audit")
    page, t = window.page, window.t
    entry_id = await page.locator("[data-row]").last.get_attribute("data-row")
    for path, title in (
        (f"audit?actor=unknown&show={entry_id}", None),
        (f"deliveries?status=failed&show={delivery_id}", "deliveries:drawer.title"),
    ):
        await window.open(f"/console/{path}")
        await expect(page.get_by_role("dialog").locator("dl")).to_be_visible()
        if title is not None:
            await expect(page.get_by_role("dialog")).to_contain_text(t(title))
        assert await window.axe() == []


async def test_a_callback_that_leaves_the_list_stays_open(site: Site, windows: Windows) -> None:
    tenant = await site.tenant()
    delivery_id = await add_delivery(site, tenant.id)
    window = await _signed_in(windows, site, f"/console/deliveries?tenant={tenant.id}&status=pending")
    page, t = window.page, window.t
    await page.locator("[data-row]").press("Enter")
    await expect(page.get_by_role("dialog")).to_contain_text(delivery_id)
    await change(
        site, update(DeliveryRow).where(DeliveryRow.id == delivery_id).values(status="failed", next_attempt_at=None)
    )
    await expect(page.locator("[data-row]")).to_have_count(0)
    await expect(page.get_by_role("dialog")).to_contain_text(delivery_id)
    await expect(page.get_by_role("dialog")).to_contain_text(t("common:status.failed"))


@pytest.mark.parametrize(
    "path",
    [
        *(
            "tenants?",
            "keys?",
            "tasks?",
            "channels?",
            "deliveries?",
            "audit?",
            "assets?",
            "models?",
            "models?tab=prices&",
        ),
    ],
)
async def test_an_address_of_nothing_says_so(site: Site, windows: Windows, path: str) -> None:
    window = await _signed_in(windows, site, f"/console/{path}show=none")
    window.expected = {404}
    await expect(window.page.get_by_role("dialog").get_by_role("alert")).to_be_visible()
    assert await window.axe() == []
    await window.page.keyboard.press("Escape")
    await expect(window.page.get_by_role("dialog")).to_have_count(0)


async def test_a_task_is_found_by_either_id_and_by_the_name_of_its_key(site: Site, windows: Windows) -> None:
    tenant = await site.admin("/tenants", {"name": "finding"})
    key = await site.admin(f"/tenants/{tenant['id']}/keys", {"name": "render farm 7"})
    body = {"model": "doubao-seedance-2", "content": [{"type": "text", "text": "a cat"}]}
    async with site.gateway.client(key["key"]) as client:
        task_id = (await client.post(TASKS, json=body)).json()["id"]
    window = await _signed_in(windows, site, f"/console/tasks?show={task_id}")
    page, t = window.page, window.t
    spare = (
        page.get_by_role("dialog").locator("dt", has_text=t("tasks:drawer.spareId")).locator("xpath=following::code[1]")
    )
    spare_id = await spare.inner_text()
    for sought in (task_id, spare_id):
        await window.open("/console/tasks")
        await expect(page.locator("[data-row]").first).to_be_visible()
        await page.keyboard.press("/")
        await expect(page.get_by_label(t("tasks:filter.id"))).to_be_focused()
        await page.keyboard.type(sought)
        await expect(page.locator("[data-row]")).to_have_count(1)
        await expect(page.locator("[data-row]")).to_have_attribute("data-row", task_id)
    await window.open("/console/tasks")
    for sought in ("farm 7", f"sg-{key['public_part']}-…", key["id"]):
        field = page.get_by_label(t("tasks:column.key"), exact=True)
        await field.fill(sought)
        await page.get_by_role("option", name="render farm 7").click()
        await expect(page.locator("[data-row]")).to_have_count(1)
        await page.get_by_role("button", name=t("common:filter.clear")).last.click()


async def test_callbacks_and_audit_rows_are_found_by_the_key_in_their_address(site: Site, windows: Windows) -> None:
    tenant = await site.admin("/tenants", {"name": "keyed"})
    key = await site.admin(f"/tenants/{tenant['id']}/keys", {"name": "night shift 9"})
    mine = await add_delivery(site, tenant["id"], key_id=key["id"])
    await add_delivery(site, tenant["id"], key_id="another")
    window = await _signed_in(windows, site, f"/console/deliveries?tenant={tenant['id']}")
    page, t = window.page, window.t
    rows = page.locator("[data-row]")
    await expect(rows).to_have_count(2)
    await page.get_by_label(t("common:filter.key"), exact=True).fill("shift 9")
    await page.get_by_role("option", name="night shift 9").click()
    await expect(rows).to_have_count(1)
    await expect(rows).to_have_attribute("data-row", mine)
    assert f"key={key['id']}" in page.url
    await page.reload()
    await expect(page.get_by_label(t("common:filter.key"), exact=True)).to_have_value("night shift 9")
    await expect(rows).to_have_count(1)
    assert await window.axe() == []

    await window.open(f"/console/keys?show={key['id']}")
    await page.get_by_role("dialog").get_by_role("link", name=t("keys:link.audit"), exact=True).click()
    await expect(window.heading("audit:title")).to_be_visible()
    await expect(page.get_by_label(t("common:filter.key"), exact=True)).to_have_value("night shift 9")
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text(t("audit:action.key.create"))
    assert await window.axe() == []


async def test_channels_are_found_by_their_name_and_state(site: Site, windows: Windows) -> None:
    window = await _signed_in(windows, site, "/console/channels")
    page, t = window.page, window.t
    rows = page.locator("[data-row]")
    await expect(rows.first).to_be_visible()
    await page.keyboard.press("/")
    await page.keyboard.type("EFAUL")
    await page.wait_for_url("**/console/channels?q=EFAUL")
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("default")
    await page.get_by_role("combobox", name=t("common:filter.status")).select_option("suspended")
    await page.wait_for_url("**/console/channels?q=EFAUL&status=suspended")
    await expect(page.get_by_text(t("channels:empty.filtered"))).to_be_visible()
    assert await window.axe() == []


async def test_an_orphan_behind_a_thousand_others_is_shown_and_offered_for_its_create(
    site: Site, windows: Windows
) -> None:
    tenant = await site.tenant()
    task_id, upstream_id = await _lost(site, tenant.key)
    others = [f"{upstream_id}-{number:04}" for number in range(1050)]
    try:
        # Of one second, the greatest id comes first.
        await add_orphan(site, upstream_id, *others)
        window = await _signed_in(windows, site, f"/console/tasks?tab=orphans&orphan={upstream_id}")
        page, t = window.page, window.t
        await expect(page.get_by_role("dialog").get_by_role("link", name=task_id)).to_be_visible()
        await change(site, update(OrphanRow).where(OrphanRow.upstream_id.in_(others)).values(model=OTHER_MODEL))
        await window.open(f"/console/tasks?show={task_id}")
        await expect(page.get_by_role("button", name=t("tasks:resolve.chooseOne", id=upstream_id))).to_be_visible()
        await expect(page.get_by_role("dialog").get_by_text(others[0])).to_have_count(0)
    finally:
        await change(site, delete(OrphanRow).where(OrphanRow.upstream_id.in_([upstream_id, *others])))


async def test_what_is_typed_slowly_into_a_filter_is_kept(site: Site, windows: Windows) -> None:
    """Whenever typing pauses, the address follows it; what is typed meanwhile comes after."""
    window = await _signed_in(windows, site, "/console/tenants", "en")
    field = window.page.get_by_label(window.t("tenants:filter.name"), exact=True)
    await field.focus()
    # About as long as a pause is.
    for delay_ms in (290, 305, 320):
        await field.fill("")
        await window.page.keyboard.type("slow", delay=delay_ms)
        await window.page.wait_for_url("**/tenants?q=slow")
        await expect(field).to_have_value("slow")


async def test_an_orphan_leads_from_the_overview_to_the_create_that_made_it(site: Site, windows: Windows) -> None:
    tenant = await site.tenant()
    task_id, upstream_id = await _lost(site, tenant.key)
    await add_orphan(site, upstream_id)
    window = await _signed_in(windows, site, "/console/overview")
    page, t = window.page, window.t
    finding = page.get_by_role("listitem").filter(has_text=t("overview:finding.orphan_other", count="")[2:])
    await finding.get_by_text(t("overview:findings.show"), exact=True).click()
    await expect(page.get_by_role("tab", name=t("tasks:tab.orphans"), selected=True)).to_be_visible()
    await page.locator(f"[data-row='{upstream_id}']").click()
    await expect(page.get_by_role("dialog")).to_contain_text(task_id)
    assert await window.axe() == []
    await page.get_by_role("dialog").get_by_role("link", name=task_id).click()
    await expect(page.get_by_role("dialog")).to_contain_text(t("tasks:resolve.why"))
    field = page.get_by_label(t("tasks:resolve.upstreamId"))
    await expect(field).to_have_value(upstream_id)
    await field.fill("")
    await page.get_by_role("button", name=t("tasks:resolve.chooseOne", id=upstream_id)).click()
    await expect(field).to_have_value(upstream_id)
    assert await window.axe() == []
    await window.button("tasks:resolve.take").click()
    await expect(page.get_by_role("dialog").locator("ol")).to_contain_text(t("tasks:source.operator"))


async def test_an_orphan_that_a_create_may_have_made_is_given_to_no_tenant_by_guess(
    site: Site, windows: Windows
) -> None:
    owner = await site.tenant()
    tenant = await site.admin("/tenants", {"name": "heir"})
    await site.admin(f"/tenants/{tenant['id']}/keys", {"name": "heir"})
    _, upstream_id = await _lost(site, owner.key)
    await add_orphan(site, upstream_id)
    window = await _signed_in(windows, site, f"/console/tasks?tab=orphans&orphan={upstream_id}", "en")
    page, t = window.page, window.t
    await page.get_by_role("dialog").get_by_label(t("tasks:column.tenant"), exact=True).fill("heir")
    await page.get_by_role("option", name="heir").first.click()
    await window.button("tasks:adopt.action").click()
    await window.button("tasks:adopt.question").click()
    # Its create is of unknown outcome, so that the gateway refuses to guess.
    refusal = page.get_by_role("dialog").get_by_role("alert")
    await expect(refusal).to_contain_text(t("tasks:adopt.outcome.failed"))
    await expect(refusal).to_contain_text("unknown outcome")
    assert await window.axe() == []


async def _lost(site: Site, key: str) -> tuple[str, str]:
    """Creates a task whose answer is lost; returns our id and the upstream's."""
    await site.fault("create_task", kind="cut", at="after")
    body = {"model": "doubao-seedance-2", "content": [{"type": "text", "text": "a lost cat"}]}
    async with site.gateway.client(key) as client:
        task_id = str((await client.post(TASKS, json=body)).json()["id"])
    made = [entry for entry in site.sandbox.store.ledger.requests if "a lost cat" in (entry.body or "")]
    return task_id, str(made[-1].resource_id)


async def _signed_in(windows: Windows, site: Site, path: str, language: str = "zh-CN") -> Window:
    window = await windows(language)
    await window.open(path)
    await window.sign_in(await site.owner())
    await window.until_signed_in()
    return window
