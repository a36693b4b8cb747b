"""Debian's Chromium, and what has to hold in every window of it, whatever a walk does there."""

import asyncio
import json
import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from playwright.async_api import (
    Browser,
    ConsoleMessage,
    Error,
    Locator,
    Page,
    Request,
    Response,
    async_playwright,
    expect,
)

from console import build
from tests.console.texts import text
from tests.support.timeouts import HANG_SECONDS

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "docs/img"
Theme = Literal["light", "dark"]

# A slow machine is no failure.
expect.set_options(timeout=HANG_SECONDS * 1000)

_AXE = ROOT / "console/node_modules/axe-core/axe.min.js"
_API = ("/admin/v1/", "/api/v3/", "/v1/", "/console/session", "/healthz")
_PAGE = re.compile(r"/console(/(?!files/).*)?")
_MEDIA = {"media", "image"}
_FAILED = re.compile(
    r"Failed to load resource: "
    r"(?:the server responded with a status of (\d{3})\b|net::ERR_(?:CONNECTION_[A-Z]+|EMPTY_RESPONSE)$)"
)
# The browser calls back when the page has nothing to do: what has come was worked on, and what that asks for is begun.
_UNTIL_IDLE = "() => new Promise((resolve) => requestAnimationFrame(() => requestIdleCallback(() => resolve())))"
_IDLE_TIMES = 3
_MAX_TABS = 80
# React hides what it shows again with what comes, for a third of a second after the last time.
_IS_HELD_BACK = "document.querySelector('main#page [style*=\"display: none !important\"]') !== null"
_RUN_AXE = """async () => (await axe.run(document)).violations.map(
    (found) => `${found.id}: ${found.nodes.map((node) => node.html).join(' | ')}`)"""
_REPORT_VIOLATIONS = """document.addEventListener('securitypolicyviolation', (event) =>
    reportViolation(`${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`))"""


