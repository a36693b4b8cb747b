"""Posting one message: what is sent, where it may go, and what counts as delivered."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import ClassVar

import httpcore
import pytest
from cryptography import x509
from standardwebhooks import WebhookVerificationError

from app.addresses import Address
from app.webhooks.bounded_stream import MAX_READ_BYTES, MAX_RESPONSE_BYTES, BoundedStream
from app.webhooks.callback_url_policy import PUBLIC_ONLY, CallbackUrlPolicy
from app.webhooks.failures import Failure, TenantFailure, for_tenant
from app.webhooks.secrets import new_secret
from app.webhooks.sender import Message, Outcome, Result, Timeouts, WebhookSender, open_sender
from tests.support.timeouts import HANG_SECONDS
from tests.upstream.certificates import certify
from tests.webhooks.receiver import raw, receiving, status, when

LOOPBACK = CallbackUrlPolicy(allow=(ip_network("127.0.0.0/8"),))
SECRET = new_secret()
TRUSTS_NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
UNRESOLVED = Result(Outcome.UNRESOLVED, error=Failure.UNRESOLVED)
BODY = '{"id":"cgt-1","status":"succeeded","文":"字"}'


def at(url: str) -> Message:
    return Message(id="msg_1", url=url, body=BODY)


async def post(sender: WebhookSender, url: str) -> Result:
    return await sender.post(at(url), secret=SECRET, now=datetime.now(UTC))


class Names:
    """A resolver whose answers a test gives."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, _port: int) -> list[Address]:
        self.asked.append(host)
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [ip_address(text) for text in found]


@asynccontextmanager
async def sending(
    policy: CallbackUrlPolicy = LOOPBACK,
    *,
    names: Names | None = None,
    tls: ssl.SSLContext = TRUSTS_NOBODY,
    total_seconds: float = HANG_SECONDS,
    body_seconds: float = HANG_SECONDS,
) -> AsyncIterator[WebhookSender]:
    timeouts = Timeouts(connect_seconds=HANG_SECONDS, total_seconds=total_seconds, body_seconds=body_seconds)
    async with open_sender(policy, max_concurrent=8, resolve=names, tls=tls, timeouts=timeouts) as sender:
        yield sender


def named(url: str, name: str) -> str:
    return url.replace("127.0.0.1", name)


async def test_a_receiver_can_verify_what_it_gets() -> None:
    async with receiving() as receiver, sending() as sender:
        result = await post(sender, receiver.url)
    assert result == Result(Outcome.DELIVERED, 200)
    (received,) = receiver.received
    assert received.target == "/hook?secret=path"
    assert received.body == BODY
    assert received.verify(SECRET) == {"id": "cgt-1", "status": "succeeded", "文": "字"}
    assert received.id == "msg_1"
    assert received.headers["content-type"] == "application/json"
    assert received.headers["user-agent"].startswith("Seedgate/")
    assert received.headers["host"] in receiver.url
    with pytest.raises(WebhookVerificationError):
        received.verify(new_secret())


@pytest.mark.parametrize("code", [200, 201, 202, 204, 299])
async def test_every_2xx_is_delivered(code: int) -> None:
    async with receiving() as receiver, sending() as sender:
        receiver.answers = [status(code, body=b"")]
        assert await post(sender, receiver.url) == Result(Outcome.DELIVERED, code)


@pytest.mark.parametrize("code", [400, 401, 404, 429, 500, 503])
async def test_another_status_is_refused(code: int) -> None:
    async with receiving() as receiver, sending() as sender:
        receiver.answers = [status(code)]
        result = await post(sender, receiver.url)
    assert (result.outcome, result.status) == (Outcome.REFUSED, code)


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(code: int) -> None:
    async with receiving() as private, receiving() as receiver, sending() as sender:
        receiver.answers = [status(code, f"location: {private.url}")]
        result = await post(sender, receiver.url)
    assert (result.outcome, result.status) == (Outcome.REDIRECTED, code)
    assert private.received == []


