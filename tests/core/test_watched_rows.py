"""Every change of rows that processes hold in memory is announced; without a live connection none are held."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.catalog.service import ModelCatalog
from app.core.change_feed import LEASE_SECONDS, ChangeFeed
from app.core.watched_rows import HELD_SECONDS, WatchedRows
from app.db.engine import session_factory
from tests.support.admin_app import QueryCount
from tests.support.clock import ManualSeconds
from tests.support.database import as_superuser
from tests.support.gateway import Gateway
from tests.support.timeouts import until

CHANGES = [
    ("keys", "UPDATE api_keys SET revoked_at = now() WHERE id = '{key}'"),
    ("keys", "UPDATE api_keys SET allowed_ips = '{{}}' WHERE id = '{key}'"),
    ("keys", "DELETE FROM api_keys WHERE id = '{key}'"),
    ("keys", "UPDATE tenants SET status = 'suspended' WHERE id = '{tenant}'"),
    ("channels", "UPDATE channels SET weight = weight + 1"),
    ("channels", "INSERT INTO channel_health SELECT id, 0, NULL, now() FROM channels LIMIT 1"),
    ("channels", "UPDATE channel_health SET opened_at = now()"),
    ("channels", "DELETE FROM channel_health"),
    ("channels", "TRUNCATE channel_health"),
    ("models", "UPDATE models SET updated_at = now()"),
]
NO_CHANGES = [
    ("keys", "UPDATE api_keys SET last_used_at = now() WHERE id = '{key}'"),
    ("keys", "UPDATE tenants SET name = name WHERE id = '{tenant}'"),
    ("channels", "UPDATE models SET updated_at = now()"),
]


@pytest.mark.parametrize(
    ("kind", "statement", "is_change"),
    [(*each, True) for each in CHANGES] + [(*each, False) for each in NO_CHANGES],
)
async def test_a_change_by_any_program_is_heard(
    gateway: Gateway, kind: str, statement: str, *, is_change: bool
) -> None:
    tenant, other, seconds = await gateway.tenant(), await gateway.tenant(), ManualSeconds()
    await as_superuser(gateway.database_url, "DELETE FROM channel_health")
    if "UPDATE channel_health" in statement or "DELETE FROM channel_health" in statement:
        await as_superuser(gateway.database_url, CHANGES[5][1])
    feed = ChangeFeed(gateway.database_url, gateway.sessions, monotonic=seconds)
    rows = WatchedRows(feed, kind)
    assert rows.mark() is None
    async with feed.listening():
        await until(lambda: feed.is_live)
        mark = rows.mark()
        assert rows.is_unchanged(mark, tenant.id)
        await as_superuser(gateway.database_url, statement.format(tenant=tenant.id, key=tenant.key_id))
        # What is asked after the commit is answered after its notice.
        seconds.advance(LEASE_SECONDS)
        assert not rows.is_unchanged(mark, tenant.id)
        await until(lambda: feed.is_live)
        assert rows.is_unchanged(mark, tenant.id) is not is_change
        assert rows.is_unchanged(mark, other.id) is (not is_change or kind == "keys")
        assert rows.is_unchanged(rows.mark(), tenant.id)
    await as_superuser(gateway.database_url, "DELETE FROM channel_health")
    assert not rows.is_unchanged(mark, other.id)


async def test_the_models_are_read_once_a_minute_and_after_each_change(gateway: Gateway, engine: AsyncEngine) -> None:
    seconds = ManualSeconds()
    feed = ChangeFeed(gateway.database_url, gateway.sessions, monotonic=seconds)
    catalog = ModelCatalog(session_factory(engine), feed=feed, monotonic=seconds)
    expected = 0
    with QueryCount(engine, "FROM models") as reads:
        async with feed.listening():
            for pause, is_read in ((1.0, True), (HELD_SECONDS - 1, False), (1.0, True), (1.0, False)):
                seconds.advance(pause)
                await until(lambda: feed.is_live)
                await catalog.index()
                expected += is_read
                assert reads.count == expected
            await as_superuser(gateway.database_url, "UPDATE models SET updated_at = now()")
            seconds.advance(1)
            await until(lambda: feed.is_live)
            await catalog.index()
            assert reads.count == expected + 1
        seconds.advance(1)
        await catalog.index()
        assert reads.count == expected + 2
