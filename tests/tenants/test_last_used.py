"""The time of a key's last use."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.engine import DatabaseUnavailableError, open_engine, session_factory
from app.tenants.authentication import LastUsedWriter
from tests.support.admin_app import Process, QueryCount
from tests.support.clock import MovableClock
from tests.support.timeouts import until

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


async def shown(process: Process, key_id: str) -> datetime | None:
    value = (await process.admin.get(f"/keys/{key_id}")).json()["last_used_at"]
    return None if value is None else datetime.fromisoformat(value)


async def test_a_request_writes_nothing_and_the_next_flush_writes_its_time(
    process: Process, engine: AsyncEngine, clock: MovableClock
) -> None:
    key = await process.key()
    with QueryCount(engine, "UPDATE") as updates:
        await process.whoami(key["key"])
    assert updates.count == 0
    assert await shown(process, key["id"]) is None

    await process.last_used.flush()

    at = await shown(process, key["id"])
    assert at is not None
    assert abs(at - clock()) < timedelta(seconds=30)


async def test_a_refused_request_is_not_a_use(process: Process) -> None:
    key = await process.key(allowed_ips=["198.51.100.1"])
    assert (await process.whoami(key["key"])).status_code == 403

    await process.last_used.flush()

    assert await shown(process, key["id"]) is None


async def test_an_older_time_never_replaces_a_newer_one(process: Process) -> None:
    key = await process.key()
    one, other = LastUsedWriter(process.sessions), LastUsedWriter(process.sessions)
    one.note(key["id"], NOON + timedelta(seconds=5))
    one.note(key["id"], NOON + timedelta(seconds=1))
    other.note(key["id"], NOON)

    await one.flush()
    await other.flush()

    assert await shown(process, key["id"]) == NOON + timedelta(seconds=5)


async def test_nothing_is_written_when_nothing_was_noted(process: Process, engine: AsyncEngine) -> None:
    key = await process.key()
    process.last_used.note(key["id"], NOON)
    await process.last_used.flush()

    with QueryCount(engine, "") as queries:
        await process.last_used.flush()

    assert queries.count == 0


async def test_a_failed_write_is_repeated_later(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    key = await process.key()
    away = open_engine("postgresql://127.0.0.1:1/nothing")
    writer = LastUsedWriter(session_factory(away))
    writer.note(key["id"], NOON)
    try:
        with pytest.raises(DatabaseUnavailableError):
            await writer.flush()
    finally:
        await away.dispose()

    monkeypatch.setattr(writer, "_sessions", process.sessions)
    await writer.flush()

    assert await shown(process, key["id"]) == NOON


async def test_a_cancelled_flush_loses_nothing(process: Process, engine: AsyncEngine) -> None:
    key = await process.key()
    process.last_used.note(key["id"], NOON)
    with QueryCount(engine, "UPDATE") as updates:
        async with engine.begin() as locking:
            await locking.execute(text("LOCK TABLE api_keys IN ACCESS EXCLUSIVE MODE"))
            flush = asyncio.create_task(process.last_used.flush())
            await until(lambda: updates.count > 0)
            flush.cancel()
            with pytest.raises(asyncio.CancelledError):
                await flush

    await process.last_used.flush()

    assert await shown(process, key["id"]) == NOON


async def test_rows_are_written_in_one_order_so_that_writers_cannot_deadlock(
    process: Process, engine: AsyncEngine
) -> None:
    tenant = await process.tenant()
    keys = [(await process.key(tenant["id"]))["id"] for _ in range(8)]
    written: list[str] = []

    def seen(_connection: Any, _cursor: Any, _statement: str, parameters: Any, *_rest: Any) -> None:
        written.extend(value for row in parameters for value in row if value in keys)

    for key in sorted(keys, reverse=True):
        process.last_used.note(key, NOON)
    event.listen(engine.sync_engine, "before_cursor_execute", seen)
    try:
        await process.last_used.flush()
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", seen)

    assert written == sorted(keys)


async def test_writers_of_several_processes_do_not_deadlock(process: Process) -> None:
    tenant = await process.tenant()
    keys = [(await process.key(tenant["id"]))["id"] for _ in range(20)]
    writers = [LastUsedWriter(process.sessions) for _ in range(6)]
    for number, writer in enumerate(writers):
        for key in keys if number % 2 else reversed(keys):
            writer.note(key, NOON + timedelta(seconds=number))

    await asyncio.gather(*(writer.flush() for writer in writers))

    assert {await shown(process, key) for key in keys} == {NOON + timedelta(seconds=5)}
