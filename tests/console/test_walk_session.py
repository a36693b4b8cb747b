"""Walks in Chromium: signing in and out, how a session ends, and what pages of others can do with it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import Error, Route, expect
from sqlalchemy import update

from app.admins.models import AdminRow
from tests.console.chromium import Window
from tests.console.conftest import Windows
from tests.console.rows import change
from tests.support.ports import free_port
from tests.support.site import Site, Tenant
from tests.support.timeouts import HANG_SECONDS

pytestmark = pytest.mark.console

WHOAMI = "/api/v3/whoami"
TENANTS = "/admin/v1/tenants"
# Which texts are somewhere in the document, shown or not, or in a field.
PRESENT = """(texts) => {
    const typed = [...document.querySelectorAll('input, textarea')].map((field) => field.value)
    const found = [document.documentElement.outerHTML, ...typed].join('\\n')
    return texts.filter((text) => found.includes(text))
}"""
# Notes which texts are shown from now on, though for a moment.
WATCH = """(texts) => {
    window.appeared = []
    const look = () => window.appeared.push(...texts.filter((text) => document.body.innerText.includes(text)))
    const every = {subtree: true, childList: true, characterData: true, attributes: true}
    new MutationObserver(look).observe(document, every)
}"""
HAS_MESSAGES = "performance.getEntriesByType('resource').some((file) => file.name.includes('/toast-corner-'))"
ATTACK = """<!doctype html><title>a page of others</title>
<form id="form" method="post" enctype="text/plain" action="{target}">
  <input name='{{"name":"forged","x":"' value='"}}'>
</form>
<script>
  const options = {{credentials: 'include', body: '{{"name": "forged"}}', method: 'POST'}};
  const tries = [
    fetch('{target}', {{...options, mode: 'no-cors'}}),
    fetch('{target}', {{...options, headers: {{'Content-Type': 'application/json', 'X-Seedgate-Console': '1'}}}}),
    fetch('{target}', {{credentials: 'include'}}).then((answer) => answer.text()).then((text) => window.stolen = text),
  ];
  Promise.allSettled(tries).then(() => document.getElementById('form').submit());
