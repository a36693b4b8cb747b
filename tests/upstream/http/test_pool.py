"""The choice of connections, and requests that are never sent twice."""

import asyncio
from typing import Any

import pytest

from app.upstream.ark import ArkClient
from app.upstream.calls import parse_url
from app.upstream.errors import NotSentError, OutcomeUnknownError
from app.upstream.http.client import HttpClient, Timeouts
from app.upstream.http.connection import Connection
from app.upstream.http.dialer import Dialer, tls_context
from app.upstream.http.pool import ConnectionPool
from app.upstream.openapi import OpenApiClient
from app.upstream.origins import Origin
from tests.support.loopback import LOOPBACK_ALLOWED
from tests.support.timeouts import HANG_SECONDS
from tests.upstream.conftest import Bench
from tests.upstream.servers import AT, Peer, Script, always, to_response

ID = "cgt-20260809211822-9lklw"
CREATED = to_response(200, {"id": ID})
TASK = to_response(200, {"id": ID, "status": "queued"})


class Gate:
    """A server script that holds every answer until it is opened, and counts those that wait."""

    def __init__(self, expected: int) -> None:
        self.waiting = 0
        self._expected = expected
        self.is_full = asyncio.Event()
        self.opened = asyncio.Event()

    async def __call__(self, peer: Peer) -> None:
        while await peer.read_request():
            self.waiting += 1
            if self.waiting == self._expected:
                self.is_full.set()
            await self.opened.wait()
            await peer.send(CREATED)


async def test_three_hundred_requests_are_in_flight_at_once(bench: Bench) -> None:
    gate = Gate(300)
    server = await bench.serve(gate)
    ark = await bench.ark()
    async with asyncio.TaskGroup() as tasks:
        for number in range(300):
            tasks.create_task(ark.create(server.account, b"{}", request_id=str(number)))
        async with asyncio.timeout(HANG_SECONDS):
            await gate.is_full.wait()
        gate.opened.set()
    assert len(server.requests) == 300
    assert server.connection_count == 300


async def test_no_more_connections_are_open_than_allowed(bench: Bench) -> None:
    gate = Gate(2)
    gate.opened.set()
    server = await bench.serve(gate)
    ark = await bench.ark(max_connections=2)
    await asyncio.gather(*[ark.create(server.account, b"{}", request_id="r") for _ in range(20)])
    assert server.connection_count <= 2
    assert len(server.requests) == 20


async def test_a_request_that_gets_no_connection_in_time_is_not_sent(bench: Bench) -> None:
    gate = Gate(1)
    server = await bench.serve(gate)
    ark = await bench.ark(max_connections=1, timeouts=Timeouts(pool_seconds=0.05))
    first = asyncio.create_task(ark.create(server.account, b"{}", request_id="r"))
    await gate.is_full.wait()
    with pytest.raises(NotSentError):
        await ark.create(server.account, b"{}", request_id="r")
    gate.opened.set()
    assert (await first) == ID
    assert len(server.requests) == 1


async def test_a_cancelled_wait_passes_its_permit_to_the_next(bench: Bench) -> None:
    gate = Gate(1)
    server = await bench.serve(gate)
    ark = await bench.ark(max_connections=1)
    first = asyncio.create_task(ark.create(server.account, b"{}", request_id="r"))
    await gate.is_full.wait()
    given_up = asyncio.create_task(ark.create(server.account, b"{}", request_id="r"))
    patient = asyncio.create_task(ark.create(server.account, b"{}", request_id="r"))
    await asyncio.sleep(0)
    given_up.cancel()
    gate.opened.set()
    async with asyncio.timeout(HANG_SECONDS):
        await asyncio.gather(first, patient)
    assert given_up.cancelled()
    assert len(server.requests) == 2


async def test_an_idle_connection_is_closed_for_one_elsewhere(bench: Bench) -> None:
    has_ended = asyncio.Event()

    async def answer(peer: Peer) -> None:
        while await peer.read_request():
            await peer.send(CREATED)
        has_ended.set()

    one, other = await bench.serve(answer), await bench.serve(always(200, {"id": ID}))
    ark = await bench.ark(max_connections=1)
    for server in (one, other):
        await ark.create(server.account, b"{}", request_id="r")
    async with asyncio.timeout(HANG_SECONDS):
        await has_ended.wait()
    await ark.create(one.account, b"{}", request_id="r")
    assert (one.connection_count, other.connection_count) == (2, 1)


