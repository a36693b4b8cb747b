"""The class of failure for each point at which a create can be cut."""

import asyncio
import gzip

import pytest

from app.upstream.ark import ArkClient
from app.upstream.credentials import ArkAccount
from app.upstream.errors import NotSentError, OutcomeUnknownError, UpstreamError, UpstreamRejectedError
from app.upstream.http.client import Timeouts
from tests.support.timeouts import HANG_SECONDS
from tests.upstream.conftest import Bench
from tests.upstream.servers import API_KEY, Peer, always, raw, to_response

ID = "cgt-20260809211822-9lklw"
BIG = b'{"a":"' + b"x" * 16_000_000 + b'"}'
CHUNKED_HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


async def create(ark: ArkClient, account: ArkAccount, body: bytes = b"{}") -> str:
    return await ark.create(account, body, request_id="req-1")


async def failure(ark: ArkClient, account: ArkAccount, body: bytes = b"{}") -> UpstreamError:
    with pytest.raises(UpstreamError) as caught:
        await create(ark, account, body)
    return caught.value


@pytest.mark.parametrize(
    "url",
    [
        pytest.param(f"http://{'a' * 64}/api/v3", id="a-name-that-does-not-resolve"),
        pytest.param("http://127.0.0.1:1", id="a-refused-connection"),
        *("ftp://127.0.0.1/api", "127.0.0.1/api", "http://[::1/", "http://127.0.0.1:99999", ""),
    ],
)
async def test_an_address_that_leads_nowhere_is_not_sent(bench: Bench, url: str) -> None:
    assert type(await failure(await bench.ark(), ArkAccount(url, API_KEY))) is NotSentError


async def test_a_handshake_that_is_never_answered_is_not_sent(bench: Bench) -> None:
    async def silent(peer: Peer) -> None:
        await asyncio.sleep(60)

    server = await bench.serve(silent)
    ark = await bench.ark(timeouts=Timeouts(connect_seconds=0.1))
    error = await failure(ark, ArkAccount(f"https://127.0.0.1:{server.port}", API_KEY))
    assert type(error) is NotSentError


async def test_a_peer_that_speaks_no_tls_is_not_sent(bench: Bench) -> None:
    async def plain(peer: Peer) -> None:
        await peer.read_some()
        await peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    server = await bench.serve(plain)
    error = await failure(await bench.ark(), ArkAccount(f"https://127.0.0.1:{server.port}", API_KEY))
    assert type(error) is NotSentError


async def test_closing_at_once_is_not_sent_only_when_the_server_got_nothing(bench: Bench) -> None:
    received: list[bytes] = []

    async def end_at_once(peer: Peer) -> None:
        peer.end()
        while data := await peer.read_some():
            received.append(data)
        has_ended.set()

    has_ended = asyncio.Event()
    server = await bench.serve(end_at_once)
    error = await failure(await bench.ark(), server.account)
    await has_ended.wait()
    assert isinstance(error, NotSentError | OutcomeUnknownError)
    assert not (type(error) is NotSentError and received)


@pytest.mark.parametrize("read", ["wait_for_bytes", "read_some", "read_request"])
async def test_a_connection_that_ends_while_a_request_is_sent_or_before_its_answer_is_unknown(
    bench: Bench, read: str
) -> None:
    """The peer has read nothing, a part, or all of the request."""

    async def end(peer: Peer) -> None:
        await getattr(peer, read)()

    server = await bench.serve(end)
    error = await failure(await bench.ark(), server.account, BIG if read == "read_some" else b"{}")
    assert isinstance(error, OutcomeUnknownError)
    assert server.connection_count == 1


