"""Lists of groups and assets without the framework: the same answer as by the routes."""

import asyncio
import json
import re
from typing import Any
from urllib.parse import urlsplit

import pytest

from app.http.request_scope import RequestScope
from tests.assets.gateway import ENTRIES
from tests.support.driving import URL, act, new_group
from tests.support.frozen_gateway import prepared_gateway
from tests.support.gateway import Gateway, Tenant
from tests.support.logs import written
from tests.support.signing import GO, JAVA, signed_headers
from tests.support.timeouts import HANG_SECONDS

# Its clocks stand still, so that a key stays known.
gateway = prepared_gateway

LENGTH = re.compile(rb"content-length: ([0-9]+)")
REQUEST_ID = re.compile(rb"\r\nx-request-id: (\S+)\r\n")
# A harmless one that the fast path leaves to the route.
ROUTED = "Content-Encoding: identity"
JSON = "Content-Type: application/json"
ALL: dict[str, Any] = {"Filter": {"GroupType": "AIGC"}, "PageNumber": 1, "PageSize": 10}
NAMED = ALL | {"Filter": {"GroupType": "AIGC", "Name": "100%_/ 猫", "Statuses": ["Active", "Processing"]}}
REQUESTS: dict[str, tuple[str, dict[str, Any]]] = {
    "assets": ("ListAssets", ALL),
    "assets by name": ("ListAssets", NAMED),
    "the second page": ("ListAssets", ALL | {"PageNumber": 2, "PageSize": 2, "SortBy": "GroupId", "SortOrder": "Asc"}),
    "no asset": ("ListAssets", ALL | {"Filter": {"GroupType": "LivenessFace"}}),
    "a page after the last one": ("ListAssets", ALL | {"PageNumber": 1000}),
    "groups": ("ListAssetGroups", {"Filter": {"GroupType": "AIGC"}}),
    "groups by id": ("ListAssetGroups", {"Filter": {"GroupType": "AIGC", "GroupIds": ["none"]}, "ProjectName": "p"}),
}


