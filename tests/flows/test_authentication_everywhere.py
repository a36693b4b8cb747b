"""No route answers without a credential, but for the few that are meant to."""

import pytest
import pytest_asyncio

from app.http.pages import ASSETS
from tests.support.gateway import Gateway, Tenant
from tests.support.routes import Route, all_routes
from tests.support.signing import Signing

PUBLIC = {"/healthz", "/readyz", "/docs", *ASSETS, "/openapi.json"}
# The token in the address is the credential; a wrong one is answered like a right one and has no effect.
OPENED_BY_THEIR_ADDRESS = {"/callbacks/{token}", "/media/{token}"}
# The page for browsers, at the address where SDKs post.
HOME = Route("GET", "/")
# The page and its sessions, which have tests of their own (``tests/console``).
OF_THE_CONSOLE = "/console"
CLOSED = [
    route
    for route in all_routes()
    if route != HOME
    and route.path not in PUBLIC | OPENED_BY_THEIR_ADDRESS
    and not route.path.startswith(OF_THE_CONSOLE)
]


@pytest_asyncio.fixture(scope="module")
async def tenant(gateway: Gateway) -> Tenant:
    return await gateway.tenant()


def test_the_walk_finds_every_kind_of_route() -> None:
    paths = {route.path for route in all_routes()}
    assert paths >= PUBLIC | OPENED_BY_THEIR_ADDRESS
    assert paths >= {
        "/",
        "/api/v3/assets",
        "/api/v3/contents/generations/tasks",
        "/api/v3/contents/generations/tasks/{task_id}",
        "/api/v3/open/CreateAsset",
        "/api/v3/open/{action:path}",
        "/api/v3/whoami",
        "/admin/v1/keys/{key_id}/rotate",
        "/admin/v1/channels/{channel_id}",
    }
    assert len(CLOSED) > 40
    assert HOME in all_routes()


async def test_nothing_is_answered_without_a_credential(gateway: Gateway) -> None:
    for route in CLOSED:
        content = b"{}" if route.method in {"POST", "PATCH", "PUT"} else None
        answer = await gateway.anonymous.request(route.method, route.filled(), content=content)
        assert answer.status_code == 401, f"{route}: {answer.text}"
        if route.method != "HEAD":
            assert answer.json()["error"]["code"] == "AuthenticationError", route


async def test_a_tenants_key_and_the_admin_token_open_each_their_own_side_only(
    gateway: Gateway, tenant: Tenant
) -> None:
    admins = {"Authorization": gateway.admin.headers["Authorization"], "Content-Type": "application/json"}
    for route in CLOSED:
        client, headers = (tenant.http, {}) if route.is_operators else (gateway.anonymous, admins)
        answer = await client.request(route.method, route.filled(), content=b"{", headers=headers)
        assert answer.status_code == 401, f"{route}: {answer.text}"


async def test_a_signing_key_opens_the_native_entry_only(gateway: Gateway, tenant: Tenant) -> None:
    signing = Signing((await gateway.admin.post(f"/keys/{tenant.key_id}/signing-key")).json())
    for route in CLOSED:
        if route.path != "/":
            answer = await gateway.anonymous.request(route.method, route.filled(), content=b"{}", auth=signing)
            assert answer.status_code == 401, f"{route}: {answer.text}"
            if route.method != "HEAD" and not route.is_operators:
                assert "endpoint without a path" in answer.json()["error"]["message"], route


@pytest.mark.parametrize("path", sorted({*PUBLIC, "/"}))
async def test_what_is_public_tells_nothing_of_a_tenant(gateway: Gateway, tenant: Tenant, path: str) -> None:
    answer = await gateway.anonymous.get(path, headers={"Accept": "text/html, */*"})
    assert answer.status_code == (303 if path == "/" else 200)
    for secret in (tenant.id, tenant.key_id, tenant.key):
        assert secret not in answer.text


async def test_credentials_are_checked_before_the_body_is_read(gateway: Gateway) -> None:
    """A body that would be refused for its length, its encoding and its content is refused for its sender."""
    headers = {"Content-Encoding": "gzip", "Content-Type": "text/plain"}
    for route in CLOSED:
        if route.method == "POST":
            answer = await gateway.anonymous.post(route.filled(), content=b"\xff" * 1000, headers=headers)
            assert answer.status_code == 401, f"{route}: {answer.text}"
