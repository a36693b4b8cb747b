"""Look-ups of keys that were not seen valid within the last hour are bounded, and delay no known key."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence, Sized
from contextlib import asynccontextmanager
from typing import TypeVar

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.core.lookup_queue import Lookup, LookupQueue
from app.db.engine import session_factory
from app.errors import AuthenticationFailedError
from app.tenants.api_key import make_key
from app.tenants.key_cache import MAX_PENDING, MAX_PENDING_PER_NETWORK, KeyCache
from app.tenants.signing_key import make_signing_key
from app.upstream.signed_request import SignedRequest
from tests.support.admin_app import Process, QueryCount
from tests.support.clock import ManualSeconds, MovableClock
from tests.support.keys import with_other_secret
from tests.support.signing import signed_headers
from tests.support.timeouts import until

NameT = TypeVar("NameT")

HOUR = 3600.0
MAX_QUERIES = 2


@asynccontextmanager
async def slow_database(engine: AsyncEngine) -> AsyncIterator[QueryCount]:
    """Counts the look-ups that begin, and blocks them."""
    with QueryCount(engine, "JOIN tenants") as queries:
        async with engine.connect() as locking:
            await locking.execute(text("LOCK TABLE api_keys IN ACCESS EXCLUSIVE MODE"))
            yield queries


def waiting(process: Process) -> Sized:
    """Returns the look-ups of keys that have no answer yet."""
    lookups: Sized = process.key_cache._lookups  # noqa: SLF001 - nothing else tells
    return lookups


async def settled() -> None:
    """Runs all ready tasks of the loop."""
    for _ in range(50):
        await asyncio.sleep(0)


def guesses(process: Process, keys: list[str], address: str = "198.51.100.1") -> list[asyncio.Task[httpx.Response]]:
    return [asyncio.create_task(process.whoami(key, address=address)) for key in keys]


def unknown_keys(count: int) -> list[str]:
    return [make_key().plaintext for _ in range(count)]


async def statuses(answers: list[asyncio.Task[httpx.Response]]) -> set[int]:
    return {answer.status_code for answer in await asyncio.gather(*answers)}


@pytest.mark.parametrize("is_public_part_known", [False, True], ids=["unknown public part", "wrong secret"])
async def test_guesses_take_two_queries_at_a_time_and_a_known_key_does_not_wait_for_them(
    process: Process, engine: AsyncEngine, seconds: ManualSeconds, *, is_public_part_known: bool
) -> None:
    known = (await process.key())["key"]
    assert (await process.whoami(known)).status_code == 200
    seconds.now += HOUR - 1

    async with slow_database(engine) as queries:
        wrong = [with_other_secret(known) for _ in range(150)] if is_public_part_known else unknown_keys(150)
        guessing = guesses(process, wrong)
        await until(lambda: len(waiting(process)) == len(wrong) and queries.count == MAX_QUERIES)
        right = asyncio.create_task(process.whoami(known))
        await until(lambda: queries.count == MAX_QUERIES + 1)

        await settled()
        assert queries.count == MAX_QUERIES + 1

    assert (await right).status_code == 200
    assert await statuses(guessing) == {401}
    assert queries.count < 10, "many are asked for in one query"


async def test_guesses_at_an_unknown_route_take_no_more_queries_and_are_told_nothing(
    process: Process, engine: AsyncEngine
) -> None:
    wrong = unknown_keys(150)

    def guess() -> list[asyncio.Task[httpx.Response]]:
        client = process.clients("198.51.100.1")
        return [asyncio.create_task(client.get("/nope", headers={"Authorization": f"Bearer {key}"})) for key in wrong]

    async with slow_database(engine) as queries:
        guessing = guess()
        await until(lambda: len(waiting(process)) > 0 and queries.count == MAX_QUERIES)
        await settled()
        assert queries.count == MAX_QUERIES
    assert await statuses(guessing) == {404}
    assert queries.count < 10, "many are asked for in one query"
    with QueryCount(engine, "JOIN tenants") as again:
        assert await statuses(guess()) == {404}
    assert again.count == 0


async def test_after_an_hour_a_key_is_unknown_again(
    process: Process, engine: AsyncEngine, seconds: ManualSeconds
) -> None:
    known = (await process.key())["key"]
    assert (await process.whoami(known)).status_code == 200
    seconds.now += HOUR + 1

    async with slow_database(engine) as queries:
        guessing = guesses(process, unknown_keys(150))
        await until(lambda: queries.count == MAX_QUERIES)
        right = asyncio.create_task(process.whoami(known))
        await until(lambda: len(waiting(process)) == 151)
        assert queries.count == MAX_QUERIES

    assert (await right).status_code == 200
    assert await statuses(guessing) == {401}


async def test_after_a_restart_many_keys_take_few_queries(process: Process, engine: AsyncEngine) -> None:
    tenant = await process.tenant()
    keys = [(await process.key(tenant["id"]))["key"] for _ in range(40)]

    with QueryCount(engine, "JOIN tenants") as queries:
        answers = await asyncio.gather(*(process.authenticator.principal(_bearer(key), "203.0.113.7") for key in keys))

    assert {principal.tenant_id for principal in answers} == {tenant["id"]}
    assert queries.count <= 4


async def test_each_network_has_a_bounded_number_of_unknown_keys(
    process: Process, engine: AsyncEngine, seconds: ManualSeconds
) -> None:
    known, fresh = [(await process.key())["key"] for _ in range(2)]
    assert (await process.whoami(known, address="2001:db8::1")).status_code == 200
    seconds.now += 1

    async with slow_database(engine):
        guessing = [
            guess
            for number, key in enumerate(unknown_keys(MAX_PENDING_PER_NETWORK))
            for guess in guesses(process, [key], f"2001:db8::{number % 8:x}")
        ]
        await until(lambda: len(waiting(process)) == MAX_PENDING_PER_NETWORK)
        refused = await process.whoami(fresh, address="2001:db8::77")
        from_there = asyncio.create_task(process.whoami(known, address="2001:db8::1"))
        elsewhere = asyncio.create_task(process.whoami(fresh, address="2001:db8:0:1::1"))
        await settled()

    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "RateLimitExceeded")
    assert refused.headers["retry-after"] == "1"
    assert [(await answer).status_code for answer in (from_there, elsewhere)] == [200, 200]
    assert await statuses(guessing) == {401}
    assert (await process.whoami(fresh, address="2001:db8::77")).status_code == 200


async def test_guessed_access_key_ids_take_no_more_queries_than_guessed_keys(
    process: Process, engine: AsyncEngine, clock: MovableClock
) -> None:
    async def guess() -> None:
        made = make_signing_key()
        pair = {"access_key_id": made.access_key_id, "secret_access_key": made.secret_access_key}
        headers = signed_headers(pair, b"", host="gateway", at=clock())
        head = SignedRequest.from_wire(method="POST", raw_path=b"/", query_pairs=(), headers=[])
        await process.authenticator.admit_signer(headers["authorization"], head, "198.51.100.1")

    async with slow_database(engine) as queries:
        guessing = [asyncio.create_task(guess()) for _ in range(100)]
        await until(lambda: queries.count >= 1)
        await settled()
        assert queries.count <= MAX_QUERIES

    for refused in await asyncio.gather(*guessing, return_exceptions=True):
        assert isinstance(refused, AuthenticationFailedError)


async def test_networks_take_turns() -> None:
    batches: list[list[str]] = []
    go_on = asyncio.Event()

    async def run(batch: list[Lookup[str, str]]) -> None:
        batches.append([lookup.name for lookup in batch])
        await go_on.wait()
        for lookup in batch:
            lookup.answer.set_result(None)

    queue = _queue(run)
    hog = [Lookup[str, str](f"hog {number}") for number in range(200)]
    for lookup in hog:
        assert queue.add(lookup, "198.51.100.1")
    await settled()
    late = Lookup[str, str]("late")
    assert queue.add(late, "198.51.100.2")
    go_on.set()
    await asyncio.gather(late.answer, *(lookup.answer for lookup in hog))

    assert "late" in batches[1]
    assert sorted(name for batch in batches for name in batch) == sorted(lookup.name for lookup in [late, *hog])


class SlowNames:
    """A cache whose first look-up ends on command; of all names only ``real`` exists."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.batches: list[list[str]] = []
        self.go_on = asyncio.Event()
        self.memory: KeyCache[str, str] = KeyCache(session_factory(engine), self._load, max_unknown_queries=1)

    async def _load(self, _session: AsyncSession, names: Sequence[str]) -> dict[str, str]:
        self.batches.append(list(names))
        await self.go_on.wait()
        return {name: name for name in names if name == "real"}

    async def ask(self, names: list[str], network: str) -> list[asyncio.Task[str | None]]:
        """Requests names from a network, and returns when all of them wait."""
        asked = [asyncio.create_task(self.memory.find(name, network)) for name in names]
        await settled()
        return asked


