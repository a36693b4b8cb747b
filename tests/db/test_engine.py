"""Connections to PostgreSQL, and which of their errors mean that it is unavailable."""

import asyncio
import traceback
from datetime import timedelta

import pytest
from sqlalchemy import exc, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.base import utc_now
from app.db.engine import DatabaseUnavailableError, is_unavailable, open_engine, session_factory, to_dsn
from tests.support.database import as_superuser, own_database
from tests.support.timeouts import HANG_SECONDS, until


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg"])
def test_every_usual_scheme_names_the_same_database(scheme: str) -> None:
    assert to_dsn(f"{scheme}://u:p@h:1/d?sslmode=require") == "postgresql://u:p@h:1/d?sslmode=require"


def test_a_url_of_another_database_is_refused_without_repeating_its_password() -> None:
    with pytest.raises(ValueError, match="postgresql://") as refusal:
        open_engine("mysql://root:hunter2@db/x")
    assert "hunter2" not in str(refusal.value)


async def test_connections_are_named_and_in_utc(engine: AsyncEngine) -> None:
    async with session_factory(engine).begin() as session:
        row = (await session.execute(text("SELECT current_setting('application_name'), now()"))).one()
    assert row[0] == "seedgate"
    assert row[1].utcoffset() == timedelta(0)


async def test_an_engine_shows_no_password(database_url: str) -> None:
    secret_engine = open_engine("postgresql://u:hunter2@127.0.0.1:1/d")
    assert "hunter2" not in repr(secret_engine)
    assert "hunter2" not in str(secret_engine.url)
    await secret_engine.dispose()


@pytest.mark.parametrize("password", ["hunter2#x", "hunter2/x", "hunter2?x", "1?hunter2", "hunter2[x"])
async def test_a_url_that_cannot_be_read_is_reported_without_its_password(password: str) -> None:
    broken = open_engine(f"postgresql://u:{password}@127.0.0.1:1/d")
    try:
        with pytest.raises(DatabaseUnavailableError, match="percent-encode") as failure:
            async with broken.connect():
                pass
    finally:
        await broken.dispose()
    assert "hunter2" not in "".join(traceback.format_exception(failure.value))


@pytest.mark.parametrize(
    "url",
    ["postgresql://u@127.0.0.1:1/d", "postgresql://u@/d?host=/nonexistent&port=5432", "postgresql://u@h.invalid/d"],
)
async def test_a_server_that_is_not_there_is_unavailable(url: str) -> None:
    absent = open_engine(url)
    try:
        with pytest.raises(DatabaseUnavailableError) as failure:
            async with absent.connect():
                pass
    finally:
        await absent.dispose()
    assert is_unavailable(failure.value)


async def test_a_connection_cut_by_the_server_is_unavailable_and_the_pool_recovers(engine: AsyncEngine) -> None:
    with pytest.raises(exc.DBAPIError) as failure:
        async with engine.begin() as connection:
            await connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    assert is_unavailable(failure.value)
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT 1")) == 1


async def test_connections_that_ended_while_idle_are_replaced_without_an_error(
    engine: AsyncEngine, database_url: str
) -> None:
    """A restart of the server ends every idle connection; the requests after it do not pay for that."""
    connections = [await engine.connect() for _ in range(3)]
    pids = [await connection.scalar(text("SELECT pg_backend_pid()")) for connection in connections]
    drivers = [(await connection.get_raw_connection()).driver_connection for connection in connections]
    for connection in connections:
        await connection.close()
    for pid in pids:
        await as_superuser(database_url, f"SELECT pg_terminate_backend({pid}, 60000)")
    await until(lambda: all(driver is not None and driver.is_closed() for driver in drivers))
    async with asyncio.TaskGroup() as together:
        answers = [together.create_task(_backend_of(engine)) for _ in range(3)]
    assert {answer.result() for answer in answers}.isdisjoint(pids)


async def _backend_of(engine: AsyncEngine) -> object:
    async with engine.connect() as connection:
        return await connection.scalar(text("SELECT pg_backend_pid()"))


async def _answers(engine: AsyncEngine) -> bool:
    try:
        async with engine.connect() as connection:
            return bool(await connection.scalar(text("SELECT 1")))
    except DatabaseUnavailableError:
        return False


