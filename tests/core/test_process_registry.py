"""A lock that PostgreSQL frees with its process tells which processes are alive, without a timeout."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from app.core import process_registry
from app.core.database_place import complete_since
from app.core.process_registry import RENEW_SECONDS, ProcessRegistry
from app.db.engine import DatabaseUnavailableError, session_factory
from tests.support.clock import MovableClock
from tests.support.database import empty_all_tables
from tests.support.timeouts import HANG_SECONDS

LIVE = """
import asyncio, sys
from app.db.base import utc_now
from app.db.engine import open_engine, session_factory
from app.core.process_registry import ProcessRegistry

async def main():
    processes = ProcessRegistry(sys.argv[1], session_factory(open_engine(sys.argv[1])), utc_now)
    await processes.open()
    print(processes.instance_id, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


class Neighbours:
    """Processes of one database."""

    def __init__(self, url: str, sessions: async_sessionmaker[AsyncSession]) -> None:
        self.url = url
        self.sessions = sessions
        self.clock = MovableClock(stands_still=True)
        self.opened: list[ProcessRegistry] = []

    async def one(self) -> ProcessRegistry:
        processes = ProcessRegistry(self.url, self.sessions, self.clock)
        await processes.open()
        self.opened.append(processes)
        return processes

    async def is_dead(self, asking: ProcessRegistry, instance_id: str) -> bool:
        async with self.sessions.begin() as session:
            return await asking.dead_since(session, instance_id) is not None

    async def cut_locks(self) -> None:
        """Ends every connection that holds an advisory lock here, as a restart of the database would."""
        async with self.sessions.begin() as session:
            await session.execute(
                text("""
                    SELECT pg_terminate_backend(pid) FROM pg_locks
                    WHERE locktype = 'advisory' AND mode LIKE 'Excl%'
                        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                """)
            )


@pytest.fixture
async def neighbours(database_url: str, engine: AsyncEngine) -> AsyncIterator[Neighbours]:
    """An empty database."""
    await empty_all_tables(database_url)
    opened = Neighbours(database_url, session_factory(engine))
    yield opened
    for processes in opened.opened:
        await processes.close()


@pytest.mark.slow
async def test_a_killed_process_is_dead_at_once_and_a_stopped_one_is_not(neighbours: Neighbours) -> None:
    asking = await neighbours.one()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", LIVE, neighbours.url), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        instance_id = (await asyncio.wait_for(process.stdout.readline(), HANG_SECONDS)).decode().strip()
        process.send_signal(signal.SIGSTOP)
        neighbours.clock.advance(3600)
        assert not await neighbours.is_dead(asking, instance_id), "it is slow, not dead"
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()
        async with asyncio.timeout(HANG_SECONDS):
            while not await neighbours.is_dead(asking, instance_id):  # noqa: ASYNC110 - the database has no event
                await asyncio.sleep(0.01)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_a_dead_process_was_gone_soon_after_it_was_last_seen(neighbours: Neighbours) -> None:
    asking, gone = await neighbours.one(), await neighbours.one()
    died_at = neighbours.clock()
    await gone.close()
    async with neighbours.sessions.begin() as session:
        assert await asking.dead_since(session, gone.instance_id) <= neighbours.clock()  # type: ignore[operator]  # it is dead
    neighbours.clock.advance(600)
    async with neighbours.sessions.begin() as session:
        since = await asking.dead_since(session, gone.instance_id)
    assert since is not None
    assert abs(since - died_at) <= timedelta(seconds=RENEW_SECONDS)


async def test_a_process_never_considers_itself_dead(neighbours: Neighbours) -> None:
    asking = await neighbours.one()
    await neighbours.cut_locks()
    assert not await neighbours.is_dead(asking, asking.instance_id)


async def test_two_concurrent_checks_do_not_take_each_others_lock_for_a_sign_of_life(neighbours: Neighbours) -> None:
    asking, also_asking, gone = [await neighbours.one() for _ in range(3)]
    await gone.close()
    async with neighbours.sessions.begin() as one, neighbours.sessions.begin() as other:
        assert await asking.dead_since(one, gone.instance_id)
        assert await also_asking.dead_since(other, gone.instance_id)


async def test_a_process_without_a_row_is_dead(neighbours: Neighbours) -> None:
    assert await neighbours.is_dead(await neighbours.one(), "inst_never")


async def test_after_the_database_was_away_a_free_lock_proves_nothing_until_all_had_time_to_take_theirs(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.core.process_registry._GRACE_SECONDS", HANG_SECONDS)
    asking, other = await neighbours.one(), await neighbours.one()
    await neighbours.cut_locks()
    await asking.renew()
    assert not await neighbours.is_dead(asking, other.instance_id)
    await other.renew()
    newcomer = await neighbours.one()
    assert not await neighbours.is_dead(newcomer, other.instance_id), "it did not take its lock again"
    assert not await neighbours.is_dead(newcomer, asking.instance_id)


async def test_a_living_process_is_seen_again_and_again(neighbours: Neighbours) -> None:
    living = await neighbours.one()
    neighbours.clock.advance(100)
    await living.renew()
    async with neighbours.sessions() as session:
        seen_at = await session.scalar(text("SELECT seen_at FROM instances"))
    assert neighbours.clock() - seen_at < timedelta(seconds=5)


async def test_only_dead_processes_are_forgotten_and_only_after_a_day(neighbours: Neighbours) -> None:
    living, gone = await neighbours.one(), await neighbours.one()
    await gone.close()
    neighbours.clock.advance(23 * 3600)
    await living.remove_old()
    assert await _ids(neighbours) == {living.instance_id, gone.instance_id}
    neighbours.clock.advance(2 * 3600)
    await living.remove_old()
    assert await _ids(neighbours) == {living.instance_id}


async def test_a_restored_database_is_noticed_once_and_by_the_clock_of_the_database(neighbours: Neighbours) -> None:
    await neighbours.one()
    assert await _noticed_at(neighbours) is None, "a new database has forgotten nothing"
    neighbours.clock.advance(45)
    await neighbours.one()
    assert await _noticed_at(neighbours) is None
    await _change(neighbours, "UPDATE database_place SET place = 'elsewhere'")
    # Two that start at once, with clocks that differ: the second one finds the place that the first one wrote.
    await asyncio.gather(neighbours.one(), neighbours.one())
    noticed_at = await _noticed_at(neighbours)
    assert noticed_at is not None
    neighbours.clock.advance(-400 * 86_400)
    await neighbours.one()
    assert await _noticed_at(neighbours) == noticed_at


@pytest.mark.parametrize(
    "before",
    [
        "UPDATE instances SET renewed_at = renewed_at - interval '61 minutes', seen_at = seen_at + interval '400 days'",
        "DELETE FROM database_place",  # a dump of an older schema, or the first start after an upgrade
        "UPDATE database_place SET place = NULL",
    ],
)
async def test_silence_and_an_unknown_place_count_as_a_restore(neighbours: Neighbours, before: str) -> None:
    await neighbours.one()
    await _change(neighbours, before)
    await neighbours.one()
    assert await _noticed_at(neighbours) is not None


async def test_a_server_that_does_not_tell_its_place_keeps_no_process_from_starting(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The error of a managed server.
    refused = "DO $$ BEGIN RAISE EXCEPTION 'not supported' USING ERRCODE = '0A000'; END $$"
    monkeypatch.setattr("app.core.database_place._PLACE", refused)
    monkeypatch.setattr("app.core.database_place._SESSION_PLACE", text(refused))
    await neighbours.one()
    await neighbours.one()
    async with neighbours.sessions.begin() as session:
        assert await complete_since(session) < neighbours.clock(), "the place has not changed, as far as is known"
    await _change(neighbours, "UPDATE database_place SET place = 'known'")
    async with neighbours.sessions.begin() as session:
        assert await complete_since(session) > neighbours.clock()
        assert await session.scalar(text("SELECT 1")) == 1, "the transaction goes on"


async def test_a_registration_that_cannot_come_to_its_turn_ends_as_an_unavailable_database(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.core.process_registry._COMMAND_TIMEOUT_SECONDS", 0.2)
    async with neighbours.sessions.begin() as session:
        await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('seedgate:database_place'))"))
        with pytest.raises(DatabaseUnavailableError):
            await neighbours.one()


async def test_two_registrations_at_once_succeed_whatever_isolation_is_the_default(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {**process_registry._KEEP_ALIVE, "default_transaction_isolation": "repeatable read"}  # noqa: SLF001 - as a role may set it
    monkeypatch.setattr(process_registry, "_KEEP_ALIVE", settings)
    await neighbours.one()
    await _change(neighbours, "UPDATE database_place SET place = 'another'")
    async with neighbours.sessions.begin() as session:
        await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('seedgate:database_place'))"))
        both = [asyncio.create_task(neighbours.one()) for _ in range(2)]
        await _until_waiting(neighbours, 2)
    await asyncio.gather(*both)


async def _until_waiting(neighbours: Neighbours, count: int) -> None:
    waiting = text("""
        SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    """)
    async with asyncio.timeout(HANG_SECONDS), neighbours.sessions() as session:
        while await session.scalar(waiting) != count:  # noqa: ASYNC110 - the database has no event for it
            await asyncio.sleep(0.01)


async def _change(neighbours: Neighbours, statement: str) -> None:
    async with neighbours.sessions.begin() as session:
        await session.execute(text(statement))


async def _noticed_at(neighbours: Neighbours) -> datetime | None:
    async with neighbours.sessions() as session:
        noticed_at: datetime | None = await session.scalar(text("SELECT noticed_at FROM database_place"))
    return noticed_at


async def _ids(neighbours: Neighbours) -> set[str]:
    async with neighbours.sessions() as session:
        return set((await session.scalars(text("SELECT id FROM instances"))).all())
