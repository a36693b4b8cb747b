"""The media types that are parsed as JSON, and those that are refused, on every route with a body."""

import asyncio
import json
import urllib.request
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from app.http.media_type import Reading, begins_like_an_object, reading_of
from tests.http.operations import operations
from tests.http.wires import connected
from tests.support.answers import check_error
from tests.support.driving import count_received, received
from tests.support.gateway import TASKS, Gateway, Tenant
from tests.support.signing import JAVA, Signing, signed_headers

BOM = b"\xef\xbb\xbf"
DRY = f"{TASKS}?dry_run=true"
FORM = "application/x-www-form-urlencoded"
PROMPT = "一只猫，下雨"
TASK = json.dumps(
    {"model": "doubao-seedance-2", "content": [{"type": "text", "text": PROMPT}]}, ensure_ascii=False
).encode()
LIST_GROUPS = b'{"Filter":{"GroupType":"AIGC"}}'

READ = [
    None,
    "",
    "application/json",
    "Application/JSON",
    "application/json;",
    "application/json; charset=utf-8",
    "application/json;charset=UTF8",
    'application/json ; Charset = "UTF-8"',
    "application/json; charset='utf-8'",
    "application/json; charset=UTF_8",
    "application/json; charset=",
    "application/json; version=1; charset=utf-8; odata=none",
    "application/vnd.api+json; charset=utf-8",
    "application/problem+JSON",
    "text/plain",
    "text/plain;charset=UTF-8",
    "application/octet-stream",
]
REFUSED = [
    "application/json; charset=gbk",
    "application/json; charset=GB18030",
    'application/json; charset="gbk"',
    "application/json; charset=utf-16",
    "application/json; charset=utf-8; charset=gbk",
    "application/json; a=b; CHARSET=latin1",
    "text/plain; charset=ISO-8859-1",
    "text/plain; charset=us-ascii",
    f"{FORM}; charset=gbk",
    "multipart/form-data; boundary=x",
    "application/xml",
    "text/html",
    "text/json",
    "application/json-seq",
    "application/x-ndjson",
    "+json",
    "/+json",
    "application/+json x",
    "application/json, application/json",
    "json",
    "*/*",
    "image/png",
    ";charset=gbk",
    "application/json" + ";" * 2000,
]


def headers(content_type: str | None) -> dict[str, str]:
    return {} if content_type is None else {"Content-Type": content_type}


def routes(gateway: Gateway, tenant: Tenant) -> list[tuple[httpx.AsyncClient, str, bytes, int]]:
    """Returns a call of each route that reads bodies: client, path, body, and the status when the body is read."""
    return [
        (tenant.http, DRY, TASK, 200),
        (tenant.http, "/api/v3/open/ListAssetGroups", LIST_GROUPS, 200),
        (tenant.http, "/api/v3/assets?Action=ListAssetGroups", LIST_GROUPS, 200),
        (tenant.http, "/?Action=ListAssetGroups", LIST_GROUPS, 200),
        (gateway.admin, "/tenants", b'{"nme":"x"}', 400),
    ]


async def test_json_is_read_under_each_of_these_names(gateway: Gateway, tenant: Tenant) -> None:
    for content_type in READ:
        assert reading_of([] if content_type is None else [content_type]) is Reading.JSON, content_type
        for client, path, body, status in routes(gateway, tenant)[: None if content_type in READ[:3] else 1]:
            answer = await client.post(path, content=body, headers=headers(content_type))
            assert answer.status_code == status, f"{path} {content_type}: {answer.text}"


async def test_any_other_media_type_is_refused_and_named_in_the_message(gateway: Gateway, tenant: Tenant) -> None:
    for content_type in REFUSED:
        assert reading_of([content_type]) is Reading.REFUSED, content_type
        for client, path, body, _ in routes(gateway, tenant)[: None if content_type == REFUSED[0] else 1]:
            answer = await client.post(path, content=body, headers=headers(content_type))
            assert (answer.status_code, answer.json()["error"]["code"]) == (415, "UnsupportedMediaType"), path
            message = answer.json()["error"]["message"]
            assert f"type `{content_type[:100]}` is not supported. Read as JSON in UTF-8: no Content-Type, " in message