async def test_a_statement_past_the_time_limit_is_unavailable(database_url: str) -> None:
    hasty = open_engine(database_url, command_timeout_seconds=0.05)
    try:
        with pytest.raises(DatabaseUnavailableError) as failure:
            async with hasty.begin() as connection:
                await connection.execute(text("SELECT pg_sleep(5)"))
        # On a busy machine even that may exceed the time limit of this engine.
        async with asyncio.timeout(HANG_SECONDS):
            while not await _answers(hasty):
                pass
    finally:
        await hasty.dispose()
    assert is_unavailable(failure.value)


async def test_the_locks_of_a_process_that_is_frozen_in_a_transaction_end_with_its_time_limit(
    engine: AsyncEngine, database_url: str
) -> None:
    frozen = open_engine(database_url, command_timeout_seconds=0.5)
    try:
        async with frozen.connect() as holder, engine.begin() as waiter:
            await holder.execute(text("SELECT pg_advisory_xact_lock(7)"))
            async with asyncio.timeout(HANG_SECONDS):
                await waiter.execute(text("SELECT pg_advisory_xact_lock(7)"))
            with pytest.raises(exc.DBAPIError) as failure:
                await holder.execute(text("SELECT 1"))
            assert is_unavailable(failure.value)
    finally:
        await frozen.dispose()


@pytest.mark.parametrize("code", ["40P01", "40001"], ids=["deadlock", "serialization failure"])
async def test_a_transaction_that_others_made_fail_may_be_tried_again(engine: AsyncEngine, code: str) -> None:
    with pytest.raises(exc.DBAPIError) as failure:
        async with engine.begin() as connection:
            await connection.execute(text(f"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{code}'; END $$"))
    assert is_unavailable(failure.value)


async def test_an_exhausted_server_is_unavailable(database_url: str) -> None:
    async with own_database(database_url) as url:
        await as_superuser(url, f"ALTER DATABASE {make_url(url).database} CONNECTION LIMIT 2")
        engines = [open_engine(url, pool_size=1) for _ in range(3)]
        try:
            outcomes = await asyncio.gather(*(one.connect().start() for one in engines), return_exceptions=True)
            failures = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
            assert failures
            assert all(is_unavailable(failure) for failure in failures)
            for outcome in outcomes:
                if not isinstance(outcome, BaseException):
                    await outcome.close()
        finally:
            for one in engines:
                await one.dispose()


@pytest.mark.parametrize("statement", ["SELECT 1/0", "SELECT nonsense", "SELECT 'x'::int"])
async def test_a_refused_statement_is_not_unavailability(engine: AsyncEngine, statement: str) -> None:
    with pytest.raises(exc.DBAPIError) as failure:
        async with engine.begin() as connection:
            await connection.execute(text(statement))
    assert not is_unavailable(failure.value)


def test_other_errors_are_not_unavailability() -> None:
    assert not is_unavailable(OSError("disk"))
    assert not is_unavailable(TimeoutError())
    assert not is_unavailable(ValueError())


def test_now_is_aware_and_in_utc() -> None:
    assert utc_now().utcoffset() == timedelta(0)


async def test_an_error_shows_no_value(engine: AsyncEngine) -> None:
    async with session_factory(engine).begin() as session:
        with pytest.raises(exc.DBAPIError) as caught:
            await session.execute(text("SELECT 1 / length(left(:prompt, 0))"), {"prompt": "a private prompt"})
    assert "division by zero" in str(caught.value)
    assert "private" not in str(caught.value)


async def test_a_connection_that_is_just_being_cut_is_unavailable(engine: AsyncEngine, database_url: str) -> None:
    async with engine.connect() as connection:
        pid = await connection.scalar(text("SELECT pg_backend_pid()"))
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None
        transport = driver._transport  # noqa: SLF001 - asyncpg has no other way to it
        transport.pause_reading()
        await as_superuser(database_url, f"SELECT pg_terminate_backend({pid}, 60000)")
        transport.resume_reading()
        # Our turn comes between the two reads that bring the server's last message and the end of the connection.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        with pytest.raises(exc.InternalError, match="another operation") as failure:
            await connection.execute(text("SELECT 1"))
    assert is_unavailable(failure.value)
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT 1")) == 1
