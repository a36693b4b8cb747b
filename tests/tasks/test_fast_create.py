"""The create of a task without the framework: the same answer as by the route, and the same guarantees."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import pytest_asyncio

from app.core.turns import Turn, Turns
from app.http.body_budget import SMALL_BYTES, Pool
from app.http.protocol import HttpProtocol
from app.tasks.fast_create import FastCreate
from tests.contract.task_rows import NO_ASSET, NO_TASK, ROWS, Row
from tests.contract.templates import filled
from tests.support.database import open_superuser
from tests.support.gateway import HELD, MODEL, SPARE_ID, TASKS, Gateway, Tenant, serve_gateway, text
from tests.support.logs import written
from tests.support.plain import PLAIN
from tests.support.timeouts import HANG_SECONDS, until

BODY = json.dumps({"model": MODEL, "content": text("a kitten")}).encode()
JSON = "Content-Type: application/json"
ORIGIN = "https://app.example.com"
IDS = {**dict.fromkeys(("image_url", "video_url", "audio_url", "foreign"), NO_ASSET), "draft": NO_TASK}
CHANGING = re.compile(rb"(?m)^(date|x-request-id): .*\r$")
LENGTH = re.compile(rb"content-length: ([0-9]+)")
UPSTREAM_REQUEST_ID = f"021767225600000{'ab' * 16}"
EACH_TIME = re.compile(rb"cgt-[0-9]{14}-[a-z0-9]{5,16}|[0-9]{14}[0-9A-F]{20}")


class Counted:
    """How many requests took the short way."""

    count = 0


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> Counted:
    """Counts the requests that take the short way."""
    found, answer = Counted(), FastCreate.answer

    def counting(*arguments: Any, **options: Any) -> Any:
        found.count += 1
        return answer(*arguments, **options)

    monkeypatch.setattr(FastCreate, "answer", counting)
    # Random digits in it may look like the number of an account, of which no tenant is told.
    monkeypatch.setattr("app.sandbox.fault_middleware.new_request_id", lambda _: UPSTREAM_REQUEST_ID)
    return found


@pytest_asyncio.fixture(scope="module")
async def other_gateway(frozen_gateway: Gateway) -> AsyncIterator[str]:
    """A second gateway on the same database, which pages of one origin may call, behind a proxy on this machine."""
    changes = {"cors_origins": (ORIGIN,), "trusted_proxies": frozen_gateway.settings.channel_allow}
    settings = frozen_gateway.settings.model_copy(update=changes)
    async with serve_gateway(settings, frozen_gateway.clock, frozen_gateway.seconds) as base_url:
        yield base_url


class Client:
    """A kept connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self.writer = reader, writer

    async def ask(self, body: bytes, *headers: str) -> bytes:
        """Returns the answer to a create, without what differs each time."""
        self.writer.write(request(body, *headers))
        return await self.answer()

    async def answer(self) -> bytes:
        """Returns the next answer."""
        async with asyncio.timeout(HANG_SECONDS):
            head = await self._reader.readuntil(b"\r\n\r\n")
            [length] = LENGTH.findall(head)
            body = await self._reader.readexactly(int(length))
        return EACH_TIME.sub(b"#", CHANGING.sub(rb"\1\r", head) + body)


