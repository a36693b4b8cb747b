"""Recognises a create that is sent again, and gives it the result of the first attempt.

No SDK sends an idempotency key, and each of them sends a create again when it gets no complete answer. An attempt
whose client got none is therefore *abandoned*: for 60 seconds the next identical request may *claim* it and its result.
A create with an ``Idempotency-Key`` is never abandoned: every later request with that key is given its result.
The module depends neither on tasks or assets nor on a framework: a disconnected client is an ``asyncio.Event``.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, and_, delete, func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.core.background import BackgroundTasks
from app.core.process_registry import ProcessRegistry
from app.core.turns import leave_turn
from app.creates.idempotency import (
    CREATE_TASK,
    FindOlderKey,
    IdempotencyKey,
    IdempotencyKeyRepository,
    check_older,
    check_row,
)
from app.creates.models import AttemptRow, IdempotencyKeyRow
from app.errors import SeedgateError
from app.ids import new_id

CLAIMABLE_FOR = timedelta(seconds=60)
"""How long after it was abandoned an attempt may be claimed."""

_RETENTION = timedelta(minutes=10)
_FIRST_SERVER_ERROR = 500
# A retry may arrive before the server notices that the connection of the first attempt has ended.
_DISCONNECT_NOTICE_TIMEOUT_SECONDS = 0.5
_DISCONNECT_NOTICE_CHECKS = 5
_MARK_TIMEOUT_SECONDS = 1.0
_MARK_RETRY_SECONDS = 0.2
_DRAIN_TIMEOUT_SECONDS = 2.0

_TABLES: tuple[type[AttemptRow | IdempotencyKeyRow], ...] = (AttemptRow, IdempotencyKeyRow)

# Clears `abandoned_at`, too: only a process that took this one for dead can have set it on an answered attempt.
_MARK_ANSWERED = text("""
    UPDATE create_attempts AS a SET answered_at = v.answered_at, abandoned_at = NULL
    FROM unnest(CAST(:ids AS text[]), CAST(:starts AS timestamptz[]), CAST(:ends AS timestamptz[]))
        AS v (id, started_at, answered_at)
    WHERE a.id = v.id AND a.started_at = v.started_at