@pytest.mark.parametrize("url", ["http://127.0.0.1:{}/", "http://2130706433:{}/", "http://[::ffff:127.0.0.1]:{}/"])
async def test_a_literal_that_the_operator_no_longer_allows_is_not_called(url: str) -> None:
    async with receiving() as receiver, sending(PUBLIC_ONLY) as sender:
        port = receiver.url.split(":")[2].split("/")[0]
        result = await post(sender, url.format(port))
    assert result.outcome is Outcome.NOT_ALLOWED
    assert receiver.received == []


async def test_the_gateways_own_address_is_not_called_even_if_it_was_set_after_the_create() -> None:
    async with receiving() as receiver:
        policy = CallbackUrlPolicy(allow=LOOPBACK.allow, public_url=receiver.url.partition("/hook")[0])
        async with sending(policy) as sender:
            result = await post(sender, receiver.url)
    assert result.outcome is Outcome.NOT_ALLOWED
    assert receiver.received == []


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "::ffff:127.0.0.1", "64:ff9b::127.0.0.1", "2002:7f00:1::", "0.0.0.0", "169.254.169.254", "::1"],
)
async def test_a_name_that_leads_to_a_private_address_is_not_called(address: str) -> None:
    async with receiving() as receiver, sending(PUBLIC_ONLY, names=Names([address])) as sender:
        result = await post(sender, named(receiver.url, "innocent.example"))
    assert result == Result(Outcome.NOT_ALLOWED, error=Failure.NO_ALLOWED_ADDRESS)
    # A tenant must not find out which internal names exist.
    assert {for_tenant(Failure.NO_ALLOWED_ADDRESS), for_tenant(Failure.UNRESOLVED)} == {TenantFailure.NO_ADDRESS}
    assert receiver.received == []


async def test_dns_rebinding_has_no_effect() -> None:
    # The first answer is checked and used; 127.0.0.1 would be the second one.
    names = Names(["127.0.0.2"], ["127.0.0.1"])
    async with receiving() as receiver:
        policy = CallbackUrlPolicy(allow=(ip_network("127.0.0.2/32"),))
        async with sending(policy, names=names) as sender:
            result = await post(sender, named(receiver.url, "rebinding.example"))
    assert result.outcome is Outcome.UNREACHABLE
    assert names.asked == ["rebinding.example"]
    assert receiver.received == []


async def test_of_several_addresses_only_the_allowed_are_tried_until_one_answers() -> None:
    policy = CallbackUrlPolicy(allow=(ip_network("127.0.0.1/32"), ip_network("127.0.0.3/32")))
    names = Names(["127.0.0.2", "127.0.0.3", "127.0.0.1"])
    async with receiving() as receiver, sending(policy, names=names) as sender:
        result = await post(sender, named(receiver.url, "several.example"))
    assert result.outcome is Outcome.DELIVERED
    assert receiver.received[0].headers["host"].startswith("several.example:")


@pytest.mark.parametrize("failure", [OSError("no such name"), UnicodeError("label too long")])
async def test_a_name_that_does_not_resolve_is_reported_as_such(failure: Exception) -> None:
    async def resolve(_host: str, _port: int) -> list[Address]:
        raise failure

    async with open_sender(LOOPBACK, max_concurrent=1, resolve=resolve) as sender:
        assert await post(sender, "http://nowhere.example/") == UNRESOLVED


async def test_a_name_without_any_address_is_reported_as_such() -> None:
    async with sending(names=Names([])) as sender:
        assert await post(sender, "http://nothing.example/") == UNRESOLVED


async def test_localhost_is_resolved_by_the_system() -> None:
    async with receiving() as receiver, sending() as sender:
        assert (await post(sender, named(receiver.url, "localhost"))).outcome is Outcome.DELIVERED


async def test_a_port_that_is_not_open_is_unreachable() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        async with sending() as sender:
            result = await post(sender, f"http://127.0.0.1:{unused.getsockname()[1]}/")
    assert result == Result(Outcome.UNREACHABLE, error="cannot connect (allowed network)")


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200", b"SSH-2.0-OpenSSH_9\r\n", b"\0" * 200_000])
async def test_a_response_that_is_not_http_is_not_delivered(answer: bytes) -> None:
    async with receiving() as receiver, sending() as sender:
        receiver.answers = [raw(answer)]
        assert (await post(sender, receiver.url)).outcome is Outcome.UNREACHABLE