async def test_failed_connections_give_their_place_back(bench: Bench) -> None:
    closing = await bench.serve(end_before_answer)
    healthy = await bench.serve(always(200, {"id": ID}))
    ark = await bench.ark(max_connections=1, timeouts=Timeouts(pool_seconds=HANG_SECONDS))
    for _ in range(3):
        with pytest.raises(OutcomeUnknownError):
            await ark.create(closing.account, b"{}", request_id="r")
    assert await ark.create(healthy.account, b"{}", request_id="r") == ID


async def end_before_answer(peer: Peer) -> None:
    await peer.read_request()


async def test_a_create_after_an_idle_close_goes_out_once_on_a_new_connection(bench: Bench) -> None:
    """The event loop has not noticed the close yet; the kernel is asked."""
    peers: list[Peer] = []

    async def answer(peer: Peer) -> None:
        peers.append(peer)
        while await peer.read_request():
            await peer.send(CREATED)

    server = await bench.serve(answer)
    ark = await bench.ark()
    await ark.create(server.account, b'{"n":1}', request_id="r")
    peers[0].end()
    assert await ark.create(server.account, b'{"n":2}', request_id="r") == ID
    assert server.connection_count == 2
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("call", "answer"),
    [("create", {"id": ID}), ("delete", {}), ("CreateAsset", {"ResponseMetadata": {"RequestId": "r"}, "Result": {}})],
)
async def test_a_change_whose_kept_connection_is_cut_is_unknown_and_not_written_again(
    bench: Bench, call: str, answer: object
) -> None:
    server = await bench.serve(answer_once_then_cut(to_response(200, answer)))
    ark, control = await bench.ark(), await bench.control()

    async def send() -> None:
        if call == "create":
            await ark.create(server.account, b"{}", request_id="r")
        elif call == "delete":
            await ark.delete(server.account, ID)
        else:
            await control.call(server.openapi_account, call, {})

    await send()
    with pytest.raises(OutcomeUnknownError):
        await send()
    assert (server.connection_count, len(server.requests)) == (1, 2)


def answer_once_then_cut(response: bytes) -> Script:
    async def script(peer: Peer) -> None:
        await peer.read_request()
        await peer.send(response)
        await peer.read_request()

    return script


async def test_a_read_whose_kept_connection_is_cut_is_asked_once_more(bench: Bench) -> None:
    server = await bench.serve(answer_once_then_cut(TASK))
    ark = await bench.ark()
    await ark.get(server.account, ID)
    assert (await ark.get(server.account, ID))["status"] == "queued"
    assert server.connection_count == 2


async def test_a_read_that_is_asked_again_takes_no_other_kept_connection(bench: Bench) -> None:
    has_both = asyncio.Event()

    async def answer_once_two_at_a_time(peer: Peer) -> None:
        await peer.read_request()
        if peer.number == 2:
            has_both.set()
        await has_both.wait()
        await peer.send(TASK)
        await peer.read_request()

    server = await bench.serve(answer_once_two_at_a_time)
    ark = await bench.ark()
    await asyncio.gather(ark.get(server.account, ID), ark.get(server.account, ID))
    assert (await ark.get(server.account, ID))["status"] == "queued"
    assert server.connection_count == 3
    assert len(server.requests) == 4


async def test_a_read_on_a_new_connection_is_asked_only_once(bench: Bench) -> None:
    server = await bench.serve(end_before_answer)
    with pytest.raises(OutcomeUnknownError):
        await (await bench.ark()).get(server.account, ID)
    assert len(server.requests) == 1


async def test_a_read_is_not_asked_a_third_time(bench: Bench) -> None:
    async def answer_only_the_very_first(peer: Peer) -> None:
        await peer.read_request()
        if peer.number == 1:
            await peer.send(TASK)
            await peer.read_request()

    server = await bench.serve(answer_only_the_very_first)
    ark = await bench.ark()
    await ark.get(server.account, ID)
    with pytest.raises(OutcomeUnknownError):
        await ark.get(server.account, ID)
    assert len(server.requests) == 3


async def test_a_read_that_was_answered_in_part_is_not_asked_again(bench: Bench) -> None:
    async def answer_half_of_the_second(peer: Peer) -> None:
        await peer.read_request()
        await peer.send(TASK)
        await peer.read_request()
        await peer.send(TASK[:-5])

    server = await bench.serve(answer_half_of_the_second)
    ark = await bench.ark()
    await ark.get(server.account, ID)
    with pytest.raises(OutcomeUnknownError):
        await ark.get(server.account, ID)
    assert server.connection_count == 1


