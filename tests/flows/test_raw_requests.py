"""Requests as the SDKs of other languages were measured to put them on the wire, sent over a bare socket.

Only the host, the key, ids and the length of the body are filled in.
"""

import asyncio
import json
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import pytest_asyncio

from tests.support.answers import check_error
from tests.support.driving import new_group, received
from tests.support.gateway import Gateway, Tenant
from tests.support.timeouts import HANG_SECONDS

GO_TASK = """POST /api/v3/contents/generations/tasks HTTP/1.1
Host: {host}
User-Agent: Go-http-client/1.1
Content-Length: {length}
Authorization: Bearer {key}
Content-Type: application/json
X-Client-Request-Id: 202611221640300000B72ECFF8150289A0
Accept-Encoding: gzip

{body}"""
GO_BODY = (
    r'{"content":[{"text":"a \u003ccat\u003e \u0026 猫","type":"text"}],"duration":5,"model":"doubao-seedance-2",'
    '"resolution":"720p","seed":-1,"tools":[{"type":"web_search"}]}'
)

PYTHON_TASK = """POST /api/v3/contents/generations/tasks HTTP/1.1
Host: {host}
Accept-Encoding: gzip, deflate
Connection: keep-alive
Accept: application/json
Content-Type: application/json
User-Agent: volc-sdk-python/1.0.0
X-Client-Request-Id: 20261122163451hu1HT22vyIJpNxSNvsN5
Authorization: Bearer {key}
Content-Length: {length}

{body}"""
PYTHON_BODY = (
    '{"model":"doubao-seedance-2","content":[{"type":"text","text":"一只猫"},{"type":"image_url",'
    '"image_url":{"url":"https://example.com/a.png"},"role":"first_frame"}],"safety_identifier":null,'
    '"callback_url":null,"return_last_frame":null,"service_tier":null,"execution_expires_after":null,'
    '"priority":null,"generate_audio":null,"draft":null,"camera_fixed":null,"watermark":null,"seed":null,'
    '"resolution":"720p","ratio":"16:9","duration":5,"frames":null,"tools":[{"type":"web_search"}],'
    '"output_format":null,"omni_reference_task_type":null}'
)

GO_LIST = """GET /api/v3/contents/generations/tasks? HTTP/1.1
Host: {host}
User-Agent: Go-http-client/1.1
Authorization: Bearer {key}
Content-Type: application/json
X-Client-Request-Id: 202611221640300000B72ECFF8150289A0
Accept-Encoding: gzip

"""

PYTHON_DELETE = """DELETE /api/v3/contents/generations/tasks/{body_id} HTTP/1.1
Host: {host}
Accept-Encoding: gzip, deflate
Connection: keep-alive
Accept: application/json
Content-Type: application/json
User-Agent: volc-sdk-python/1.0.0
Authorization: Bearer {key}
Content-Length: {length}

{body}"""

# The spec's Go program, run: the signer has replaced its Bearer header.
GO_ACTION = """POST {path}?Action=GetAssetGroup&Version=2024-01-01 HTTP/1.1
Host: {host}
User-Agent: volcengine-go-sdk/1.2.49/(go1.27.3; linux; amd64)
Content-Length: {length}
Accept: application/json
Authorization: HMAC-SHA256 Credential={access_key}/20261122/cn-beijing/ark/request, \
SignedHeaders=content-type;host;x-content-sha256;x-date, Signature=ce6b6001
Content-Type: application/json; charset=utf-8
X-Content-Sha256: ca73764fb86c23c7c0743296fa0fe95f6911de011e3e4dc086625d752536677e
X-Date: 20261122T162258Z
{extra}Accept-Encoding: gzip

{body}"""

# The path of the endpoint in the Host header, as PyCore and NodeCore have it.
PYTHON_ACTION = """POST {path}?Action=GetAssetGroup&Version=2024-01-01 HTTP/1.1
Accept-Encoding: identity
Content-Length: {length}
Accept: application/json
Content-Type: application/json
User-Agent: volcstack-python-sdk/5.0.54
X-Sdk-Invocation-Id: f2eeedda-5edb-4711-93c3-5b06ef144768
X-Sdk-Request: attempt=1; max=4
Host: {host}/api/v3/assets
X-Date: 20261122T162824Z
X-Content-Sha256: 1d3d05bc560b99a9d61d8ea32f3b9ac72673ecaf58f295a8bccdb828b38ee7e4
Authorization: HMAC-SHA256 Credential={access_key}/20261122/cn-beijing/ark/request, \
SignedHeaders=content-type;host;x-content-sha256;x-date;x-sdk-invocation-id;x-sdk-request, Signature=62dc94bb

{body}"""

JAVA_ACTION = """POST {path}?Action=GetAssetGroup&Version=2024-01-01 HTTP/1.1
Authorization: HMAC-SHA256 Credential={access_key}/20261122/cn-beijing/ark/request, \
SignedHeaders=x-date, Signature=5f31c69b
Accept: application/json
X-Date: 20261122T162258Z
User-Agent: volcengine-java-sdk/2.0.24/(java-17.0.15;Linux-6.1;amd64)
Content-Type: application/json; charset=utf-8
Content-Length: {length}
Host: {host}
Connection: Keep-Alive
Accept-Encoding: gzip

{body}"""

