"""HEAD works wherever GET does, with the same head and no body."""

from collections.abc import Iterator

from fastapi.routing import iter_route_contexts

from app.main import create_app
from app.settings import Settings
from tests.http.wires import connected
from tests.support.answers import check_error
from tests.support.gateway import TASKS, Gateway

# Each request has its own; and a streamed answer says how it is framed where it has a body (RFC 9112, 6.1).
OWN = {"date", "x-request-id", "transfer-encoding"}


def paths() -> Iterator[str]:
    """Yields the address of every route of GET, some id in place of each parameter."""
    for route in iter_route_contexts(create_app(Settings(_env_file=None)).routes):
        if "GET" in (route.methods or {"GET"}):
            yield "/".join("x" if part.startswith("{") else part for part in str(route.path).split("/"))


async def test_head_is_answered_as_get_on_every_route(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task()
    found = list(paths())
    assert {"/", "/healthz", "/readyz", "/metrics", "/docs", "/openapi.json", TASKS, "/admin/v1/keys"} <= set(found)
    for path in [*found, f"{TASKS}/{task_id}"]:
        client = gateway.admin if path.startswith(("/admin/", "/metrics")) else tenant.http
        url, headers = gateway.base_url + path, {"Accept": "text/html, */*"}
        with_body, head = await client.get(url, headers=headers), await client.head(url, headers=headers)
        case = f"{path}: {with_body.status_code}, {head.status_code}"
        assert (head.status_code, head.content) == (with_body.status_code, b""), case
        names = {name for name in with_body.headers if name not in OWN}
        assert names == {name for name in head.headers if name not in OWN}, case
        if path != "/metrics":
            kept = names - {"content-length"}
            assert {name: head.headers[name] for name in kept} == {name: with_body.headers[name] for name in kept}, case
            if not with_body.is_error and head.headers.get("content-length") != with_body.headers.get("content-length"):
                # A list may have grown between the two, as when a key was last used; then it is as long as it is now.
                now = await client.get(url, headers=headers)
                assert head.headers["content-length"] == now.headers["content-length"], case


async def test_head_needs_the_credential_that_get_needs(gateway: Gateway) -> None:
    for path in ("/api/v3/whoami", TASKS, "/admin/v1/keys", "/metrics"):
        assert (await gateway.anonymous.head(gateway.base_url + path)).status_code == 401


async def test_where_get_is_refused_head_is_too(gateway: Gateway) -> None:
    for path in ("/api/v3/assets", "/api/v3/open/ListAssets", "/"):
        for method in ("HEAD", "GET"):
            answer = await gateway.anonymous.request(method, path)
            assert (answer.status_code, answer.headers["allow"]) == (405, "POST"), path
    refused = await gateway.anonymous.put("/healthz")
    check_error(refused, 405, "MethodNotAllowed")
    assert refused.headers["allow"] == "GET, HEAD"


async def test_nothing_follows_the_head_so_that_the_connection_stays_usable(gateway: Gateway) -> None:
    async with connected(gateway.base_url) as line:
        for path in ("/healthz", "/readyz", "/openapi.json", "/docs", "/nowhere", "/metrics"):
            await line.send_head(path, method="HEAD")
            status, headers = await line.read_head()
            assert int(headers["content-length"]) > 0
            await line.send_head("/healthz", method="GET")
            assert (await line.read_answer()).json() == {"status": "ok"}, f"{path}: {status}"


async def test_the_metrics_know_head_by_the_route_that_answered(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    await tenant.http.head(f"{TASKS}/x")
    counted = (await gateway.admin.get(f"{gateway.base_url}/metrics")).text
    assert f'seedgate_requests_total{{method="HEAD",route="{TASKS}/{{task_id}}",status="4xx"}}' in counted