async def test_a_refused_type_is_415_on_every_operation_with_a_body(gateway: Gateway, tenant: Tenant) -> None:
    taking = [operation for operation in operations() if "requestBody" in operation.documented]
    assert len(taking) > 20
    for operation in taking:
        url = gateway.base_url + operation.url
        client = gateway.admin if operation.is_admins else tenant.http
        answer = await client.request(operation.method, url, content=b"{}", headers=headers("text/xml"))
        assert answer.status_code == 415, f"{operation.method} {operation.path}: {answer.text}"


@pytest.mark.parametrize(
    ("body", "is_read"),
    [
        (TASK, True),
        (b" \t\r\n" + TASK, True),
        (BOM + TASK, True),
        (BOM + b"\n" + TASK, True),
        (b"model=doubao-seedance-2&content=x", False),
        (b"[" + TASK + b"]", False),
        (b"%7B%22model%22", False),
        (b"=" + TASK, False),
    ],
)
async def test_a_form_that_begins_like_an_object_is_read_as_json(tenant: Tenant, body: bytes, *, is_read: bool) -> None:
    assert begins_like_an_object(body) is is_read
    answer = await tenant.http.post(DRY, content=body, headers=headers(f"{FORM}; charset=UTF-8"))
    if is_read:
        assert answer.json()["body"]["content"][0]["text"] == PROMPT, answer.text
    else:
        assert FORM in check_error(answer, 415, "UnsupportedMediaType")["message"]


async def test_what_urllib_sends_by_itself_creates_a_task(gateway: Gateway, tenant: Tenant) -> None:
    request = urllib.request.Request(gateway.base_url + TASKS, TASK, {"Authorization": f"Bearer {tenant.key}"})

    def send() -> Any:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
            return json.load(answer)

    made = await asyncio.to_thread(send)
    assert request.get_header("Content-type") == FORM
    assert received(gateway, made["id"])["content"][0]["text"] == PROMPT


async def test_a_prompt_in_another_charset_makes_no_task(gateway: Gateway, tenant: Tenant) -> None:
    before = count_received(gateway, "create_task")
    body = TASK.decode().encode("gbk")
    for content_type in ("application/json; charset=gbk", "text/plain; charset=GB2312"):
        answer = await tenant.http.post(TASKS, content=body, headers=headers(content_type))
        check_error(answer, 415, "UnsupportedMediaType")
    check_error(await tenant.http.post(TASKS, content=body), 400, "InvalidParameter")
    assert count_received(gateway, "create_task") == before


async def test_two_types_are_refused_since_another_reader_may_believe_the_other(tenant: Tenant) -> None:
    both = [("Content-Type", "application/json"), ("Content-Type", "text/xml")]
    for pair in (both, both[::-1], [both[0]] * 2):
        check_error(await tenant.http.post(DRY, content=TASK, headers=pair), 415, "UnsupportedMediaType")
    encodings = [("Content-Encoding", "identity"), ("Content-Encoding", "gzip")]
    check_error(await tenant.http.post(DRY, content=TASK, headers=encodings), 415, "UnsupportedMediaType")


@pytest.mark.parametrize("name", ["Content-Type", "Content-Encoding"])
async def test_the_message_shows_only_the_beginning_of_the_type_in_ascii(tenant: Tenant, name: str) -> None:
    value = b"te\xe9xt/" + b"h" * 10_000
    answer = await tenant.http.post(DRY, content=TASK, headers=[(name.encode(), value)])
    message = check_error(answer, 415, "UnsupportedMediaType")["message"]
    assert "`te?xt/" + "h" * 94 + "`" in message
    assert len(message) < 500


async def test_an_empty_body_of_an_action_may_have_any_type(tenant: Tenant) -> None:
    async def nothing() -> AsyncIterator[bytes]:
        yield b""

    for content in (b"", nothing(), BOM):
        for content_type in ("multipart/form-data", "application/json; charset=gbk", FORM):
            if content is BOM and content_type != FORM:
                continue
            for path in ("/api/v3/open/ListAssetGroups", "/?Action=ListAssetGroups"):
                answer = await tenant.http.post(path, content=content, headers=headers(content_type))
                check_error(answer, 400, "MissingParameter.Filter", "Filter")


async def test_the_body_of_a_delete_is_ignored_whatever_it_is(tenant: Tenant) -> None:
    task_id = await tenant.new_task(content=[{"type": "text", "text": "[queue:100000]"}])
    url = f"{TASKS}/{task_id}"
    deleted = await tenant.http.request("DELETE", url, content=b"\xff<", headers=headers("multipart/form-data"))
    assert (deleted.status_code, deleted.content) == (200, b"{}")


