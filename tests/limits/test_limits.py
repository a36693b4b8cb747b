"""Limits on the requests of keys and tenants, over HTTP."""

import asyncio
from typing import Any

import httpx
import pytest

from app.db.base import utc_now
from tests.support.gateway import ENDLESS, TASKS, Gateway, Tenant, get, text
from tests.support.signing import Signing
from tests.support.timeouts import HANG_SECONDS

WHOAMI = "/api/v3/whoami"
ASSETS = {"Filter": {"GroupType": "AIGC"}, "PageNumber": 1, "PageSize": 10}


async def limited(gateway: Gateway, *, of_tenant: dict[str, int] | None = None, **limits: int) -> Tenant:
    """Returns a new tenant and its key; each has limits."""
    made = (await gateway.admin.post("/tenants", json={"name": "a", "limits": of_tenant})).json()
    return await gateway.key_of(made["id"], limits=limits or None, allowed_channels=["default"])


def check_refused(answer: httpx.Response, limit: str, retry_after: int) -> None:
    assert answer.status_code == 429, answer.text
    error = answer.json()["error"]
    assert (error["code"], error["type"]) == ("RateLimitExceeded", "TooManyRequests")
    assert f"`{limit}`" in error["message"]
    assert answer.headers["retry-after"] == str(retry_after)


async def test_requests_beyond_the_limit_are_refused_until_the_window_ends(gateway: Gateway) -> None:
    tenant = await limited(gateway, rpm=3)
    for left in (2, 1, 0):
        answer = await tenant.http.get(WHOAMI)
        assert answer.status_code == 200
        assert answer.headers["ratelimit-policy"] == '"key-rpm";q=3;w=60'
        assert answer.headers["ratelimit"] == f'"key-rpm";r={left};t=60'
    assert (await tenant.http.get(WHOAMI)).status_code == 429
    gateway.seconds.advance(18)
    refused = await tenant.http.get(TASKS)
    check_refused(refused, "key-rpm", 42)
    assert refused.headers["ratelimit"] == '"key-rpm";r=0;t=42'
    gateway.seconds.advance(42)
    assert (await tenant.http.get(WHOAMI)).headers["ratelimit"] == '"key-rpm";r=2;t=60'


async def test_the_keys_of_a_tenant_share_its_limit_and_not_that_of_a_key(gateway: Gateway) -> None:
    one = await limited(gateway, of_tenant={"rps": 5}, rps=4)
    other = await gateway.key_of(one.id)
    for _ in range(4):
        assert (await one.http.get(WHOAMI)).status_code == 200
    check_refused(await one.http.get(WHOAMI), "key-rps", 1)
    # The refused request used up nothing of the tenant's limit.
    answer = await other.http.get(WHOAMI)
    assert (answer.status_code, answer.headers["ratelimit"]) == (200, '"tenant-rps";r=0;t=1')
    check_refused(await other.http.get(WHOAMI), "tenant-rps", 1)
    assert (await (await gateway.tenant()).http.get(WHOAMI)).status_code == 200
    gateway.seconds.advance(1)
    assert (await one.http.get(WHOAMI)).status_code == 200


async def test_the_keys_that_replace_a_key_share_its_limits(gateway: Gateway) -> None:
    first = await limited(gateway, rpm=4, create_rpm=1)
    second = await gateway.rotated(first)
    third = await gateway.rotated(second)
    keys = [first, second, third]
    assert (await first.http.get(WHOAMI)).headers["ratelimit"].startswith('"key-rpm";r=3;')
    assert (await third.create_task(content=text(ENDLESS))).status_code == 200
    check_refused(await second.create_task(content=text(ENDLESS)), "key-create-rpm", 60)
    assert (await second.http.get(WHOAMI)).headers["ratelimit"].startswith('"key-rpm";r=0;')
    for key in keys:
        check_refused(await key.http.get(WHOAMI), "key-rpm", 60)
    # Limits that are made different are counted apart, from the change on.
    changed = await gateway.admin.patch(f"/keys/{third.key_id}", json={"limits": {"rpm": 5}})
    assert changed.status_code == 200
    gateway.expire_caches()
    assert (await third.http.get(WHOAMI)).headers["ratelimit"] == '"key-rpm";r=4;t=60'
    check_refused(await second.http.get(WHOAMI), "key-rpm", 59)


