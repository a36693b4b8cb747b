"""Console sessions: who signs in, what a session opens, and when it ends."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import func, select, text

from app.admin.auth_throttle import FREE_FAILURES
from app.console.models import ConsoleSessionRow
from app.console.retention import SessionRetention
from app.console.sessions import MAX_SESSIONS_OF_ONE, MAX_SIGN_INS_PER_MINUTE
from tests.console.browser import SESSION, Browser, admin_token, check_refused, new_admin
from tests.support.gateway import TASKS, Gateway, serve_gateway

WHOAMI = "/api/v3/whoami"
TENANTS = "/admin/v1/tenants"
HOME, ELSEWHERE = "203.0.113.7", "203.0.113.8"


async def test_the_environments_token_a_named_admin_and_a_key_sign_in(behind_proxy: Gateway) -> None:
    tenant = await behind_proxy.tenant(permissions=["read"])
    viewer = await new_admin(behind_proxy, "viewer")
    for secret, view in (
        (admin_token(behind_proxy), {"kind": "admin", "name": "admin", "role": "owner", "admin_id": ""}),
        (viewer["token"], {"kind": "admin", "name": "an viewer", "role": "viewer", "admin_id": viewer["id"]}),
        (
            tenant.key,
            {
                "kind": "key",
                "name": "test",
                "tenant_id": tenant.id,
                "key_id": tenant.key_id,
                "permissions": ["read"],
            },
        ),
    ):
        browser = Browser(behind_proxy)
        answer = await browser.sign_in(secret)
        assert answer.status_code == 200, answer.text
        assert answer.headers["cache-control"] == "no-store"
        for shown in (answer.json(), (await browser.who()).json()):
            ends_in = datetime.fromisoformat(shown.pop("expires_at")) - behind_proxy.clock()
            assert timedelta(minutes=29, seconds=50) < ends_in <= timedelta(minutes=30)
            assert shown == view


async def test_a_wrong_token_is_refused_and_slowed_for_its_network(behind_proxy: Gateway) -> None:
    key = (await behind_proxy.tenant()).key
    wrong = ["x", "sga-wrong", "ключ", f"{key[:-1]}!", admin_token(behind_proxy)[:-1], "sg-" + "a" * 60]
    guesser = Browser(behind_proxy, address="203.0.113.99")
    for number in range(FREE_FAILURES):
        answer = await guesser.sign_in(wrong[number % len(wrong)])
        check_refused(answer, 401)
        assert "set-cookie" not in answer.headers
    answer = await guesser.sign_in("x")
    check_refused(answer, 429)
    assert answer.headers["retry-after"] == "3"
    check_refused(
        await behind_proxy.client("x").get(TENANTS, headers={"X-Forwarded-For": guesser.address}),
        429,
        "RateLimitExceeded",
    )
    assert (await guesser.sign_in(admin_token(behind_proxy))).status_code == 200, "the right one is always accepted"
    assert (await Browser(behind_proxy).sign_in("x")).status_code == 401, "another network is not slowed"


async def test_a_body_that_is_no_token_is_refused_for_what_it_is(behind_proxy: Gateway) -> None:
    browser = Browser(behind_proxy)
    for content, status, code in (
        (b"", 400, "InvalidParameter"),
        (b"[]", 400, "InvalidParameter"),
        (b"{}", 400, "MissingParameter.token"),
        (b'{"token": 5}', 400, "InvalidParameter.token"),
        (b'{"token": "x", "role": "owner"}', 400, "InvalidParameter.role"),
        (b'{"token": "' + b"x" * 1025 + b'"}', 400, "InvalidParameter.token"),
        (b'{"token": "' + b"x" * 5000 + b'"}', 413, "RequestTooLarge"),
    ):
        answer = await browser.send("POST", SESSION, content=content)
        check_refused(answer, status, code)
    check_refused(await browser.send("POST", f"{SESSION}?token=x", json={"token": "x"}), 400, "InvalidParameter.token")


async def test_the_cookie_is_bound_to_the_host_and_read_by_no_script(behind_proxy: Gateway, owner: Browser) -> None:
    cookie = (await owner.sign_in(admin_token(behind_proxy))).headers["set-cookie"]
    name, _, rest = cookie.partition("=")
    assert name == "__Host-seedgate"
    assert rest.partition("; ")[2].split("; ") == ["Path=/", "Max-Age=43200", "HttpOnly", "SameSite=Strict", "Secure"]
    at_home = Browser(behind_proxy, front={})
    cookie = (await at_home.sign_in(admin_token(behind_proxy))).headers["set-cookie"]
    assert cookie.startswith("seedgate=")
    assert "Secure" not in cookie
    assert (await at_home.who()).status_code == 200


async def test_a_cookie_is_not_sent_in_clear_to_another_machine(behind_proxy: Gateway) -> None:
    for host in ("gateway.example", "10.0.0.5:8080", "127.0.0.1.example", "localhost.example", "[2001:db8::1]"):
        answer = await Browser(behind_proxy, front={"Host": host}).sign_in(admin_token(behind_proxy))
        check_refused(answer, 403)
        assert "SEEDGATE_TRUSTED_PROXIES" in answer.json()["error"]["message"]
    for host in ("localhost:8080", "app.localhost", "127.8.9.1", "[::1]:8080"):
        assert (await Browser(behind_proxy, front={"Host": host}).sign_in(admin_token(behind_proxy))).status_code == 200


async def test_only_a_trusted_proxy_says_which_scheme_the_client_used(gateway: Gateway) -> None:
    """The shared gateway trusts no proxy."""
    answer = await Browser(gateway).sign_in(admin_token(gateway))
    check_refused(answer, 403)


async def test_a_session_opens_its_own_side_and_acts_under_its_owners_name(behind_proxy: Gateway) -> None:
    admin = await new_admin(behind_proxy, "operator")
    operator, developer = Browser(behind_proxy), Browser(behind_proxy)
    await operator.sign_in(admin["token"])
    made = await operator.send("POST", TENANTS, json={"name": "by the page"})
    assert made.status_code == 201, made.text
    check_refused(await operator.send("GET", "/admin/v1/admins"), 403)
    check_refused(await operator.send("GET", "/metrics"), 401)
    check_refused(await operator.send("GET", WHOAMI), 401)
    rows = (await behind_proxy.admin.get("/audit")).json()["data"]
    assert [(row["action"], row["actor"], row["address"]) for row in rows[:2]] == [
        ("tenant.create", "an operator", "203.0.113.7"),
        ("console.sign_in", "an operator", "203.0.113.7"),
    ]
    tenant = await behind_proxy.tenant()
    await developer.sign_in(tenant.key)
    assert (await developer.send("GET", WHOAMI)).json()["tenant"]["id"] == tenant.id
    check_refused(await developer.send("GET", TENANTS), 401)
    check_refused(
        await developer.send("POST", "/?Action=ListAssets&Version=2024-01-01", json={}), 401, "AuthenticationError"
    )


async def test_signing_in_and_out_is_written_to_the_audit_log(behind_proxy: Gateway) -> None:
    tenant = await behind_proxy.tenant()
    browser = Browser(behind_proxy)
    await browser.sign_in(tenant.key)
    gone = await browser.send("DELETE", SESSION)
    assert (gone.status_code, gone.content) == (204, b"")
    assert gone.headers["set-cookie"].startswith("__Host-seedgate=; Path=/; Max-Age=0; ")
    rows = (await behind_proxy.admin.get("/audit", params={"tenant": tenant.id})).json()["data"]
    public_part = tenant.key.split("-")[1]
    assert [(row["action"], row["actor"], row["actor_id"]) for row in rows[:2]] == [
        ("console.sign_out", f"key:{public_part}", tenant.key_id),
        ("console.sign_in", f"key:{public_part}", tenant.key_id),
    ]
    of_key = (await behind_proxy.admin.get("/audit", params={"key": tenant.key_id})).json()["data"]
    assert [row["action"] for row in of_key] == ["console.sign_out", "console.sign_in", "key.create"]
    check_refused(await browser.who(), 401)
    again = await browser.send("DELETE", SESSION)
    assert again.status_code == 204
    rows = (await behind_proxy.admin.get("/audit", params={"tenant": tenant.id})).json()["data"]
    assert [row["action"] for row in rows].count("console.sign_out") == 1


async def _revoke(gateway: Gateway, key_id: str, tenant_id: str) -> httpx.Response:
    del tenant_id
    return await gateway.admin.delete(f"/keys/{key_id}")


async def _rotate(gateway: Gateway, key_id: str, tenant_id: str) -> httpx.Response:
    del tenant_id
    return await gateway.admin.post(f"/keys/{key_id}/rotate", json={"grace_seconds": 0})


async def _suspend(gateway: Gateway, key_id: str, tenant_id: str) -> httpx.Response:
    del key_id
    return await gateway.admin.patch(f"/tenants/{tenant_id}", json={"status": "suspended"})


async def _delete(gateway: Gateway, key_id: str, tenant_id: str) -> httpx.Response:
    del key_id
    return await gateway.admin.delete(f"/tenants/{tenant_id}")


async def _expire(gateway: Gateway, key_id: str, tenant_id: str) -> httpx.Response:
    del tenant_id
    soon = (gateway.clock() + timedelta(seconds=5)).isoformat()
    answer = await gateway.admin.patch(f"/keys/{key_id}", json={"expires_at": soon})
    gateway.clock.advance(6)
    return answer


@pytest.mark.parametrize("end", [_revoke, _rotate, _suspend, _delete, _expire])
async def test_a_keys_session_ends_with_it_within_a_second(
    behind_proxy: Gateway, end: Callable[[Gateway, str, str], Awaitable[httpx.Response]]
) -> None:
    tenant = await behind_proxy.tenant()
    browser = Browser(behind_proxy)
    await browser.sign_in(tenant.key)
    assert (await browser.send("GET", TASKS)).status_code == 200
    done = await end(behind_proxy, tenant.key_id, tenant.id)
    assert done.is_success, done.text
    behind_proxy.expire_caches()
    for path in (SESSION, TASKS, WHOAMI):
        check_refused(await browser.send("GET", path), 401)
    assert (await browser.send("DELETE", SESSION)).status_code == 204


async def test_an_admins_session_ends_with_its_token_within_a_second(behind_proxy: Gateway) -> None:
    for how in ("revoked", "expired"):
        admin = await new_admin(behind_proxy)
        browser = Browser(behind_proxy)
        await browser.sign_in(admin["token"])
        assert (await browser.send("GET", TENANTS)).status_code == 200
        if how == "revoked":
            await behind_proxy.admin.delete(f"/admins/{admin['id']}")
        else:
            soon = (behind_proxy.clock() + timedelta(seconds=5)).isoformat()
            await behind_proxy.admin.patch(f"/admins/{admin['id']}", json={"expires_at": soon})
            behind_proxy.clock.advance(6)
        behind_proxy.expire_caches()
        for path in (SESSION, TENANTS):
            check_refused(await browser.send("GET", path), 401)


async def test_a_role_that_was_taken_away_is_gone_within_a_second(behind_proxy: Gateway) -> None:
    admin = await new_admin(behind_proxy, "operator")
    browser = Browser(behind_proxy)
    await browser.sign_in(admin["token"])
    assert (await browser.send("POST", TENANTS, json={"name": "made"})).status_code == 201
    await behind_proxy.admin.patch(f"/admins/{admin['id']}", json={"role": "viewer"})
    behind_proxy.expire_caches()
    check_refused(await browser.send("POST", TENANTS, json={"name": "made"}), 403)
    assert (await browser.who()).json()["role"] == "viewer"


async def test_a_key_signs_in_from_its_own_addresses_only(behind_proxy: Gateway) -> None:
    tenant = await behind_proxy.tenant(allowed_ips=[HOME])
    browser = Browser(behind_proxy, address=ELSEWHERE)
    refused = await browser.sign_in(tenant.key)
    check_refused(refused, 403)
    assert "set-cookie" not in refused.headers
    browser.address = HOME
    assert (await browser.sign_in(tenant.key)).status_code == 200
    browser.address = ELSEWHERE
    check_refused(await browser.sign_in(tenant.key), 403)
    browser.address = HOME
    assert (await browser.who()).status_code == 200, "a refused sign-in ends no session"
    rows = (await behind_proxy.admin.get("/audit", params={"tenant": tenant.id})).json()["data"]
    assert [row["action"] for row in rows if row["action"].startswith("console.")] == ["console.sign_in"]


async def test_a_session_is_used_from_the_addresses_of_its_key_only_and_not_kept_alive_from_elsewhere(
    behind_proxy: Gateway,
) -> None:
    tenant = await behind_proxy.tenant(allowed_ips=[HOME], limits={"rpm": 9})
    browser = Browser(behind_proxy, address=HOME)
    await browser.sign_in(tenant.key)
    browser.address = ELSEWHERE
    for method, path, status in (
        ("GET", SESSION, 403),
        ("GET", TASKS, 403),
        ("GET", WHOAMI, 403),
        ("POST", TASKS, 403),
        ("GET", "/api/v3/nowhere", 404),
    ):
        answer = await browser.send(method, path, json={} if method == "POST" else None)
        assert answer.status_code == status, (method, path, answer.text)
        assert "ratelimit" not in answer.headers, "it uses nothing up"
    browser.address = HOME
    assert (await browser.send("GET", WHOAMI)).headers["ratelimit"].startswith('"key-rpm";r=8;')
    behind_proxy.clock.advance(20 * 60)
    behind_proxy.expire_caches()
    browser.address = ELSEWHERE
    for path in (SESSION, TASKS):
        check_refused(await browser.send("GET", path), 403)
    behind_proxy.clock.advance(11 * 60)
    browser.address = HOME
    check_refused(await browser.who(), 401)


async def test_a_session_can_be_ended_from_anywhere(behind_proxy: Gateway) -> None:
    tenant = await behind_proxy.tenant(allowed_ips=[HOME])
    browser = Browser(behind_proxy, address=HOME)
    await browser.sign_in(tenant.key)
    browser.address = ELSEWHERE
    assert (await browser.send("DELETE", SESSION)).status_code == 204
    browser.address = HOME
    check_refused(await browser.who(), 401)


@asynccontextmanager
async def another(gateway: Gateway, **changes: Any) -> Any:
    """Runs one more gateway on the same database, with some settings changed."""
    settings = gateway.settings.model_copy(update=changes)
    async with serve_gateway(settings, gateway.clock, gateway.seconds) as base_url:
        other = Gateway(base_url, settings, gateway.sandbox, gateway.clock, gateway.sessions)
        try:
            yield other
        finally:
            await other.close()


async def test_the_sessions_of_the_environments_token_end_when_it_changes_and_hold_in_every_process(
    behind_proxy: Gateway, owner: Browser
) -> None:
    async with another(behind_proxy) as same:
        assert (await Browser(same, cookie=owner.cookie).send("GET", TENANTS)).status_code == 200
    async with another(behind_proxy, admin_token=SecretStr("n" * 40)) as changed:
        check_refused(await Browser(changed, cookie=owner.cookie).send("GET", TENANTS), 401)
    assert (await owner.who()).status_code == 200


async def test_a_console_that_is_switched_off_leaves_nothing_open(behind_proxy: Gateway, owner: Browser) -> None:
    async with another(behind_proxy, console="off") as off:
        browser = Browser(off, cookie=owner.cookie)
        for method, path, status in (
            ("GET", "/console", 404),
            ("GET", "/console/tasks", 404),
            ("GET", SESSION, 404),
            ("POST", SESSION, 404),
            ("GET", TENANTS, 401),
            ("GET", TASKS, 401),
        ):
            answer = await browser.send(method, path)
            assert answer.status_code == status, (method, path, answer.text)
        home = await browser.send("GET", "/", {"Accept": "text/html"})
        assert "<h1>Seedgate</h1>" in home.text


async def test_a_session_lasts_half_an_hour_without_use_and_twelve_hours_at_most(behind_proxy: Gateway) -> None:
    tenant = await behind_proxy.tenant()
    used, idle = Browser(behind_proxy), Browser(behind_proxy)
    await used.sign_in(tenant.key)
    await idle.sign_in(tenant.key)
    for _ in range(24):
        behind_proxy.clock.advance(29.5 * 60)
        behind_proxy.expire_caches()
        answer = await used.who()
        assert answer.status_code == 200, answer.text
    check_refused(await idle.who(), 401)
    ends_at = datetime.fromisoformat(answer.json()["expires_at"])
    assert timedelta(minutes=11) < ends_at - behind_proxy.clock() < timedelta(minutes=13), "of twelve hours"
    behind_proxy.clock.advance(13 * 60)
    check_refused(await used.send("GET", TASKS), 401)
    behind_proxy.clock.advance(-13 * 60)


async def test_what_the_page_reads_by_itself_is_no_use_of_a_session(behind_proxy: Gateway, owner: Browser) -> None:
    own = {"X-Seedgate-Console": "background"}
    for _ in range(2):
        behind_proxy.clock.advance(14 * 60)
        behind_proxy.expire_caches()
        for path in (TENANTS, SESSION):
            assert (await owner.send("GET", path, own)).status_code == 200
    behind_proxy.clock.advance(3 * 60)
    behind_proxy.expire_caches()
    check_refused(await owner.send("GET", TENANTS, own), 401)


async def test_a_change_is_not_sent_in_the_background(owner: Browser) -> None:
    own = {"X-Seedgate-Console": "background"}
    check_refused(await owner.send("POST", TENANTS, own, json={"name": "made"}), 403)


async def test_a_clock_that_is_set_back_prolongs_no_session_beyond_its_twelve_hours(behind_proxy: Gateway) -> None:
    tenant = await behind_proxy.tenant()
    browser = Browser(behind_proxy)
    await browser.sign_in(tenant.key)
    behind_proxy.clock.advance(-3600)
    behind_proxy.expire_caches()
    assert (await browser.who()).status_code == 200
    behind_proxy.clock.advance(3600 + 31 * 60)
    behind_proxy.expire_caches()
    check_refused(await browser.who(), 401)


async def test_ended_sessions_are_removed(behind_proxy: Gateway, owner: Browser) -> None:
    async def count() -> int:
        async with behind_proxy.sessions() as session:
            return int(await session.scalar(select(func.count()).select_from(ConsoleSessionRow)) or 0)

    retention = SessionRetention(behind_proxy.sessions, behind_proxy.clock)
    await retention.run_once()
    assert await count() >= 1
    behind_proxy.clock.advance(31 * 60)
    await retention.run_once()
    assert await count() == 0
    check_refused(await owner.who(), 401)


async def test_what_is_stored_opens_no_session(behind_proxy: Gateway, owner: Browser) -> None:
    assert owner.cookie is not None
    token = owner.cookie.partition("=")[2]
    async with behind_proxy.sessions() as session:
        rows = list(await session.scalars(text("SELECT row_to_json(s)::text FROM console_sessions AS s")))
    assert len(rows) >= 1
    for secret in (token, admin_token(behind_proxy)):
        assert not any(secret in row or secret.encode().hex() in row for row in rows)


async def test_one_owner_has_a_limited_number_of_sessions_and_sign_ins(behind_proxy: Gateway) -> None:
    tenant = await behind_proxy.tenant()
    browsers = [Browser(behind_proxy) for _ in range(MAX_SESSIONS_OF_ONE + 1)]
    first = browsers[0]
    for browser in browsers[:MAX_SIGN_INS_PER_MINUTE]:
        assert (await browser.sign_in(tenant.key)).status_code == 200
    check_refused(await browsers[-1].sign_in(tenant.key), 429)
    assert (await first.who()).status_code == 200
    behind_proxy.seconds.advance(61)
    assert (await browsers[-1].sign_in(tenant.key)).status_code == 200
    behind_proxy.expire_caches()
    check_refused(await first.who(), 401)
    assert (await browsers[1].who()).status_code == 200


async def test_two_tabs_share_a_session_and_its_end(behind_proxy: Gateway, owner: Browser) -> None:
    tab = Browser(behind_proxy, cookie=owner.cookie)
    answers = await asyncio.gather(*(browser.send("GET", TENANTS) for browser in (owner, tab) * 10))
    assert {answer.status_code for answer in answers} == {200}
    await tab.send("DELETE", SESSION)
    check_refused(await owner.send("GET", TENANTS), 401)


async def test_a_request_with_a_credential_does_not_touch_the_session(behind_proxy: Gateway, owner: Browser) -> None:
    tenant = await behind_proxy.tenant()
    both = await owner.send("GET", TASKS, {"Authorization": f"Bearer {tenant.key}"})
    assert both.status_code == 200
    for headers in ({"Authorization": "Bearer wrong"}, {"X-Api-Key": "wrong"}, {"Authorization": "Basic eDp5"}):
        check_refused(await owner.send("GET", TENANTS, headers), 401)
    foreign = {"Sec-Fetch-Site": "cross-site", "Authorization": f"Bearer {tenant.key}"}
    assert (await owner.send("GET", TASKS, foreign)).status_code == 200, "a key is no matter of pages"