def _guessed(count: int) -> list[str]:
    return [f"guess {number}" for number in range(count)]


async def test_a_name_behind_guesses_of_another_network_also_waits_in_its_owners_queue(engine: AsyncEngine) -> None:
    slow = SlowNames(engine)
    strangers = await slow.ask([*_guessed(MAX_PENDING_PER_NETWORK - 1), "real"], "198.51.100.1")
    [own] = await slow.ask(["real"], "198.51.100.2")
    slow.go_on.set()
    assert await own == "real"
    assert await asyncio.gather(*strangers) == [None] * (MAX_PENDING_PER_NETWORK - 1) + ["real"]
    assert "real" in slow.batches[1]
    assert [name for batch in slow.batches for name in batch].count("real") == 1, "both are told by one look-up"


async def test_a_network_without_places_shares_the_look_up_of_another(engine: AsyncEngine) -> None:
    slow = SlowNames(engine)
    elsewhere = await slow.ask([*(f"other {name}" for name in _guessed(100)), "real"], "198.51.100.1")
    guessing = await slow.ask(_guessed(MAX_PENDING_PER_NETWORK), "198.51.100.2")
    [own] = await slow.ask(["real"], "198.51.100.2")
    slow.go_on.set()
    assert await own == "real"
    await asyncio.gather(*elsewhere, *guessing)