async def test_creates_have_a_limit_of_their_own_and_dry_runs_and_reads_do_not_count(gateway: Gateway) -> None:
    tenant = await limited(gateway, create_rpm=2)
    body: dict[str, Any] = {"model": "doubao-seedance-2", "content": text(ENDLESS)}
    for left in (1, 0):
        assert (await tenant.http.post(TASKS, params={"dry_run": "true"}, json=body)).status_code == 200
        made = await tenant.create_task(content=text(ENDLESS))
        assert (made.status_code, made.headers["ratelimit"]) == (200, f'"key-create-rpm";r={left};t=60')
    sent = len(gateway.received("create_task"))
    check_refused(await tenant.create_task(content=text(ENDLESS)), "key-create-rpm", 60)
    assert len(gateway.received("create_task")) == sent
    assert len(await gateway.rows_of(tenant)) == 2
    assert (await tenant.http.get(TASKS)).status_code == 200


async def test_a_create_that_is_refused_counts_like_any_other(gateway: Gateway) -> None:
    tenant = await limited(gateway, rpm=4)
    assert (await tenant.http.get(WHOAMI)).status_code == 200, "then the key is known, and creates take the short way"
    body: dict[str, Any] = {"model": "doubao-seedance-2", "content": text(ENDLESS)}
    for left, headers, sent in ((2, {"Idempotency-Key": "x" * 300}, body), (1, {}, {"model": "none"}), (0, {}, [])):
        refused = await tenant.http.post(TASKS, json=sent, headers=headers)
        assert (refused.status_code // 100, refused.headers["ratelimit"]) == (4, f'"key-rpm";r={left};t=60')
    check_refused(await tenant.create_task(content=text(ENDLESS)), "key-rpm", 60)


async def test_an_answer_from_memory_counts_like_any_other(gateway: Gateway) -> None:
    tenant = await limited(gateway, of_tenant={"rpm": 1000}, rpm=50, rps=1000)
    task_id = await tenant.new_task()
    await gateway.force(task_id, "succeeded")
    await gateway.admin.post(f"/tasks/{task_id}/refresh")
    shown = [(await get(tenant, task_id)).headers for _ in range(40)]
    assert [headers["ratelimit"] for headers in shown] == [
        f'"key-rps";r={998 - number};t=1, "key-rpm";r={48 - number};t=60, "tenant-rpm";r={998 - number};t=60'
        for number in range(40)
    ]
    assert {headers["ratelimit-policy"] for headers in shown} == {
        '"key-rps";q=1000;w=1, "key-rpm";q=50;w=60, "tenant-rpm";q=1000;w=60'
    }
    # The answers that the fast path leaves to the route are counted once.
    absent = f"{TASKS}/cgt-20260101000000-zzzzz"
    for left in (8, 7):
        answer = await tenant.http.get(absent)
        assert answer.status_code == 404
        assert f'"key-rpm";r={left};' in answer.headers["ratelimit"]
    for _ in range(7):
        assert (await tenant.http.get(f"{TASKS}/{task_id}")).status_code == 200
    check_refused(await tenant.http.get(f"{TASKS}/{task_id}"), "key-rpm", 60)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", f"{WHOAMI}?unknown=1", 400),
        ("HEAD", WHOAMI, 200),
        ("POST", TASKS, 400),
        ("PUT", TASKS, 405),
        ("OPTIONS", TASKS, 405),
        ("DELETE", TASKS, 405),
        ("PATCH", f"{TASKS}/none", 405),
        ("POST", f"{TASKS}/none/cancel", 404),
        ("GET", "/api/v3/open/GetAsset", 405),
        ("GET", "/", 405),
        ("GET", "/api/v3/nope", 404),
        ("GET", "/v1/nope", 404),
        ("GET", "/v1/models/nope", 404),
        ("GET", "/nope", 404),
        ("HEAD", "/nope", 404),
        ("DELETE", f"{TASKS}/none", 404),
        ("POST", "/api/v3/open/GetAsset", 400),
        ("POST", "/api/v3/open/Nothing", 404),
        ("POST", "/?Action=ListAssets&Version=2024-01-01", 400),
    ],
)
async def test_every_answer_shows_the_limits_and_counts_once(
    gateway: Gateway, method: str, path: str, status: int
) -> None:
    tenant = await limited(gateway, rpm=2)
    for left in (1, 0):
        answer = await tenant.http.request(method, path, content=b"{}" if method == "POST" else None)
        assert answer.status_code == status, answer.text
        assert answer.headers["ratelimit-policy"] == '"key-rpm";q=2;w=60'
        assert answer.headers["ratelimit"] == f'"key-rpm";r={left};t=60'
    refused = await tenant.http.request(method, path, content=b"{}" if method == "POST" else None)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
    assert refused.headers["ratelimit"] == '"key-rpm";r=0;t=60'
    if method != "HEAD":
        assert refused.json()["error"]["code"] == "RateLimitExceeded"


