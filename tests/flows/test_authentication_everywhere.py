"""No route answers without a credential, but for the few that are meant to."""

from collections.abc import Iterator

import pytest
import pytest_asyncio
from fastapi.routing import iter_route_contexts

from app.http.pages import ASSETS
from app.main import create_app
from app.settings import Settings
from tests.support.gateway import Gateway, Tenant
from tests.support.signing import Signing

PUBLIC = {"/healthz", "/readyz", "/docs", *ASSETS, "/openapi.json"}
# The token in the address is the credential; a wrong one is answered like a right one and has no effect.
OPENED_BY_THEIR_ADDRESS = {"/callbacks/x"}


def routes() -> Iterator[tuple[str, str]]:
    """Yields method and address of every route, some id in place of each parameter."""
    for route in iter_route_contexts(create_app(Settings(_env_file=None)).routes):
        for method in sorted(route.methods or {"GET"}):
            yield method, "/".join("x" if part.startswith("{") else part for part in str(route.path).split("/"))


NATIVE = {"/"}
ROUTES = list(routes())
# The page for browsers, at the address where SDKs post.
HOME = ("GET", "/")
CLOSED = [found for found in ROUTES if found != HOME and found[1] not in PUBLIC | OPENED_BY_THEIR_ADDRESS]


@pytest_asyncio.fixture(scope="module")
async def tenant(gateway: Gateway) -> Tenant:
    return await gateway.tenant()


@pytest_asyncio.fixture(scope="module")
async def pair(gateway: Gateway, tenant: Tenant) -> dict[str, str]:
    made = await gateway.admin.post(f"/keys/{tenant.key_id}/signing-key")
    issued: dict[str, str] = made.json()
    return issued


def test_the_walk_finds_every_kind_of_route() -> None:
    paths = {path for _, path in ROUTES}
    assert paths >= PUBLIC | OPENED_BY_THEIR_ADDRESS
    assert paths >= {
        "/",
        "/api/v3/assets",
        "/api/v3/contents/generations/tasks",
        "/api/v3/contents/generations/tasks/x",
        "/api/v3/open/CreateAsset",
        "/api/v3/open/x",
        "/api/v3/whoami",
        "/admin/v1/tenants",
        "/admin/v1/keys/x/rotate",
        "/admin/v1/keys/x/signing-key",
        "/admin/v1/channels/x",
    }
    assert len(CLOSED) > 40
    assert HOME in ROUTES


@pytest.mark.parametrize(("method", "path"), CLOSED)
async def test_nothing_is_answered_without_a_credential(gateway: Gateway, method: str, path: str) -> None:
    answer = await gateway.anonymous.request(
        method, path, content=b"{}" if method in {"POST", "PATCH", "PUT"} else None
    )
    assert answer.status_code == 401, answer.text
    if method != "HEAD":
        assert answer.json()["error"]["code"] == "AuthenticationError"


@pytest.mark.parametrize(("method", "path"), CLOSED)
async def test_a_tenants_key_and_the_admin_token_open_each_their_own_side_only(
    gateway: Gateway, tenant: Tenant, method: str, path: str
) -> None:
    is_admins = path.startswith(("/admin/", "/metrics"))
    client = tenant.http if is_admins else gateway.anonymous
    token = gateway.admin.headers["Authorization"]
    headers = {} if is_admins else {"Authorization": token, "Content-Type": "application/json"}
    answer = await client.request(method, path, content=b"{", headers=headers)
    assert answer.status_code == 401, answer.text


@pytest.mark.parametrize(("method", "path"), [found for found in CLOSED if found[1] not in NATIVE])
async def test_a_signing_key_opens_the_native_entry_only(
    gateway: Gateway, pair: dict[str, str], method: str, path: str
) -> None:
    answer = await gateway.anonymous.request(method, path, content=b"{}", auth=Signing(pair))
    assert answer.status_code == 401, answer.text
    if method != "HEAD" and not path.startswith(("/admin/", "/metrics")):
        assert "endpoint without a path" in answer.json()["error"]["message"]


@pytest.mark.parametrize("path", sorted({*PUBLIC, "/"}))
async def test_what_is_public_tells_nothing_of_a_tenant(gateway: Gateway, tenant: Tenant, path: str) -> None:
    answer = await gateway.anonymous.get(path, headers={"Accept": "text/html, */*"})
    assert answer.status_code == 200
    for secret in (tenant.id, tenant.key_id, tenant.key):
        assert secret not in answer.text


async def test_credentials_are_checked_before_the_body_is_read(gateway: Gateway) -> None:
    """A body that would be refused for its length, its encoding and its content is refused for its sender."""
    headers = {"Content-Encoding": "gzip", "Content-Type": "text/plain"}
    for method, path in CLOSED:
        if method == "POST":
            answer = await gateway.anonymous.request(method, path, content=b"\xff" * 1000, headers=headers)
            assert answer.status_code == 401, f"{path}: {answer.text}"
