"""Rows kept in memory for less than a second."""

import asyncio

import pytest

from app.db.engine import DatabaseUnavailableError
from app.db.recent import RecentRead
from app.errors import ServiceUnavailableError


class Rows:
    """Something to read: counts its reads, and can be made slow or absent."""

    def __init__(self) -> None:
        self.reads = 0
        self.now = 0.0
        self.error: Exception | None = None
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.recent = RecentRead(self.load, monotonic=lambda: self.now)

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


async def test_many_who_ask_at_once_cost_one_query() -> None:
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


async def test_who_gives_up_does_not_end_the_query_of_the_others() -> None:
    rows = Rows()
    rows.may_answer.clear()
    first, second = (asyncio.create_task(rows.recent.get()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    rows.may_answer.set()
    assert await second == 1
    assert first.cancelled()


async def test_a_database_that_is_away_is_told_as_503_and_asked_again_at_once() -> None:
    rows = Rows()
    rows.error = DatabaseUnavailableError("away")
    for _ in range(2):
        with pytest.raises(ServiceUnavailableError):
            await rows.recent.get()
    rows.error = None
    assert await rows.recent.get() == 3


async def test_our_own_mistakes_are_not_dressed_as_an_absent_database() -> None:
    rows = Rows()
    rows.error = KeyError("bug")
    with pytest.raises(KeyError):
        await rows.recent.get()


async def test_who_changes_the_rows_sees_the_change_at_once() -> None:
    rows = Rows()
    assert await rows.recent.get() == 1
    rows.recent.forget()
    assert await rows.recent.get() == 2
