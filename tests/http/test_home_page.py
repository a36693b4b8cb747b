"""``GET /`` leads browsers to the console or shows them a page, and gives programs an error that they can parse."""

import base64
import hashlib
import re
from collections.abc import AsyncIterator

import httpx
import pytest_asyncio

from app import __version__
from app.main import create_app
from app.settings import Settings
from tests.support.answers import check_error
from tests.support.gateway import Gateway

CHROMIUM = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


@pytest_asyncio.fixture
async def without_console() -> AsyncIterator[httpx.AsyncClient]:
    """A gateway without the console, and without a lifespan, so that there is no database and nothing else."""
    bare = httpx.ASGITransport(create_app(Settings(_env_file=None, console="off")))
    async with httpx.AsyncClient(transport=bare, base_url="http://gateway") as client:
        yield client


async def test_a_browser_is_sent_to_the_console(gateway: Gateway) -> None:
    for path in ("/", "//", "/?utm_source=x"):
        answer = await gateway.anonymous.get(gateway.base_url + path, headers={"Accept": CHROMIUM})
        assert (answer.status_code, answer.headers["location"]) == (303, "/console")
        assert answer.headers["vary"] == "Accept"
        assert answer.headers["cache-control"] == "no-cache"


async def test_without_the_console_a_browser_gets_the_home_page(without_console: httpx.AsyncClient) -> None:
    for accept in (CHROMIUM, "text/html", "application/json, TEXT/HTML ;q=0.1", "a;q=0,text/html"):
        for path in ("/", "//", "/?utm_source=x"):
            answer = await without_console.get("http://gateway" + path, headers={"Accept": accept})
            assert answer.status_code == 200, answer.text
            assert answer.headers["content-type"] == "text/html; charset=utf-8"
            assert "<h1>Seedgate</h1>" in answer.text
    pairs = [("Accept", "image/png"), ("Accept", "text/html")]
    assert (await without_console.get("/", headers=pairs)).status_code == 200


async def test_the_page_leads_to_the_documentation_and_loads_nothing(
    gateway: Gateway, without_console: httpx.AsyncClient
) -> None:
    page = await without_console.get("/", headers={"Accept": CHROMIUM})
    links = re.findall(r'href="([^"]+)"', page.text)
    assert links == ["docs", "openapi.json"]
    for link in links:
        assert (await gateway.anonymous.get(f"/{link}")).status_code == 200
    assert re.findall(r"src=|<script|<link|<form|//| on\w+=", page.text) == []
    [style] = re.findall(r"<style>(.*)</style>", page.text)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert page.headers["content-security-policy"].split("; ") == [
        "default-src 'none'",
        f"style-src 'sha256-{digest}'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["cache-control"] == "no-cache"
    assert page.headers["vary"] == "Accept"
    assert __version__ not in page.text


async def test_a_program_gets_an_error_it_can_parse(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    for accept in (
        "*/*",
        "application/json",
        "text/*",
        "text/html;q=0",
        "text/html; q=0.000",
        "text/htmlx",
        "",
        "x" * 2000 + ",text/html",
    ):
        for client in (gateway.anonymous, tenant.http):
            answer = await client.get("/", headers={"Accept": accept})
            check_error(answer, 405, "MethodNotAllowed")
            assert answer.headers["allow"] == "POST"
            assert answer.headers["vary"] == "Accept", "a cache must not give it to a browser"
    for query in ("Action=ListAssets&Version=2024-01-01", "Version=2024-01-01&Action=", "Action"):
        answer = await tenant.http.get(f"/?{query}", headers={"Accept": CHROMIUM})
        check_error(answer, 405, "MethodNotAllowed")
    answer = await gateway.anonymous.get("/?a=%ff", headers={"Accept": CHROMIUM})
    check_error(answer, 400, "InvalidParameter")
    assert answer.headers["vary"] == "Accept"
    for method in ("PUT", "DELETE", "OPTIONS"):
        answer = await gateway.anonymous.request(method, "/", headers={"Accept": CHROMIUM})
        check_error(answer, 405, "MethodNotAllowed")
        assert answer.headers["allow"] == "GET, HEAD, POST"
