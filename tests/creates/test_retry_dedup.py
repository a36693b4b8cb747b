"""Which earlier attempt a request claims."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from app.core.process_registry import ProcessRegistry
from app.core.turns import Turns
from app.core.watched_event import WatchedEvent
from app.creates.attempts import Attempt, RequestFingerprint
from app.creates.models import AttemptRow
from app.creates.repository import AllAttempts
from app.creates.retry_dedup import RetryDedup
from app.db.engine import session_factory
from app.errors import InvalidParameterError, SeedgateError, ServiceUnavailableError
from app.tenants.models import ApiKeyRow, TenantRow
from tests.support.admin_app import QueryCount
from tests.support.clock import MovableClock
from tests.support.database import empty_all_tables
from tests.support.timeouts import HANG_SECONDS, until

REQUEST = RequestFingerprint("tenant 1", "key 1", "create_task", hashlib.sha256(b"body").digest())
MARKED = replace(REQUEST, is_marked_retry=True)
OTHERS = [
    pytest.param(replace(REQUEST, tenant_id="tenant 2", key_id="key 2"), id="another tenant"),
    pytest.param(replace(REQUEST, key_id="key 2"), id="another key"),
    pytest.param(replace(REQUEST, tenant_id="tenant 2"), id="a key of no tenant"),
    pytest.param(replace(REQUEST, route="CreateAsset"), id="another route"),
    pytest.param(replace(REQUEST, body_hash=hashlib.sha256(b"body ").digest()), id="another body"),
]


async def never() -> None:
    raise AssertionError("it waited")


class Processes:
    """Two living processes of one database, ``here`` and ``there``."""

    def __init__(self, url: str, sessions: async_sessionmaker[AsyncSession]) -> None:
        self.sessions = sessions
        self.clock = MovableClock(stands_still=True)
        self.registry_here = ProcessRegistry(url, sessions, self.clock)
        self.registry_there = ProcessRegistry(url, sessions, self.clock)
        self.here = RetryDedup(sessions, self.registry_here, self.clock)
        self.there = RetryDedup(sessions, self.registry_there, self.clock)

    async def new_attempt(self, *, by: RetryDedup | None = None, result_id: str = "made") -> Attempt:
        async with self.sessions.begin() as session:
            return (by or self.here).add(session, REQUEST, result_id=result_id)

    async def abandoned(self, **fields: str) -> Attempt:
        attempt = await self.new_attempt(**fields)  # type: ignore[arg-type]  # only the result's id is passed on
        await self.here.mark_abandoned(attempt)
        return attempt

    async def cut_registry_here(self) -> None:
        """Cuts the connection with which this process holds its lock, as the server's end does."""
        cut = """
            SELECT pg_terminate_backend(pid) FROM pg_locks
            WHERE locktype = 'advisory' AND granted
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        """
        async with self.sessions.begin() as session:
            await session.execute(text(cut))
        async with asyncio.timeout(HANG_SECONDS):
            while not self.registry_here.is_recovering:  # noqa: ASYNC110 - the driver has no event for it
                await asyncio.sleep(0.01)

    async def count(self) -> int:
        async with self.sessions() as session:
            return await session.scalar(select(func.count()).select_from(AttemptRow)) or 0


@pytest.fixture
async def processes(
    database_url: str, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Processes]:
    """Two living processes, and the tenants and keys of the requests. A request waits for no notice of a disconnect."""
    monkeypatch.setattr("app.creates.retry_dedup._DISCONNECT_NOTICE_TIMEOUT_SECONDS", 0)
    await empty_all_tables(database_url)
    sessions = session_factory(engine)
    async with sessions.begin() as session:
        for number in "12":
            session.add(TenantRow(id=f"tenant {number}", name=number, status="active", details={}))
            await session.flush()
            key = ApiKeyRow(id=f"key {number}", tenant_id=f"tenant {number}", name="", public_part=number)
            key.secret_hash = b""
            session.add(key)
    opened = Processes(database_url, sessions)
    await opened.registry_here.open()
    await opened.registry_there.open()
    yield opened
    await opened.here.drain()
    await opened.registry_here.close()
    await opened.registry_there.close()


