"""Walks through every page in Chromium: in both languages, light and dark, by keyboard, and on a small screen."""

import asyncio

import pytest
import pytest_asyncio
from playwright.async_api import Request, Route, expect

from app.console.routes import PAGES
from tests.console.chromium import PICTURES, Window
from tests.console.conftest import Windows
from tests.console.rows import add_delivery, add_orphan
from tests.support.site import Site

pytestmark = pytest.mark.console

MAX_OVERVIEW_BYTES = 250_000
# Nothing may stand out of the window but within what is scrolled by itself, such as a table.
TOO_WIDE = """document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll('body *')]
    .filter((element) => element.getBoundingClientRect().right > innerWidth && !element.closest('.overflow-x-auto'))
    .map((element) => element.outerHTML.slice(0, 200))"""
# Notes whether the heading is gone, though for a moment.
WATCH_HEADING = """() => {
    window.isGone = false
    const look = () => { window.isGone ||= !document.querySelector('h1')?.checkVisibility() }
    new MutationObserver(look).observe(document, {subtree: true, childList: true, attributes: true})
}"""
OF_A_KEY = ("me", "playground")
OF_AN_ADMIN = sorted(PAGES - {"me"})
TABS_OF_A_KEY = [f"me?tab={name}" for name in ("tasks", "assets", "usage", "setup")]
TABS_OF_AN_ADMIN = ("models?tab=prices", "assets?tab=groups", "tasks?tab=orphans")
# What ``console/src/styles.css`` says of the page itself.
LIGHT_CANVAS, DARK_CANVAS = "rgb(246, 247, 248)", "rgb(16, 19, 20)"
APPEARANCES = [("zh-CN", "light"), ("zh-CN", "dark"), ("en", "light"), ("en", "dark")]


@pytest_asyncio.fixture(scope="module")
async def key(site: Site) -> str:
    """The key of a tenant that has something to show."""
    tenant = await site.tenant()
    for prompt in ("a cat", "a dog"):
        await site.until_succeeded(tenant, await site.create_task(tenant, prompt))
    return tenant.key


@pytest_asyncio.fixture(scope="module")
async def hostile_tenant(site: Site) -> None:
    """A tenant whose name is long, and markup."""
    await site.admin("/tenants", {"name": "<b>极长的租户名称</b> " + "x" * 60, "status": "suspended"})


@pytest_asyncio.fixture(scope="module")
async def full(site: Site, key: str) -> None:
    """Something long on every page."""
    tenant = await site.admin("/tenants", {"name": "Aurora Visual Effects and Post Production"})
    made = await site.admin(f"/tenants/{tenant['id']}/keys", {"name": "render farm of the night shift"})
    origin = "https://callbacks.render-farm.studio.example:8443"
    for _ in range(3):
        await add_delivery(
            site,
            tenant["id"],
            origin=origin,
            url=f"{origin}/hook",
            status="failed",
            next_attempt_at=None,
            last_error="the endpoint answered with a status that means failure (503)",
        )
    await add_orphan(site, "cgt-20261130120000-orphan")
    async with site.gateway.client(made["key"]) as client:
        group = {"Name": "references of the night shift", "GroupType": "AIGC"}
        group_id = (await client.post("/api/v3/open/CreateAssetGroup", json=group)).json()["Id"]
        for kind in ("Image", "Video"):
            asset = {
                "GroupId": group_id,
                "Name": f"{kind} of a kitten that yawns in the morning light",
                "URL": f"https://assets.example/kitten.{'png' if kind == 'Image' else 'mp4'}",
                "AssetType": kind,
            }
            await client.post("/api/v3/open/CreateAsset", json=asset)


@pytest.mark.usefixtures("hostile_tenant", "full")
@pytest.mark.parametrize(("language", "theme"), APPEARANCES, ids=str)
async def test_axe_finds_nothing_on_any_page(site: Site, windows: Windows, key: str, language: str, theme: str) -> None:
    found = {}
    for secret, pages in ((await site.owner(), OF_AN_ADMIN), (key, OF_A_KEY)):
        window = await windows(language, "dark" if theme == "dark" else "light")
        await window.open("/console")
        await expect(window.page.get_by_label(window.t("common:signIn.token"))).to_be_visible()
        found["sign-in"] = await window.axe()
        await window.sign_in(secret)
        await window.until_signed_in()
        for name in pages:
            await window.open(f"/console/{name}")
            await expect(window.heading(f"common:pages.{name}")).to_be_visible()
            found[name] = await window.axe()
            assert await window.page.locator("html").get_attribute("lang") == language
    assert {name: faults for name, faults in found.items() if faults} == {}


