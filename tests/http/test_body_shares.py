"""Unfinished uploads of one party do not block the bodies of others."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.http.wires import connected
from tests.support.answers import check_error
from tests.support.clock import MovableClock
from tests.support.gateway import TASKS, Gateway, Tenant, serve_gateway
from tests.support.plain import PLAIN
from tests.support.signing import JAVA, Signing, signed_headers
from tests.support.timeouts import HANG_SECONDS

KIBIBYTE = 1024
MEBIBYTE = 1024 * KIBIBYTE
DRY = f"{TASKS}?dry_run=true"
LIST = "/?Action=ListAssetGroups&Version=2024-01-01"
TASK = json.dumps({"model": "doubao-seedance-2", "content": [{"type": "text", "text": "x"}]}).encode()
GROUPS = json.dumps({"Filter": {"GroupType": "AIGC"}}).encode()
LARGE = 800 * KIBIBYTE
UNPROVEN = 40 * KIBIBYTE
MOST_UPLOADS = 100


@pytest_asyncio.fixture(scope="module")
async def base_url(gateway: Gateway) -> AsyncIterator[str]:
    """A gateway with a budget of 8 MiB for bodies of a mebibyte, which believes ``X-Forwarded-For``."""
    changes = {
        "max_body_bytes": MEBIBYTE,
        "body_budget_bytes": 8 * MEBIBYTE,
        "background": "off",
        "trusted_proxies": (ip_network("127.0.0.0/8"),),
    }
    async with serve_gateway(gateway.settings.model_copy(update=changes), MovableClock()) as base_url:
        yield base_url


@pytest_asyncio.fixture(scope="module")
async def http(base_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(verify=PLAIN, base_url=base_url, timeout=30) as client:
        yield client


def padded(body: bytes, size: int) -> bytes:
    return body + b" " * (size - len(body))


async def post(http: httpx.AsyncClient, tenant: Tenant, size: int) -> int:
    headers = {"Authorization": f"Bearer {tenant.key}"}
    return (await http.post(DRY, content=padded(TASK, size), headers=headers)).status_code


class Uploads:
    """Bodies that are sent but for their last byte, of one sender.

    Of several at the same time the share refuses some, and it depends on the order in which their parts arrive how many
    are left, above all beside a whole body that holds its place for a moment. So the sender goes on with further ones
    until its share is used up.
    """

    def __init__(self, stack: AsyncExitStack, base_url: str, path: str, lines: Sequence[str], sent: bytes) -> None:
        self._stack = stack
        self._base_url = base_url
        self._path = path
        self._lines = lines
        self._sent = sent

    async def begin(self) -> None:
        """Begins one more."""
        wire = await self._stack.enter_async_context(connected(self._base_url))
        await wire.send_head(self._path, *self._lines)
        await wire.send(self._sent)

    async def until_full(self, ask: Callable[[], Awaitable[int]]) -> None:
        """Goes on until the share is used up: the status that ``ask`` returns is 503."""
        for _ in range(MOST_UPLOADS):
            if await ask() == 503:
                return
            await self.begin()
        raise AssertionError("the share has no end")


@asynccontextmanager
async def unfinished(
    base_url: str, path: str, headers: dict[str, str], size: int, count: int, *, is_chunked: bool = False
) -> AsyncIterator[Uploads]:
    """Begins uploads, which end with the block."""
    lines = [f"{name}: {value}" for name, value in headers.items()]
    sent = b" " * (size - 1)
    if is_chunked:
        sent = b"%x\r\n%b\r\n" % (len(sent), sent)
    lines.append("Transfer-Encoding: chunked" if is_chunked else f"Content-Length: {size}")
    async with AsyncExitStack() as stack:
        uploads = Uploads(stack, base_url, path, lines, sent)
        for _ in range(count):
            await uploads.begin()
        yield uploads


@pytest.mark.parametrize("is_chunked", [False, True], ids=["with a length", "chunked"])
async def test_unfinished_uploads_of_a_key_stop_neither_other_keys_nor_other_tenants(
    gateway: Gateway, base_url: str, http: httpx.AsyncClient, *, is_chunked: bool
) -> None:
    hog, other = await gateway.tenant(), await gateway.tenant()
    second, third = await gateway.key_of(hog.id), await gateway.key_of(hog.id)
    of = [{"Authorization": f"Bearer {tenant.key}"} for tenant in (hog, second)]
    async with unfinished(base_url, DRY, of[0], LARGE, 9, is_chunked=is_chunked) as uploads:
        await uploads.until_full(lambda: post(http, hog, LARGE))
        assert await post(http, second, LARGE) == 200
        async with unfinished(base_url, DRY, of[1], LARGE, 9, is_chunked=is_chunked) as more:
            await more.until_full(lambda: post(http, third, LARGE))
            assert await post(http, third, KIBIBYTE) == 200, "its small bodies have room of their own"
            assert [await post(http, other, size) for size in (KIBIBYTE, LARGE, MEBIBYTE)] == [200, 200, 200]
    async with asyncio.timeout(HANG_SECONDS):
        while await post(http, hog, MEBIBYTE) != 200:  # noqa: ASYNC110 - what was given up is noticed a moment later
            await asyncio.sleep(0.01)


async def test_unfinished_small_bodies_of_a_tenant_leave_room_for_those_of_others(
    gateway: Gateway, base_url: str, http: httpx.AsyncClient
) -> None:
    hog, other = await gateway.tenant(), await gateway.tenant()
    size = 60 * KIBIBYTE
    async with unfinished(base_url, DRY, {"Authorization": f"Bearer {hog.key}"}, size, 40) as uploads:
        await uploads.until_full(lambda: post(http, hog, size))
        assert [await post(http, other, size) for size in (KIBIBYTE, size, LARGE)] == [200, 200, 200]


async def test_an_unproven_signer_blocks_neither_tenants_nor_other_signers(
    gateway: Gateway, base_url: str, http: httpx.AsyncClient
) -> None:
    victim, other = await gateway.tenant(), await gateway.tenant()
    pairs = [(await gateway.admin.post(f"/keys/{one.key_id}/signing-key")).json() for one in (victim, other)]
    forged = signed_headers(
        {**pairs[0], "secret_access_key": "guessed"}, b"", host="gateway", at=datetime.now(UTC), names=JAVA
    )
    del forged["host"]
    strangers = {**forged, "X-Forwarded-For": "203.0.113.9"}
    async with unfinished(base_url, LIST, strangers, UNPROVEN, 20) as uploads:
        await uploads.until_full(lambda: _signed(http, pairs[0], "203.0.113.9"))
        await _until_signed(http, pairs[0], "198.51.100.1")
        await _until_signed(http, pairs[1], "198.51.100.2")
        for tenant in (victim, other):
            assert [await post(http, tenant, size) for size in (KIBIBYTE, LARGE, MEBIBYTE)] == [200, 200, 200]


async def _until_signed(http: httpx.AsyncClient, pair: dict[str, Any], address: str) -> None:
    """Waits until a signed request from an address is served."""
    async with asyncio.timeout(HANG_SECONDS):
        while await _signed(http, pair, address) != 200:  # noqa: ASYNC110 - a gateway has no event for it
            await asyncio.sleep(0.01)


async def _signed(http: httpx.AsyncClient, pair: dict[str, Any], address: str) -> int:
    headers, body = {"X-Forwarded-For": address}, padded(GROUPS, UNPROVEN)
    answer = await http.post(LIST, content=body, headers=headers, auth=Signing(pair, names=JAVA))
    assert answer.status_code in {200, 503}, answer.text
    return answer.status_code


async def test_a_body_that_could_never_fit_its_share_is_too_large(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    changes = {"body_budget_bytes": 8 * MEBIBYTE, "background": "off"}
    async with (
        serve_gateway(gateway.settings.model_copy(update=changes), MovableClock()) as base_url,
        httpx.AsyncClient(verify=PLAIN, base_url=base_url, timeout=30) as http,
    ):
        assert await post(http, tenant, 3 * MEBIBYTE) == 200
        refused = await http.post(
            DRY, content=padded(TASK, 4 * MEBIBYTE), headers={"Authorization": f"Bearer {tenant.key}"}
        )
        check_error(refused, 413, "RequestTooLarge")
        assert refused.headers["x-should-retry"] == "false"


async def test_an_action_takes_no_body_of_the_size_of_media(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    for path in ("/api/v3/open/ListAssetGroups", "/api/v3/assets?Action=ListAssetGroups", LIST):
        taken = await tenant.http.post(path, content=padded(GROUPS, MEBIBYTE))
        assert taken.status_code == 200, taken.text
        refused = await tenant.http.post(path, content=padded(GROUPS, MEBIBYTE + 1))
        assert (refused.status_code, refused.json()["error"]["code"]) == (413, "RequestTooLarge")


async def test_values_that_an_action_forwards_unchecked_are_short(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    body = {"Name": "x", "GroupType": "AIGC", "Later": "x" * 16_000}
    assert (await tenant.action("CreateAssetGroup", **body)).status_code == 200
    refused = await tenant.action("CreateAssetGroup", **body, Last={"x": ["x" * 400]})
    check_error(refused, 400, "InvalidParameter.Last", "Last")
