"""The GET of a task without the framework: the same answer as by the route, and none from memory that has changed."""

import asyncio
import gc
import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import text as sql_text

from app.db.engine import COMMAND_TIMEOUT_SECONDS, DatabaseUnavailableError
from app.tasks.repository import load_task
from app.tasks.service import TaskService
from app.tasks.shared_reads import SharedReads
from tests.support.answers import check_error
from tests.support.database import as_superuser, own_database, set_reachable
from tests.support.frozen_gateway import open_frozen_gateway
from tests.support.gateway import ENDLESS, RUNNING, TASKS, Gateway, Tenant, get, serve_gateway, text
from tests.support.logs import written
from tests.support.plain import PLAIN
from tests.support.process import gateway_process
from tests.support.statements import note_statements
from tests.support.timeouts import HANG_SECONDS

ORIGIN = "https://app.example.com"
CHANGING = re.compile(rb"(?m)^(date|x-request-id): .*\r$")
LENGTH = re.compile(rb"content-length: ([0-9]+)")
CUT = """
    SELECT pg_terminate_backend(pid) FROM pg_locks
    WHERE locktype = 'advisory' AND objsubid = 2
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


async def finished_task(gateway: Gateway, tenant: Tenant) -> str:
    """Returns a task that has ended, as the gateway knows."""
    task_id = await tenant.new_task(content=text(ENDLESS))
    await gateway.force(task_id, "succeeded")
    gateway.clock.advance(3)
    assert (await get(tenant, task_id)).json()["status"] == "succeeded"
    return task_id


async def mark(gateway: Gateway, task_id: str, number: int) -> None:
    """Changes the row of a task behind the gateway's back; 0 is how it was."""
    change = f"jsonb_set(snapshot, '{{mark}}', '{number}')" if number else "snapshot - 'mark'"
    await as_superuser(
        gateway.database_url, f"UPDATE tasks SET snapshot = {change} WHERE '{task_id}' IN (upstream_id, id)"
    )


async def until_remembered(gateway: Gateway, client: httpx.AsyncClient, task_id: str) -> int:
    """Waits until a gateway answers about a task from memory; returns the mark that it shows."""
    async with asyncio.timeout(HANG_SECONDS):
        for number in count(1):
            await mark(gateway, task_id, number)
            shown = (await client.get(f"{TASKS}/{task_id}")).json().get("mark", 0)
            if shown != number:
                return int(shown)
    raise AssertionError


async def exchange(base_url: str, task_id: str, *headers: str) -> bytes:
    """Returns the bytes of an answer without what differs each time."""
    address = urlsplit(base_url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write("\r\n".join([f"GET {TASKS}/{task_id} HTTP/1.1", "Host: x", *headers, "", ""]).encode())
    async with asyncio.timeout(HANG_SECONDS):
        head = await reader.readuntil(b"\r\n\r\n")
        [length] = LENGTH.findall(head)
        body = await reader.readexactly(int(length))
        writer.close()
        await writer.wait_closed()
    return CHANGING.sub(rb"\1\r", head) + body


@pytest_asyncio.fixture(scope="module")
async def other_gateway(frozen_gateway: Gateway) -> AsyncIterator[str]:
    """A second gateway on the same database, which pages of one origin may call, behind a proxy on this machine."""
    changes = {"cors_origins": (ORIGIN,), "trusted_proxies": frozen_gateway.settings.channel_allow}
    settings = frozen_gateway.settings.model_copy(update=changes)
    async with serve_gateway(settings, frozen_gateway.clock, frozen_gateway.seconds) as base_url:
        yield base_url


def client_of(base_url: str, tenant: Tenant) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        verify=PLAIN, base_url=base_url, headers={"Authorization": f"Bearer {tenant.key}"}, timeout=HANG_SECONDS
    )


@pytest.mark.parametrize(
    "headers",
    [
        (),
        ("X-Client-Request-Id: abc",),
        ("X-Client-Request-Id: a b",),
        ("X-Client-Request-Id: a", "X-Client-Request-Id: b"),
        (f"Origin: {ORIGIN}",),
        ("Origin: https://evil.example",),
        ("Origin: ",),
        (f"Origin: {ORIGIN}", f"Origin: {ORIGIN}"),
        ("X-Forwarded-For: 203.0.113.7",),
        ("X-Forwarded-For: nonsense",),
        ("Accept: text/html", "Content-Type: text/plain", "Content-Length: 0"),
    ],
)
async def test_both_paths_answer_with_the_same_bytes(
    gateway: Gateway, other_gateway: str, headers: tuple[str, ...]
) -> None:
    tenant = await gateway.tenant()
    task_id = await finished_task(gateway, tenant)
    for base_url in (gateway.base_url, other_gateway):
        async with client_of(base_url, tenant) as client:
            await mark(gateway, task_id, await until_remembered(gateway, client, task_id))
        ready = await exchange(base_url, task_id, f"Authorization: Bearer {tenant.key}", *headers)
        # The route has this kind of credential to itself.
        routed = await exchange(base_url, task_id, f"X-Api-Key: {tenant.key}", *headers)
        assert ready == routed
        assert ready.startswith(b"HTTP/1.1 200 OK\r\n")