def request(body: bytes, *headers: str) -> bytes:
    lines = [f"POST {TASKS} HTTP/1.1", "Host: x", *headers, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


async def connect(stack: AsyncExitStack, base_url: str) -> Client:
    address = urlsplit(base_url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    stack.push_async_callback(close, writer)
    return Client(reader, writer)


async def close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    await writer.wait_closed()


async def warm(base_url: str, tenant: Tenant) -> None:
    """Has a gateway read the tenant's key."""
    async with httpx.AsyncClient(verify=PLAIN, base_url=base_url, timeout=HANG_SECONDS) as client:
        answer = await client.get("/api/v3/whoami", headers={"Authorization": f"Bearer {tenant.key}"})
        assert answer.status_code == 200


async def both(base_url: str, tenant: Tenant, bodies: list[bytes], *headers: str) -> list[tuple[bytes, bytes]]:
    """Returns the answers to creates by the short way and by the route, which has one kind of credential to itself."""
    await warm(base_url, tenant)
    async with AsyncExitStack() as stack:
        first, second = await connect(stack, base_url), await connect(stack, base_url)
        return [
            (
                await first.ask(body, f"Authorization: Bearer {tenant.key}", *headers),
                await second.ask(body, f"X-Api-Key: {tenant.key}", *headers),
            )
            for body in bodies
        ]


def bodies_of(row: Row) -> list[bytes]:
    templates = [*row.passing, *row.accepted, *(refused.body for refused in row.failing)]
    return [json.dumps(filled(template, IDS)).encode() for template in templates]


async def check_rows(gateway: Gateway, short: Counted, bodies: list[bytes]) -> None:
    for number, (by_short_way, by_route) in enumerate(
        await both(gateway.base_url, await gateway.tenant(), bodies, JSON)
    ):
        assert by_short_way == by_route, bodies[number]
    assert short.count == sum(len(body) < SMALL_BYTES for body in bodies)


async def test_both_ways_answer_each_row_of_the_contract_with_the_same_bytes(gateway: Gateway, short: Counted) -> None:
    await check_rows(gateway, short, [bodies_of(row)[0] for row in ROWS])


@pytest.mark.slow
async def test_both_ways_answer_each_body_of_the_contract_with_the_same_bytes(gateway: Gateway, short: Counted) -> None:
    await check_rows(gateway, short, [body for row in ROWS for body in bodies_of(row)])


@pytest.mark.parametrize(
    "headers",
    [
        (),
        (JSON, "X-Client-Request-Id: abc"),
        (JSON, "X-Client-Request-Id: a b"),
        (JSON, f"Origin: {ORIGIN}"),
        (JSON, "Origin: https://evil.example"),
        (JSON, "X-Forwarded-For: 203.0.113.7"),
        ("Content-Type: text/plain; charset=utf-8", "Accept: text/html"),
        ("Content-Type:",),
        (JSON, "Idempotency-Key: one"),
        (JSON, "Idempotency-Key: one", "X-Idempotency-Key: two"),
        (JSON, "Idempotency-Key: one", "Idempotency-Key: one"),
        (JSON, "Idempotency-Key: "),
        (JSON, "x-stainless-retry-count: 1"),
        (JSON, "X-Sdk-Request: attempt=1; max=4", "X-Sdk-Request: attempt=2; max=4"),
    ],
)
async def test_both_ways_read_the_same_of_a_head(
    gateway: Gateway, other_gateway: str, short: Counted, headers: tuple[str, ...]
) -> None:
    for base_url in (gateway.base_url, other_gateway):
        [(by_short_way, by_route)] = await both(base_url, await gateway.tenant(), [BODY], *headers)
        assert by_short_way == by_route
    assert short.count == 2


@pytest.mark.parametrize(
    "headers",
    [
        ("Content-Type: text/plain; charset=utf-16",),
        ("Content-Type: application/x-www-form-urlencoded",),
        ("Content-Type: multipart/form-data; boundary=x",),
        (JSON, JSON),
        (JSON, "Content-Encoding: gzip"),
        (JSON, "Content-Encoding: identity"),
        (JSON, "X-Api-Key: x"),
    ],
)
async def test_a_head_that_is_not_plain_is_left_to_the_route(
    gateway: Gateway, short: Counted, headers: tuple[str, ...]
) -> None:
    tenant = await gateway.tenant()
    await warm(gateway.base_url, tenant)
    async with AsyncExitStack() as stack:
        client = await connect(stack, gateway.base_url)
        assert (await client.ask(BODY, f"Authorization: Bearer {tenant.key}", *headers)).startswith(b"HTTP/1.1 ")
    assert short.count == 0


@pytest.mark.parametrize(
    "body",
    [b"[]", b"{", b"\xef\xbb\xbf" + BODY, b'{"model": 1, "model": 2}', b"\xff", b"[" * 600, BODY + b" " * 1000],
)
async def test_both_ways_judge_a_body_alike(gateway: Gateway, short: Counted, body: bytes) -> None:
    [(by_short_way, by_route)] = await both(gateway.base_url, await gateway.tenant(), [body], JSON)
    assert by_short_way == by_route
    assert short.count == 1


@pytest.mark.parametrize("effect", ["refused", "throttled", "unclear", "unavailable"])
async def test_both_ways_answer_alike_when_the_upstream_takes_nothing(
    gateway: Gateway, short: Counted, effect: str
) -> None:
    effects: dict[str, dict[str, Any]] = {
        "refused": {"kind": "error", "status": 400, "code": "InputTextSensitiveContentDetected"},
        "throttled": {"kind": "error", "status": 429, "code": "RateLimitExceeded.EndpointRPMExceeded"},
        "unclear": {"kind": "answer", "status": 500, "body": "{}", "at": "before"},
        "unavailable": {"kind": "error", "status": 401, "code": "AuthenticationError"},
    }
    await gateway.fault("create_task", times=2, **effects[effect])
    [(by_short_way, by_route)] = await both(gateway.base_url, await gateway.tenant(), [BODY], JSON)
    assert by_short_way == by_route
    assert short.count == 1


async def test_both_ways_log_and_count_alike(gateway: Gateway, short: Counted) -> None:
    tenant = await gateway.tenant()
    with written() as log:
        await both(gateway.base_url, tenant, [BODY, b"{}"], JSON)
        lines = [line for line in log.requests() if line["path"] == TASKS]
    for line in lines:
        assert re.fullmatch("[0-9]{14}[0-9A-F]{20}", line.pop("request_id"))
        assert line.pop("timestamp").endswith("Z")
        assert line.pop("milliseconds") >= 0
        line.pop("task", None)
        line.pop("upstream_request_id", None)
    assert [list(line.items()) for line in lines[0::2]] == [list(line.items()) for line in lines[1::2]]
    assert [(line["status"], line["code"], line["tenant"]) for line in lines[0::2]] == [
        (200, None, tenant.id),
        (400, "MissingParameter.model", tenant.id),
    ]
    assert short.count == 2


async def counted(gateway: Gateway, status: str) -> float:
    series = f'seedgate_requests_total{{method="POST",route="{TASKS}",status="{status}"}} '
    page = (await gateway.anonymous.get("/metrics", headers=gateway.admin.headers)).text
    return sum(float(line.removeprefix(series)) for line in page.splitlines() if line.startswith(series))


async def test_both_ways_are_counted(gateway: Gateway) -> None:
    before = [await counted(gateway, status) for status in ("2xx", "4xx")]
    await both(gateway.base_url, await gateway.tenant(), [BODY, b"{}"], JSON)
    assert [await counted(gateway, status) for status in ("2xx", "4xx")] == [number + 2 for number in before]


async def test_without_room_for_its_body_a_create_is_503_on_both_ways(
    gateway: Gateway, short: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = await gateway.tenant()
    monkeypatch.setattr(Pool, "take", lambda *_: False)
    [(by_short_way, by_route)] = await both(gateway.base_url, tenant, [BODY], JSON)
    assert by_short_way == by_route
    assert by_short_way.startswith(b"HTTP/1.1 503 ")
    assert short.count == 1


async def test_a_create_takes_a_turn_of_its_tenant(
    gateway: Gateway, short: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[Turn] = []
    acquire = Turns.acquire

    async def taking_all(turns: Turns, party: str) -> Turn:
        if party.startswith("tenant ") and not taken:
            taken.extend([await acquire(turns, party) for _ in range(turns._max_per_party)])  # noqa: SLF001 - all of them
        return await acquire(turns, party)

    tenant = await gateway.tenant()
    await warm(gateway.base_url, tenant)
    monkeypatch.setattr(Turns, "acquire", taking_all)
    asking = asyncio.create_task(tenant.http.post(TASKS, content=BODY))
    await until(lambda: taken)
    for _ in range(20):
        await asyncio.sleep(0)
    assert not asking.done()
    assert gateway.received("create_task") == []
    for turn in taken:
        turn.end()
    assert (await asking).status_code == 200
    assert short.count == 1


@pytest.mark.parametrize(
    ("change", "status"), [({"permissions": ["read"]}, 403), ({"allowed_ips": ["::1"]}, 403), (None, 401)]
)
async def test_a_key_that_ends_or_is_restricted_while_the_body_arrives_creates_nothing(
    gateway: Gateway, short: Counted, change: dict[str, Any] | None, status: int
) -> None:
    tenant = await gateway.tenant()
    await warm(gateway.base_url, tenant)
    async with AsyncExitStack() as stack:
        client = await connect(stack, gateway.base_url)
        whole = request(BODY, JSON, f"Authorization: Bearer {tenant.key}")
        client.writer.write(whole[:-10])
        await client.writer.drain()
        await warm(gateway.base_url, tenant)  # the server has read the part by now
        path = f"/keys/{tenant.key_id}"
        changed = await (gateway.admin.delete(path) if change is None else gateway.admin.patch(path, json=change))
        assert changed.status_code in {200, 204}, changed.text
        gateway.expire_caches()
        client.writer.write(whole[-10:])
        assert (await client.answer()).startswith(b"HTTP/1.1 %d " % status)
    assert gateway.received("create_task") == []
    assert short.count <= 1


async def test_a_client_that_leaves_is_given_its_task_when_it_asks_again(gateway: Gateway, short: Counted) -> None:
    tenant = await gateway.tenant()
    await warm(gateway.base_url, tenant)
    await gateway.fault("create_task", **HELD)
    async with AsyncExitStack() as stack:
        client = await connect(stack, gateway.base_url)
        client.writer.write(request(BODY, JSON, f"Authorization: Bearer {tenant.key}"))
        await gateway.arrival("create_task")
    await gateway.until_abandoned(tenant)
    asking = asyncio.create_task(tenant.http.post(TASKS, content=BODY))
    await gateway.until_claimed(tenant)
    await gateway.release()
    assert (await asking).json()["id"] == gateway.received("create_task")[0].resource_id
    assert len(gateway.received("create_task")) == 1
    assert short.count == 2


@pytest.mark.parametrize(
    ("headers", "more", "sent"),
    [
        pytest.param((), b"", 3, id="direct"),
        pytest.param(("Via: 1.1 a-proxy",), b"", 1, id="behind a proxy"),
        pytest.param(("X-Forwarded-For: 203.0.113.7",), b"", 1, id="forwarded"),
        pytest.param((), b"GET / HTTP/1.1\r\n", 1, id="the end of its connection is behind bytes that are not read"),
    ],
)
async def test_equal_creates_wait_only_while_the_end_of_a_connection_may_not_be_known(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, headers: tuple[str, ...], more: bytes, sent: int
) -> None:
    monkeypatch.setattr("app.creates.equal_requests._NOTICE_SECONDS", HANG_SECONDS)
    monkeypatch.setattr("app.creates.equal_requests._STEPS", 100 * HANG_SECONDS)
    tenant = await gateway.tenant()
    await warm(gateway.base_url, tenant)
    await gateway.fault("create_task", times=None, **HELD)
    async with AsyncExitStack() as stack:
        clients = [await connect(stack, gateway.base_url) for _ in range(3)]
        for number, client in enumerate(clients):
            shown = (JSON, f"Authorization: Bearer {tenant.key}", *(headers if not number else ()))
            client.writer.write(request(BODY, *shown) + (more if not number else b""))
            if not number:
                await gateway.arrival("create_task")
        await asyncio.sleep(0.2 if sent == 1 else 0)
        await until(lambda: len(gateway.received("create_task")) >= sent)
        assert len(gateway.received("create_task")) == sent
        await gateway.release()
        answers = [await client.answer() for client in clients]
    assert [answer[:12] for answer in answers] == [b"HTTP/1.1 200"] * 3
    assert len(await gateway.rows_of(tenant)) == 3


async def test_a_retry_that_overtakes_the_end_of_its_first_connection_makes_no_second_task(
    gateway: Gateway, short: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.creates.equal_requests._PROMPT_NOTICE_SECONDS", HANG_SECONDS)
    monkeypatch.setattr("app.creates.equal_requests._STEPS", 100 * HANG_SECONDS)
    tenant = await gateway.tenant()
    await warm(gateway.base_url, tenant)
    await gateway.fault("create_task", **HELD)
    async with AsyncExitStack() as stack:
        first, second = await connect(stack, gateway.base_url), await connect(stack, gateway.base_url)
        first.writer.write(request(BODY, JSON, f"Authorization: Bearer {tenant.key}"))
        await gateway.arrival("create_task")
        second.writer.write(request(BODY, JSON, f"Authorization: Bearer {tenant.key}"))
        await until(lambda: short.count == 2)
        first.writer.close()
        await gateway.until_claimed(tenant)
        await gateway.release()
        assert (await second.answer()).startswith(b"HTTP/1.1 200 ")
    assert len(gateway.received("create_task")) == len(await gateway.rows_of(tenant)) == 1


async def test_a_retry_waits_for_the_mark_of_its_first_try(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first request has ended, and nothing but the mark that is being written says that its client had left."""
    monkeypatch.setattr("app.creates.retry_dedup._MARK_TIMEOUT_SECONDS", HANG_SECONDS)
    tenant = await gateway.tenant()
    await warm(gateway.base_url, tenant)
    await gateway.fault("create_task", **HELD)
    async with AsyncExitStack() as stack:
        first, second = await connect(stack, gateway.base_url), await connect(stack, gateway.base_url)
        first.writer.write(request(BODY, JSON, f"Authorization: Bearer {tenant.key}"))
        await gateway.effect("create_task")
        async with open_superuser(gateway.database_url) as other, other.transaction():
            await other.execute("SELECT FROM create_attempts WHERE tenant_id = $1 FOR UPDATE", tenant.id)
            first.writer.close()
            async with asyncio.timeout(HANG_SECONDS):
                waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
                while not await other.fetchval(waiting):  # noqa: ASYNC110 - a lock has no event
                    await asyncio.sleep(0.01)
            await gateway.release()
            async with asyncio.timeout(HANG_SECONDS):
                while (await gateway.rows_of(tenant))[0].status != "queued":  # noqa: ASYNC110 - a table has no event
                    await asyncio.sleep(0.01)
            second.writer.write(request(BODY, JSON, f"Authorization: Bearer {tenant.key}"))
            await asyncio.sleep(0.2)
            assert len(gateway.received("create_task")) == 1
        assert (await second.answer()).startswith(b"HTTP/1.1 200 ")
    assert len(gateway.received("create_task")) == 1


@pytest.mark.parametrize("is_patient", [True, pytest.param(False, marks=pytest.mark.slow)])
async def test_a_server_that_stops_answers_the_create_under_way(
    gateway: Gateway, short: Counted, monkeypatch: pytest.MonkeyPatch, *, is_patient: bool
) -> None:
    if not is_patient:
        monkeypatch.setattr("app.main._SHUTDOWN_TIMEOUT_SECONDS", 1)
    begun: list[HttpProtocol] = []
    shutdown = HttpProtocol.shutdown

    def noted(connection: HttpProtocol) -> None:
        begun.append(connection)
        shutdown(connection)

    monkeypatch.setattr(HttpProtocol, "shutdown", noted)
    tenant = await gateway.tenant()
    await gateway.fault("create_task", **HELD)
    async with AsyncExitStack() as stack, AsyncExitStack() as connections:
        base_url = await stack.enter_async_context(serve_gateway(gateway.settings, gateway.clock, gateway.seconds))
        await warm(base_url, tenant)
        client = await connect(connections, base_url)
        client.writer.write(request(BODY, JSON, f"Authorization: Bearer {tenant.key}"))
        await gateway.arrival("create_task")
        stopping = asyncio.create_task(stack.aclose())
        if is_patient:
            await until(lambda: begun)
            await gateway.release()
        async with asyncio.timeout(HANG_SECONDS):
            answer = await client._reader.read()  # noqa: SLF001 - to the end of the connection
        await gateway.release()
        await stopping
    assert b"\r\nconnection: close\r\n" in answer
    task_id = json.loads(answer.partition(b"\r\n\r\n")[2])["id"]
    assert (SPARE_ID.fullmatch(task_id) is None) == is_patient
    assert (await gateway.written(task_id)).tenant_id == tenant.id
    assert short.count == 1
