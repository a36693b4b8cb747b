"""Request bodies are limited in size and in the memory of the process."""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from starlette.requests import Request
from starlette.types import Message

from app.errors import RequestTooSlowError
from app.http.body import BodyAdmission
from app.http.body_budget import KeySender
from tests.http.wires import MEBIBYTE, connected, mebibytes, write_then_read
from tests.support.answers import check_error
from tests.support.clock import MovableClock
from tests.support.driving import count_received
from tests.support.gateway import TASKS, Gateway, Tenant, serve_gateway
from tests.support.plain import PLAIN
from tests.support.timeouts import HANG_SECONDS

LIMIT_BYTES = MEBIBYTE
SENDER = KeySender("tenant", "key")
DRY = f"{TASKS}?dry_run=true"
JSON = {"Content-Type": "application/json"}
BODY = json.dumps({"model": "doubao-seedance-2", "content": [{"type": "text", "text": "x"}]}).encode()


@pytest_asyncio.fixture(scope="session")
async def small(gateway: Gateway) -> AsyncIterator[str]:
    """The address of a gateway whose limit is a mebibyte a body, and one body of that size for each tenant."""
    limits = {"max_body_bytes": LIMIT_BYTES, "body_budget_bytes": LIMIT_BYTES * 3, "background": "off"}
    async with serve_gateway(gateway.settings.model_copy(update=limits), MovableClock()) as base_url:
        yield base_url


def bearer(key: str) -> dict[str, str]:
    return {**JSON, "Authorization": f"Bearer {key}"}


@pytest.mark.parametrize("is_chunked", [False, True], ids=["with a length", "chunked"])
async def test_a_client_that_writes_before_reading_gets_the_error(gateway: Gateway, *, is_chunked: bool) -> None:
    body = mebibytes(20) if is_chunked else b" " * 20 * MEBIBYTE
    check_error(await write_then_read(gateway.base_url, TASKS, body, bearer("sg-wrong")), 401, "AuthenticationError")


@pytest.mark.parametrize(("size", "status"), [(LIMIT_BYTES, 200), (LIMIT_BYTES + 1, 413)])
@pytest.mark.parametrize("is_chunked", [False, True], ids=["with a length", "chunked"])
async def test_the_limit_is_exact(small: str, tenant: Tenant, size: int, status: int, *, is_chunked: bool) -> None:
    body = BODY + b" " * (size - len(BODY))
    answer = await write_then_read(small, DRY, iter([body]) if is_chunked else body, bearer(tenant.key))
    assert answer.status_code == status, answer.text


async def test_after_a_refused_body_the_connection_stays_usable(small: str, tenant: Tenant) -> None:
    async with httpx.AsyncClient(verify=PLAIN, base_url=small, headers=bearer(tenant.key)) as client:
        for _ in range(2):
            refused = await client.post(TASKS, content=b" " * (LIMIT_BYTES + 1))
            check_error(refused, 413, "RequestTooLarge")
            assert refused.headers["x-should-retry"] == "false"
            assert (await client.post(DRY, content=BODY)).status_code == 200


async def test_an_endless_body_is_not_read_without_limit(small: str, tenant: Tenant) -> None:
    async with connected(small) as wire:
        await wire.send_head(TASKS, f"Authorization: Bearer {tenant.key}", f"Content-Length: {100 * LIMIT_BYTES}")
        await wire.send(b" " * (2 * LIMIT_BYTES + 100_000))
        answer = await wire.read_answer()
        check_error(answer, 413, "RequestTooLarge")
        assert answer.headers["connection"] == "close"
        assert await wire.is_closed_by_peer()


async def test_a_client_that_waits_for_continue_is_refused_before_it_has_sent_anything(small: str) -> None:
    async with connected(small) as wire:
        await wire.send_head(TASKS, "Authorization: Bearer x", "Content-Length: 1000", "Expect: 100-continue")
        answer = await wire.read_answer()
        check_error(answer, 401, "AuthenticationError")
        assert answer.headers["connection"] == "close"


async def test_a_client_that_waits_for_continue_gets_it_when_the_body_is_wanted(small: str, tenant: Tenant) -> None:
    async with connected(small) as wire:
        head = (f"Authorization: Bearer {tenant.key}", f"Content-Length: {len(BODY)}", "Expect: 100-continue")
        await wire.send_head(DRY, *head)
        assert (await wire.read_head())[0] == 100
        await wire.send(BODY)
        assert (await wire.read_answer()).status_code == 200