@pytest.mark.usefixtures("hostile_tenant", "full")
@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_every_page_can_be_looked_at_on_a_small_screen(
    site: Site, windows: Windows, key: str, language: str
) -> None:
    too_wide: list[str] = []
    for secret, pages in ((await site.owner(), [*OF_AN_ADMIN, *TABS_OF_AN_ADMIN]), (key, [*OF_A_KEY, *TABS_OF_A_KEY])):
        window = await windows(language, width=320)
        await window.open("/console")
        await window.sign_in(secret)
        await window.until_signed_in()
        for name in pages:
            await window.open(f"/console/{name}")
            await expect(window.heading(f"common:pages.{name.partition('?')[0]}")).to_be_visible()
            await window.until_loaded()
            too_wide += [f"{name}: {element}" for element in await window.page.evaluate(TOO_WIDE)]
            current = window.page.get_by_role("navigation").first.locator("[aria-current=page]")
            await expect(current).to_be_in_viewport()
    assert too_wide == []


@pytest.mark.parametrize(
    ("page", "read", "shown"), [("me", "**/whoami", "dl"), ("overview", "**/summary?**", "[role=meter]")], ids=str
)
async def test_a_page_stays_when_what_it_shows_comes_after_its_texts(
    site: Site, windows: Windows, page: str, read: str, shown: str
) -> None:
    tenant = await site.tenant()
    budget = {"tenant_id": tenant.id, "amount_micros": 10**9, "currency": "CNY", "period": "month"}
    await site.admin("/budgets", budget)
    window = await windows("en")
    goes_on = asyncio.Event()

    async def hold(route: Route) -> None:
        await goes_on.wait()
        await route.continue_()

    await window.page.route(read, hold)
    await window.open(f"/console/{page}")
    await window.sign_in(tenant.key if page == "me" else await site.owner())
    await expect(window.heading(f"common:pages.{page}")).to_be_visible()
    await window.page.evaluate(WATCH_HEADING)
    goes_on.set()
    await expect(window.page.locator("main").locator(shown).first).to_be_visible()
    assert not await window.page.evaluate("window.isGone")


async def test_a_small_screen_has_the_switches_of_language_and_appearance(site: Site, windows: Windows) -> None:
    window = await windows(width=320)
    await window.open("/console/tenants")
    await window.sign_in(await site.owner())
    await window.until_signed_in()
    await window.page.get_by_label(window.t("common:language.label")).select_option("en")
    window.language = "en"
    await expect(window.heading("common:pages.tenants")).to_be_visible()
    await window.page.get_by_label(window.t("common:theme.label")).select_option("dark")
    assert await window.page.evaluate(TOO_WIDE) == []


