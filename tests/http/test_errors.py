"""Errors have the documented form, and every response has a request id."""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from sqlalchemy.exc import OperationalError
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from app.db.base import utc_now
from app.errors import SeedgateError
from app.http.errors import install_error_handlers
from app.http.request_scope import RequestScope
from app.main import server_config
from tests.http.wires import connected
from tests.support.answers import check_error
from tests.support.gateway import TASKS, Gateway, Tenant
from tests.support.plain import PLAIN
from tests.support.serving import serving

ADMIN = "/admin/v1"


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        (TASKS, "GET, HEAD, POST"),
        (f"{TASKS}/x", "GET, HEAD, DELETE"),
        ("/api/v3/open/GetAsset", "POST"),
        ("/", "GET, HEAD, POST"),
        ("/healthz", "GET, HEAD"),
        (f"{ADMIN}/tenants", "GET, HEAD, POST"),
        (f"{ADMIN}/keys/x", "GET, HEAD, PATCH, DELETE"),
        (f"{ADMIN}/models", "GET, HEAD, PUT"),
        (f"{ADMIN}/deliveries/resend", "POST"),
        (f"{ADMIN}/deliveries/x", "GET, HEAD"),
        ("/v1/videos/edits", "POST"),
        ("/v1/videos/x", "GET, HEAD, DELETE"),
    ],
)
async def test_a_405_lists_the_allowed_methods(gateway: Gateway, path: str, allow: str) -> None:
    response = await gateway.anonymous.request("TRACE", path)
    assert (response.status_code, response.headers["allow"]) == (405, allow)
    assert response.json()["error"]["code"] == "MethodNotAllowed"
    assert ("ResponseMetadata" in response.json()) is not path.startswith((ADMIN, "/v1/"))


@pytest.mark.parametrize("path", ["/x", "/api", "/api/v3/", f"{TASKS}/a/b", "/%00"])
async def test_an_unknown_route_is_not_found_in_both_shapes(gateway: Gateway, path: str) -> None:
    check_error(await gateway.anonymous.get(path), 404, "NotFound")


@pytest.mark.parametrize("path", [f"{ADMIN}/x", "/admin", "/admin/v2/tenants"])
async def test_an_unknown_admin_route_is_not_found_in_the_admin_shape(gateway: Gateway, path: str) -> None:
    response = await gateway.anonymous.get(path)
    assert response.status_code == 404
    assert response.json().keys() == {"error"}
    assert response.json()["error"].keys() == {"code", "message", "param", "type"}


async def test_every_answer_has_a_request_id_of_its_own(gateway: Gateway, tenant: Tenant) -> None:
    answers = [await tenant.http.get(path) for path in (TASKS, "/x", f"{TASKS}/x", "/healthz")]
    answers.append(await gateway.admin.get("/tenants"))
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert len(set(ids)) == len(ids)
    assert not any("x-client-request-id" in answer.headers for answer in answers)


@pytest.mark.parametrize("value", ["mine", "20261122163451hu1HT22vyIJpNxSNvsN5", "x" * 128, "!#$%&'*+-.^_`|~"])
async def test_the_clients_request_id_is_echoed(gateway: Gateway, tenant: Tenant, value: str) -> None:
    for path in (TASKS, "/x", "/healthz"):
        response = await tenant.http.get(path, headers={"X-Client-Request-Id": value})
        assert response.headers["x-client-request-id"] == value


@pytest.mark.parametrize("value", ["", "x" * 129, "a b", "a\tb", "é", "a\x01b"])
async def test_what_is_no_request_id_is_not_echoed(gateway: Gateway, value: str) -> None:
    async with connected(gateway.base_url) as wire:
        await wire.send_head("/healthz", f"X-Client-Request-Id: {value}", method="GET")
        answer = await wire.read_answer()
    assert "x-client-request-id" not in answer.headers
    assert value == "" or value not in str(answer.headers)


async def test_a_message_holds_the_request_id_once(tenant: Tenant) -> None:
    response = await tenant.http.get(f"{TASKS}/x")
    assert response.json()["error"]["message"].count("Request id:") == 1


@pytest_asyncio.fixture(scope="session")
async def faulty() -> AsyncIterator[httpx.AsyncClient]:
    """An application whose routes fail in ways that the gateway's should not."""
    app = FastAPI()

    @app.get("/api/v3/bug")
    async def bug(request: Request) -> Response:
        raise ValueError(f"the secret is {request.url}")

    @app.get("/api/v3/away")
    async def away() -> Response:
        raise OperationalError("SELECT secret", {}, ConnectionError("the secret"), connection_invalidated=True)

    @app.get("/api/v3/told")
    async def told() -> Response:
        raise SeedgateError("No.", status=418, code="Teapot", param="pot", internal="the secret")

    @app.get("/api/v3/late")
    async def late() -> Response:
        async def parts() -> AsyncIterator[bytes]:
            yield b"first"
            raise ValueError("the secret")

        return StreamingResponse(parts(), headers={"Content-Length": "100"})

    install_error_handlers(app)
    app.add_middleware(RequestScope, clock=utc_now)
    async with (
        serving(server_config(app, host="127.0.0.1", port=0)) as base_url,
        httpx.AsyncClient(verify=PLAIN, base_url=base_url) as client,
    ):
        yield client


@pytest.mark.parametrize(
    ("path", "status", "code", "param"),
    [
        ("/api/v3/bug", 500, "InternalServiceError", None),
        ("/api/v3/away", 503, "ServiceUnavailable", None),
        ("/api/v3/told", 418, "Teapot", "pot"),
    ],
)
async def test_what_went_wrong_inside_is_not_shown(
    faulty: httpx.AsyncClient, path: str, status: int, code: str, param: str | None
) -> None:
    response = await faulty.get(path, params={"q": "the secret"})
    check_error(response, status, code, param)
    assert "secret" not in response.text


async def test_a_truncated_response_is_recognisable(faulty: httpx.AsyncClient) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        await faulty.get("/api/v3/late")
    assert (await faulty.get("/api/v3/told")).status_code == 418