ACTIONS = {"Go": GO_ACTION, "Python": PYTHON_ACTION, "Java": JAVA_ACTION}
PATHS = {"/api/v3/assets": False, "/api/v3/assets/": False, "/api/v3/assets//": False, "/": True, "//": True}


@pytest_asyncio.fixture(scope="module")
async def tenant(gateway: Gateway) -> Tenant:
    return await gateway.tenant()


@pytest_asyncio.fixture(scope="module")
async def group_id(tenant: Tenant) -> str:
    return await new_group(tenant)


async def send(gateway: Gateway, template: str, *, body: str = "", **fields: str) -> httpx.Response:
    """Sends one request exactly as it is written and reads one answer."""
    host = urlsplit(gateway.base_url).netloc
    head, _, content = template.partition("\n\n")
    raw = content.format(body=body).encode()
    filled = head.format(host=host, length=len(raw), **fields).replace("\n", "\r\n") + "\r\n\r\n"
    reader, writer = await asyncio.open_connection(*host.split(":"))
    try:
        writer.write(filled.encode() + raw)
        async with asyncio.timeout(HANG_SECONDS):
            answer = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = [line.split(": ", 1) for line in answer[1:-2]]
            length = int({name.lower(): value for name, value in headers}["content-length"])
            read = await reader.readexactly(length)
    finally:
        writer.close()
        await writer.wait_closed()
    return httpx.Response(int(answer[0].split()[1]), headers=[(name, value) for name, value in headers], content=read)


@pytest.mark.parametrize(("template", "body"), [(GO_TASK, GO_BODY), (PYTHON_TASK, PYTHON_BODY)], ids=["Go", "Python"])
async def test_a_task_is_created_as_each_language_sends_it(
    gateway: Gateway, tenant: Tenant, template: str, body: str
) -> None:
    created = await send(gateway, template, body=body, key=tenant.key)
    assert created.status_code == 200, created.text
    assert created.headers["x-client-request-id"] in template
    wanted = {name: value for name, value in json.loads(body).items() if value is not None}
    sent = received(gateway, created.json()["id"])
    assert sent == {**wanted, "model": "doubao-seedance-2-0-260128", "generate_audio": False}


async def test_a_bare_question_mark_lists_everything(gateway: Gateway, tenant: Tenant) -> None:
    listed = await send(gateway, GO_LIST, key=tenant.key)
    assert listed.status_code == 200
    assert set(listed.json()) == {"items", "total"}


async def test_a_delete_with_a_body_is_answered_with_an_empty_object(gateway: Gateway, tenant: Tenant) -> None:
    task_id = (await tenant.create_task(content=[{"type": "text", "text": "[queue:100000]"}])).json()["id"]
    deleted = await send(gateway, PYTHON_DELETE, body="{}", body_id=task_id, key=tenant.key)
    assert (deleted.status_code, deleted.content) == (200, b"{}")


async def test_a_key_that_was_never_set_is_401(gateway: Gateway) -> None:
    check_error(await send(gateway, PYTHON_TASK, body=PYTHON_BODY, key="None"), 401, "AuthenticationError")


async def test_the_header_that_the_go_signer_leaves_alone_opens(
    gateway: Gateway, tenant: Tenant, group_id: str
) -> None:
    shown = await action(
        gateway, "Go", "/api/v3/assets/", group_id, access_key="unused", extra=f"X-Api-Key: {tenant.key}\n"
    )
    assert (shown.status_code, shown.json()["Id"]) == (200, group_id)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("language", ACTIONS)
async def test_the_key_as_access_key_opens_every_spelling_of_an_entry_without_redirect(
    gateway: Gateway, tenant: Tenant, group_id: str, language: str, path: str
) -> None:
    shown = await action(gateway, language, path, group_id, access_key=tenant.key)
    assert shown.status_code == 200, shown.text
    result = shown.json()["Result"] if PATHS[path] else shown.json()
    assert (result["Id"], result["GroupType"]) == (group_id, "AIGC")


async def test_the_form_encoding_of_the_sdks_is_a_clear_415(gateway: Gateway, tenant: Tenant) -> None:
    form = PYTHON_ACTION.replace("Content-Type: application/json", "Content-Type: application/x-www-form-urlencoded")
    body = "Filter.GroupIds.1=g1&Filter.GroupIds.2=g2&Filter.GroupType=AIGC"
    check_error(await send(gateway, form, body=body, path="/", access_key=tenant.key), 415, "UnsupportedMediaType")


async def test_a_client_that_expects_100_continue_gets_it(gateway: Gateway, tenant: Tenant) -> None:
    """As curl does with a large body; refused before it has sent one, it is answered at once."""
    waiting = GO_TASK.replace("Accept-Encoding: gzip", "Expect: 100-continue").partition("{body}")[0]
    refused = await send(gateway, waiting.replace("{length}", "1000"), key="wrong")
    check_error(refused, 401, "AuthenticationError")


async def action(
    gateway: Gateway, language: str, path: str, group_id: str, *, access_key: str, extra: str = ""
) -> httpx.Response:
    body = json.dumps({"Id": group_id})
    fields: dict[str, Any] = {"path": path, "access_key": access_key}
    if language == "Go":
        fields["extra"] = extra
    return await send(gateway, ACTIONS[language], body=body, **fields)