async def test_an_endpoint_that_does_not_answer_is_given_up() -> None:
    released = asyncio.Event()
    async with receiving() as receiver, sending(total_seconds=0.2) as sender:
        receiver.answers = [when(released, status(200))]
        result = await post(sender, receiver.url)
        released.set()
    assert result == Result(Outcome.TIMED_OUT, error="no answer in time (allowed network)")


async def test_a_name_that_resolves_too_slowly_is_given_up() -> None:
    async def resolve(_host: str, _port: int) -> list[Address]:
        await asyncio.sleep(60)
        return []

    async with open_sender(
        LOOPBACK, max_concurrent=1, resolve=resolve, timeouts=Timeouts(connect_seconds=0.1)
    ) as sender:
        assert (await post(sender, "http://slow.example/")).outcome is Outcome.TIMED_OUT


@pytest.mark.parametrize("kind", ["endless", "stalled", "cut"])
async def test_the_body_of_a_response_is_not_waited_for(kind: str) -> None:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n")
        await writer.drain()
        if kind == "stalled":
            await asyncio.sleep(60)
        while kind == "endless":
            writer.write(b"x" * 65_536)
            await writer.drain()

    async with receiving() as receiver, sending(body_seconds=0.05) as sender:
        receiver.answers = [answer]
        async with asyncio.timeout(HANG_SECONDS):
            result = await post(sender, receiver.url)
    assert result == Result(Outcome.DELIVERED, 200)


async def test_a_proxy_in_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with receiving() as proxy, receiving() as receiver:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        async with sending() as sender:
            assert (await post(sender, receiver.url)).outcome is Outcome.DELIVERED
    assert (len(receiver.received), proxy.received) == (1, [])


async def test_tls_is_verified_against_the_name_and_not_the_address(tmp_path: Path) -> None:
    context, bundle = certify(tmp_path, x509.DNSName("hook.example"))
    names = Names(["127.0.0.1"])
    async with receiving(tls=context) as receiver:
        async with sending(names=names, tls=ssl.create_default_context(cafile=bundle)) as sender:
            good = await post(sender, named(receiver.url, "hook.example"))
            other = await post(sender, named(receiver.url, "other.example"))
        async with sending(names=names) as sender:
            unknown = await post(sender, named(receiver.url, "hook.example"))
    assert good.outcome is Outcome.DELIVERED
    assert {other.outcome, unknown.outcome} == {Outcome.UNREACHABLE}
    assert "TLS" in str(other.error)
    assert len(receiver.received) == 1


INTERIM = b"HTTP/1.1 103 X\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (INTERIM * 5 + b"HTTP/1.1 200 X\r\ncontent-length: 0\r\n\r\n", Outcome.DELIVERED),
        (INTERIM * 100_000, Outcome.UNREACHABLE),
        (b"HTTP/1.1 200 X\r\nx: " + b"a" * 1_000_000, Outcome.UNREACHABLE),
        (b"HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 100_000, Outcome.DELIVERED),
    ],
    ids=["a few interim answers", "interim answers without end", "a head without end", "tiny chunks without end"],
)
async def test_little_is_read_of_an_endless_response(answer: bytes, outcome: Outcome) -> None:
    """Each interim response and each chunk is work for the parser, which blocks the event loop."""
    async with receiving() as receiver, sending() as sender:
        receiver.default = raw(answer)
        assert (await post(sender, receiver.url)).outcome is outcome


async def test_a_response_is_read_in_small_pieces() -> None:
    class Peer(httpcore.AsyncNetworkStream):
        asked: ClassVar[list[int]] = []

        async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - httpcore's signature
            self.asked.append(max_bytes)
            return b"x" * max_bytes

    stream = BoundedStream(Peer())
    for _ in range(MAX_RESPONSE_BYTES // MAX_READ_BYTES):
        await stream.read(64 * 1024)
    with pytest.raises(httpcore.ReadError):
        await stream.read(64 * 1024)
    assert set(Peer.asked) == {MAX_READ_BYTES}
    assert sum(Peer.asked) == MAX_RESPONSE_BYTES
