"""During each flood the gateway's memory grows by at most 96 MiB, and other clients get responses within a second."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.http.floods import CHUNKED, HEAD, MEBIBYTE, Client, Watch, clients, many_lines, watching
from tests.support.gateway import Gateway
from tests.support.process import GatewayProcess, gateway_process

pytestmark = pytest.mark.slow
_MAX_GROWTH_BYTES = 96 * MEBIBYTE
_MAX_RESPONSE_SECONDS = 1.0
_TOO_LARGE = (431, "RequestHeaderFieldsTooLarge")


@pytest_asyncio.fixture(scope="module")
async def process(gateway: Gateway, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[GatewayProcess]:
    """A gateway in a process of its own, warmed up by some requests."""
    async with gateway_process(tmp_path_factory.mktemp("flooded"), gateway.settings, background="off") as running:
        async with running.client() as client:
            for path in ("/healthz", "/openapi.json", "/nowhere") * 5:
                await client.get(path)
        yield running


def check(watch: Watch) -> None:
    """Checks the latency of other clients and the growth of memory."""
    assert watch.slowest_seconds < _MAX_RESPONSE_SECONDS
    assert watch.grown_bytes < _MAX_GROWTH_BYTES


def status_and_code(answer: bytes) -> tuple[int, str]:
    """Returns status and error code of the only answer in some bytes."""
    assert answer.count(b"HTTP/1.1 ") == 1, answer[:2000]
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)["error"]["code"]


async def test_144_megabytes_of_headers(process: GatewayProcess) -> None:
    async with watching(process) as watch, clients(process) as (client,):
        taken = await client.send(HEAD)
        for lines in many_lines(144_000_000):
            sent = await client.send(lines)
            taken += sent
            if sent < len(lines):
                break
        assert status_and_code(await client.read()) == _TOO_LARGE
    check(watch)


@pytest.mark.parametrize(
    "begin",
    [HEAD + b"X-A: ", HEAD, b"GET /", HEAD + b"X-A: b\r\n ", CHUNKED + b"3;a=", CHUNKED + b"0\r\nX-A: "],
    ids=["value", "name", "target", "folded", "chunk extension", "trailer"],
)
async def test_40_megabytes_without_a_line_end(process: GatewayProcess, begin: bytes) -> None:
    async with watching(process) as watch, clients(process, 4) as several:

        async def flood(client: Client) -> tuple[int, str]:
            await client.send(begin + b"a" * 40_000_000)
            return status_and_code(await client.read())

        assert set(await asyncio.gather(*(flood(client) for client in several))) == {_TOO_LARGE}
    check(watch)


@pytest.mark.parametrize(
    ("begin", "piece"),
    [
        (CHUNKED + b"0\r\n", b"X-A: b\r\n"),
        (CHUNKED, b"1;aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\nx\r\n"),
    ],
    ids=["trailers", "chunk extensions"],
)
async def test_short_lines_without_end(process: GatewayProcess, begin: bytes, piece: bytes) -> None:
    async with watching(process) as watch, clients(process) as (client,):
        await client.send(begin + piece * (20 * MEBIBYTE // len(piece)))
        assert status_and_code(await client.read()) == _TOO_LARGE
    check(watch)


async def test_six_connections_that_pipeline_17_megabytes_and_read_nothing(process: GatewayProcess) -> None:
    requests = (HEAD + b"\r\n") * (17_000_000 // (len(HEAD) + 2))
    async with watching(process) as watch, clients(process, 6) as several:
        taken = await asyncio.gather(*(client.send(requests, seconds=20) for client in several))
        assert max(taken) < len(requests)
    check(watch)


async def test_hundreds_of_connections_that_ask_for_much_and_read_nothing(process: GatewayProcess) -> None:
    requests = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 8
    async with watching(process) as watch, clients(process, 200) as several:
        await asyncio.gather(*(client.send(requests, seconds=10) for client in several))
        await asyncio.sleep(5)
    check(watch)


async def test_thousands_of_connections_that_do_not_finish_their_heads(process: GatewayProcess) -> None:
    begun = [b"", b"GE", b"GET /healthz", HEAD, HEAD + b"X-A: " + b"a" * 60_000]
    async with watching(process) as watch, clients(process, 3000) as several:
        await asyncio.gather(*(client.send(begun[number % 5], seconds=10) for number, client in enumerate(several)))
        answers = await asyncio.gather(*(client.read(seconds=20) for client in several))
    check(watch)
    # A head that has begun has 15 seconds; one of the large ones may have been cut before, for the budget of all.
    assert {status_and_code(answer) for answer in answers[1::5]} == {(408, "RequestTooSlow")}
    assert {status_and_code(answer) for answer in answers[2::5]} == {(408, "RequestTooSlow")}
    assert {status_and_code(answer) for answer in answers[3::5]} == {(408, "RequestTooSlow")}
    assert {status_and_code(answer) for answer in answers[4::5] if answer} <= {(408, "RequestTooSlow")}
    assert set(answers[0::5]) == {b""}


async def test_heads_that_come_byte_by_byte(process: GatewayProcess) -> None:
    async with watching(process) as watch, clients(process, 300) as several:

        async def drip(client: Client) -> bytes:
            for at in range(300):
                if await client.send((HEAD * 20)[at : at + 1]) == 0:
                    break
                await asyncio.sleep(0.1)
            return await client.read()

        answers = await asyncio.gather(*(drip(client) for client in several))
    check(watch)
    assert {status_and_code(answer) for answer in answers} == {(408, "RequestTooSlow")}