async def test_a_body_sent_after_continue_is_drained_before_the_error(small: str, tenant: Tenant) -> None:
    async with connected(small) as wire:
        head = (f"Authorization: Bearer {tenant.key}", "Transfer-Encoding: chunked", "Expect: 100-continue")
        await wire.send_head(TASKS, *head)
        assert (await wire.read_head())[0] == 100
        for part in (LIMIT_BYTES, 1, 100_000):
            await wire.send(f"{part:x}\r\n".encode() + b" " * part + b"\r\n")
        await wire.send(b"0\r\n\r\n")
        answer = await wire.read_answer()
        check_error(answer, 413, "RequestTooLarge")
        assert "connection" not in answer.headers


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "deflate", "br", "x-unknown", "identity, gzip"])
async def test_an_encoded_body_is_refused_unread(tenant: Tenant, encoding: str) -> None:
    answer = await tenant.http.post(TASKS, content=BODY, headers={"Content-Encoding": encoding})
    check_error(answer, 415, "UnsupportedMediaType")


@pytest.mark.parametrize("encoding", ["identity", "Identity", ""])
async def test_content_encoding_identity_is_accepted(tenant: Tenant, encoding: str) -> None:
    answer = await tenant.http.post(DRY, content=BODY, headers={"Content-Encoding": encoding})
    assert answer.status_code == 200


async def test_bodies_beyond_the_budget_are_refused_until_one_is_released(small: str, tenant: Tenant) -> None:
    size = LIMIT_BYTES * 9 // 10
    big = BODY + b" " * (size - len(BODY))
    async with httpx.AsyncClient(verify=PLAIN, base_url=small, headers=bearer(tenant.key)) as client:
        async with connected(small) as wire:
            await wire.send_head(DRY, f"Authorization: Bearer {tenant.key}", f"Content-Length: {size}")
            await wire.send(big[:-1])
            refused = await _until_status(client, big, 503)
            check_error(refused, 503, "ServiceUnavailable")
            assert refused.headers["retry-after"].isdigit()
            assert (await client.post(DRY, content=BODY)).status_code == 200, "a small one still fits"
            await wire.send(big[-1:])
            assert (await wire.read_answer()).status_code == 200
        assert (await client.post(DRY, content=big)).status_code == 200


async def test_a_disconnected_client_releases_its_share(small: str, tenant: Tenant) -> None:
    size = LIMIT_BYTES * 9 // 10
    big = BODY + b" " * (size - len(BODY))
    async with httpx.AsyncClient(verify=PLAIN, base_url=small, headers=bearer(tenant.key)) as client:
        async with connected(small) as wire:
            await wire.send_head(DRY, f"Authorization: Bearer {tenant.key}", f"Content-Length: {size}")
            await wire.send(big[:-1])
            await _until_status(client, big, 503)
        await _until_status(client, big, 200)


async def test_a_body_that_is_cut_off_stores_and_sends_nothing(gateway: Gateway, small: str, tenant: Tenant) -> None:
    before = (await tenant.http.get(TASKS)).json()["total"]
    received = count_received(gateway, "create_task")
    async with connected(small) as wire:
        await wire.send_head(TASKS, f"Authorization: Bearer {tenant.key}", f"Content-Length: {len(BODY) + 1}")
        await wire.send(BODY)
        assert await wire.finish() == b"", "a client that has disconnected gets no answer"
    assert (await tenant.http.get(TASKS)).json()["total"] == before
    assert count_received(gateway, "create_task") == received


async def _until_status(client: httpx.AsyncClient, body: bytes, status: int) -> httpx.Response:
    """Posts until the answer has a status: the gateway notices later what another connection has sent or ended."""
    async with asyncio.timeout(HANG_SECONDS):
        while (answer := await client.post(DRY, content=body)).status_code != status:
            assert answer.status_code in {200, 503}, answer.text
            await asyncio.sleep(0.01)
    return answer


@pytest.mark.parametrize("is_chunked", [False, True], ids=["with a length", "chunked"])
async def test_a_slow_body_does_not_hold_its_share_without_limit(*, is_chunked: bool) -> None:
    admission = BodyAdmission(limit_bytes=LIMIT_BYTES, budget_bytes=3 * LIMIT_BYTES, grace_seconds=0.2)
    headers = [] if is_chunked else [(b"content-length", b"1000")]

    async def drip() -> Message:
        await asyncio.sleep(0.02)
        return {"type": "http.request", "body": b" ", "more_body": True}

    request = Request({"type": "http", "method": "POST", "path": "/", "headers": headers}, drip)
    async with asyncio.timeout(HANG_SECONDS):
        with pytest.raises(RequestTooSlowError, match="did not arrive in time"):
            async with admission.read(request, SENDER):
                pass
    assert admission.held_bytes == 0


async def test_a_large_body_has_time_in_proportion_to_its_size() -> None:
    admission = BodyAdmission(limit_bytes=LIMIT_BYTES, budget_bytes=3 * LIMIT_BYTES, grace_seconds=0.0)
    left = 4

    async def pour() -> Message:
        nonlocal left
        left -= 1
        await asyncio.sleep(0.05)
        return {"type": "http.request", "body": b" " * 163_840, "more_body": left > 0}

    headers = [(b"content-length", b"655360")]
    request = Request({"type": "http", "method": "POST", "path": "/", "headers": headers}, pour)
    async with admission.read(request, SENDER) as body:
        assert len(body.data) == 655_360