async def test_the_chosen_language_and_appearance_are_kept(site: Site, windows: Windows) -> None:
    window = await windows("zh-CN", "light")
    await window.open_as(await site.owner(), "/console/tenants")
    page, root = window.page, window.page.locator("html")
    language, theme = (page.locator("select").filter(has=page.locator(f"[value={value}]")) for value in ("en", "dark"))
    await expect(root).to_have_css("background-color", LIGHT_CANVAS)
    await theme.select_option("dark")
    await language.select_option("en")
    await expect(root).to_have_attribute("lang", "en")
    window.language = "en"
    for _ in range(2):
        await expect(window.heading("tenants:title")).to_be_visible()
        await expect(root).to_have_attribute("lang", "en")
        await expect(root).to_have_css("background-color", DARK_CANVAS)
        await expect(theme).to_have_value("dark")
        await page.reload()
    await theme.select_option("system")
    await expect(root).to_have_css("background-color", LIGHT_CANVAS)


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_axe_finds_nothing_in_drawers_and_forms(site: Site, windows: Windows, language: str) -> None:
    window = await windows(language)
    page = window.page
    await window.open("/console")
    await window.sign_in(await site.owner())
    await window.until_signed_in()
    found = {}
    for name in ("tenants", "keys", "tasks", "channels", "models", "models?tab=prices", "deliveries", "audit"):
        await window.open(f"/console/{name}")
        await page.locator("[data-row]").first.press("Enter")
        await expect(page.get_by_role("dialog")).to_be_visible()
        found[f"{name}, a drawer"] = await window.axe()
        edit = page.get_by_role("dialog").get_by_role("button", name=window.t("common:action.edit"), exact=True)
        if await edit.count() > 0:
            await edit.first.click()
            await expect(page.get_by_role("dialog").get_by_role("textbox").first).to_be_visible()
            found[f"{name}, edited"] = await window.axe()
    for name in ("tenants", "channels", "models", "models?tab=prices"):
        await window.open(f"/console/{name}{'&' if '?' in name else '?'}show=new")
        await expect(page.get_by_role("dialog").get_by_role("textbox").first).to_be_visible()
        found[f"{name}, a new one"] = await window.axe()
    assert {name: faults for name, faults in found.items() if faults} == {}


@pytest.mark.usefixtures("full")
async def test_a_key_is_made_without_a_mouse(site: Site, windows: Windows) -> None:
    """From the sign-in to the key: by Tab and Enter alone, as somebody without a mouse goes."""
    window = await windows("en")
    page, t = window.page, window.t
    await window.open("/console/tenants")
    await expect(page.get_by_label(t("common:signIn.token"))).to_be_focused()
    await page.keyboard.type(await site.owner())
    await page.keyboard.press("Enter")
    await window.until_signed_in()
    row = page.locator("[data-row]").filter(has_text="Aurora")
    await expect(row).to_be_visible()
    await window.tab_to(row)
    await page.keyboard.press("Enter")
    await window.tab_to(window.button("keys:new.title"))
    await page.keyboard.press("Enter")
    await window.tab_to(page.get_by_role("dialog").get_by_label(t("keys:form.name"), exact=True))
    await page.keyboard.type("made by keyboard")
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-secret]")).to_contain_text("sg-")
    await window.tab_to(page.get_by_label(t("keys:once.saved")))
    await page.keyboard.press("Space")
    await window.tab_to(window.button("keys:once.done"))
    await page.keyboard.press("Enter")
    await window.tab_to(page.get_by_role("link", name="made by keyboard"))
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/console/keys?show=*")
    await expect(page.get_by_role("dialog")).to_contain_text("made by keyboard")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_a_new_tenant_makes_a_video_without_a_mouse(site: Site, windows: Windows) -> None:
    """From the list of tenants to the task: by Tab, Enter and typing alone."""
    window = await windows("en")
    page, t = window.page, window.t
    await window.open("/console/tenants")
    await expect(page.get_by_label(t("common:signIn.token"))).to_be_focused()
    await page.keyboard.type(await site.owner())
    await page.keyboard.press("Enter")
    await window.until_signed_in()
    await window.tab_to(window.button("tenants:new.title"))
    await page.keyboard.press("Enter")
    await window.tab_to(window.drawer.get_by_label(t("tenants:form.name"), exact=True))
    await page.keyboard.type("by Tab alone")
    await page.keyboard.press("Enter")
    await window.tab_to(window.button("keys:new.title"))
    await page.keyboard.press("Enter")
    await window.tab_to(window.drawer.get_by_label(t("keys:form.name"), exact=True))
    await page.keyboard.type("for the playground")
    await page.keyboard.press("Enter")
    await window.tab_to(window.button("keys:issued.try"))
    await page.keyboard.press("Enter")
    await expect(window.heading("playground:title")).to_be_visible()
    await window.tab_to(page.get_by_label(t("playground:prompt"), exact=True))
    await page.keyboard.type("a kitten yawns")
    await window.tab_to(window.button("playground:create"))
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/playground?task=*")
    await expect(page.locator("video")).to_be_visible()


