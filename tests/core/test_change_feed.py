"""A change waits until no process uses what it had in memory before; without its connection a process uses none."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.change_feed import LEASE_SECONDS, ChangeFeed
from app.db.engine import session_factory
from tests.support.clock import ManualSeconds
from tests.support.database_relay import relaying
from tests.support.timeouts import until

LISTENERS = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = 24301 AND objid = 1 AND granted"


@asynccontextmanager
async def listening(
    url: str, engine: AsyncEngine, seconds: ManualSeconds
) -> AsyncIterator[tuple[ChangeFeed, list[str]]]:
    """A feed that listens, and what it has dropped; without what it drops when it connects."""
    feed = ChangeFeed(url, session_factory(engine), monotonic=seconds)
    dropped: list[str] = []
    feed.subscribe(lambda name: dropped.append("everything" if name is None else name))
    async with feed.listening():
        await until(lambda: feed.is_live)
        dropped.clear()
        yield feed, dropped


async def test_a_change_returns_once_every_listener_has_dropped_it(database_url: str, engine: AsyncEngine) -> None:
    seconds = ManualSeconds()
    async with (
        listening(database_url, engine, seconds) as (feed, dropped),
        listening(database_url, engine, seconds) as (_, dropped_by_other),
    ):
        for number in range(20):
            async with feed.change() as change, session_factory(engine).begin() as session:
                await change.announce(session, f"thing {number}")
                assert dropped_by_other == [f"thing {each}" for each in range(number)]
            assert dropped_by_other == dropped == [f"thing {each}" for each in range(number + 1)]


async def test_the_other_processes_still_count_while_the_connection_is_lost(
    database_url: str, engine: AsyncEngine
) -> None:
    seconds = ManualSeconds()
    async with listening(database_url, engine, seconds), listening(database_url, engine, seconds) as (feed, _):
        assert await feed.count_listeners() == 2
        other = ChangeFeed(database_url, session_factory(engine), monotonic=seconds)
        async with other.listening():
            await until(lambda: other.is_live)
            assert (await other.count_listeners(), await feed.count_listeners()) == (3, 3)
        assert (other.is_connected, await other.count_listeners()) == (False, 3)


async def test_a_change_that_is_rolled_back_drops_nothing(database_url: str, engine: AsyncEngine) -> None:
    async with listening(database_url, engine, ManualSeconds()) as (feed, dropped):
        async with feed.change() as change, session_factory(engine)() as session:
            await change.announce(session, "thing")
            await session.rollback()
        async with feed.change() as change, session_factory(engine).begin() as session:
            await change.announce(session, "other thing")
        assert dropped == ["other thing"]


async def test_memory_is_not_used_without_a_recent_answer_of_the_database(
    database_url: str, engine: AsyncEngine
) -> None:
    seconds = ManualSeconds()
    async with listening(database_url, engine, seconds) as (feed, _):
        seconds.advance(LEASE_SECONDS - 0.01)
        before = feed.is_live
        seconds.advance(0.01)
        after = feed.is_live
        assert (before, after) == (True, False)
        await until(lambda: feed.is_live)


async def test_a_listener_that_does_not_confirm_delays_a_change_by_no_more_than_its_lease(
    database_url: str, engine: AsyncEngine
) -> None:
    """The connection that holds the lock stands for a process that hangs."""
    async with listening(database_url, engine, ManualSeconds()) as (feed, _), engine.connect() as hanging:
        await hanging.exec_driver_sql("SELECT pg_advisory_lock_shared(24301, 1)")
        began = asyncio.get_running_loop().time()
        async with feed.change() as change, session_factory(engine).begin() as session:
            await change.announce(session, "thing")
        assert asyncio.get_running_loop().time() - began >= LEASE_SECONDS
        await hanging.exec_driver_sql("SELECT pg_advisory_unlock_shared(24301, 1)")


async def test_the_confirmation_of_a_process_that_has_ended_stands_for_no_other(
    database_url: str, engine: AsyncEngine
) -> None:
    async with listening(database_url, engine, ManualSeconds()) as (feed, _), engine.connect() as hanging:
        await hanging.exec_driver_sql("SELECT pg_advisory_lock_shared(24301, 1)")
        began = asyncio.get_running_loop().time()
        async with feed.change() as change:
            async with session_factory(engine).begin() as session:
                await change.announce(session, "thing")
            async with session_factory(engine).begin() as ended:
                await ended.execute(text("SELECT pg_notify('seedgate_heard', :token)"), {"token": change.token})
        assert asyncio.get_running_loop().time() - began >= LEASE_SECONDS
        await hanging.exec_driver_sql("SELECT pg_advisory_unlock_shared(24301, 1)")


@pytest.mark.parametrize("is_first", [True, False])
async def test_a_change_waits_for_a_listener_that_does_not_know_that_its_session_has_ended(
    database_url: str, engine: AsyncEngine, superuser: Any, *, is_first: bool
) -> None:
    async with relaying(database_url) as relay, AsyncExitStack() as stack:
        feeds: dict[str, ChangeFeed] = {}
        own: dict[str, int] = {}
        for url in (relay.url, database_url) if is_first else (database_url, relay.url):
            before = {row["pid"] for row in await superuser.fetch(LISTENERS)}
            feeds[url], _ = await stack.enter_async_context(listening(url, engine, ManualSeconds()))
            [own[url]] = {row["pid"] for row in await superuser.fetch(LISTENERS)} - before
        relay.is_frozen = True
        await superuser.execute("SELECT pg_terminate_backend($1, 60000)", own[relay.url])
        began = asyncio.get_running_loop().time()
        async with feeds[database_url].change() as change, session_factory(engine).begin() as session:
            await change.announce(session, "thing")
        waited = asyncio.get_running_loop().time() - began
        does_not_know = feeds[relay.url].is_live
        relay.is_frozen = False
        assert (does_not_know, waited >= LEASE_SECONDS) == (True, True)


async def test_a_process_that_has_just_connected_waits_for_listeners_that_it_never_knew(
    database_url: str, engine: AsyncEngine
) -> None:
    began = asyncio.get_running_loop().time()
    async with listening(database_url, engine, ManualSeconds()) as (feed, _):
        async with feed.change() as change, session_factory(engine).begin() as session:
            await change.announce(session, "thing")
        assert asyncio.get_running_loop().time() - began >= LEASE_SECONDS
