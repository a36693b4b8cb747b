"""Values cached for less than a second."""

import asyncio

import pytest

from app.core.ttl_cache import CachedRead, TtlCache
from app.db.engine import DatabaseUnavailableError
from app.errors import ServiceUnavailableError


class Rows:
    """A value to read; counts its reads, and can be made slow or fail."""

    def __init__(self) -> None:
        self.reads = 0
        self.now = 0.0
        self.error: Exception | None = None
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.recent = CachedRead(self.load, monotonic=lambda: self.now)

    async def load(self) -> int:
        self.reads += 1
        number = self.reads
        await self.may_answer.wait()
        if self.error is not None:
            raise self.error
        return number


async def test_a_read_is_shared_for_less_than_a_second() -> None:
    rows = Rows()
    assert [await rows.recent.get(), await rows.recent.get()] == [1, 1]
    rows.now = 0.89
    assert await rows.recent.get() == 1
    rows.now = 0.9
    assert await rows.recent.get() == 2


async def test_its_age_counts_from_before_the_query() -> None:
    rows = Rows()
    rows.may_answer.clear()
    slow = asyncio.create_task(rows.recent.get())
    await asyncio.sleep(0)
    rows.now = 0.9
    rows.may_answer.set()
    assert await slow == 1
    assert await rows.recent.get() == 2


async def test_concurrent_callers_share_one_query() -> None:
    rows = Rows()
    assert await asyncio.gather(*(rows.recent.get() for _ in range(100))) == [1] * 100
    assert rows.reads == 1


async def test_a_query_that_began_a_second_ago_is_not_joined() -> None:
    rows = Rows()
    rows.may_answer.clear()
    slow = asyncio.create_task(rows.recent.get())
    await asyncio.sleep(0)
    rows.now = 5.0
    later = asyncio.create_task(rows.recent.get())
    await asyncio.sleep(0)
    rows.may_answer.set()
    assert (await slow, await later) == (1, 2)


async def test_a_cancelled_caller_does_not_cancel_the_query_of_the_others() -> None:
    rows = Rows()
    rows.may_answer.clear()
    first, second = (asyncio.create_task(rows.recent.get()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    rows.may_answer.set()
    assert await second == 1
    assert first.cancelled()


async def test_an_unavailable_database_is_a_503_and_is_not_cached() -> None:
    rows = Rows()
    rows.error = DatabaseUnavailableError("away")
    for _ in range(2):
        with pytest.raises(ServiceUnavailableError):
            await rows.recent.get()
    rows.error = None
    assert await rows.recent.get() == 3


async def test_a_bug_is_not_reported_as_an_unavailable_database() -> None:
    rows = Rows()
    rows.error = KeyError("bug")
    with pytest.raises(KeyError):
        await rows.recent.get()


async def test_invalidation_makes_the_next_read_current() -> None:
    rows = Rows()
    assert await rows.recent.get() == 1
    rows.recent.invalidate()
    assert await rows.recent.get() == 2


def test_a_value_is_returned_until_it_expires() -> None:
    cache: TtlCache[str, int] = TtlCache(capacity=10)
    cache.put("a", 1, until=5.0, now=4.0)

    assert cache.get("a", now=4.9) == 1
    assert cache.get("a", now=5.0) is None
    assert cache.get("b", now=4.0) is None


def test_a_full_cache_evicts_the_oldest_value() -> None:
    cache: TtlCache[int, int] = TtlCache(capacity=3)
    for number in range(100):
        cache.put(number, number, until=50.0, now=1.0)
        assert len(cache) <= 3

    assert [cache.get(number, now=1.0) for number in (96, 97, 98, 99)] == [None, 97, 98, 99]


def test_expired_values_are_evicted() -> None:
    cache: TtlCache[str, int] = TtlCache(capacity=100)
    for number in range(50):
        cache.put(str(number), number, until=2.0, now=1.0)
    cache.put("new", 1, until=9.0, now=8.0)

    assert len(cache) == 1


def test_a_newer_value_replaces_the_older_one() -> None:
    cache: TtlCache[str, int] = TtlCache(capacity=2)
    cache.put("a", 1, until=2.0, now=1.0)
    cache.put("b", 1, until=2.5, now=1.0)
    cache.put("a", 2, until=3.0, now=1.5)

    assert cache.get("a", now=2.9) == 2
    assert cache.get("b", now=2.0) == 1
