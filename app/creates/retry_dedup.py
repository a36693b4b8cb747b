"""Recognises a create that is sent again, and gives it the result of the first attempt.

No SDK sends an idempotency key, and each of them sends a create again when it gets no complete answer. An attempt
whose client got none is therefore *abandoned*: for 60 seconds the next identical request may *claim* it and its result.
A create with an ``Idempotency-Key`` is never abandoned: every later request with that key is given its result.
The module depends neither on tasks or assets nor on a framework: a disconnected client is an event.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.core.background import BackgroundTasks
from app.core.backoff import retry
from app.core.process_registry import ProcessRegistry
from app.core.turns import leave_turn, resume_turn
from app.core.watched_event import WatchedEvent
from app.creates.attempts import Attempt, RequestFingerprint, Sent
from app.creates.idempotency import (
    CREATE_TASK,
    CREATE_VIDEO,
    FindOlderKey,
    IdempotencyKey,
    IdempotencyKeyRepository,
    check_older,
    check_row,
)
from app.creates.repository import CLAIMABLE_FOR, AllAttempts, new_attempt
from app.db.plain_row import PlainRow
from app.errors import SeedgateError

_RETENTION = timedelta(minutes=10)
_FIRST_SERVER_ERROR = 500
# A retry may arrive before the server notices that the connection of the first attempt has ended.
_DISCONNECT_NOTICE_TIMEOUT_SECONDS = 0.5
_DISCONNECT_NOTICE_CHECKS = 5
_MARK_TIMEOUT_SECONDS = 1.0
_MARK_RETRY_SECONDS = 0.2
_DRAIN_TIMEOUT_SECONDS = 2.0

_log = structlog.get_logger()


class RetryDedup:
    """The attempts of all processes; each method is scoped to the request or the attempt that it is given.

    Args:
        sessions: makes sessions of the database.
        processes: this process.
        clock: the time in UTC.
        create_window: how long a create may be under way.
        find_older_key: looks for keys where earlier versions kept them; None: there are none.
    """

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        processes: ProcessRegistry,
        clock: Callable[[], datetime],
        *,
        create_window: timedelta = timedelta(minutes=5),
        find_older_key: FindOlderKey | None = None,
    ) -> None:
        self._sessions = sessions
        self._processes = processes
        self._clock = clock
        self._create_window = create_window
        self._find_older_key = find_older_key
        self._background = BackgroundTasks()
        self._unmarked: list[tuple[Attempt, datetime, asyncio.Future[None]]] = []
        self._marker: asyncio.Task[None] | None = None
        self._marking: set[asyncio.Future[None]] = set()
        self._marked: Counter[Sent | None] = Counter()
        self._answered: list[tuple[Attempt, datetime]] = []

    def add(self, session: AsyncSession, request: RequestFingerprint, *, result_id: str | None = None) -> Attempt:
        """Adds a new attempt, or the request's key in its place, to the transaction that writes its intent."""
        by, now = self._processes.instance_id, self._clock()
        return AllAttempts(session).add(request, by=by, result_id=result_id, now=now)

    def new_attempt(self, request: RequestFingerprint, *, result_id: str | None) -> tuple[Attempt, PlainRow]:
        """Returns a new attempt and its row, for a transaction of the caller's."""
        return new_attempt(request, by=self._processes.instance_id, result_id=result_id, now=self._clock())

    async def reload(self, attempt: Attempt) -> Attempt | None:
        """Returns the attempt with its result as far as it is known now; None: it was refused or never sent."""
        async with self._sessions() as session:
            return await AllAttempts(session).reload(attempt)

    async def claim(self, request: RequestFingerprint) -> Attempt | None:
        """Claims an earlier, identical attempt, or returns None: this request is a create of its own.

        With an ``Idempotency-Key`` the attempt is the one create that the key identifies, whenever it was.

        Without a key an attempt can be claimed for 60 seconds after it was abandoned or its process died, by one
        request. A request that is marked as a retry also claims an attempt that is still running or was answered in
        that time. While an identical attempt is running, the call waits up to half a second, in case that attempt's
        client turns out to have disconnected.

        Raises:
            ConflictError: 409 ``IdempotencyConflict``, the key identifies another create.
            DatabaseUnavailableError: the database is unavailable, or was, and it is not yet known whether an
                identical attempt's process is dead.
        """
        if request.idempotency_key is not None:
            return await self._find_by_key(request, request.idempotency_key)
        if self._marking:
            await asyncio.wait(set(self._marking), timeout=_MARK_TIMEOUT_SECONDS)
        # After a database outage it is unknown for a moment whether the process of the first attempt is dead;
        # that must not lead to a second create.
        if self._processes.is_recovering and await self._is_running_elsewhere(request):
            leave_turn()
            await self._processes.wait_until_settled()
            await resume_turn()
        for _ in range(_DISCONNECT_NOTICE_CHECKS):
            claimed, is_another_running = await self._try_claim(request)
            if claimed is not None or not is_another_running:
                return claimed
            leave_turn()
            await asyncio.sleep(_DISCONNECT_NOTICE_TIMEOUT_SECONDS / _DISCONNECT_NOTICE_CHECKS)
            await resume_turn()
        return (await self._try_claim(request))[0]

    async def _find_by_key(self, request: RequestFingerprint, key: IdempotencyKey) -> Attempt | None:
        async with self._sessions() as session:
            keys = IdempotencyKeyRepository(session, request.tenant_id)
            row = await keys.find(key.text)
            # Where a create of a video has its own row, the copy in the row of its task says nothing more.
            is_decided = row is not None and row.route in {request.route, CREATE_VIDEO}
            if self._find_older_key is not None and not is_decided:
                older = await self._find_older_key(session, request.tenant_id, key.text)
                # A create that began between the two queries has written both rows; its key's own row decides.
                row = row or (None if older is None else await keys.find(key.text))
                if older is not None and (row is None or row.route != request.route == CREATE_TASK):
                    check_older(older, request.body_hash, request.route)
                    return Attempt(older.task_id, older.task_id, older.created_at, is_keyed=True)
        if row is None:
            return None
        check_row(row, key, request.route)
        return Attempt(row.id, row.result_id, row.created_at, is_keyed=True)

    async def _try_claim(self, request: RequestFingerprint) -> tuple[Attempt | None, bool]:
        """Returns the attempt that this request claims, if any, and whether an identical one is under way."""
        here, now, window = self._processes.instance_id, self._clock(), self._create_window
        # An answer of the last second may not be written yet.
        answered = [attempt.id for attempt, _ in self._answered]
        try:
            async with self._sessions.begin() as session:
                attempts = AllAttempts(session)
                instances = await attempts.instances(request, here=here, answered=answered, now=now, window=window)
                for instance_id in instances:
                    dead_at = await self._processes.dead_since(session, instance_id)
                    if dead_at is not None:
                        await attempts.set_instance_dead(request, instance_id, since=dead_at)
                claimed = await attempts.take_over(request, by=here, now=now, window=window) if instances else None
        except BaseException:
            # The takeover may have committed although the call failed; make the attempt claimable again.
            self._start_marking(request.sent, lambda attempts: attempts.undo_takeover(request, by=here, at=now), now)
            raise
        return claimed, bool(instances)

    @asynccontextmanager
    async def tracked(self, attempt: Attempt | None, gone: WatchedEvent) -> AsyncIterator[None]:
        """Marks the attempt as answered or abandoned while the block works on it.

        It is abandoned as soon as ``gone`` is set, although the block continues, and when the block ends with an error
        of 500 or more; otherwise it is answered when the block ends. An attempt with a key, and None, are not marked.
        """
        if attempt is None or attempt.is_keyed:
            yield
            return

        def abandon() -> None:
            self._background.start(self.mark_abandoned(attempt))

        gone.call_when_set(abandon)
        is_answered = True
        try:
            yield
        except BaseException as error:
            is_answered = isinstance(error, SeedgateError) and error.status < _FIRST_SERVER_ERROR
            if not is_answered:
                await self.mark_abandoned(attempt)
            raise
        finally:
            if not gone.is_set():
                gone.forget(abandon)
                if is_answered:
                    self.mark_answered(attempt)

    def mark_answered(self, attempt: Attempt) -> None:
        """Notes that the client got its answer. Written within a second; a crash before that leaves it abandoned."""
        self._answered.append((attempt, self._clock()))

    async def mark_abandoned(self, attempt: Attempt) -> None:
        """Marks that the client got no complete answer; without a database, retries in the background.

        Marks of the same moment share a statement: clients often leave together.
        """
        marked = self._note_marking(attempt.sent, asyncio.get_running_loop().create_future())
        self._unmarked.append((attempt, self._clock(), marked))
        if self._marker is None:
            self._marker = self._background.start(self._mark_together())
        await asyncio.wait({marked}, timeout=_MARK_TIMEOUT_SECONDS)

    def is_marking(self, request: RequestFingerprint) -> bool:
        """Says whether an identical attempt is abandoned, and not yet marked as that."""
        return request.sent in self._marked

    async def flush(self) -> None:
        """Writes which attempts were answered."""
        batch, self._answered = self._answered, []
        if not batch:
            return
        try:
            async with self._sessions.begin() as session:
                await AllAttempts(session).set_answered(batch)
        except BaseException:
            self._answered = batch + self._answered
            raise

    async def remove_old(self) -> None:
        """Deletes attempts that can no longer be claimed."""
        async with self._sessions.begin() as session:
            await AllAttempts(session).delete_begun_before(self._clock() - self._create_window - _RETENTION)

    async def drain(self) -> None:
        """Waits for the marks that are being written; called before the database is closed."""
        await self._background.drain(timeout_seconds=_DRAIN_TIMEOUT_SECONDS)

    async def _is_running_elsewhere(self, request: RequestFingerprint) -> bool:
        async with self._sessions() as session:
            return await AllAttempts(session).is_running_elsewhere(request, here=self._processes.instance_id)

    async def _mark_together(self) -> None:
        """Marks attempts as abandoned, in one statement those of which no row is locked, each other one by itself."""
        try:
            while self._unmarked:
                batch, self._unmarked = self._unmarked, []
                marked: Collection[str] = ()
                with suppress(Exception):
                    async with self._sessions.begin() as session:
                        marked = await AllAttempts(session).set_abandoned([(each[0], each[1]) for each in batch])
                for attempt, at, result in batch:
                    if attempt.id in marked:
                        result.set_result(None)
                    else:
                        marking = self._background.start(self._mark_alone(attempt, at))
                        marking.add_done_callback(partial(_conclude, result))
        finally:
            self._marker = None

    async def _mark_alone(self, attempt: Attempt, at: datetime) -> None:
        await self._abandon(lambda attempts: attempts.set_one_abandoned(attempt, at=at), abandoned_at=at)

    def _start_marking(
        self, sent: Sent, mark: Callable[[AllAttempts], Awaitable[None]], abandoned_at: datetime
    ) -> None:
        self._note_marking(sent, self._background.start(self._abandon(mark, abandoned_at=abandoned_at)))

    def _note_marking(self, sent: Sent | None, marking: "asyncio.Future[None]") -> "asyncio.Future[None]":
        """Has ``claim`` and ``is_marking`` know of a mark until it is written."""
        self._marking.add(marking)
        self._marked[sent] += 1
        marking.add_done_callback(lambda _: self._forget_marking(sent, marking))
        return marking

    def _forget_marking(self, sent: Sent | None, marking: "asyncio.Future[None]") -> None:
        self._marking.discard(marking)
        self._marked[sent] -= 1
        if not self._marked[sent]:
            del self._marked[sent]

    async def _abandon(self, mark: Callable[[AllAttempts], Awaitable[None]], *, abandoned_at: datetime) -> None:
        """Tries until it succeeds or the attempt could no longer be claimed anyway."""

        async def write() -> None:
            async with self._sessions.begin() as session:
                await mark(AllAttempts(session))

        with suppress(Exception):
            await retry(
                write,
                is_temporary=lambda _: self._clock() < abandoned_at + CLAIMABLE_FOR,
                on_retry=lambda error: _log.warning("abandoned_attempt_not_marked_yet", error=type(error).__name__),
                max_seconds=_MARK_RETRY_SECONDS,
            )


def _conclude(result: "asyncio.Future[None]", _: object) -> None:
    if not result.done():
        result.set_result(None)
