"""A page that is not the console's own gets nothing out of a session, and cannot begin or end one."""

import pytest

from tests.console.browser import SESSION, Browser, admin_token, check_refused
from tests.support.gateway import Gateway

TENANTS = "/admin/v1/tenants"
ORIGIN = "https://gateway.example"

# What a browser sends for a page elsewhere: it withholds the cookie as well, which is no part of these proofs.
FOREIGN = {
    "another site": {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
    "a sibling domain": {"Sec-Fetch-Site": "same-site", "Origin": "https://other.example"},
    "another port of this machine": {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:3000"},
    "an address that was typed": {"Sec-Fetch-Site": "none"},
    "an opaque origin": {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
    "an opaque origin of an old browser": {"Sec-Fetch-Site": "", "Origin": "null"},
    "another origin of an old browser": {"Sec-Fetch-Site": "", "Origin": "https://evil.example"},
    "the origin without TLS": {"Sec-Fetch-Site": "", "Origin": "http://gateway.example"},
    "the origin with another port": {"Sec-Fetch-Site": "", "Origin": f"{ORIGIN}:8443"},
    "an old browser that says nothing": {"Sec-Fetch-Site": "", "Origin": ""},
    "two answers": {"Sec-Fetch-Site": "same-origin, cross-site"},
}


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
async def test_another_page_is_refused(behind_proxy: Gateway, owner: Browser, headers: dict[str, str]) -> None:
    for method, path in (("GET", TENANTS), ("POST", TENANTS), ("GET", SESSION), ("POST", SESSION), ("DELETE", SESSION)):
        options = {"json": {"name": "forged", "token": admin_token(behind_proxy)}} if method == "POST" else {}
        answer = await owner.send(method, path, headers, **options)
        check_refused(answer, 403)
        assert "set-cookie" not in answer.headers
        assert "access-control-allow-origin" not in answer.headers
    assert (await owner.who()).status_code == 200, "it still is signed in"


async def test_an_old_browser_is_known_by_its_origin(owner: Browser) -> None:
    own = {"Sec-Fetch-Site": "", "Origin": ORIGIN}
    assert (await owner.send("GET", TENANTS, own)).status_code == 200
    assert (await owner.send("POST", TENANTS, own, json={"name": "made"})).status_code == 201


async def test_what_changes_something_needs_the_header_that_no_form_can_send(owner: Browser) -> None:
    for value in ("", "0", "true", "1, 1"):
        headers = {"X-Seedgate-Console": value}
        check_refused(await owner.send("POST", TENANTS, headers, json={"name": "made"}), 403)
        check_refused(await owner.send("DELETE", SESSION, headers), 403)
    assert (await owner.send("GET", TENANTS, {"X-Seedgate-Console": ""})).status_code == 200
    form = {"X-Seedgate-Console": "", "Content-Type": "application/x-www-form-urlencoded"}
    check_refused(await owner.send("POST", SESSION, form, content=b"token=x"), 403)


async def test_no_preflight_allows_the_header(owner: Browser) -> None:
    asked = {
        "Origin": "https://evil.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-seedgate-console",
        "Sec-Fetch-Site": "cross-site",
    }
    for path in (TENANTS, SESSION):
        answer = await owner.send("OPTIONS", path, asked)
        assert answer.status_code == 405
        assert "access-control-allow-headers" not in answer.headers


async def test_a_session_that_a_page_has_planted_is_never_taken_over(behind_proxy: Gateway, owner: Browser) -> None:
    planted = Browser(behind_proxy, cookie="__Host-seedgate=" + "A" * 43)
    check_refused(await planted.who(), 401)
    before = planted.cookie
    await planted.sign_in(admin_token(behind_proxy))
    assert planted.cookie != before
    known = owner.cookie
    await owner.sign_in(admin_token(behind_proxy))
    assert owner.cookie != known
    check_refused(await Browser(behind_proxy, cookie=known).who(), 401)
    assert (await owner.who()).status_code == 200


async def test_cookies_that_others_have_set_open_nothing_and_cost_little(behind_proxy: Gateway, owner: Browser) -> None:
    own = owner.cookie
    assert own is not None
    token = own.partition("=")[2]
    for cookie in (
        f"seedgate={token}",  # the name of plain http
        f"__host-seedgate={token}",
        f"{own}; __Host-seedgate={'B' * 43}",
        f"__Host-seedgate={'B' * 43}; {own}",
        f"{own}x",
        f'__Host-seedgate="{token}"',
        f"x{own}",
        "__Host-seedgate=",
        "__Host-seedgate=" + "x" * 8000,
        ";" * 8000,
    ):
        stranger = Browser(behind_proxy, cookie=cookie)
        assert (await stranger.who()).status_code in {204, 401}, cookie[-80:]
        check_refused(await stranger.send("GET", TENANTS), 401)
    for cookie in (f"a=b; {own}; c=d", f"{own};", f"{own}; {own}", "x=" + "y" * 8000 + f"; {own}"):
        assert (await Browser(behind_proxy, cookie=cookie).who()).status_code == 200, cookie[-80:]
    at_home = Browser(behind_proxy, front={}, cookie=own)
    assert (await at_home.who()).status_code == 204
    check_refused(await at_home.send("GET", TENANTS), 401)