@pytest.mark.parametrize(
    ("of_key", "of_tenant", "headers", "status"),
    [
        ({"permissions": ["read"]}, {}, {}, 403),
        ({}, {"status": "suspended"}, {}, 403),
        ({}, {}, {"Content-Type": "text/html"}, 415),
        ({}, {}, {"Content-Encoding": "gzip"}, 415),
    ],
)
async def test_a_refusal_after_the_key_is_known_shows_the_limits_and_counts_once(
    gateway: Gateway, of_key: dict[str, Any], of_tenant: dict[str, Any], headers: dict[str, str], status: int
) -> None:
    tenant = await limited(gateway, rpm=9)
    assert (await tenant.http.get(WHOAMI)).status_code == 200
    if of_key:
        assert (await gateway.admin.patch(f"/keys/{tenant.key_id}", json=of_key)).status_code == 200
    if of_tenant:
        assert (await gateway.admin.patch(f"/tenants/{tenant.id}", json=of_tenant)).status_code == 200
    gateway.expire_caches()
    for left in (7, 6):
        answer = await tenant.http.post(TASKS, content=b"{}", headers=headers)
        assert answer.status_code == status, answer.text
        assert answer.headers["ratelimit"] == f'"key-rpm";r={left};t=59'


async def test_a_key_that_is_used_from_an_address_it_does_not_allow_uses_nothing_up(gateway: Gateway) -> None:
    tenant = await limited(gateway, rpm=9)
    for allowed_ips, path, status in (
        (["203.0.113.0/24"], WHOAMI, 403),
        (["203.0.113.0/24"], "/api/v3/nope", 404),
        (["203.0.113.0/24"], TASKS, 403),
        (None, WHOAMI, 200),
    ):
        await gateway.admin.patch(f"/keys/{tenant.key_id}", json={"allowed_ips": allowed_ips})
        gateway.expire_caches()
        answer = await tenant.http.get(path)
        shown = answer.headers.get("ratelimit")
        assert (answer.status_code, shown) == (status, '"key-rpm";r=8;t=60' if status == 200 else None)


async def test_a_body_that_is_too_large_counts_like_any_other(gateway: Gateway) -> None:
    tenant = await limited(gateway, rpm=9)
    address = httpx.URL(gateway.base_url)
    head = f"POST {TASKS} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {tenant.key}\r\nContent-Length: 99999999999\r\n"
    reader, writer = await asyncio.open_connection(address.host, address.port)
    writer.write(f"{head}Content-Type: application/json\r\nExpect: 100-continue\r\n\r\n".encode())
    answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), HANG_SECONDS)
    writer.close()
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'\r\nratelimit: "key-rpm";r=8;t=60\r\n' in answer.lower()