def result_of(attempt: Attempt | None) -> str | None:
    return attempt.result_id if attempt is not None else None


async def test_an_abandoned_attempt_is_claimed_by_the_next_identical_request_on_any_process(
    processes: Processes,
) -> None:
    await processes.abandoned()
    assert result_of(await processes.there.claim(REQUEST)) == "made"


async def test_an_abandoned_attempt_is_claimed_by_one_request(processes: Processes) -> None:
    await processes.abandoned()
    found = await asyncio.gather(*(process.claim(REQUEST) for process in [processes.here, processes.there] * 5))
    assert [result_of(one) for one in found].count("made") == 1


async def test_two_abandoned_attempts_are_claimed_by_two_requests(processes: Processes) -> None:
    await processes.abandoned(result_id="a")
    await processes.abandoned(result_id="b")
    found = await asyncio.gather(*(processes.here.claim(REQUEST) for _ in range(3)))
    assert sorted(str(result_of(one)) for one in found) == ["None", "a", "b"]


async def test_a_retry_that_arrives_before_the_disconnect_is_noticed_claims_the_attempt(
    processes: Processes, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Half a second, the default, may be over on a slow machine before the test marks the attempt.
    monkeypatch.setattr("app.creates.retry_dedup._DISCONNECT_NOTICE_TIMEOUT_SECONDS", HANG_SECONDS)
    monkeypatch.setattr("app.creates.retry_dedup._DISCONNECT_NOTICE_CHECKS", 600)
    for process in (processes.here, processes.there):
        attempt = await processes.new_attempt(result_id="made")
        with QueryCount(engine, "create_attempts") as queries:
            retry = asyncio.create_task(process.claim(REQUEST))
            await until(lambda: queries.count > 1)
        await processes.here.mark_abandoned(attempt)
        assert result_of(await retry) == "made"


async def test_a_second_create_right_after_an_answer_does_not_wait(
    processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.creates.retry_dedup._DISCONNECT_NOTICE_TIMEOUT_SECONDS", 3600)
    processes.here.mark_answered(await processes.new_attempt())
    async with asyncio.timeout(HANG_SECONDS):
        assert await processes.here.claim(REQUEST) is None


@pytest.mark.parametrize("other", OTHERS)
async def test_no_other_request_claims_an_attempt(processes: Processes, other: RequestFingerprint) -> None:
    await processes.abandoned()
    assert await processes.here.claim(other) is None
    assert await processes.here.claim(replace(other, is_marked_retry=True)) is None


async def test_an_attempt_can_be_claimed_for_a_minute_after_it_was_abandoned(processes: Processes) -> None:
    attempt = await processes.new_attempt()
    processes.clock.advance(170)
    await processes.here.mark_abandoned(attempt)
    processes.clock.advance(59)
    again = await processes.here.claim(REQUEST)
    assert again is not None
    await processes.here.mark_abandoned(again)
    processes.clock.advance(61)
    assert await processes.here.claim(REQUEST) is None
    assert await processes.here.claim(MARKED) is None


async def test_an_attempt_that_is_running_or_answered_is_not_claimed(processes: Processes) -> None:
    attempt = await processes.new_attempt()
    assert await processes.here.claim(REQUEST) is None
    assert await processes.there.claim(REQUEST) is None
    processes.here.mark_answered(attempt)
    await processes.here.flush()
    assert await processes.there.claim(REQUEST) is None


async def test_requests_that_ask_several_times_do_so_in_their_tenants_turns(
    processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An equal create is under way in another process, which alone knows whether its client is still there."""
    await processes.new_attempt(by=processes.there)
    turns = Turns(max_per_party=2)
    ask = processes.here._try_claim  # noqa: SLF001 - what takes a connection
    asking = most = count = 0

    async def counted(request: RequestFingerprint) -> tuple[Attempt | None, bool]:
        nonlocal asking, most, count
        asking, count = asking + 1, count + 1
        most = max(most, asking)
        try:
            return await ask(request)
        finally:
            asking -= 1

    async def claim() -> Attempt | None:
        turn = await turns.acquire("tenant")
        try:
            return await processes.here.claim(REQUEST)
        finally:
            turn.end()

    monkeypatch.setattr(processes.here, "_try_claim", counted)
    assert await asyncio.gather(*(claim() for _ in range(8))) == [None] * 8
    assert (most, count) == (2, 8 * 6)


async def test_a_marked_retry_claims_a_running_attempt_and_one_that_was_just_answered(processes: Processes) -> None:
    attempt = await processes.new_attempt()
    processes.clock.advance(100)
    running = await processes.there.claim(MARKED)
    assert result_of(running) == "made"
    assert running is not None
    processes.there.mark_answered(running)
    await processes.there.flush()
    processes.clock.advance(59)
    assert result_of(await processes.here.claim(MARKED)) == "made"
    assert attempt.started_at < running.started_at


async def test_a_marked_retry_claims_nothing_older(processes: Processes) -> None:
    processes.here.mark_answered(await processes.new_attempt())
    await processes.here.flush()
    processes.clock.advance(61)
    assert await processes.here.claim(MARKED) is None


async def test_two_marked_retries_at_once_get_the_same_result(processes: Processes) -> None:
    await processes.abandoned()
    found = await asyncio.gather(processes.here.claim(MARKED), processes.there.claim(MARKED))
    assert [result_of(one) for one in found] == ["made", "made"]


async def test_the_attempt_of_a_dead_process_is_abandoned_and_that_of_a_living_one_is_not(processes: Processes) -> None:
    await processes.new_attempt(by=processes.there)
    assert await processes.here.claim(REQUEST) is None
    await processes.registry_there.close()
    taken = await processes.here.claim(REQUEST)
    assert result_of(taken) == "made"
    assert await processes.here.claim(REQUEST) is None, "this process is working on it now"


async def test_a_living_process_that_was_taken_for_dead_still_marks_its_attempts_as_answered(
    processes: Processes,
) -> None:
    """Only the connection of its lock was cut; of two identical creates, one was sent again."""
    attempts = [await processes.new_attempt(by=processes.there, result_id=name) for name in "ab"]
    await processes.registry_there.close()
    assert result_of(await processes.here.claim(REQUEST)) in {"a", "b"}
    for attempt in attempts:
        processes.there.mark_answered(attempt)
    await processes.there.flush()
    assert await processes.here.claim(REQUEST) is None, "the other client has its answer"


async def test_a_retry_waits_until_it_can_be_told_whether_the_process_died_with_the_database(
    processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.core.process_registry._GRACE_SECONDS", 0.5)
    monkeypatch.setattr("app.core.process_registry._SETTLE_TIMEOUT_SECONDS", HANG_SECONDS)
    await processes.new_attempt(by=processes.there)
    await processes.registry_there.close()
    await processes.cut_registry_here()
    finding = asyncio.create_task(processes.here.claim(REQUEST))
    await processes.registry_here.renew()
    assert result_of(await finding) == "made"


async def test_a_new_create_does_not_wait_when_the_database_is_back(
    processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes.registry_here, "wait_until_settled", never)
    await processes.cut_registry_here()
    assert await processes.here.claim(REQUEST) is None


async def test_an_attempt_of_a_process_that_is_dead_for_long_is_not_claimed(processes: Processes) -> None:
    await processes.new_attempt(by=processes.there)
    await processes.registry_there.close()
    processes.clock.advance(65)
    await processes.registry_here.renew()
    assert await processes.here.claim(REQUEST) is None


async def test_a_request_whose_attempt_was_claimed_can_no_longer_mark_it(processes: Processes) -> None:
    first = await processes.new_attempt()
    second = await processes.there.claim(MARKED)
    assert second is not None
    await processes.here.mark_abandoned(first)
    assert await processes.here.claim(REQUEST) is None, "its retry is working on it"
    await processes.there.mark_abandoned(second)
    assert result_of(await processes.here.claim(REQUEST)) == "made"


async def test_an_attempt_is_abandoned_when_its_client_disconnects_although_the_work_continues(
    processes: Processes,
) -> None:
    attempt, gone = await processes.new_attempt(), WatchedEvent()
    async with processes.here.tracked(attempt, gone):
        assert await processes.there.claim(REQUEST) is None
        gone.set()
        async with asyncio.timeout(HANG_SECONDS):
            while await processes.there.claim(REQUEST) is None:  # noqa: ASYNC110 - the database has no event for it
                await asyncio.sleep(0.01)
    await processes.here.flush()
    assert await processes.here.claim(REQUEST) is None, "the request that claimed it is working on it"


async def test_the_next_request_waits_for_a_mark_that_is_being_written(processes: Processes) -> None:
    attempt, gone = await processes.new_attempt(), WatchedEvent()
    async with processes.here.tracked(attempt, gone):
        gone.set()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert result_of(await processes.here.claim(REQUEST)) == "made"


@pytest.mark.parametrize(
    ("error", "is_abandoned"),
    [
        (ServiceUnavailableError(), True),
        (RuntimeError("a bug"), True),
        (asyncio.CancelledError(), True),
        (InvalidParameterError(None, "no"), False),
        (SeedgateError("conflict", status=409, code="OutcomeUnknown"), False),
    ],
    ids=["503", "bug", "stopped", "400", "409"],
)
async def test_an_answer_of_500_or_more_leaves_the_attempt_abandoned(
    processes: Processes, error: BaseException, *, is_abandoned: bool
) -> None:
    attempt = await processes.new_attempt()
    with pytest.raises(type(error)):
        async with processes.here.tracked(attempt, WatchedEvent()):
            raise error
    await processes.here.flush()
    assert result_of(await processes.here.claim(REQUEST)) == ("made" if is_abandoned else None)


async def test_an_answer_that_is_not_yet_written_survives_a_database_that_is_away(
    processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with processes.here.tracked(await processes.new_attempt(), WatchedEvent()):
        pass
    with monkeypatch.context() as patch:
        patch.setattr(processes.here, "_sessions", None)
        with pytest.raises(AttributeError):
            await processes.here.flush()
    await processes.here.flush()
    async with processes.sessions() as session:
        row = (await session.scalars(select(AttemptRow))).one()
    assert row.answered_at is not None
    assert row.abandoned_at is None


async def test_a_result_that_is_known_later_is_found(processes: Processes) -> None:
    async with processes.sessions.begin() as session:
        attempt = processes.here.add(session, REQUEST)
    await processes.here.mark_abandoned(attempt)
    taken = await processes.there.claim(REQUEST)
    assert taken is not None
    assert result_of(await processes.there.reload(taken)) is None
    async with processes.sessions.begin() as session:
        await AllAttempts(session).set_result(attempt.id, "asset-1")
    assert result_of(await processes.there.reload(taken)) == "asset-1"


async def test_a_removed_attempt_is_not_claimed(processes: Processes) -> None:
    attempt = await processes.abandoned()
    taken = await processes.there.claim(REQUEST)
    assert taken is not None
    async with processes.sessions.begin() as session:
        await AllAttempts(session).remove(attempt.id)
    assert await processes.there.reload(taken) is None
    assert await processes.here.claim(MARKED) is None


async def test_old_attempts_are_removed(processes: Processes) -> None:
    await processes.new_attempt()
    processes.clock.advance(600)
    await processes.new_attempt()
    await processes.here.remove_old()
    assert await processes.count() == 2
    processes.clock.advance(400)
    await processes.here.remove_old()
    assert await processes.count() == 1
