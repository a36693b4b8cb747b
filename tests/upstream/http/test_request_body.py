"""The bytes of a request body are released once they were sent, and not earlier."""

import asyncio

import pytest

from app.upstream.credentials import ArkAccount
from app.upstream.errors import AccountFaultError, NotSentError
from app.upstream.http.client import Timeouts
from app.upstream.http.messages import RequestBody
from tests.support.timeouts import HANG_SECONDS
from tests.upstream.conftest import Bench
from tests.upstream.servers import API_KEY, Peer, always, unused_port

ID = "cgt-20260809211822-9lklw"


class Body(bytes):
    """Bytes whose deletion is recorded in ``ended``."""

    def __del__(self) -> None:
        ended.append(len(self))


ended: list[int] = []


@pytest.mark.parametrize("size", [10_000, 5_000_000])
async def test_the_bytes_are_gone_while_the_upstream_thinks(bench: Bench, size: int) -> None:
    is_read, go_on = asyncio.Event(), asyncio.Event()

    async def thinking(peer: Peer) -> None:
        await peer.read_request()
        is_read.set()
        await go_on.wait()
        await peer.answer(200, {"id": ID})

    server = await bench.serve(thinking)
    ark = await bench.ark()
    is_sent = asyncio.Event()
    payload = RequestBody(Body(b"x" * size), on_sent=is_sent.set)
    ended.clear()
    creating = asyncio.create_task(ark.create(server.account, payload, request_id="r"))
    async with asyncio.timeout(HANG_SECONDS):
        await is_read.wait()
        await is_sent.wait()
    await asyncio.sleep(0)
    assert ended == [size]
    assert payload.data == b""
    go_on.set()
    assert (await creating) == ID
    assert server.requests[0].endswith(b"x" * size)


async def test_what_was_not_sent_is_kept(bench: Bench) -> None:
    payload = RequestBody(b"{}", on_sent=lambda: pytest.fail("nothing was sent"))
    ark, account = await bench.ark(), ArkAccount(f"http://127.0.0.1:{unused_port()}", API_KEY)
    with pytest.raises(NotSentError):
        await ark.create(account, payload, request_id="r")
    assert payload.data == b"{}"


async def test_a_peer_that_takes_nothing_has_not_been_sent_the_body(bench: Bench) -> None:
    async def deaf(peer: Peer) -> None:
        await asyncio.Event().wait()

    server = await bench.serve(deaf)
    payload = RequestBody(b"x" * 30_000_000, on_sent=lambda: pytest.fail("the peer has not got it"))
    ark = await bench.ark(timeouts=Timeouts(write_seconds=0.3))
    with pytest.raises(Exception, match="timed out while sending"):
        await ark.create(server.account, payload, request_id="r")
    assert len(payload.data) == 30_000_000


async def test_a_refusal_says_that_it_was_sent(bench: Bench) -> None:
    server = await bench.serve(always(401, {"error": {"code": "AuthenticationError", "message": "m"}}))
    sent: list[bool] = []
    ark, payload = await bench.ark(), RequestBody(b"{}", on_sent=lambda: sent.append(True))
    with pytest.raises(AccountFaultError):
        await ark.create(server.account, payload, request_id="r")
    assert sent == [True]
