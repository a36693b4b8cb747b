"""Cases 400, 413 and 415 of the table of errors: what a request holds."""

import asyncio
import gzip
import http.client
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.support.answers import check_error
from tests.support.driving import count_received
from tests.support.gateway import TASKS, Gateway, Tenant
from tests.support.timeouts import HANG_SECONDS
from tests.tasks.bodies import body

GROUPS = "/api/v3/open/ListAssetGroups"
JSON = {"Content-Type": "application/json"}


def post_and_read(base_url: str, key: str, size_bytes: int) -> httpx.Response:
    """Sends a body of blanks as a blocking client does: all of it, before it reads anything."""
    address = urlsplit(base_url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=HANG_SECONDS)
    connection.request("POST", TASKS, body=b" " * size_bytes, headers={**JSON, "Authorization": f"Bearer {key}"})
    answer = connection.getresponse()
    read = httpx.Response(answer.status, headers=answer.getheaders(), content=answer.read())
    connection.close()
    return read


@pytest.mark.slow
async def test_a_body_over_64_mib_is_413_and_a_blocking_client_reads_it(gateway: Gateway, tenant: Tenant) -> None:
    answer = await asyncio.to_thread(post_and_read, gateway.base_url, tenant.key, 64 * 1024 * 1024 + 1)
    check_error(answer, 413, "RequestTooLarge")


async def test_a_chunked_body_over_64_mib_is_413(tenant: Tenant) -> None:
    async def blanks() -> AsyncIterator[bytes]:
        for _ in range(65):
            yield b" " * 1024 * 1024

    check_error(await tenant.http.post(TASKS, content=blanks(), headers=JSON), 413, "RequestTooLarge")


@pytest.mark.parametrize("path", [TASKS, GROUPS, "/api/v3/assets?Action=GetAsset", "/?Action=GetAsset"])
async def test_a_compressed_body_is_415(tenant: Tenant, path: str) -> None:
    packed = gzip.compress(json.dumps(body()).encode())
    headers = {**JSON, "Content-Encoding": "gzip"}
    check_error(await tenant.http.post(path, content=packed, headers=headers), 415, "UnsupportedMediaType")


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=gbk", "multipart/form-data; boundary=x", "text/xml"]
)
async def test_a_body_in_another_charset_or_of_another_type_is_415(tenant: Tenant, content_type: str) -> None:
    answer = await tenant.http.post(TASKS, json=body(), headers={"Content-Type": content_type})
    assert content_type in check_error(answer, 415, "UnsupportedMediaType")["message"]


NOT_JSON: dict[str, bytes] = {
    "text": b"a kitten",
    "half": b'{"model": "doubao-seedance-2"',
    "array": b"[]",
    "null": b"null",
    "number": b"5",
    "NaN": b'{"seed": NaN}',
    "UTF-16": '{"model": "x"}'.encode("utf-16"),
    "broken UTF-8": b'{"model": "\xff\xfe"}',
    "deep": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "wide": b'{"content": [' + b"{}," * 20_000 + b"{}]}",
}


@pytest.mark.parametrize("name", NOT_JSON)
@pytest.mark.parametrize("path", [TASKS, GROUPS])
async def test_a_body_that_is_no_json_object_is_400(tenant: Tenant, path: str, name: str) -> None:
    answer = await tenant.http.post(path, content=NOT_JSON[name], headers=JSON)
    code, param = ("InvalidParameter.seed", "seed") if name == "NaN" else ("InvalidParameter", None)
    check_error(answer, 400, code, param)


@pytest.mark.parametrize(
    ("text", "param"),
    [
        ('{"model": "doubao-seedance-2\\u0000"}', "model"),
        ('{"content": [{"type": "text", "text": "\\ud800"}]}', "content[0].text"),
        ('{"model": "a", "model": "b"}', "model"),
        ('{"content": [{"type": "text", "type": "text"}]}', "content[0].type"),
        ('{"seed": 1e999}', "seed"),
        ('{"seed": 123456789012345678901234567890}', "seed"),
    ],
)
async def test_what_two_parsers_could_read_in_two_ways_is_400(tenant: Tenant, text: str, param: str) -> None:
    answer = await tenant.http.post(TASKS, content=text.encode(), headers=JSON)
    check_error(answer, 400, f"InvalidParameter.{param.partition('[')[0]}", param)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://2130706433/",
        "http://0x7f.1",
        "http://[::ffff:10.0.0.1]/",
        "http://localhost/",
        "http://10.0.0.1",
        "http://169.254.169.254/latest",
        "ftp://example.com",
        "not a url",
        "",
        5,
        {},
    ],
)
async def test_a_callback_url_that_is_no_public_web_address_is_400(gateway: Gateway, tenant: Tenant, url: Any) -> None:
    before = count_received(gateway, "create_task")
    check_error(await tenant.create_task(callback_url=url), 400, "InvalidParameter.callback_url", "callback_url")
    assert count_received(gateway, "create_task") == before