async def test_a_refused_type_is_refused_before_the_body_is_read_but_after_the_caller_is_known(
    gateway: Gateway, tenant: Tenant
) -> None:
    for key, status in ((tenant.key, 415), ("sg-wrong", 401)):
        async with connected(gateway.base_url) as wire:
            await wire.send_head(
                TASKS,
                f"Authorization: Bearer {key}",
                "Content-Type: text/xml",
                "Content-Length: 1000",
                "Expect: 100-continue",
            )
            assert (await wire.read_answer()).status_code == status
    async with connected(gateway.base_url) as wire:
        lines = (f"Authorization: Bearer {tenant.key}", "Content-Type: text/xml", "Transfer-Encoding: chunked")
        await wire.send_head(TASKS, *lines)
        await wire.send(b"1\r\n{\r\n0\r\n\r\n")
        check_error(await wire.read_answer(), 415, "UnsupportedMediaType")


async def test_a_body_whose_hash_the_head_does_not_tell_is_refused_after_its_signature_was_judged(
    gateway: Gateway, tenant: Tenant
) -> None:
    """A 415 before that would show an unknown client which access key ids exist."""
    pair = (await gateway.admin.post(f"/keys/{tenant.key_id}/signing-key")).json()
    forger = {**pair, "secret_access_key": "SGSKother"}
    host = gateway.base_url.removeprefix("http://")

    async def send(signer: dict[str, Any], body: bytes, name: str, value: str, *, is_chunked: bool) -> httpx.Response:
        async def chunks() -> AsyncIterator[bytes]:
            yield body

        signed = signed_headers(signer, body, host=host, at=datetime.now(UTC), names=JAVA)
        assert "x-content-sha256" not in signed
        content = chunks() if is_chunked else body
        url = "/?Action=ListAssetGroups&Version=2024-01-01"
        return await gateway.anonymous.post(url, content=content, headers={**signed, name: value})

    for name, value, body in (
        ("content-type", "text/xml", LIST_GROUPS),
        ("content-type", FORM, b"a=b"),
        ("content-encoding", "gzip", LIST_GROUPS),
    ):
        for is_chunked in (False, True):
            answer = await send(forger, body, name, value, is_chunked=is_chunked)
            check_error(answer, 401, "SignatureDoesNotMatch")
            answer = await send(pair, body, name, value, is_chunked=is_chunked)
            check_error(answer, 415, "UnsupportedMediaType")
    answer = await send(pair, b"", "content-type", "text/xml", is_chunked=False)
    check_error(answer, 400, "MissingParameter.Filter", "Filter")


@pytest.mark.parametrize("padding", [0, 300_000], ids=["small", "parsed in steps"])
async def test_a_byte_order_mark_is_skipped(gateway: Gateway, tenant: Tenant, padding: int) -> None:
    body = BOM + TASK[:-1] + b" " * padding + b"}"
    made = await tenant.http.post(TASKS, content=body)
    assert made.status_code == 200, made.text
    assert received(gateway, made.json()["id"])["content"] == [{"type": "text", "text": PROMPT}]
    for wrong in (BOM + body, body[3:] + BOM, TASK[:1] + BOM + body[4:]):
        error = check_error(await tenant.http.post(TASKS, content=wrong), 400, "InvalidParameter")
        assert "not valid JSON" in error["message"]
        assert "decode" not in error["message"]


async def test_a_byte_order_mark_is_part_of_the_signed_body(gateway: Gateway, tenant: Tenant) -> None:
    made = await gateway.admin.post(f"/keys/{tenant.key_id}/signing-key")
    path, body = "/?Action=ListAssetGroups&Version=2024-01-01", BOM + LIST_GROUPS
    for options in ({}, {"names": JAVA}):
        signed = await gateway.anonymous.post(path, content=body, auth=Signing(made.json(), **options))
        assert signed.status_code == 200, signed.text
    without_mark = next(
        Signing(made.json()).auth_flow(gateway.anonymous.build_request("POST", path, content=LIST_GROUPS))
    )
    del without_mark.headers["content-length"]
    changed = await gateway.anonymous.post(path, content=body, headers=without_mark.headers)
    check_error(changed, 401, "SignatureDoesNotMatch")