async def test_a_connection_that_was_idle_for_too_long_is_not_used_for_a_create(bench: Bench) -> None:
    server = await bench.serve(always(200, {"id": ID}))
    http = await bench.http(max_idle_unrepeatable_seconds=0.01)
    url = parse_url(server.origin)
    await http.request("POST", url)
    await asyncio.sleep(0.03)
    await http.request("POST", url)
    assert server.connection_count == 2
    await asyncio.sleep(0.03)
    await http.request("GET", url)
    assert server.connection_count == 2


async def test_a_connection_that_was_idle_beyond_the_limit_is_closed(bench: Bench) -> None:
    ended = asyncio.Event()

    async def answer(peer: Peer) -> None:
        while await peer.read_request():
            await peer.send(CREATED)
        ended.set()

    server = await bench.serve(answer)
    http = await bench.http(max_idle_seconds=0.01)
    await http.request("POST", parse_url(server.origin))
    await asyncio.sleep(0.03)
    await http.request("POST", parse_url(server.origin))
    async with asyncio.timeout(HANG_SECONDS):
        await ended.wait()
    assert server.connection_count == 2


class RecordingPool(ConnectionPool):
    """Records what is asked of each acquired connection."""

    def __init__(self, dialer: Dialer) -> None:
        super().__init__(dialer, max_connections=9, max_idle_seconds=30)
        self.asked: list[dict[str, Any]] = []

    async def acquire(self, origin: Origin, **asked: Any) -> Connection:
        self.asked.append(asked)
        return await super().acquire(origin, **asked)


async def test_requests_that_change_something_ask_for_a_fresh_connection(bench: Bench) -> None:
    server = await bench.serve(always(200, {"id": ID, "ResponseMetadata": {}}))
    pool = RecordingPool(Dialer(tls=tls_context(None), proxy=None, destinations=LOOPBACK_ALLOWED))
    async with HttpClient(pool, timeouts=Timeouts(), max_response_bytes=1000) as http:
        ark, control = ArkClient(http), OpenApiClient(http, lambda: AT)
        await ark.create(server.account, b"{}", request_id="r")
        await ark.delete(server.account, ID)
        await control.call(server.openapi_account, "CreateAsset", {})
        with pytest.raises(OutcomeUnknownError):  # no task object has this little
            await ark.get(server.account, ID)
    assert [asked["max_idle_seconds"] for asked in pool.asked] == [3.0, 3.0, 3.0, None]


@pytest.mark.parametrize(
    "response",
    [
        pytest.param(CREATED + b"HTTP/1.1 200 OK\r\n\r\n", id="a-second-answer"),
        pytest.param(CREATED + b"junk", id="junk"),
        pytest.param(to_response(200, {"id": ID}, "Connection: close"), id="an-announced-close"),
        pytest.param(b"HTTP/1.0 200 OK\r\nContent-Length: 33\r\n\r\n" + CREATED[-33:], id="http-1.0"),
    ],
)
async def test_a_connection_is_dropped_after_such_an_answer(bench: Bench, response: bytes) -> None:
    async def answer(peer: Peer) -> None:
        while await peer.read_request():
            await peer.send(response)

    server = await bench.serve(answer)
    ark = await bench.ark()
    for _ in range(2):
        assert await ark.create(server.account, b"{}", request_id="r") == ID
    assert server.connection_count == 2


async def test_unsolicited_bytes_drop_an_idle_connection(bench: Bench) -> None:
    has_ended = asyncio.Event()

    async def say_more(peer: Peer) -> None:
        await peer.read_request()
        await peer.send(CREATED)
        await asyncio.sleep(0.02)
        await peer.send(to_response(408, b""))
        await peer.read_some()
        has_ended.set()

    server = await bench.serve(say_more)
    ark = await bench.ark()
    await ark.create(server.account, b"{}", request_id="r")
    async with asyncio.timeout(HANG_SECONDS):
        await has_ended.wait()
    await ark.create(server.account, b"{}", request_id="r")
    assert server.connection_count == 2


@pytest.mark.parametrize(
    ("method", "response"),
    [
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 33\r\n\r\n"),
        ("DELETE", b"HTTP/1.1 204 No Content\r\n\r\n"),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 33\r\n\r\n"),
    ],
)
async def test_an_answer_without_a_body_ends_with_its_head(bench: Bench, method: str, response: bytes) -> None:
    async def answer(peer: Peer) -> None:
        while await peer.read_request():
            await peer.send(response)

    server = await bench.serve(answer)
    http = await bench.http()
    for _ in range(2):
        assert (await http.request(method, parse_url(server.origin))).body == b""
    assert server.connection_count == 1