""")

_log = structlog.get_logger()


@dataclass(frozen=True)
class RequestFingerprint:
    """Identifies a create as a client sends it.

    Attributes:
        tenant_id: of the API key.
        key_id: the API key's row.
        route: ``CREATE_TASK``, or the action.
        body_hash: SHA-256 of the body's bytes.
        is_marked_retry: an SDK marked it as a retry (``app.creates.sdk_retry_headers``).
        idempotency_key: or None; when there is one, it alone identifies the create.
    """

    tenant_id: str
    key_id: str
    route: str
    body_hash: bytes
    is_marked_retry: bool = False
    idempotency_key: IdempotencyKey | None = None


@dataclass(frozen=True)
class Attempt:
    """One create, as one request carries it out or waits for it.

    Attributes:
        id: of the row.
        result_id: what the create makes; None while that is not known.
        started_at: when this request began. Reset on takeover; later updates by the previous request are ignored
            (compare-and-set on this value).
        is_keyed: it has an ``Idempotency-Key``, so that it need not be marked as abandoned.
    """

    id: str
    result_id: str | None
    started_at: datetime
    is_keyed: bool = False


class RetryDedup:
    """The attempts of all processes; each method is scoped to the request or the attempt that it is given.

    Args:
        sessions: of the database.
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
        self._marking: set[asyncio.Task[None]] = set()
        self._answered: list[tuple[Attempt, datetime]] = []

    def add(self, session: AsyncSession, request: RequestFingerprint, *, result_id: str | None = None) -> Attempt:
        """Adds a new attempt, or the request's key in its place, to the transaction that writes its intent.

        That transaction fails when another one has just inserted the key (``app.creates.idempotency.is_key_taken``).
        """
        key = request.idempotency_key
        attempt = Attempt(new_id("try"), result_id, self._clock(), is_keyed=key is not None)
        if key is not None:
            session.add(
                IdempotencyKeyRow(
                    tenant_id=request.tenant_id,
                    key=key.text,
                    id=attempt.id,
                    route=request.route,
                    value_hash=key.value_hash,
                    result_id=result_id,
                    created_at=attempt.started_at,
                )
            )
            return attempt
        session.add(
            AttemptRow(
                id=attempt.id,
                tenant_id=request.tenant_id,
                key_id=request.key_id,
                route=request.route,
                body_hash=request.body_hash,
                instance_id=self._processes.instance_id,
                result_id=result_id,
                started_at=attempt.started_at,
            )
        )
        return attempt

    async def set_result(self, session: AsyncSession, attempt_id: str, result_id: str) -> None:
        """Writes what an attempt has made, in the transaction that writes its outcome."""
        for table in _TABLES:
            await session.execute(update(table).where(table.id == attempt_id).values(result_id=result_id))

    async def remove(self, session: AsyncSession, attempt_id: str) -> None:
        """Deletes an attempt with its refused or unsent intent: a retry is a new create, and the key is free."""
        for table in _TABLES:
            await session.execute(delete(table).where(table.id == attempt_id))

    async def reload(self, attempt: Attempt) -> Attempt | None:
        """Returns the attempt with its result as far as it is known now; None: it was refused or never sent."""
        table = IdempotencyKeyRow if attempt.is_keyed else AttemptRow
        async with self._sessions() as session:
            row = (await session.execute(select(table.result_id).where(table.id == attempt.id))).one_or_none()
        return None if row is None else replace(attempt, result_id=row.result_id)

    async def is_keyed(self, session: AsyncSession, attempt_id: str) -> bool:
        """Says whether a create has an ``Idempotency-Key``."""
        query = select(IdempotencyKeyRow.id).where(IdempotencyKeyRow.id == attempt_id)
        return await session.scalar(query) is not None

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
        for _ in range(_DISCONNECT_NOTICE_CHECKS):
            claimed, is_another_running = await self._try_claim(request)
            if claimed is not None or not is_another_running:
                return claimed
            leave_turn()
            await asyncio.sleep(_DISCONNECT_NOTICE_TIMEOUT_SECONDS / _DISCONNECT_NOTICE_CHECKS)
        return (await self._try_claim(request))[0]

    async def _find_by_key(self, request: RequestFingerprint, key: IdempotencyKey) -> Attempt | None:
        async with self._sessions() as session:
            keys = IdempotencyKeyRepository(session, request.tenant_id)
            row = await keys.find(key.text)
            if self._find_older_key is not None and (row is None or row.route != request.route):
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
        now = self._clock()
        is_claimable = (
            _is_claimable_by_marked(now, self._create_window) if request.is_marked_retry else _is_abandoned(now)
        )
        # An answer of the last second may not be written yet.
        answered = [attempt.id for attempt, _ in self._answered]
        is_under_way = and_(
            _is_running(), AttemptRow.started_at >= now - self._create_window, AttemptRow.id.not_in(answered)
        )
        is_relevant = or_(is_claimable, is_under_way, self._is_elsewhere())
        query = select(AttemptRow.instance_id).where(_is_same(request), is_relevant).distinct()
        try:
            async with self._sessions.begin() as session:
                instances = (await session.scalars(query)).all()
                for instance_id in instances:
                    if instance_id != self._processes.instance_id:
                        await self._abandon_if_dead(session, request, instance_id)
                claimed = await self._take_over(session, request, is_claimable, now) if instances else None
        except BaseException:
            # The takeover may have committed although the call failed; make the attempt claimable again.
            is_taken_over = and_(
                _is_same(request), AttemptRow.started_at == now, AttemptRow.instance_id == self._processes.instance_id
            )
            self._background.start(self._write_abandoned(is_taken_over, now))
            raise
        return claimed, bool(instances)

    @asynccontextmanager
    async def tracked(self, attempt: Attempt | None, gone: asyncio.Event) -> AsyncIterator[None]:
        """Marks the attempt as answered or abandoned while the block works on it.

        It is abandoned at the moment when ``gone`` is set, although the block goes on, and when the block ends with an
        error of 500 or more; otherwise it is answered when the block ends. An attempt with a key, and None, are not
        marked.
        """
        if attempt is None or attempt.is_keyed:
            yield
            return
        watch = self._background.start(self._abandon_when(attempt, gone))
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
                watch.cancel()
                if is_answered:
                    self.mark_answered(attempt)

    def mark_answered(self, attempt: Attempt) -> None:
        """Notes that the client got its answer. Written within a second; a crash before that leaves it abandoned."""
        self._answered.append((attempt, self._clock()))

    async def mark_abandoned(self, attempt: Attempt) -> None:
        """Marks that the client got no complete answer; without a database, goes on trying in the background."""
        is_current = and_(AttemptRow.id == attempt.id, AttemptRow.started_at == attempt.started_at)
        task = self._background.start(self._write_abandoned(is_current, self._clock()))
        self._marking.add(task)
        task.add_done_callback(self._marking.discard)
        await asyncio.wait({task}, timeout=_MARK_TIMEOUT_SECONDS)

    async def flush(self) -> None:
        """Writes which attempts were answered."""
        batch, self._answered = self._answered, []
        if not batch:
            return
        values = {
            "ids": [attempt.id for attempt, _ in batch],
            "starts": [attempt.started_at for attempt, _ in batch],
            "ends": [answered_at for _, answered_at in batch],
        }
        try:
            async with self._sessions.begin() as session:
                await session.execute(_MARK_ANSWERED, values)
        except BaseException:
            self._answered = batch + self._answered
            raise

    async def remove_old(self) -> None:
        """Deletes attempts that can no longer be claimed."""
        before = self._clock() - self._create_window - _RETENTION
        async with self._sessions.begin() as session:
            await session.execute(delete(AttemptRow).where(AttemptRow.started_at < before))

    async def drain(self) -> None:
        """Waits for the marks that are being written; called before the database is closed."""
        await self._background.drain(timeout_seconds=_DRAIN_TIMEOUT_SECONDS)

    def _is_elsewhere(self) -> ColumnElement[bool]:
        return and_(_is_running(), AttemptRow.instance_id != self._processes.instance_id)

    async def _is_running_elsewhere(self, request: RequestFingerprint) -> bool:
        query = select(AttemptRow.id).where(_is_same(request), self._is_elsewhere()).limit(1)
        async with self._sessions() as session:
            return await session.scalar(query) is not None

    async def _abandon_when(self, attempt: Attempt, gone: asyncio.Event) -> None:
        await gone.wait()
        await self.mark_abandoned(attempt)

    async def _write_abandoned(self, is_meant: ColumnElement[bool], abandoned_at: datetime) -> None:
        """Tries until it succeeds or the attempt could no longer be claimed anyway."""
        mark = update(AttemptRow).where(is_meant).values(abandoned_at=abandoned_at, answered_at=None)
        while self._clock() < abandoned_at + CLAIMABLE_FOR:
            try:
                async with self._sessions.begin() as session:
                    await session.execute(mark)
            except Exception as error:  # noqa: BLE001 - whatever failed, the next try may succeed
                _log.warning("abandoned_attempt_not_marked_yet", error=type(error).__name__)
                await asyncio.sleep(_MARK_RETRY_SECONDS)
            else:
                return

    async def _abandon_if_dead(self, session: AsyncSession, request: RequestFingerprint, instance_id: str) -> None:
        dead_at = await self._processes.dead_since(session, instance_id)
        if dead_at is not None:
            mark = update(AttemptRow).where(_is_same(request), _is_running(), AttemptRow.instance_id == instance_id)
            mark = mark.values(abandoned_at=func.greatest(AttemptRow.started_at, dead_at))
            await session.execute(mark, execution_options={"synchronize_session": False})

    async def _take_over(
        self, session: AsyncSession, request: RequestFingerprint, is_claimable: ColumnElement[bool], now: datetime
    ) -> Attempt | None:
        """Takes over one attempt in one statement: a concurrent request waits for the row lock and finds it taken."""
        best = (
            select(AttemptRow.id)
            .where(_is_same(request), is_claimable)
            .order_by(AttemptRow.abandoned_at.is_(None), AttemptRow.started_at.desc())
            .limit(1)
            .with_for_update()
            .scalar_subquery()
        )
        take = (
            update(AttemptRow)
            .where(AttemptRow.id == best)
            .values(instance_id=self._processes.instance_id, started_at=now, answered_at=None, abandoned_at=None)
            .returning(AttemptRow.id, AttemptRow.result_id)
            .execution_options(synchronize_session=False)
        )
        taken = (await session.execute(take)).one_or_none()
        return None if taken is None else Attempt(taken.id, taken.result_id, now)


def _is_same(request: RequestFingerprint) -> ColumnElement[bool]:
    return and_(
        AttemptRow.key_id == request.key_id,
        AttemptRow.tenant_id == request.tenant_id,
        AttemptRow.route == request.route,
        AttemptRow.body_hash == request.body_hash,
    )


def _is_running() -> ColumnElement[bool]:
    return and_(AttemptRow.answered_at.is_(None), AttemptRow.abandoned_at.is_(None))


def _is_abandoned(now: datetime) -> ColumnElement[bool]:
    return and_(AttemptRow.answered_at.is_(None), AttemptRow.abandoned_at >= now - CLAIMABLE_FOR)


def _is_claimable_by_marked(now: datetime, create_window: timedelta) -> ColumnElement[bool]:
    """What a request that is marked as a retry may claim."""
    return or_(
        _is_abandoned(now),
        AttemptRow.answered_at >= now - CLAIMABLE_FOR,
        AttemptRow.started_at >= now - CLAIMABLE_FOR,
        and_(_is_running(), AttemptRow.started_at >= now - create_window),
    )
