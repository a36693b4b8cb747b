"""Only pages of the allowed origins may call the tenants' routes and read the responses."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest_asyncio

from app.http.cors import EXPOSED
from tests.http.test_exact_paths import EXACT
from tests.http.wires import connected
from tests.support.answers import check_error
from tests.support.clock import MovableClock
from tests.support.driving import count_received
from tests.support.gateway import TASKS, Gateway, Tenant, serve_gateway
from tests.support.plain import PLAIN

ORIGIN = "https://app.example.com"
APP = "capacitor://localhost"
FOREIGN = (
    "https://evil.example",
    "null",
    "*",
    "",
    "https://app.example.com.evil.example",
    "https://sub.app.example.com",
    "http://app.example.com",
    "https://app.example.com:8443",
    "https://app.example.com/",
    "HTTPS://APP.EXAMPLE.COM",
    f"{ORIGIN} {APP}",
    f"{ORIGIN}, {APP}",
)
TENANTS = (
    TASKS,
    f"{TASKS}/x",
    "/api/v3/whoami",
    "/api/v3/open/ListAssets",
    "/api/v3/assets",
    "/",
    "/nowhere",
    "/v1/models",
    "/v1/videos",
    "/v1/videos/x/content",
)
TASK = {"model": "doubao-seedance-2", "content": [{"type": "text", "text": "a kitten"}]}
# As openai-node 6 sends them.
ASKED = (
    "authorization,content-type,x-stainless-arch,x-stainless-lang,x-stainless-os,x-stainless-package-version,"
    "x-stainless-retry-count,x-stainless-runtime,x-stainless-runtime-version,x-stainless-timeout"
)
PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": ASKED}


@pytest_asyncio.fixture(scope="module")
async def client(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    """A gateway that two origins may call."""
    changes = {"cors_origins": (ORIGIN, APP), "background": "off", "max_body_bytes": 4096}
    async with (
        serve_gateway(gateway.settings.model_copy(update=changes), MovableClock()) as base_url,
        httpx.AsyncClient(verify=PLAIN, base_url=base_url) as client,
    ):
        yield client


def marks(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name.startswith("access-control-")}


def vary(answer: httpx.Response) -> set[str]:
    return {name.strip().lower() for name in answer.headers.get("vary", "").split(",")}


def check_readable(answer: httpx.Response, origin: str = ORIGIN) -> None:
    """Checks that a page of an origin may read an answer, and that caches know that another may not."""
    assert answer.headers["access-control-allow-origin"] == origin
    assert {name.strip() for name in answer.headers["access-control-expose-headers"].split(",")} == set(EXPOSED)
    assert "access-control-allow-credentials" not in answer.headers
    assert "origin" in vary(answer)


async def test_a_preflight_is_answered_without_authentication(client: httpx.AsyncClient) -> None:
    for origin in (ORIGIN, APP):
        for path in TENANTS:
            answer = await client.options(path, headers={**PREFLIGHT, "Origin": origin})
            assert (answer.status_code, answer.content) == (204, b""), path
            assert answer.headers["access-control-allow-methods"] == "DELETE, GET, HEAD, POST"
            assert answer.headers["access-control-allow-headers"] == ASKED.replace(",", ", ")
            assert answer.headers["access-control-max-age"] == "7200"
            assert answer.headers["access-control-allow-origin"] == origin
            assert "access-control-allow-credentials" not in answer.headers
            assert {"origin", "access-control-request-headers"} <= vary(answer)
            assert answer.headers["x-request-id"]


async def test_the_headers_that_it_names_are_allowed_and_only_if_they_are_a_few_names(
    client: httpx.AsyncClient,
) -> None:
    def asking(*values: str) -> list[tuple[str, str]]:
        asked = [("Access-Control-Request-Headers", value) for value in values]
        return [("Origin", ORIGIN), ("Access-Control-Request-Method", "DELETE"), *asked]

    for values, allowed in (
        ((), None),
        (("",), None),
        (("x-a , ,x-b",), "x-a, x-b"),
        (("x-a", "x-b"), "x-a, x-b"),
        (("_private,~x,**,!#$%&'*+-.^_`|~",), "_private, ~x, **, !#$%&'*+-.^_`|~"),
        ((",".join(f"x-{number}" for number in range(64)),), ", ".join(f"x-{number}" for number in range(64))),
    ):
        answer = await client.options(TASKS, headers=asking(*values))
        assert (answer.status_code, answer.headers.get("access-control-allow-headers")) == (204, allowed)
    for wrong in (
        "*",
        "x-a, *",
        "x a",
        "x-a;x-b",
        'x"',
        "x:",
        "é",
        "x" * 65,
        ",".join(["x-a"] * 65),
        "x-a," * 2000 + "x-a",
    ):
        answer = await client.options(
            TASKS, headers=[(name.encode(), value.encode("latin-1")) for name, value in asking(wrong)]
        )
        check_error(answer, 400, "InvalidParameter")
        check_readable(answer)


async def test_a_page_reads_every_answer_good_or_bad(client: httpx.AsyncClient, tenant: Tenant) -> None:
    key = {"Authorization": f"Bearer {tenant.key}"}
    task_id = await tenant.new_task()
    large = b" " * 5000
    calls: list[tuple[int, str, str, dict[str, str], bytes]] = [
        (200, "GET", TASKS, key, b""),
        (200, "HEAD", TASKS, key, b""),
        (200, "GET", f"{TASKS}/{task_id}/", key, b""),
        (200, "POST", f"{TASKS}?dry_run=true", key, json.dumps(TASK).encode()),
        (400, "POST", TASKS, key, b"{}"),
        (400, "GET", f"{TASKS}?nothing=1", key, b""),
        (401, "GET", "/api/v3/whoami", {}, b""),
        (404, "GET", f"{TASKS}/cgt-unknown", key, b""),
        (404, "GET", "/v1/contents/generations/tasks", key, b""),
        (404, "GET", "/" + "x" * 8000, key, b""),
        (405, "PUT", TASKS, key, b""),
        (405, "OPTIONS", TASKS, {}, b""),
        (413, "POST", TASKS, key, large),
        (415, "POST", TASKS, {**key, "Content-Type": "text/xml"}, b"<"),
    ]
    for status, method, path, headers, content in calls:
        answer = await client.request(method, path, headers={**headers, "Origin": ORIGIN}, content=content)
        assert answer.status_code == status, f"{method} {path}: {answer.text}"
        check_readable(answer)
    page = await client.get("/", headers={"Origin": ORIGIN, "Accept": "text/html"})
    check_readable(page)
    assert {"accept", "origin"} <= vary(page)


async def test_a_body_that_does_not_arrive_is_refused_where_the_page_reads_it(
    client: httpx.AsyncClient, tenant: Tenant
) -> None:
    async with connected(str(client.base_url)) as line:
        lines = (f"Origin: {ORIGIN}", f"Authorization: Bearer {tenant.key}", "Transfer-Encoding: chunked")
        await line.send_head(TASKS, *lines)
        await line.send(b"not a length\r\n")
        answer = await line.read_answer()
    check_error(answer, 400, "InvalidParameter")
    check_readable(answer)


async def test_a_page_of_any_other_origin_reads_nothing(client: httpx.AsyncClient, tenant: Tenant) -> None:
    key = {"Authorization": f"Bearer {tenant.key}"}
    for origin in FOREIGN:
        answer = await client.get("/api/v3/whoami", headers={**key, "Origin": origin})
        assert (answer.status_code, marks(answer)) == (200, {}), origin
        assert "origin" in vary(answer)
        refused = await client.options(TASKS, headers={**PREFLIGHT, "Origin": origin})
        assert "SEEDGATE_CORS_ORIGINS" in check_error(refused, 403, "AccessDenied")["message"]
        assert marks(refused) == {}
        assert "origin" in vary(refused)
    twice = [("Origin", ORIGIN), ("Origin", ORIGIN), *PREFLIGHT.items()]
    assert marks(await client.options(TASKS, headers=twice)) == {}
    without = await client.get("/api/v3/whoami", headers=key)
    assert (marks(without), "origin" in vary(without)) == ({}, True), "a cache must not give this to a page"


async def test_the_operators_and_the_public_routes_send_no_cors_header(
    gateway: Gateway, client: httpx.AsyncClient
) -> None:
    for path, method in [
        *EXACT.items(),
        ("/admin/v1/keys", "POST"),
        ("/admin/nowhere", "GET"),
        ("/docs/", "GET"),
        ("/ADMIN/v1", "GET"),
    ]:
        for headers in ({}, PREFLIGHT):
            for each in (method, "OPTIONS"):
                answer = await client.request(
                    each,
                    path,
                    headers={**headers, "Origin": ORIGIN, "Authorization": gateway.admin.headers["Authorization"]},
                )
                case = f"{each} {path}"
                assert (marks(answer), "origin" in vary(answer)) == ({}, False), case
                assert each != "OPTIONS" or answer.status_code in {404, 405}, case
    async with connected(str(client.base_url)) as line:
        for path in (
            "/" + "x" * 9000,
            "//admin/v1/keys",
            "/%61dmin/v1/keys",
            "/api/v3/../../admin/v1/keys",
            "/metrics%2f",
        ):
            await line.send_head(path, f"Origin: {ORIGIN}", "Access-Control-Request-Method: GET", method="OPTIONS")
            answer = await line.read_answer()
            assert (answer.status_code, marks(answer)) == (404, {}), path


async def test_without_configured_origins_no_cors_header_is_sent(gateway: Gateway, tenant: Tenant) -> None:
    preflight = await gateway.anonymous.options(TASKS, headers={**PREFLIGHT, "Origin": ORIGIN})
    check_error(preflight, 405, "MethodNotAllowed")
    called = await tenant.http.get("/api/v3/whoami", headers={"Origin": ORIGIN})
    for answer in (preflight, called):
        assert (marks(answer), "vary" in answer.headers) == ({}, False)


async def test_a_page_can_do_nothing_without_a_key(gateway: Gateway, client: httpx.AsyncClient, tenant: Tenant) -> None:
    """Without a preflight a browser sends a create as a form or as ``text/plain``; but a header alone authenticates."""
    before = count_received(gateway, "create_task")
    cookies = "; ".join(
        f"{name}={tenant.key}" for name in ("Authorization", "X-Api-Key", "api_key", "key", "session", "token")
    )
    for content_type in ("text/plain", "application/x-www-form-urlencoded"):
        for origin in (ORIGIN, FOREIGN[0]):
            headers = {"Origin": origin, "Content-Type": content_type, "Cookie": cookies}
            for path in (TASKS, f"{TASKS}?key={tenant.key}", f"{TASKS}?api_key={tenant.key}"):
                answer = await client.post(path, json=TASK, headers=headers)
                check_error(answer, 401, "AuthenticationError")
                assert "set-cookie" not in answer.headers
    assert count_received(gateway, "create_task") == before
