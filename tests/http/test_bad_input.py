"""Invalid input causes a 4xx in the documented form, never a 5xx, on every operation with a body."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.http.operations import Operation, operations
from tests.support.clock import MovableClock
from tests.support.gateway import Gateway, Tenant, serve_gateway
from tests.support.plain import PLAIN

TAKING_A_BODY = [operation for operation in operations() if "requestBody" in operation.documented]
LIMIT_BYTES = 256 * 1024
UNKNOWN = "neverheardof"
JSON = {"Content-Type": "application/json"}

# One body for each rule of the parser, which tests/core/test_strict_json.py shows in full.
NOT_AN_OBJECT: dict[str, bytes] = {
    "half an object": b'{"a":1',
    "an array": b'[{"a":1}]',
    "broken UTF-8": b'{"a":"\xff\xfe"}',
    "deep objects": b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
    "many values": b'{"a":[' + b"0," * 20_000 + b"0]}",
    "a number of 5000 digits": b'{"a":' + b"9" * 5000 + b"}",
    "the member twice": b'{"a":1,"a":1}',
    "half of a surrogate pair": b'{"a":"\\ud800"}',
}
# Of the routes that read a body, each kind.
READERS = {"create_task", "CreateAsset", "admin_create_channel"}
# An object, an array of nulls, a boolean, an odd number, a long string, a member without a name beside it.
ODD_SHAPES = (
    '{"%s":{"a":{"b":[]}}}',
    '{"%s":[null,[]]}',
    '{"%s":true}',
    '{"%s":-0.5}',
    '{"%s":"' + "x" * 10_000 + '"}',
    '{"%s":1,"":2}',
)


@pytest_asyncio.fixture(scope="session")
async def client(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a gateway that takes only small bodies."""
    limits = {"max_body_bytes": LIMIT_BYTES, "background": "off"}
    async with (
        serve_gateway(gateway.settings.model_copy(update=limits), MovableClock()) as base_url,
        httpx.AsyncClient(verify=PLAIN, base_url=base_url, headers=JSON) as client,
    ):
        yield client


def by_id(operation: Operation) -> str:
    return f"{operation.method} {operation.path}"


def check_refused(response: httpx.Response, operation: Operation, *, is_ok_allowed: bool = False) -> None:
    """Checks that an answer is an error of the documented shape and of the client's making."""
    if is_ok_allowed and response.is_success:
        return
    assert 400 <= response.status_code < 500, response.text
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    has_metadata = not operation.is_admins and not operation.is_openais
    assert body.keys() == ({"error", "ResponseMetadata"} if has_metadata else {"error"})
    error: dict[str, Any] = body["error"]
    assert error.keys() == {"code", "message", "param", "type"}
    assert error["code"]
    assert error["message"]
    assert str(response.status_code) in operation.documented["responses"], f"{response.status_code} is not documented"


def test_the_operations_were_found() -> None:
    found = {operation.id for operation in TAKING_A_BODY}
    assert READERS | {"admin_replace_models"} <= found, found
    assert sum(operation.path.startswith("/api/v3/open/") for operation in TAKING_A_BODY) == 12


@pytest.mark.parametrize("operation", TAKING_A_BODY, ids=by_id)
async def test_a_body_that_is_no_object_is_refused(
    gateway: Gateway, tenant: Tenant, client: httpx.AsyncClient, operation: Operation
) -> None:
    headers = credential(gateway, tenant, operation)
    for name in NOT_AN_OBJECT if operation.id in READERS else ("half an object", "many values"):
        content = NOT_AN_OBJECT[name]
        response = await client.request(operation.method, operation.url, content=content, headers=headers)
        assert response.status_code == 400, f"{name}: {response.text}"
        check_refused(response, operation)
        assert response.json()["error"]["code"].startswith(("InvalidParameter", "MissingParameter")), name


@pytest.mark.parametrize("operation", TAKING_A_BODY, ids=by_id)
async def test_members_of_a_wrong_type_cause_no_server_error(
    gateway: Gateway, tenant: Tenant, client: httpx.AsyncClient, operation: Operation
) -> None:
    headers = credential(gateway, tenant, operation)
    # Each member with every shape on one route of each kind, else with one of them in turn.
    count = len(ODD_SHAPES) if operation.id in READERS else 1
    bodies = [
        (member, ODD_SHAPES[(number + shift) % len(ODD_SHAPES)])
        for number, member in enumerate([*operation.members, UNKNOWN])
        for shift in range(count)
    ]
    for member, template in bodies:
        content = template.replace("%s", member).encode()
        response = await client.request(operation.method, operation.url, content=content, headers=headers)
        check_refused(response, operation, is_ok_allowed=True)


@pytest.mark.parametrize("operation", TAKING_A_BODY, ids=by_id)
async def test_a_body_that_is_too_large_or_packed_is_refused(
    gateway: Gateway, tenant: Tenant, client: httpx.AsyncClient, operation: Operation
) -> None:
    headers = credential(gateway, tenant, operation)
    large = await client.request(operation.method, operation.url, content=b" " * (LIMIT_BYTES + 1), headers=headers)
    assert (large.status_code, large.json()["error"]["code"]) == (413, "RequestTooLarge")
    packed = await client.request(
        operation.method, operation.url, content=b"{}", headers={**headers, "Content-Encoding": "gzip"}
    )
    assert (packed.status_code, packed.json()["error"]["code"]) == (415, "UnsupportedMediaType")
    for response in (large, packed):
        check_refused(response, operation)


def credential(gateway: Gateway, tenant: Tenant, operation: Operation) -> dict[str, str]:
    """Returns the header that opens an operation."""
    if operation.is_admins:
        return {"Authorization": gateway.admin.headers["Authorization"]}
    return {"Authorization": f"Bearer {tenant.key}"}