</script>"""


async def test_a_wrong_and_an_expired_token_are_refused_and_the_right_one_opens_the_address_one_came_for(
    site: Site, windows: Windows
) -> None:
    brief = await site.admin("/admins", {"name": "brief", "role": "viewer"})
    ended = update(AdminRow).where(AdminRow.id == brief["id"]).values(expires_at=datetime.now(UTC))
    await change(site, ended)
    for language in ("zh-CN", "en"):
        window = await windows(language)
        window.expected = {401}
        await window.open("/console/tenants")
        await expect(window.page.get_by_text(window.t("common:signIn.hint"))).to_be_visible()
        for wrong in ("wrong", "sg-" + "a" * 50, brief["token"]):
            await window.sign_in(wrong)
            await expect(window.page.get_by_role("alert")).to_contain_text(window.t("common:signIn.wrong"))
        await window.sign_in(site.admin_token)
        await expect(window.heading("tenants:title")).to_be_visible()
        assert window.page.url.endswith("/console/tenants")
        assert site.admin_token not in await window.page.evaluate(
            "JSON.stringify([{...localStorage}, {...sessionStorage}])"
        )
        assert await window.page.evaluate("document.cookie") == ""


async def test_signing_in_and_out_needs_no_mouse(site: Site, windows: Windows) -> None:
    window = await windows()
    window.expected = {401}
    await window.open("/console")
    await expect(window.page.get_by_label(window.t("common:signIn.token"))).to_be_focused()
    await window.page.keyboard.type(site.admin_token)
    await window.page.keyboard.press("Enter")
    await window.until_signed_in()
    await window.page.keyboard.press("g")
    await window.page.keyboard.press("t")
    await expect(window.heading("tenants:title")).to_be_visible()
    await window.page.keyboard.press("/")
    await expect(window.page.get_by_label(window.t("tenants:filter.name"))).to_be_focused()
    await window.page.keyboard.press("Escape")
    await window.button("common:nav.signOut").focus()
    await window.page.keyboard.press("Enter")
    await expect(window.page.get_by_label(window.t("common:signIn.token"))).to_be_visible()
    assert await window.fetch(TENANTS) == 401


async def test_a_revoked_key_is_out_within_a_second(site: Site, windows: Windows) -> None:
    tenant = await site.admin("/tenants", {"name": "short"})
    key = await site.admin(f"/tenants/{tenant['id']}/keys", {"name": "short"})
    window = await windows()
    window.expected = {401}
    await window.open("/console")
    await window.sign_in(key["key"])
    await window.until_signed_in()
    assert await window.fetch(WHOAMI) == 200
    admin = await windows("en")
    await _signed_in(admin, site)
    assert await admin.fetch(f"/admin/v1/keys/{key['id']}", "DELETE") == 204
    await asyncio.sleep(1)
    assert await window.fetch(WHOAMI) == 401
    await window.page.reload()
    await expect(window.page.get_by_label(window.t("common:signIn.token"))).to_be_visible()


async def test_a_session_that_ends_while_one_works_leads_back_to_where_one_was(site: Site, windows: Windows) -> None:
    admin = await site.admin("/admins", {"name": "guest", "role": "viewer"})
    window = await windows()
    window.expected = {401}
    await window.open("/console/tenants")
    await window.sign_in(admin["token"])
    await expect(window.heading("tenants:title")).to_be_visible()
    owner = await windows()
    await _signed_in(owner, site)
    assert await owner.fetch(f"/admin/v1/admins/{admin['id']}", "DELETE") == 204
    await asyncio.sleep(1)
    await window.page.get_by_label(window.t("tenants:filter.name")).fill("x")
    await expect(window.page.get_by_text(window.t("common:signIn.ended"))).to_be_visible()
    await window.sign_in(site.admin_token)
    await expect(window.heading("tenants:title")).to_be_visible()
    assert "/console/tenants" in window.page.url


async def test_an_admin_of_the_same_name_begins_anew_without_the_key_that_the_other_lent(
    site: Site, windows: Windows
) -> None:
    first, second = [await site.admin("/admins", {"name": "twin", "role": "operator"}) for _ in range(2)]
    tenant = await site.tenant()
    window = await windows()
    window.expected = {401}
    page, t = window.page, window.t
    await window.open("/console/playground")
    await window.sign_in(first["token"])
    await window.until_signed_in()
    key = page.get_by_label(t("playground:key.label"), exact=True)
    await key.fill(tenant.key)
    await window.button("playground:key.submit").click()
    await expect(page.get_by_label(t("playground:prompt"), exact=True)).to_be_visible()
    owner = await windows()
    await _signed_in(owner, site)
    assert await owner.fetch(f"/admin/v1/admins/{first['id']}", "DELETE") == 204
    await asyncio.sleep(1)
    # By a click in the page, so that it stays the same page.
    await page.get_by_role("link", name=t("common:pages.tenants"), exact=True).click()
    await expect(page.get_by_text(t("common:signIn.ended"))).to_be_visible()
    await window.sign_in(second["token"])
    await page.get_by_role("link", name=t("common:pages.playground"), exact=True).click()
    await expect(key).to_be_visible()
    await expect(key).to_have_value("")


@pytest.mark.parametrize("is_developer", [False, True], ids=["a viewer", "a developer"])
async def test_nothing_of_one_person_comes_to_the_next_in_the_same_tab(
    site: Site, windows: Windows, *, is_developer: bool
) -> None:
    tenant = await site.admin("/tenants", {"name": "Borealis Pictures"})
    made = await site.admin(f"/tenants/{tenant['id']}/keys", {"name": "night shift"})
    task_id = await site.create_task(Tenant(tenant["id"], made["key"], "", ""), "a cat")
    first = await site.admin("/admins", {"name": "first", "role": "owner"})
    viewer = await site.admin("/admins", {"name": "second", "role": "viewer"})
    window = await windows("en")
    window.expected = {401}
    page, t = window.page, window.t
    await window.open("/console/tasks")
    await window.sign_in(first["token"])
    await expect(page.locator(f"[data-row='{task_id}']")).to_contain_text("Borealis Pictures")
    await page.get_by_role("link", name=t("common:pages.tenants"), exact=True).click()
    await page.locator(f"[data-row='{tenant['id']}']").click()
    await window.button("keys:budgets.add").click()
    await window.drawer.get_by_label(t("keys:budgets.amount"), exact=True).fill("4711.25")
    await window.button("keys:new.title").click()
    await window.drawer.get_by_label(t("keys:form.name"), exact=True).fill("day shift")
    await window.button("common:action.create").first.click()
    secret = (await page.locator("[data-secret]").inner_text()).strip()
    own = [secret, "4711.25"]
    # A viewer may see these, too.
    own += [tenant["id"], "Borealis Pictures", "night shift", task_id] if is_developer else []
    await window.until_loaded()
    assert await page.evaluate(PRESENT, own) == [text for text in own if text != task_id]

    async with site.gateway.client(site.admin_token) as admin:
        assert (await admin.delete(f"/admin/v1/admins/{first['id']}")).status_code == 204
    await asyncio.sleep(1)
    # Who comes back to the tab.
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange', {bubbles: true}))")
    await expect(page.get_by_text(t("common:signIn.ended"))).to_be_visible()
    await page.evaluate(WATCH, own)
    await window.sign_in((await site.tenant()).key if is_developer else viewer["token"])
    await window.until_signed_in()
    await window.until_loaded()
    assert await page.evaluate(PRESENT, own) == []
    for path in ("tenants", "tasks"):
        await page.go_back()
        await page.wait_for_url(f"**/console/{path}")
        await window.until_loaded()
        assert await page.evaluate(PRESENT, own) == []
    assert await page.evaluate("window.appeared") == []


async def test_signing_out_and_in_reaches_the_other_tab_at_once(site: Site, windows: Windows) -> None:
    window = await windows()
    await _signed_in(window, site)
    other = await window.page.context.new_page()
    await other.goto(window.page.url)
    await expect(other.locator("main#page")).to_be_visible()
    await window.button("common:nav.signOut").click()
    await expect(other.get_by_label(window.t("common:signIn.token"))).to_be_visible()
    await expect(other.locator("main#page")).to_have_count(0)
    viewer = await site.admin("/admins", {"name": "second viewer", "role": "viewer"})
    await window.sign_in(viewer["token"])
    await expect(other.locator("main#page")).to_be_visible()
    await expect(other.get_by_text("second viewer")).to_be_visible()


async def test_a_sign_out_that_did_not_arrive_is_said_and_tried_again(
    site: Site, windows: Windows, tmp_path: Path
) -> None:
    port = free_port()
    async with site.second_gateway(tmp_path / "first", port) as gateway:
        window = await windows("en", url=gateway.url)
        window.expected = {0}
        page, t = window.page, window.t
        await window.open("/console/tenants")
        await window.sign_in(await site.owner())
        await window.until_signed_in()
        await window.until_loaded()
        # The last file that the page loads by a timer.
        await _until_messages_can_be_shown(window)
    await window.button("common:nav.signOut").click()
    await expect(page.get_by_text(t("common:signIn.notOut"), exact=True)).to_be_visible()
    await expect(page.get_by_label(t("common:signIn.token"))).to_have_count(0)
    assert await window.axe() == []
    async with site.second_gateway(tmp_path / "second", port):
        await window.button("common:action.retry").click()
        await expect(page.get_by_label(t("common:signIn.token"))).to_be_visible()
        await page.reload()
        await expect(page.get_by_label(t("common:signIn.token"))).to_be_visible()


async def test_nothing_is_read_with_a_session_that_one_is_ending(site: Site, windows: Windows) -> None:
    window = await windows()
    page = window.page
    await page.clock.install()
    async with page.expect_response("**/admin/v1/summary?**"):
        await _signed_in(window, site)
    reading, ended, goes_on = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def hold_read(route: Route) -> None:
        reading.set()
        await ended.wait()
        # The page may have given it up.
        with suppress(Error):
            await route.continue_()

    async def hold_end(route: Route) -> None:
        if route.request.method != "DELETE":
            await route.continue_()
            return
        answer = await route.fetch()
        assert answer.status == 204
        ended.set()
        await goes_on.wait()
        await route.fulfill(response=answer)

    await page.route("**/admin/v1/summary?**", hold_read)
    await page.route("**/console/session", hold_end)
    await page.clock.fast_forward("00:20")
    await reading.wait()
    await window.button("common:nav.signOut").click()
    await ended.wait()
    await page.clock.fast_forward("01:00")
    goes_on.set()
    await expect(page.get_by_label(window.t("common:signIn.token"))).to_be_visible()
    await window.until_loaded()


async def test_a_gateway_that_is_away_leaves_the_page_usable_and_is_noticed_when_it_is_back(
    site: Site, windows: Windows, tmp_path: Path
) -> None:
    name = "found again"
    await site.admin("/tenants", {"name": name})
    port = free_port()
    async with site.second_gateway(tmp_path / "first", port) as gateway:
        window = await windows("zh-CN", url=gateway.url)
        window.expected = {0, 503}
        page = window.page
        await window.open("/console/tenants")
        await window.sign_in(site.admin_token)
        row = page.locator("[data-row]").filter(has_text=name)
        await expect(row).to_be_visible()
        await row.click()
        await expect(window.button("tenants:suspend.action")).to_be_visible()
        await window.until_loaded()
        # A message can be said without the gateway.
        await _until_messages_can_be_shown(window)
    await window.button("tenants:suspend.action").click()
    await window.button("tenants:suspend.question").click()
    said = page.get_by_text(window.t("common:away.title"), exact=True)
    await expect(said.first).to_be_visible()
    assert "fetch" not in await page.locator("body").inner_text()
    drawer = page.get_by_role("dialog").filter(has_text=window.t("tenants:section.about"))
    await drawer.get_by_role("button", name=window.t("common:action.close")).click()
    await expect(drawer).to_have_count(0)
    search, banner = (
        page.get_by_label(window.t("tenants:filter.name")),
        page.get_by_text(window.t("common:away.banner")),
    )
    await search.fill(name)
    await expect(banner).to_be_visible()
    await expect(page.get_by_role("link", name=window.t("common:pages.tenants"), exact=True)).to_be_visible()
    assert await window.axe() == []
    async with site.second_gateway(tmp_path / "second", port):
        await expect(banner).to_have_count(0)
        await expect(row).to_be_visible()
        await expect(search).to_have_value(name)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"], ids=["another site", "the same site, another port"])
async def test_a_page_of_others_changes_and_reads_nothing(site: Site, windows: Windows, host: str) -> None:
    """A page on another port is of the same site, so that the browser sends it the cookie."""
    window = await windows()
    await _signed_in(window, site)
    before = await window.page.evaluate(f"fetch('{TENANTS}').then((answer) => answer.text())")
    async with _page_of_others(ATTACK.format(target=site.gateway.url + TENANTS)) as port:
        foreign = await window.page.context.new_page()
        await foreign.goto(f"http://{host}:{port}/")
        await foreign.wait_for_url(f"{site.gateway.url}/**")
        assert "AccessDenied" in await foreign.content() or "AuthenticationError" in await foreign.content()
        await foreign.close()
    after = await window.page.evaluate(f"fetch('{TENANTS}').then((answer) => answer.text())")
    assert after == before
    assert "forged" not in after
    assert await window.fetch(TENANTS) == 200


async def test_a_keys_session_learns_nothing_of_another_tenant(site: Site, windows: Windows) -> None:
    own, other = await site.tenant(), await site.tenant()
    own_task, other_task = await site.create_task(own, "mine"), await site.create_task(other, "theirs")
    window = await windows("en")
    await window.open("/console")
    await window.sign_in(own.key)
    await window.until_signed_in()
    for page in ("me", "playground", "tasks", "tenants", "audit"):
        await window.open(f"/console/{page}")
        await window.until_signed_in()
        await window.until_loaded()
    for path in (
        "/api/v3/contents/generations/tasks",
        f"/api/v3/contents/generations/tasks/{own_task}",
        f"/api/v3/contents/generations/tasks/{other_task}",
        "/api/v3/usage",
        *(
            f"/admin/v1/{name}"
            for name in ("summary", "tenants", "keys", "tasks", "audit", "usage", "groups", "assets")
        ),
        f"/admin/v1/tasks/{other_task}/media",
        f"/admin/v1/tenants/{other.id}",
    ):
        status = await window.fetch(path)
        assert status in ({401, 404} if "/admin/" in path else {404} if other_task in path else {200}), path
    received = await window.read_answers()
    assert own_task in received
    for secret in (other.id, other.key, other.key.split("-")[1], "theirs"):
        assert secret not in received


async def _signed_in(window: Window, site: Site) -> None:
    await window.open("/console")
    await window.sign_in(await site.owner())
    await window.until_signed_in()


@asynccontextmanager
async def _page_of_others(html: str) -> AsyncIterator[int]:
    """Serves one page on a port of its own."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = html.encode()
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b"
            % (len(body), body)
        )
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


async def _until_messages_can_be_shown(window: Window) -> None:
    """Waits for the file that the page loads by a timer; the page's policy forbids ``wait_for_function`` to poll."""
    async with asyncio.timeout(HANG_SECONDS):
        while not await window.page.evaluate(HAS_MESSAGES):  # noqa: ASYNC110 - a page has no event
            await asyncio.sleep(0.05)