@pytest.fixture
def routed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of the requests that reach the framework."""
    seen: list[str] = []
    handle = RequestScope.__call__

    async def note(self: RequestScope, scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["path"])
        await handle(self, scope, receive, send)

    monkeypatch.setattr(RequestScope, "__call__", note)
    return seen


async def fill(tenant: Tenant) -> None:
    """Makes three assets in two groups."""
    for _ in range(2):
        group_id = await new_group(tenant)
    for name in ("100%_/ 猫 A", "100 猫", "c" * 64):
        await act(tenant, "CreateAsset", GroupId=group_id, Name=name, AssetType="Image", URL=URL)


async def exchange(base_url: str, path: str, body: bytes, *headers: str, is_split: bool = False) -> bytes:
    """Sends a request; returns the bytes of the answer, without its time and its request id."""
    address = urlsplit(base_url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    lines = [f"POST {path} HTTP/1.1", "Host: x", *headers, f"Content-Length: {len(body)}", "", ""]
    writer.write("\r\n".join(lines).encode())
    if is_split:
        await writer.drain()
        await asyncio.sleep(0.05)
    writer.write(body)
    async with asyncio.timeout(HANG_SECONDS):
        head = await reader.readuntil(b"\r\n\r\n")
        [length] = LENGTH.findall(head)
        answered = await reader.readexactly(int(length))
        writer.close()
        await writer.wait_closed()
    [request_id] = REQUEST_ID.findall(head)
    return re.sub(rb"(?m)^date: .*\r$", b"date\r", (head + answered).replace(request_id, b"ID"))


def bearer(tenant: Tenant) -> str:
    return f"Authorization: Bearer {tenant.key}"


@pytest.mark.parametrize("entry", ENTRIES)
async def test_both_paths_answer_with_the_same_bytes(
    gateway: Gateway, tenant: Tenant, routed: list[str], entry: str
) -> None:
    await fill(tenant)
    for action, members in REQUESTS.values():
        path, body = ENTRIES[entry].format(action=action), json.dumps(members).encode()
        for headers in ((), ("X-Client-Request-Id: abc", "Idempotency-Key: k")):
            await tenant.http.get("/api/v3/whoami")  # so that the key is known
            routed.clear()
            fast = await exchange(gateway.base_url, path, body, bearer(tenant), JSON, *headers)
            assert routed == []
            assert fast == await exchange(gateway.base_url, path, body, bearer(tenant), JSON, ROUTED, *headers)
            assert len(routed) == 1
            assert fast.startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize(
    ("path", "body", "header"),
    [
        (ENTRIES["by path"], b'{"Filter": {"GroupType": "AIGC"}, "PageNumber": 0, "PageSize": 10}', JSON),
        (ENTRIES["by path"], b'{"Filter": {"GroupType": "AIGC"}, "PageNumber": 1, "PageNumber": 1}', JSON),
        (ENTRIES["by path"], b"[]", JSON),
        (ENTRIES["by path"], b"{", JSON),
        (ENTRIES["by path"], b"\xef\xbb\xbf", JSON),
        (ENTRIES["by path"], b"{}", f"{JSON}\r\n{JSON}"),
        (ENTRIES["by path"], b"{}", "Content-Type: application/json; charset=gbk"),
        (ENTRIES["by path"] + "?Version=2020-01-01", b"{}", JSON),
        (ENTRIES["by path"] + "?X=1", b"{}", JSON),
        (ENTRIES["natively"] + "&Version=2024-01-01", b"{}", JSON),
    ],
)
async def test_a_mistake_is_reported_by_the_route(
    anyone: Tenant, routed: list[str], path: str, body: bytes, header: str
) -> None:
    base_url = str(anyone.http.base_url)
    answered = await exchange(base_url, path.format(action="ListAssets"), body, bearer(anyone), header)
    assert answered[9:12] in {b"400", b"404", b"415"}
    assert len(routed) == 1


async def test_a_body_may_come_after_its_head(gateway: Gateway, tenant: Tenant, routed: list[str]) -> None:
    await fill(tenant)
    path, body = ENTRIES["by path"].format(action="ListAssets"), json.dumps(ALL).encode()
    routed.clear()
    answered = await exchange(gateway.base_url, path, body, bearer(tenant), JSON, is_split=True)
    assert json.loads(answered.partition(b"\r\n\r\n")[2])["TotalCount"] == 3
    # Unless the machine was too busy to read it within a second.
    assert len(routed) <= 1
    answered = await exchange(gateway.base_url, path, b"{}", bearer(tenant), JSON, is_split=True)
    assert answered[9:12] == b"400"


async def test_an_unknown_client_is_refused_although_its_body_does_not_come(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.http.request_scope._DRAIN_SECONDS", 0.1)
    address = urlsplit(gateway.base_url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    path = ENTRIES["by path"].format(action="ListAssets")
    writer.write(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n{JSON}\r\n\r\n".encode())
    async with asyncio.timeout(HANG_SECONDS):
        assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 401 ")
    writer.close()
    await writer.wait_closed()


async def test_both_paths_log_the_same_line(gateway: Gateway, tenant: Tenant, routed: list[str]) -> None:
    await fill(tenant)
    for entry in ENTRIES.values():
        with written() as log:
            for headers in ({}, {"Content-Encoding": "identity"}):
                answer = await tenant.http.post(entry.format(action="ListAssets"), json=ALL, headers=headers)
                assert answer.status_code == 200
            lines = log.requests()
        for line in lines:
            for name in ("request_id", "timestamp", "milliseconds"):
                line.pop(name)
        assert lines[0] == lines[1]
        assert (lines[0]["action"], lines[0]["tenant"]) == ("ListAssets", tenant.id)
    assert len(routed) >= len(ENTRIES)


async def test_no_tenant_sees_what_is_another_ones(gateway: Gateway, routed: list[str]) -> None:
    owner, stranger = await gateway.tenant(), await gateway.tenant()
    await fill(owner)
    for tenant, count in ((owner, 3), (stranger, 0), (owner, 3)):
        await tenant.http.get("/api/v3/whoami")
        routed.clear()
        for entry in ENTRIES.values():
            path, body = entry.format(action="ListAssets"), json.dumps(ALL).encode()
            answered = json.loads(
                (await exchange(gateway.base_url, path, body, bearer(tenant), JSON)).partition(b"\r\n\r\n")[2]
            )
            assert answered.get("Result", answered)["TotalCount"] == count
        assert routed == []


@pytest.mark.parametrize("names", [GO, JAVA])
async def test_a_signed_list_is_the_same_on_both_paths(
    gateway: Gateway, tenant: Tenant, routed: list[str], names: tuple[str, ...]
) -> None:
    await fill(tenant)
    pair = (await gateway.admin.post(f"/keys/{tenant.key_id}/signing-key")).json()
    path, body = ENTRIES["natively"].format(action="ListAssets"), json.dumps(ALL).encode()
    query = {"Action": "ListAssets", "Version": "2024-01-01"}
    fields = signed_headers(pair, body, host="x", at=gateway.clock(), names=names, query=query)
    headers = [f"{name}: {value}" for name, value in fields.items() if name != "host"]
    answers = [await exchange(gateway.base_url, path, body, *headers, *more) for more in ((), (ROUTED,), (), (ROUTED,))]
    assert answers[0].startswith(b"HTTP/1.1 200 OK\r\n")
    assert len(set(answers)) == 1
    # The first one makes the key known.
    assert len(routed) >= 3
    routed.clear()
    await exchange(gateway.base_url, path, body, *headers)
    assert routed == []
    for wrong in (
        [*headers[:-1], headers[-1][:-1] + ("0" if headers[-1][-1] != "0" else "1")],
        [each.replace("ListAssets", "x") for each in headers[:-1]],
    ):
        assert (await exchange(gateway.base_url, path, body, *wrong))[9:12] == b"401"
    for other in (body.replace(b"10", b"11"), body + b" "):
        assert (await exchange(gateway.base_url, path, other, *headers))[9:12] == b"401"
    # A signing key is taken by the native entry alone.
    assert (await exchange(gateway.base_url, ENTRIES["by path"].format(action="ListAssets"), body, *headers))[
        9:12
    ] == b"401"
    gateway.clock.advance(16 * 60)
    assert (await exchange(gateway.base_url, path, body, *headers))[9:12] == b"403"


@pytest.mark.parametrize("entry", ENTRIES)
async def test_a_key_sent_as_access_key_id_is_taken_unless_its_tenant_forbids_it(
    gateway: Gateway, tenant: Tenant, routed: list[str], entry: str
) -> None:
    await fill(tenant)
    path, body = ENTRIES[entry].format(action="ListAssets"), json.dumps(ALL).encode()
    claim = f"Credential={tenant.key}/20260101/cn-beijing/ark/request, SignedHeaders=host, Signature=00"
    headers = (f"Authorization: HMAC-SHA256 {claim}", JSON)
    routed.clear()
    fast = await exchange(gateway.base_url, path, body, *headers)
    assert routed == []
    assert fast == await exchange(gateway.base_url, path, body, *headers, ROUTED)
    assert json.loads(fast.partition(b"\r\n\r\n")[2])
    twice = (headers[0], headers[0], JSON)
    assert (await exchange(gateway.base_url, path, body, *twice))[9:12] == b"401"
    assert (await gateway.admin.patch(f"/tenants/{tenant.id}", json={"allow_key_as_access_key_id": False})).is_success
    gateway.expire_caches()
    assert (await exchange(gateway.base_url, path, body, bearer(tenant), JSON))[9:12] == b"200"
    assert (await exchange(gateway.base_url, path, body, *headers))[9:12] == b"401"
