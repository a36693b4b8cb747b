"""A key is read once a minute while every change of it is heard, else once a second."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.change_feed import ChangeFeed
from app.core.ttl_cache import FRESH_SECONDS
from app.core.watched_rows import HELD_SECONDS, WatchedRows
from app.db.engine import session_factory
from app.tenants.api_key import KeyParts, parse_key
from app.tenants.key_cache import KeyCache
from app.tenants.stored_key import StoredKey, load_stored_keys
from tests.support.admin_app import Process, QueryCount
from tests.support.clock import ManualSeconds
from tests.support.timeouts import until


class Held:
    """A cache of keys that hears changes, and how it is asked."""

    def __init__(self, url: str, engine: AsyncEngine, seconds: ManualSeconds) -> None:
        sessions = session_factory(engine)
        self.seconds = seconds
        self.feed = ChangeFeed(url, sessions, monotonic=seconds)
        self.cache: KeyCache[KeyParts, StoredKey] = KeyCache(
            sessions,
            load_stored_keys,
            rows=WatchedRows(self.feed, "keys"),
            tenant_of=lambda key: key.principal.tenant_id,
            monotonic=seconds,
        )

    async def find(self, key: str) -> StoredKey | None:
        """Finds a key."""
        parts = parse_key(key)
        assert parts is not None
        return await self.cache.find(parts, "")

    async def wait(self, seconds: float) -> None:
        """Moves the clock; afterwards the feed is known to have heard everything."""
        self.seconds.advance(seconds)
        await until(lambda: self.feed.is_live)


@pytest.fixture
def held(database_url: str, engine: AsyncEngine, seconds: ManualSeconds) -> Held:
    return Held(database_url, engine, seconds)


@asynccontextmanager
async def listening(held: Held) -> AsyncIterator[None]:
    async with held.feed.listening():
        await until(lambda: held.feed.is_live)
        yield


async def test_a_key_that_does_not_change_is_read_once_a_minute(
    process: Process, held: Held, engine: AsyncEngine
) -> None:
    key = (await process.key())["key"]
    async with listening(held):
        with QueryCount(engine, "JOIN tenants") as reads:
            for _ in range(6):
                assert await held.find(key) is not None
                await held.wait(HELD_SECONDS / 6 - 0.1)
            assert await held.find(key) is not None
            assert reads.count == 1
            await held.wait(0.7)
            assert await held.find(key) is not None
            assert reads.count == 2


async def test_a_change_counts_at_once_and_is_none_of_other_tenants(
    process: Process, held: Held, engine: AsyncEngine
) -> None:
    key, other = await process.key(), await process.key()
    async with listening(held):
        for each in (key, other):
            assert await held.find(each["key"]) is not None
        await held.wait(FRESH_SECONDS)
        assert (await process.admin.delete(f"/keys/{key['id']}")).is_success
        # Without a new proof nothing is held for longer than half a second.
        await held.wait(FRESH_SECONDS)
        with QueryCount(engine, "JOIN tenants") as reads:
            assert await held.find(other["key"]) is not None
            assert reads.count == 0
            revoked = await held.find(key["key"])
            assert reads.count == 1
        assert revoked is not None
        assert revoked.is_revoked


async def test_a_change_during_the_read_counts_within_a_second(
    process: Process, held: Held, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = await process.key()
    load = held.cache._load  # noqa: SLF001 - between its query and its answer

    async def load_and_change(*arguments: object) -> object:
        found = await load(*arguments)  # type: ignore[arg-type]
        assert (await process.admin.delete(f"/keys/{key['id']}")).is_success
        await held.wait(1)
        return found

    async with listening(held):
        with monkeypatch.context() as patch:
            patch.setattr(held.cache, "_load", load_and_change)
            await held.find(key["key"])
        revoked = await held.find(key["key"])
        assert revoked is not None
        assert revoked.is_revoked


async def test_without_a_connection_a_key_is_read_again_within_a_second(
    process: Process, held: Held, engine: AsyncEngine
) -> None:
    key = (await process.key())["key"]
    async with listening(held):
        assert await held.find(key) is not None
    with QueryCount(engine, "JOIN tenants") as reads:
        held.seconds.advance(FRESH_SECONDS - 0.01)
        assert await held.find(key) is not None
        assert reads.count == 0
        held.seconds.advance(0.01)
        assert await held.find(key) is not None
        assert reads.count == 1