async def test_requests_without_an_address_use_half_of_all_places(engine: AsyncEngine) -> None:
    slow = SlowNames(engine)
    guessing = await slow.ask(_guessed(MAX_PENDING), "")
    [own] = await slow.ask(["real"], "198.51.100.2")
    slow.go_on.set()
    assert await own == "real"
    refused = [ended for ended in await asyncio.gather(*guessing, return_exceptions=True) if ended is not None]
    assert len(refused) == MAX_PENDING // 2


@pytest.mark.parametrize("is_network_known", [False, True], ids=["no address, as on a socket", "many networks"])
async def test_the_number_of_waiting_look_ups_is_bounded(*, is_network_known: bool) -> None:
    async def run(batch: list[Lookup[int, str]]) -> None:
        for lookup in batch:
            lookup.answer.set_result(None)

    queue = _queue(run)
    most = MAX_PENDING if is_network_known else MAX_PENDING // 2
    for _ in range(2):
        added = [Lookup[int, str](number) for number in range(most)]
        # Each is in two queues; its place in the other one must be released, too.
        for number, lookup in enumerate(added[: most // 2]):
            for offset in (0, 1):
                assert queue.add(lookup, f"198.51.100.{(number + offset) % 250}" if is_network_known else "")
        for lookup in added[most // 2 :] if not is_network_known else []:
            assert queue.add(lookup, "")
        assert not queue.add(Lookup[int, str](-1), "198.51.100.251" if is_network_known else "")
        await asyncio.gather(*(lookup.answer for lookup in added if lookup.networks))
        await settled()


def _queue(run: Callable[[list[Lookup[NameT, str]]], Awaitable[None]]) -> LookupQueue[NameT, str]:
    return LookupQueue(run, max_queries=1, max_waiting=MAX_PENDING, max_per_network=MAX_PENDING_PER_NETWORK)


def _bearer(key: str) -> list[tuple[bytes, bytes]]:
    return [(b"authorization", f"Bearer {key}".encode())]
