"""One statement finds out which background jobs have work, and wakes them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio
from pydantic import SecretStr
from sqlalchemy import event, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.composition import open_services
from app.core.due_work import DueWork, Probe, wake_after_commit
from app.core.jobs import Job, run_jobs
from app.core.leases import Leases
from app.core.sealing import generate_key
from app.db.engine import COMMAND_TIMEOUT_SECONDS, open_engine, session_factory
from app.services import Services
from app.settings import Settings
from tests.support.clock import MovableClock
from tests.support.database import own_database
from tests.support.timeouts import HANG_SECONDS, until


@pytest_asyncio.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """An engine with one connection."""
    opened = open_engine(database_url, pool_size=1)
    yield opened
    await opened.dispose()


@pytest_asyncio.fixture
async def idle(database_url: str) -> AsyncIterator[Services]:
    """A process that has a channel and nothing to do."""
    async with own_database(database_url) as url:
        settings = Settings(_env_file=None).model_copy(
            update={
                "database_url": SecretStr(url),
                "admin_token": SecretStr("t" * 32),
                "secret_key": SecretStr(generate_key()),
                "ark_base_url": "http://127.0.0.1:1/api/v3",
                "ark_api_key": SecretStr("key"),
            }
        )
        async with open_services(settings, is_upstream_new=True) as services:
            yield services


async def test_the_events_of_due_jobs_are_set(engine: AsyncEngine) -> None:
    clock = MovableClock(stands_still=True)
    due_work = DueWork(engine, session_factory(engine), clock, instance_id="inst-1")
    probes = {
        "now": Probe("CAST(:now AS timestamptz) >= CAST(:first AS timestamptz)", {"first": clock()}),
        "later": Probe("CAST(:now AS timestamptz) >= CAST(:second AS timestamptz)", {"second": clock() + timedelta(1)}),
        "never": Probe("NULL"),
        "mine": Probe("CAST(:instance_id AS text) = 'inst-1'"),
    }
    events = {name: due_work.watch(probe) for name, probe in probes.items()}
    await due_work.find()
    assert {name for name, event in events.items() if event.is_set()} == {"now", "mine"}
    clock.advance(timedelta(days=2).total_seconds())
    await due_work.find()
    assert {name for name, event in events.items() if event.is_set()} == {"now", "mine", "later"}


async def test_asking_is_one_statement_without_a_transaction(engine: AsyncEngine) -> None:
    due_work = DueWork(engine, session_factory(engine), MovableClock(), instance_id="inst-1")
    for _ in range(2):
        due_work.watch(Probe("true"))
    await due_work.find()
    seen: list[str] = []
    async with engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None
    # What the driver sends by itself, such as BEGIN, and what it is given.
    driver.add_query_logger(lambda query: seen.append(query.query))
    event.listen(engine.sync_engine, "before_cursor_execute", lambda *told: seen.append(told[2]))
    await due_work.find()
    assert len(seen) == 1, seen


async def test_a_locked_table_delays_no_job_that_does_not_use_it(
    database_url: str, clean_database: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.core.due_work._QUESTION_TIMEOUT_SECONDS", 0.1)
    opened = open_engine(database_url, pool_size=2)
    worked, stopping = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        worked.set()

    due_work = DueWork(opened, session_factory(opened), MovableClock(), instance_id="inst-1")
    due_work.watch(Probe("EXISTS (SELECT FROM asset_groups)"))
    due = due_work.watch(Probe("EXISTS (SELECT FROM leases)"))
    jobs = [Job("ask", 0.01, due_work.find), Job("work", 0.01, work, due)]
    async with opened.begin() as holder:
        await holder.execute(text("LOCK TABLE asset_groups"))
        running = asyncio.create_task(run_jobs(jobs, stopping))
        # Far below the driver's limit for a statement, after which the question would fail too.
        async with asyncio.timeout(COMMAND_TIMEOUT_SECONDS / 2):
            await worked.wait()
    stopping.set()
    await running
    await opened.dispose()


async def test_a_failed_query_wakes_every_job_and_raises(engine: AsyncEngine) -> None:
    due_work = DueWork(engine, session_factory(engine), MovableClock(), instance_id="inst-1")
    events = [due_work.watch(Probe(condition)) for condition in ("EXISTS (SELECT FROM no_such_table)", "false")]
    with pytest.raises(ProgrammingError, match="no_such_table"):
        await due_work.find()
    assert all(due.is_set() for due in events)


async def test_an_idle_process_wakes_no_job(idle: Services) -> None:
    jobs = {job.name: job.due for job in idle.jobs() if job.due is not None}
    assert jobs.keys() >= {"poll_tasks", "reconcile", "poll_assets", "recover_asset_creates", "deliver"}
    await idle.due_work.find()
    assert not [name for name, due in jobs.items() if due.is_set()]


async def test_work_created_by_another_process_is_found_by_the_next_query(
    engine: AsyncEngine, database_url: str, clean_database: None
) -> None:
    found, stopping = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        found.set()

    due_work = DueWork(engine, session_factory(engine), MovableClock(), instance_id="inst-1")
    due = due_work.watch(Probe("EXISTS (SELECT FROM leases)"))
    asked: list[None] = []

    async def ask() -> None:
        await due_work.find()
        asked.append(None)

    running = asyncio.create_task(run_jobs([Job("ask", 0.01, ask), Job("work", 0.01, work, due)], stopping))
    await until(lambda: len(asked) > 2)
    assert not found.is_set()
    other = open_engine(database_url)
    await Leases(session_factory(other)).claim("job", "subject", seconds=60)
    await other.dispose()
    async with asyncio.timeout(HANG_SECONDS):
        await found.wait()
        stopping.set()
        await running


async def test_a_commit_wakes_the_processs_own_job_at_once_and_a_rollback_wakes_none(
    engine: AsyncEngine,
) -> None:
    sessions, probe = session_factory(engine), Probe("false")
    due = DueWork(engine, sessions, MovableClock(), instance_id="inst-1").watch(probe)
    async with sessions.begin() as session:
        wake_after_commit(session, probe)
        await session.execute(text("SELECT 1"))
        await session.rollback()
    assert not due.is_set()
    async with sessions.begin() as session:
        wake_after_commit(session, probe)
        await session.execute(text("SELECT 1"))
        assert not due.is_set(), "nothing can be found yet"
    assert due.is_set()


async def test_a_process_that_runs_no_job_wakes_none(engine: AsyncEngine) -> None:
    sessions = session_factory(engine)
    for _ in range(2):  # without and with one that watches nothing
        async with sessions.begin() as session:
            wake_after_commit(session, Probe("false"))
        DueWork(engine, sessions, MovableClock(), instance_id="inst-1")