def install_axe() -> None:
    """Installs the locked packages of the console, among them axe, unless they are there."""
    build.install(ROOT, build.Npm())


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Runs Chromium; fails with what is missing when the machine has none."""
    path = shutil.which("chromium")
    assert path is not None, "the package chromium of Debian is missing"
    async with async_playwright() as playwright:
        # Chromium does not run as root with its own sandbox.
        arguments = ["--no-sandbox"] if os.getuid() == 0 else []
        browser = await playwright.chromium.launch(executable_path=path, args=arguments)
        try:
            yield browser
        finally:
            await browser.close()


class Window:
    """A window of a browser of its own, with its cookies.

    Attributes:
        page: what Playwright drives.
        language: of the browser and so of the page.
        faults: what must not happen in any walk: reports of the content security policy, errors in the browser's
            console, requests to other hosts but for the media of tasks.
        received: the text of every answer of the API.
        expected: the statuses of the refusals, by the API or the page, that a walk comes for; 0 for a gateway that is
            away. Any other is a fault, but for what ``fetch`` has returned.
    """

    def __init__(self, page: Page, base_url: str, media_origin: str, language: str) -> None:
        self.page = page
        self.language = language
        self.faults: list[str] = []
        self.received: list[str] = []
        self.expected: set[int] = set()
        self._refused: list[tuple[int, str]] = []
        self._judged: set[tuple[int, str]] = set()
        self._base_url = base_url
        self._media_origin = media_origin
        self._pending: list[Response] = []
        self._begun = 0
        self._open: set[Request] = set()
        page.set_default_timeout(HANG_SECONDS * 1000)
        page.on("console", self._take_message)
        page.on("pageerror", self._take_error)
        page.on("request", self._take_request)
        page.on("requestfinished", self._take_end)
        page.on("requestfailed", self._take_end)
        page.on("response", self._take_response)

    async def prepare(self) -> None:
        """Lets the page report violations of its policy, before it is opened."""
        await self.page.expose_function("reportViolation", lambda report: self.faults.append(f"policy: {report}"))
        await self.page.add_init_script(_REPORT_VIOLATIONS)

    async def open(self, path: str) -> None:
        """Opens an address of the console, such as ``/console/tasks``."""
        await self.page.goto(self._base_url + path)

    def t(self, key: str, **values: str) -> str:
        """Returns a text of the page, such as ``common:signIn.submit``."""
        return text(self.language, key, **values)

    def button(self, key: str) -> Locator:
        """Returns the button with a text of the page."""
        return self.page.get_by_role("button", name=self.t(key), exact=True)

    @property
    def drawer(self) -> Locator:
        """The open drawer, without the messages in the corner, which have the role of a dialog, too."""
        return self.page.locator("[role=dialog]:not([aria-modal=false])")

    def heading(self, key: str) -> Locator:
        """Returns the heading of the first level with a text of the page."""
        return self.page.get_by_role("heading", level=1, name=self.t(key), exact=True)

    async def sign_in(self, secret: str) -> None:
        """Types a token or key into the sign-in and sends it."""
        await self.page.get_by_label(self.t("common:signIn.token")).fill(secret)
        await self.button("common:signIn.submit").click()

    async def open_as(self, secret: str, path: str) -> None:
        """Opens an address of the console and signs in there with a token or key."""
        await self.open(path)
        await self.sign_in(secret)
        await self.until_signed_in()

    async def tab_to(self, target: Locator) -> None:
        """Presses Tab until something has the focus."""
        await expect(target).to_be_visible()
        for _ in range(_MAX_TABS):
            if await target.evaluate("(element) => element === document.activeElement"):
                return
            await self.page.keyboard.press("Tab")
        raise AssertionError(f"{target} is not reached by Tab")

    async def until_signed_in(self) -> None:
        """Waits until the sign-in has given way to the page."""
        await self.page.get_by_label(self.t("common:signIn.token")).wait_for(state="detached")
        await self.page.locator("main#page").wait_for()

    async def until_loaded(self) -> None:
        """Waits until nothing is loading any more: no request is under way, and the page begins none.

        The state ``networkidle`` is none of the page: once it was reached, it stays until another document is opened.
        What the page does by a timer, such as to filter by what was typed, is to be waited for itself.
        """
        loading = self.page.get_by_role("status", name=self.t("common:state.loading"), exact=True)
        async with asyncio.timeout(HANG_SECONDS):
            while True:
                begun = self._begun
                for _ in range(_IDLE_TIMES):
                    await self.page.evaluate(_UNTIL_IDLE)
                is_shown = await loading.count() == 0 and not await self.page.evaluate(_IS_HELD_BACK)
                if is_shown and not self._open and self._begun == begun:
                    return

    def message(self, key: str) -> Locator:
        """Returns the message in the corner with a text of the page."""
        return self.page.locator("[role=dialog][aria-modal=false]").get_by_text(self.t(key), exact=True)

    async def copy(self, button: Locator) -> str:
        """Clicks a button that copies something; returns what is in the clipboard then."""
        await self.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await button.click()
        await expect(self.page.get_by_text(self.t("common:state.copied"), exact=True)).to_be_attached()
        copied: str = await self.page.evaluate("navigator.clipboard.readText()")
        return copied

    async def fetch(self, path: str, method: str = "GET", **body: Any) -> int:
        """Calls the API as the page does; returns the status."""
        code = """async ([path, method, body]) => (await fetch(path, {method, headers: {
            'X-Seedgate-Console': '1', ...(body && {'Content-Type': 'application/json'})}, body})).status"""
        status: int = await self.page.evaluate(code, [path, method, json.dumps(body) if body else None])
        # The test itself judges it.
        self._judged.add((status, path.partition("?")[0]))
        return status

    async def axe(self) -> list[str]:
        """Returns what axe finds wrong with the page, once it is loaded."""
        await self.until_loaded()
        await self.page.evaluate(_AXE.read_text(encoding="utf-8"))
        found: list[str] = await self.page.evaluate(_RUN_AXE)
        return found

    async def read_answers(self) -> str:
        """Returns the text of every answer of the API until now."""
        taken = self._pending[:]
        self._pending.clear()
        for response in taken:
            if urlsplit(response.url).path.startswith(_API):
                try:
                    self.received.append(await response.text())
                except Error:
                    # An answer without a body, or to a page that was left.
                    continue
        return "\n".join(self.received)

    def check(self) -> None:
        """Checks that nothing has happened that must not happen in any walk."""
        assert self.faults == [], self.faults
        unexpected = [found for found in self._refused if found[0] not in self.expected and found not in self._judged]
        assert unexpected == [], unexpected

    def _take_end(self, request: Request) -> None:
        self._open.discard(request)

    def _take_response(self, response: Response) -> None:
        self._pending.append(response)

    def _take_message(self, message: ConsoleMessage) -> None:
        if message.type != "error":
            return
        # The browser reports each answer from 400 on. Those of the API and the page itself are answers like others.
        url = message.location["url"]
        path = urlsplit(url).path
        is_answer = path.startswith(_API) or _PAGE.fullmatch(path) is not None
        found = _FAILED.match(message.text)
        if found is not None and is_answer:
            self._refused.append((int(found[1] or 0), path))
        else:
            self.faults.append(f"console: {message.text} ({url})")

    def _take_error(self, error: Error) -> None:
        self.faults.append(f"error: {error.message}")

    def _take_request(self, request: Request) -> None:
        if request.resource_type not in _MEDIA:
            self._begun += 1
            self._open.add(request)
        if request.url.startswith(("data:", "blob:", self._base_url + "/")):
            return
        is_media = request.url.startswith(self._media_origin + "/") and request.resource_type in _MEDIA
        if not is_media:
            self.faults.append(f"request: {request.url}")