@pytest.mark.parametrize("is_sipping", [False, True], ids=["reads nothing", "reads byte by byte"])
async def test_a_peer_that_does_not_read_cannot_delay_a_create_without_limit(bench: Bench, *, is_sipping: bool) -> None:
    async def read_slowly(peer: Peer) -> None:
        while await asyncio.sleep(0.05, is_sipping) and await peer.read_some():
            pass
        await asyncio.sleep(60)

    server = await bench.serve(read_slowly)
    async with asyncio.timeout(HANG_SECONDS):
        error = await failure(await bench.ark(timeouts=Timeouts(write_seconds=0.2)), server.account, BIG)
    assert type(error) is OutcomeUnknownError
    assert "sending" in error.reason


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([b"HTTP/1.1 200 OK\r\nContent-Le"], id="mid-headers"),
        pytest.param([b"HTTP/1.1 200 OK\r\nContent-Length: 33\r\n\r\n"], id="after-headers"),
        pytest.param([to_response(200, {"id": ID})[:-1]], id="mid-body"),
        pytest.param([CHUNKED_HEAD + b'd\r\n{"id":"cgt-1"'], id="mid-chunk"),
        pytest.param([CHUNKED_HEAD + b'e\r\n{"id":"cgt-1"}\r\n'], id="before-the-last-chunk"),
        pytest.param([b"HTTP/1.1 100 Continue\r\n\r\n"], id="after-an-informational-answer"),
        pytest.param([b'HTTP/1.1 200 OK\r\n\r\n{"id":"cgt-1"}'], id="a-body-without-an-announced-end"),
        pytest.param([b'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{"id":"cgt-1"'], id="half-a-body-until-close"),
        pytest.param([b"SSH-2.0-OpenSSH_9.2\r\n"], id="not-http"),
        pytest.param([b"HTTP/1.1 099 Odd\r\n\r\n"], id="a-status-that-is-none"),
        pytest.param([b"HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\n\r\n"], id="another-protocol"),
        pytest.param([b"HTTP/1.1 200 OK\r\nX-Fill: " + b"a" * 300_000], id="an-endless-head"),
        pytest.param([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: br, chunked\r\n\r\n"], id="an-unknown-transfer-coding"),
        pytest.param([b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}"], id="two-lengths"),
        pytest.param([to_response(200, b"ab", "Content-Encoding: gzip")], id="broken-gzip"),
        pytest.param([to_response(200, gzip.compress(b"{}")[:-4], "Content-Encoding: gzip")], id="half-a-gzip-body"),
        pytest.param([to_response(200, b"ab", "Content-Encoding: br")], id="an-unknown-content-coding"),
        pytest.param([to_response(200, b"x" * 5000)], id="too-large-by-length"),
        pytest.param([CHUNKED_HEAD, b"1000\r\n" + b"x" * 4096 + b"\r\n"], id="too-large-in-chunks"),
        pytest.param([to_response(200, gzip.compress(b" " * 100_000), "Content-Encoding: gzip")], id="a-gzip-bomb"),
        pytest.param([to_response(200, b"")], id="200-without-a-body"),
        pytest.param([to_response(200, b"<html>")], id="200-without-json"),
        pytest.param([to_response(200, [])], id="200-without-an-object"),
        pytest.param([to_response(200, {})], id="200-without-an-id"),
        pytest.param([to_response(200, {"id": 7})], id="an-id-that-is-a-number"),
        pytest.param([to_response(200, {"id": ""})], id="an-empty-id"),
        pytest.param([to_response(200, {"id": "x" * 129})], id="an-overlong-id"),
        pytest.param([to_response(200, {"id": "../a"})], id="an-id-with-a-slash"),
        pytest.param([to_response(200, {"id": ".."})], id="an-id-that-is-a-path"),
        pytest.param([to_response(200, {"id": "a\u0000b"})], id="an-id-with-a-nul"),
        pytest.param([to_response(200, b'{"id":"\\ud800"}')], id="an-id-with-half-a-character"),
        pytest.param([to_response(200, {"error": {"code": "InternalServiceError"}})], id="200-with-an-error"),
        pytest.param([to_response(302, {}, "Location: /elsewhere")], id="302"),
        pytest.param([to_response(302, {}, "Location: foo://[")], id="302-to-nowhere"),
        pytest.param([to_response(304, b"")], id="304"),
        pytest.param([to_response(408, {"error": {"code": "RequestTimeout", "message": "late"}})], id="408"),
        pytest.param([to_response(500, {"error": {"code": "InternalServiceError", "message": "oops"}})], id="500"),
        pytest.param([to_response(502, b"<html>bad gateway</html>")], id="502"),
        pytest.param([to_response(503, b"")], id="503"),
        pytest.param([to_response(504, b"")], id="504"),
    ],
)
async def test_an_answer_that_cannot_be_used_is_unknown(bench: Bench, pieces: list[bytes]) -> None:
    server = await bench.serve(raw(*pieces))
    error = await failure(await bench.ark(max_response_bytes=4000), server.account)
    assert isinstance(error, OutcomeUnknownError)
    assert len(server.requests) == 1
    assert server.connection_count == 1


@pytest.mark.parametrize(
    "start", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 33\r\n\r\n{"], ids=["no-answer", "mid-body"]
)
async def test_an_answer_that_is_late_is_unknown(bench: Bench, start: bytes) -> None:
    async def late(peer: Peer) -> None:
        await peer.read_request()
        await peer.send(start)
        await asyncio.sleep(60)

    server = await bench.serve(late)
    ark = ArkClient(await bench.http(), create_read_timeout_seconds=0.1)
    error = await failure(ark, server.account)
    assert type(error) is OutcomeUnknownError
    assert error.reason == "timed out waiting for the answer"


async def test_dripping_bytes_do_not_stretch_the_read_timeout(bench: Bench) -> None:
    async def drip(peer: Peer) -> None:
        await peer.read_request()
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            await peer.send(b" ")
            await asyncio.sleep(0.01)

    server = await bench.serve(drip)
    ark = ArkClient(await bench.http(), create_read_timeout_seconds=0.2)
    async with asyncio.timeout(HANG_SECONDS):
        error = await failure(ark, server.account)
    assert type(error) is OutcomeUnknownError
    assert error.status in {200, None}, "None where not even the head came in time"


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([to_response(200, {"id": ID})], id="with-a-length"),
        pytest.param(
            [CHUNKED_HEAD, b'a\r\n{"id":"cgt\r\n', b'17\r\n-20260809211822-9lklw"}\r\n', b"0\r\n\r\n"], id="chunked"
        ),
        pytest.param([bytes([byte]) for byte in to_response(200, {"id": ID})], id="byte-by-byte"),
        pytest.param([b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", b'{"id":"%b"}' % ID.encode()], id="until-close"),
        pytest.param([b"HTTP/1.0 200 OK\r\n\r\n", b'{"id":"%b"}' % ID.encode()], id="http-1.0"),
        pytest.param([b"HTTP/1.1 100 Continue\r\n\r\n", to_response(200, {"id": ID})], id="after-100"),
        pytest.param([b"HTTP/1.1 103 Early\r\nLink: <a>\r\n\r\n" * 3 + to_response(200, {"id": ID})], id="after-103"),
        pytest.param(
            [to_response(200, gzip.compress(b'{"id":"%b"}' % ID.encode()), "Content-Encoding: gzip")], id="gzip"
        ),
        pytest.param([to_response(201, {"id": ID})], id="201"),
    ],
)
async def test_every_framing_of_a_whole_answer_is_read(bench: Bench, pieces: list[bytes]) -> None:
    server = await bench.serve(raw(*pieces))
    assert await create(await bench.ark(), server.account) == ID


async def test_an_early_refusal_of_a_large_body_is_a_rejection(bench: Bench) -> None:
    async def refuse(peer: Peer) -> None:
        await peer.read_some()
        await peer.answer(413, {"error": {"code": "RequestTooLarge", "message": "too large", "param": ""}})
        while await peer.read_some():
            pass

    server = await bench.serve(refuse)
    ark = await bench.ark()
    for _ in range(2):
        error = await failure(ark, server.account, BIG)
        assert isinstance(error, UpstreamRejectedError)
        assert (error.status, error.code) == (413, "RequestTooLarge")
    assert server.connection_count == 2  # half a request was left on the first


async def test_a_large_body_arrives_whole(bench: Bench) -> None:
    server = await bench.serve(always(200, {"id": ID}))
    body = BIG[:5_000_000]
    assert await create(await bench.ark(), server.account, body) == ID
    assert server.requests[0].endswith(b"\r\n\r\n" + body)


async def test_a_cancelled_create_drops_its_connection(bench: Bench) -> None:
    has_read, has_ended = asyncio.Event(), asyncio.Event()

    async def wait_for_the_end(peer: Peer) -> None:
        await peer.read_request()
        has_read.set()
        await peer.read_some()
        has_ended.set()

    server = await bench.serve(wait_for_the_end)
    running = asyncio.create_task(create(await bench.ark(), server.account))
    await has_read.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    async with asyncio.timeout(HANG_SECONDS):
        await has_ended.wait()


async def test_closing_the_client_cuts_what_is_in_flight_and_sends_nothing_more(bench: Bench) -> None:
    has_read = asyncio.Event()

    async def hang(peer: Peer) -> None:
        await peer.read_request()
        has_read.set()
        await asyncio.sleep(60)

    server = await bench.serve(hang)
    http = await bench.http()
    ark = ArkClient(http)
    running = asyncio.create_task(failure(ark, server.account))
    await has_read.wait()
    await http.aclose()
    assert isinstance(await running, OutcomeUnknownError)
    assert type(await failure(ark, server.account)) is NotSentError
    assert server.connection_count == 1


@pytest.mark.parametrize("key", ["a\r\nX-Evil: 1", "a\nb", "a\x00b", "schl\u00fcssel"])
async def test_a_key_that_would_inject_a_header_is_not_sent(bench: Bench, key: str) -> None:
    server = await bench.serve(always(200, {"id": ID}))
    error = await failure(await bench.ark(), ArkAccount(server.origin, key))
    assert type(error) is NotSentError
    assert server.connection_count == 0
    assert key not in str(error)
