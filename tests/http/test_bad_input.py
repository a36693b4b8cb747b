"""Invalid input causes a 4xx in the documented form, never a 5xx, on every operation with a body."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from app.core.strict_json import parse_json_object
from app.errors import SeedgateError
from tests.http.operations import Operation, operations
from tests.support.clock import MovableClock
from tests.support.gateway import Gateway, Tenant, serve_gateway
from tests.support.plain import PLAIN

TAKING_A_BODY = [operation for operation in operations() if "requestBody" in operation.documented]
LIMIT_BYTES = 256 * 1024
UNKNOWN = "neverheardof"
JSON = {"Content-Type": "application/json"}

NOT_AN_OBJECT: dict[str, bytes] = {
    "words": b"a kitten",
    "half an object": b'{"a":1',
    "two objects": b"{}{}",
    "single quotes": b"{'a':1}",
    "a comma too many": b'{"a":1,}',
    "null": b"null",
    "an array": b'[{"a":1}]',
    "a string": b'"{}"',
    "a number": b"5",
    "a form": b"model=x&content=y",
    "XML": b"<a/>",
    "broken UTF-8": b'{"a":"\xff\xfe"}',
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "two byte order marks": b"\xef\xbb\xbf" * 2 + b"{}",
    "NUL": b"\0",
    "a bare NUL in a string": b'{"a":"\0"}',
    "deep objects": b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
    "deep arrays": b'{"a":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    "not so deep arrays": b'{"a":' + b"[" * 100 + b"]" * 100 + b"}",
    "many values": b'{"a":[' + b"0," * 20_000 + b"0]}",
    "a number of 5000 digits": b'{"a":' + b"9" * 5000 + b"}",
}

# Three routes read all bodies, with one parser, whose rules are shown in tests/core/test_strict_json.py. Elsewhere one
# body is tried for each rule.
READERS = {"create_task", "CreateAsset", "admin_create_channel"}
RULES = {"half an object", "an array", "broken UTF-8", "deep objects", "many values", "a number of 5000 digits"}

# The parser refuses them whatever the member is called.
UNREADABLE_MEMBERS: dict[str, str] = {
    "an integer beyond 64 bits": '{"%s":9223372036854775808}',
    "a number beyond a double": '{"%s":1e999}',
    "NaN": '{"%s":NaN}',
    "an escaped NUL": '{"%s":"a\\u0000b"}',
    "half of a surrogate pair": '{"%s":"\\ud800"}',
    "the member twice": '{"%s":1,"%s":1}',
    "a name that is half of a surrogate pair": '{"%s":1,"\\udfff":2}',
}
ODD_MEMBERS: dict[str, str] = {
    "an object": '{"%s":{"a":{"b":[]}}}',
    "an array of nulls": '{"%s":[null,[]]}',
    "a boolean": '{"%s":true}',
    "an odd number": '{"%s":-0.5}',
    "a long string": '{"%s":"' + "x" * 10_000 + '"}',
    "an empty name": '{"%s":1,"":2}',
}


@pytest_asyncio.fixture(scope="session")
async def client(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    """A gateway that takes only small bodies."""
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
    assert body.keys() == ({"error"} if operation.is_admins else {"error", "ResponseMetadata"})
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
    names = NOT_AN_OBJECT.keys() if operation.id in READERS else RULES
    for name in names:
        content = NOT_AN_OBJECT[name]
        response = await client.request(operation.method, operation.url, content=content, headers=headers)
        assert response.status_code == 400, f"{name}: {response.text}"
        check_refused(response, operation)
        assert response.json()["error"]["code"].startswith(("InvalidParameter", "MissingParameter")), name


@pytest.mark.parametrize("name", UNREADABLE_MEMBERS)
def test_values_that_no_parser_agrees_on_are_refused_for_every_parameter(name: str) -> None:
    with pytest.raises(SeedgateError) as caught:
        parse_json_object(UNREADABLE_MEMBERS[name].replace("%s", "member").encode())
    assert caught.value.status == 400


@pytest.mark.parametrize("operation", TAKING_A_BODY, ids=by_id)
async def test_members_of_a_wrong_type_cause_no_server_error(
    gateway: Gateway, tenant: Tenant, client: httpx.AsyncClient, operation: Operation
) -> None:
    headers = credential(gateway, tenant, operation)
    shapes = list(ODD_MEMBERS.values())
    # Each member with every shape where a route has a reader of its own, else with two of them in turn.
    count = len(shapes) if operation.id in READERS else 2
    readable = [
        (member, shapes[(number + shift) % len(shapes)])
        for number, member in enumerate([*operation.members, UNKNOWN])
        for shift in range(count)
    ]
    unreadable = [(UNKNOWN, each) for each in UNREADABLE_MEMBERS.values()]
    for member, template in [*readable, *unreadable]:
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