async def test_a_small_screen_shows_the_state_of_a_task_without_scrolling(
    site: Site, windows: Windows, key: str
) -> None:
    tenant, _ = await _of_key(site, key)
    for secret, path in ((await site.owner(), f"/console/tasks?tenant={tenant}"), (key, "/console/me?tab=tasks")):
        for language in ("zh-CN", "en"):
            window = await windows(language, width=320)
            await window.open(path)
            await window.sign_in(secret)
            await window.until_signed_in()
            row = window.page.locator("[data-row]").first
            await expect(row).to_be_visible()
            await row.scroll_into_view_if_needed()
            await expect(row.get_by_text(window.t("common:status.succeeded"))).to_be_in_viewport(ratio=1)
            await expect(row.locator("code").first).to_be_in_viewport()


@pytest.mark.usefixtures("full")
async def test_pictures_of_the_pages_are_made_when_they_are_asked_for(
    site: Site, windows: Windows, key: str, pytestconfig: pytest.Config
) -> None:
    """With ``--write-tables``, into ``docs/img``; otherwise each page is only opened."""
    is_written = pytestconfig.getoption("--write-tables")
    tenant, task = await _of_key(site, key)
    # What is worth a picture is in a drawer.
    shown = {"tenants": f"?show={tenant}", "tasks": f"?show={task}"}
    for secret, pages in ((await site.owner(), OF_AN_ADMIN), (key, OF_A_KEY)):
        window = await windows("en")
        await window.open("/console")
        await window.sign_in(secret)
        await window.until_signed_in()
        for name in pages:
            if name == "playground" and secret != key:
                continue
            await window.open(f"/console/{name}{shown.get(name, '')}")
            await expect(window.page.locator("h1")).to_have_text(window.t(f"common:pages.{name}"))
            await window.until_loaded()
            if name == "playground":
                await _make_video(window)
            picture = await window.page.screenshot(animations="disabled")
            assert picture.startswith(b"\x89PNG")
            if is_written:
                (PICTURES / f"{name}.png").write_bytes(picture)


async def _make_video(window: Window) -> None:
    page, t = window.page, window.t
    await page.get_by_label(t("playground:prompt"), exact=True).fill("A kitten yawns in the morning light, close-up")
    await expect(page.locator("[data-estimate]")).to_be_visible()
    await window.button("playground:create").click()
    await expect(page.locator("video")).to_be_visible()
    await page.locator("video").evaluate("(video) => video.play()")
    await page.wait_for_function("() => document.querySelector('video').currentTime > 0.2")
    await page.locator("video").evaluate("(video) => video.pause()")


async def _of_key(site: Site, key: str) -> tuple[str, str]:
    """Returns the ids of the tenant of a key, and of its newest task."""
    async with site.gateway.client(key) as client:
        whoami = (await client.get("/api/v3/whoami")).json()
        tasks = (await client.get("/api/v3/contents/generations/tasks")).json()
        return str(whoami["tenant"]["id"]), str(tasks["items"][0]["id"])


async def test_an_unknown_address_says_so_and_leads_back(site: Site, windows: Windows) -> None:
    window = await windows("en")
    window.expected = {404}
    await window.open("/console/nowhere")
    await window.sign_in(await site.owner())
    await expect(window.page.get_by_text(window.t("common:nav.noSuchPage"))).to_be_visible()
    await window.page.get_by_role("link", name=window.t("common:nav.home")).click()
    await expect(window.heading("common:pages.overview")).to_be_visible()


async def test_the_overview_with_its_plots_is_small(site: Site, windows: Windows, key: str) -> None:
    """From a browser that has nothing: all that is sent until they are seen, compressed, the API's answers too."""
    window = await windows("en")
    requests: list[Request] = []
    window.page.on("requestfinished", lambda request: requests.append(request))  # noqa: PLW0108 - not a method of C
    await window.open("/console")
    await window.sign_in(await site.owner())
    await expect(window.heading("common:pages.overview")).to_be_visible()
    await expect(window.page.locator("[data-plot] rect").first).to_be_visible()
    await window.until_loaded()
    sent = {request.url: (await request.sizes())["responseBodySize"] for request in requests}
    assert sum(url.endswith(".js") for url in sent) > 1
    assert sum(sent.values()) <= MAX_OVERVIEW_BYTES, sent