async def test_both_paths_log_the_same_line(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await finished_task(gateway, tenant)
    await until_remembered(gateway, tenant.http, task_id)
    with written() as log:
        answers = [
            await tenant.http.get(f"{TASKS}/{task_id}"),
            await gateway.anonymous.get(f"{TASKS}/{task_id}", headers={"X-Api-Key": tenant.key}),
        ]
        lines = log.requests()
    assert sorted(line.pop("request_id") for line in lines) == sorted(each.headers["x-request-id"] for each in answers)
    for line in lines:
        assert line.pop("timestamp").endswith("Z")
        assert line.pop("milliseconds") >= 0
    assert lines[0] == lines[1]
    assert (lines[0]["task"], lines[0]["tenant"]) == (task_id, tenant.id)


async def test_the_line_of_a_refresh_names_each_field_once(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(content=text(RUNNING))
    await get(tenant, task_id)
    gateway.clock.advance(3)
    with written() as log:
        await get(tenant, task_id)
        [_] = log.requests()
        [line] = [line for line in log.stream.getvalue().splitlines() if '"event": "request"' in line]
    names = [name for name, _ in json.loads(line, object_pairs_hook=list)]
    assert "upstream_request_id" in names
    assert sorted(names) == sorted(set(names))


async def test_a_refresh_that_fails_is_left_to_the_route(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: object) -> None:
        raise DatabaseUnavailableError("a statement took too long")

    tenant = await gateway.tenant()
    task_id = await tenant.new_task(content=text(RUNNING))
    await get(tenant, task_id)
    gateway.clock.advance(3)
    monkeypatch.setattr(TaskService, "refresh", fail)
    assert (await get(tenant, task_id)).json()["status"] == "running"
    await asyncio.sleep(0)
    gc.collect()
    assert "never retrieved" not in caplog.text


async def test_both_paths_are_counted_alike(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await finished_task(gateway, tenant)
    await until_remembered(gateway, tenant.http, task_id)
    series = f'seedgate_requests_total{{method="GET",route="{TASKS}/{{task_id}}",status="2xx"}} '

    async def counted() -> float:
        page = (await gateway.anonymous.get("/metrics", headers=gateway.admin.headers)).text
        return float(next(line for line in page.splitlines() if line.startswith(series)).removeprefix(series))

    before = await counted()
    await get(tenant, task_id)
    assert await counted() == before + 1


async def test_what_is_in_memory_for_one_tenant_is_not_found_for_another(gateway: Gateway) -> None:
    owner, stranger = await gateway.tenant(), await gateway.tenant()
    task_id = await finished_task(gateway, owner)
    await until_remembered(gateway, owner.http, task_id)
    check_error(await stranger.http.get(f"{TASKS}/{task_id}"), 404, "NotFound.id", "id")
    assert (await get(owner, task_id)).json()["id"] == task_id


async def test_no_gateway_shows_a_task_that_another_one_has_deleted(gateway: Gateway, other_gateway: str) -> None:
    tenant = await gateway.tenant()
    async with client_of(other_gateway, tenant) as other:
        for _ in range(5):
            task_id = await finished_task(gateway, tenant)
            for client in (tenant.http, other):
                await until_remembered(gateway, client, task_id)
            assert (await tenant.http.delete(f"{TASKS}/{task_id}")).status_code == 200
            for client in (other, tenant.http):
                check_error(await client.get(f"{TASKS}/{task_id}"), 404, "NotFound.id", "id")


async def test_a_spare_id_is_forgotten_with_its_task(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await finished_task(gateway, tenant)
    row = await gateway.row(task_id)
    assert row is not None
    for each in (task_id, row.id):
        await until_remembered(gateway, tenant.http, each)
    assert (await tenant.http.delete(f"{TASKS}/{task_id}")).status_code == 200
    for each in (task_id, row.id):
        check_error(await tenant.http.get(f"{TASKS}/{each}"), 404, "NotFound.id", "id")


async def test_a_key_that_ends_or_is_restricted_gets_nothing_from_memory(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await finished_task(gateway, tenant)
    await until_remembered(gateway, tenant.http, task_id)
    keys = f"/keys/{tenant.key_id}"
    assert (await gateway.admin.patch(keys, json={"allowed_ips": ["203.0.113.0/24"]})).status_code == 200
    gateway.expire_caches()
    check_error(await tenant.http.get(f"{TASKS}/{task_id}"), 403, "AccessDenied")
    assert (await gateway.admin.patch(keys, json={"allowed_ips": ["127.0.0.1"]})).status_code == 200
    gateway.expire_caches()
    await until_remembered(gateway, tenant.http, task_id)
    assert (await gateway.admin.delete(keys)).status_code in {200, 204}
    gateway.expire_caches()
    check_error(await tenant.http.get(f"{TASKS}/{task_id}"), 401, "AuthenticationError")


async def test_a_suspended_tenant_gets_nothing_from_memory(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await finished_task(gateway, tenant)
    await until_remembered(gateway, tenant.http, task_id)
    suspended = await gateway.admin.patch(f"/tenants/{tenant.id}", json={"status": "suspended"})
    assert suspended.status_code == 200
    gateway.expire_caches()
    check_error(await tenant.http.get(f"{TASKS}/{task_id}"), 403, "AccessDenied")


async def test_a_wrong_secret_of_a_known_key_gets_nothing_from_memory(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await finished_task(gateway, tenant)
    await until_remembered(gateway, tenant.http, task_id)
    other = await gateway.key_of(tenant.id)
    mixed = "-".join([*tenant.key.split("-")[:2], other.key.split("-")[2]])
    for wrong in (mixed, tenant.key[:-1], tenant.key + "0", f" {tenant.key}x", "x"):
        answer = await gateway.anonymous.get(f"{TASKS}/{task_id}", headers={"Authorization": f"Bearer {wrong}"})
        assert answer.status_code == 401


async def test_a_key_with_other_rights_sees_the_tenants_task(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await finished_task(gateway, tenant)
    await until_remembered(gateway, tenant.http, task_id)
    limited = await gateway.key_of(tenant.id, allowed_channels=["second"])
    assert (await get(limited, task_id)).json()["id"] == task_id


async def test_a_task_that_shows_a_delivery_is_always_read(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(content=text(ENDLESS), callback_url="https://tenant.example/hook")
    await gateway.force(task_id, "succeeded")
    gateway.clock.advance(3)
    for number in range(1, 4):
        await get(tenant, task_id)
        await mark(gateway, task_id, number)
        assert (await get(tenant, task_id)).json()["mark"] == number


async def test_a_key_in_use_does_not_need_the_route_when_it_is_read_again(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise AssertionError

    tenant = await gateway.tenant()
    task_id = await tenant.new_task(content=text(RUNNING))
    await get(tenant, task_id)
    monkeypatch.setattr(TaskService, "get", fail)
    gateway.expire_caches()
    answers = await asyncio.gather(*(get(tenant, task_id) for _ in range(8)))
    assert {each.json()["id"] for each in answers} == {task_id}


async def test_a_query_is_judged_by_the_route(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await finished_task(gateway, tenant)
    await until_remembered(gateway, tenant.http, task_id)
    check_error(await tenant.http.get(f"{TASKS}/{task_id}?x=1"), 400, "InvalidParameter.x", "x")


async def test_without_its_connection_a_gateway_answers_from_the_database(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await finished_task(gateway, tenant)
    shown = await until_remembered(gateway, tenant.http, task_id)
    await mark(gateway, task_id, shown + 1000)
    assert (await get(tenant, task_id)).json().get("mark", 0) == shown
    await as_superuser(gateway.database_url, CUT)
    async with asyncio.timeout(HANG_SECONDS):
        # The end of the connection arrives a moment later.
        while (await get(tenant, task_id)).json().get("mark", 0) != shown + 1000:
            pass
    await until_remembered(gateway, tenant.http, task_id)


async def test_both_paths_show_an_unfinished_task_with_the_same_bytes(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(content=text(RUNNING))
    for _ in range(2):  # the second time the upstream does not answer
        await get(tenant, task_id)
        answers = [
            await exchange(gateway.base_url, task_id, credential)
            for credential in (f"Authorization: Bearer {tenant.key}", f"X-Api-Key: {tenant.key}")
        ]
        assert answers[0] == answers[1]
        await gateway.fault("get_task", kind="answer", status=500, body="{}", at="before", times=None)
        gateway.clock.advance(20)
    assert b"\r\nx-seedgate-stale: 20\r\n" in answers[0]


async def test_a_finished_task_in_memory_needs_no_statement_and_unfinished_ones_share_theirs(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.tasks.shared_reads._INTERVAL_SECONDS", 0.5)
    tenant = await gateway.tenant()
    finished = await finished_task(gateway, tenant)
    unfinished = [await tenant.new_task(content=text(RUNNING)) for _ in range(4)]
    for task_id in unfinished:
        await get(tenant, task_id)
    statements = note_statements(monkeypatch)
    async with (
        serve_gateway(gateway.settings, gateway.clock, gateway.seconds) as base_url,
        client_of(base_url, tenant) as client,
    ):
        await until_remembered(gateway, client, finished)
        asked = [finished] * 8 + unfinished * 8
        statements.clear()
        answers = await asyncio.gather(*(client.get(f"{TASKS}/{task_id}") for task_id in asked))
    assert [answer.json()["id"] for answer in answers] == asked
    reads = [each for each in statements if "FROM tasks" in each]
    # One at once, and one for all that came within the half second after it, if the machine is not very slow.
    assert 1 <= len(reads) <= 8
    assert all("unnest" in each for each in reads)
    assert not any("api_keys" in each for each in statements)


async def test_a_task_is_shown_as_it_is_after_each_change(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(content=text(RUNNING))
    for number in range(3):
        await mark(gateway, task_id, number)
        for _ in range(2):
            assert (await get(tenant, task_id)).json().get("mark", 0) == number
    assert (await get(tenant, task_id)).json()["status"] == "running"


async def test_a_shared_read_that_takes_too_long_is_left_to_the_route(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.tasks.shared_reads._TIMEOUT_SECONDS", 0.1)
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(content=text(RUNNING))
    await get(tenant, task_id)
    started = asyncio.Event()

    async def noted(*arguments: Any) -> Any:
        started.set()
        return await load_task(*arguments)

    monkeypatch.setattr("app.tasks.service.load_task", noted)
    async with gateway.sessions.begin() as session:
        await session.execute(sql_text("LOCK TABLE tasks IN ACCESS EXCLUSIVE MODE"))
        asking = asyncio.create_task(get(tenant, task_id))
        async with asyncio.timeout(COMMAND_TIMEOUT_SECONDS / 2):
            await started.wait()
    assert (await asking).json()["id"] == task_id


async def test_a_stopping_server_answers_a_client_that_waits_for_a_shared_read(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(content=text(RUNNING))
    await get(tenant, task_id)
    held, released = asyncio.Event(), asyncio.Event()
    read_batch = SharedReads._read_batch  # noqa: SLF001 - the driver's call cannot be held

    async def slow(reads: SharedReads, driver: Any) -> None:
        held.set()
        await released.wait()
        await read_batch(reads, driver)

    async with AsyncExitStack() as stack:
        base_url = await stack.enter_async_context(serve_gateway(gateway.settings, gateway.clock, gateway.seconds))
        async with client_of(base_url, tenant) as client:
            assert (await client.get(f"{TASKS}/{task_id}")).status_code == 200
            monkeypatch.setattr(SharedReads, "_read_batch", slow)
            asking = asyncio.create_task(client.get(f"{TASKS}/{task_id}"))
            await held.wait()
            stopping = asyncio.create_task(stack.aclose())
            await asyncio.sleep(0.3)
            released.set()
            assert (await asking).json()["id"] == task_id
        await stopping


@pytest.mark.slow
async def test_without_the_database_nothing_is_answered_from_memory(database_url: str) -> None:
    async with own_database(database_url) as url, open_frozen_gateway(url) as gateway:
        tenant = await gateway.tenant()
        task_id = await finished_task(gateway, tenant)
        await until_remembered(gateway, tenant.http, task_id)
        await set_reachable(database_url, url, is_reachable=False)
        try:
            async with asyncio.timeout(HANG_SECONDS):
                while (refused := await tenant.http.get(f"{TASKS}/{task_id}")).status_code == 200:
                    pass
            assert refused.status_code == 503
        finally:
            await set_reachable(database_url, url, is_reachable=True)
        await until_remembered(gateway, tenant.http, task_id)


@pytest.mark.slow
async def test_sigterm_loses_no_line_of_the_access_log(gateway: Gateway, tmp_path: Path) -> None:
    tenant = await gateway.tenant()
    task_id = await finished_task(gateway, tenant)
    async with gateway_process(tmp_path, gateway.settings) as process, process.client(tenant.key) as client:
        await until_remembered(gateway, client, task_id)
        asked = {(await client.get(f"{TASKS}/{task_id}")).headers["x-request-id"] for _ in range(300)}
        process.process.terminate()
        await process.process.wait()
    log = (tmp_path / "gateway.log").read_text()
    assert len(asked) == 300
    assert [each for each in asked if log.count(f'"request_id": "{each}"') != 1] == []