async def test_an_unknown_route_tells_nothing_about_a_wrong_key_and_a_path_of_the_operator_counts_nothing(
    gateway: Gateway,
) -> None:
    tenant = await limited(gateway, rpm=9)
    revoked = await limited(gateway, rpm=9)
    assert (await gateway.admin.delete(f"/keys/{revoked.key_id}")).status_code < 300
    gateway.expire_caches()
    wrong = {"Authorization": f"Bearer {revoked.key[:-1]}"}
    for client, headers, path, status in (
        (gateway.anonymous, {}, "/nope", 404),
        (gateway.anonymous, wrong, "/nope", 404),
        (revoked.http, {}, "/nope", 404),
        (revoked.http, {}, WHOAMI, 401),
        (tenant.http, {}, "/admin/v1/nope", 404),
        (tenant.http, {}, "/admin/v1/tenants", 401),
    ):
        answer = await client.get(path, headers=headers)
        assert (answer.status_code, "ratelimit" in answer.headers) == (status, False), path
    assert (await tenant.http.get(WHOAMI)).headers["ratelimit"] == '"key-rpm";r=8;t=60'


async def test_a_signed_request_counts_once(gateway: Gateway) -> None:
    tenant = await limited(gateway, rpm=10)
    pair = (await gateway.admin.post(f"/keys/{tenant.key_id}/signing-key")).json()
    # The clock of the gateway stands where other tests have moved it.
    signing = Signing(pair, apart=gateway.clock() - utc_now())
    path = "/?Action=ListAssets&Version=2024-01-01"
    answer = await gateway.anonymous.post(path, json=ASSETS, auth=signing)
    assert (answer.status_code, answer.headers["ratelimit"]) == (200, '"key-rpm";r=9;t=60')


async def test_a_key_without_limits_has_no_such_headers(gateway: Gateway) -> None:
    tenant = await limited(gateway)
    answer = await tenant.http.get(WHOAMI)
    assert "ratelimit" not in answer.headers
    assert "ratelimit-policy" not in answer.headers


async def test_a_changed_limit_applies_within_a_second(gateway: Gateway) -> None:
    tenant = await limited(gateway, rpm=1)
    assert (await tenant.http.get(WHOAMI)).status_code == 200
    assert (await tenant.http.get(WHOAMI)).status_code == 429
    for most in (3, 1, 2):
        changed = await gateway.admin.patch(f"/keys/{tenant.key_id}", json={"limits": {"rpm": most}})
        assert changed.status_code == 200
        gateway.expire_caches()
        assert (await tenant.http.get(WHOAMI)).status_code == (429 if most == 1 else 200), "its window goes on"
    changed = await gateway.admin.patch(f"/keys/{tenant.key_id}", json={"limits": None})
    assert changed.json()["limits"] == {}
    gateway.expire_caches()
    answer = await tenant.http.get(WHOAMI)
    assert (answer.status_code, "ratelimit" in answer.headers) == (200, False)


async def test_whoami_tells_the_limits_of_key_and_tenant_and_what_is_left(gateway: Gateway) -> None:
    tenant = await limited(gateway, of_tenant={"rps": 9}, rpm=5, create_rpm=2)
    await tenant.http.get(WHOAMI)
    gateway.seconds.advance(0.5)
    assert (await tenant.http.get(WHOAMI)).json()["limits"] == {
        "key-rpm": {"limit": 5, "window_seconds": 60, "left": 3, "resets_in_seconds": 60},
        "tenant-rps": {"limit": 9, "window_seconds": 1, "left": 7, "resets_in_seconds": 1},
        "key-create-rpm": {"limit": 2, "window_seconds": 60, "left": 2, "resets_in_seconds": 60},
    }
