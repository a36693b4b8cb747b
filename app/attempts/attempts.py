"""Tickets: how a client library's next try is joined to the create that its first one began.

No SDK sends an idempotency key, and each sends a create again when it gets no complete answer. An attempt whose client
was lost therefore leaves a ticket, which the next identical request takes to get that attempt's result. A create that
bears an ``Idempotency-Key`` needs none: every later request with that key is given its result. The module knows neither
tasks nor assets, nor a framework: a lost client is an ``asyncio.Event``.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, and_, delete, func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.attempts.idempotency import (
    CREATE_TASK,
    FindOlderKey,
    IdempotencyKey,
    IdempotencyKeyRepository,
    OlderKey,
    check_older,
    check_row,
)
from app.attempts.models import AttemptRow, IdempotencyKeyRow
from app.db.presence import Presence
from app.errors import SeedgateError
from app.ids import new_id
from app.jobs import WorkUnderWay
from app.turns import leave_turn

TICKET_FOR = timedelta(seconds=60)
"""How long after the loss of its client an attempt may be taken over."""

_KEPT_FOR = timedelta(minutes=10)
_FIRST_SERVER_ERROR = 500
# So long may a retry be ahead of the news that the connection of its first try has ended.
_LOSS_NEWS_SECONDS = 0.5
_LOSS_LOOKS = 5
_MARK_PATIENCE_SECONDS = 1.0
_MARK_PAUSE_SECONDS = 0.2
_DRAIN_SECONDS = 2.0

_TABLES: tuple[type[AttemptRow | IdempotencyKeyRow], ...] = (AttemptRow, IdempotencyKeyRow)

# A loss that stands there was written by a process that took this one for dead: who answers writes none itself.
_ANSWERED = text("""
    UPDATE create_attempts AS a SET answered_at = v.answered_at, lost_at = NULL
    FROM unnest(CAST(:ids AS text[]), CAST(:starts AS timestamptz[]), CAST(:ends AS timestamptz[]))
        AS v (id, started_at, answered_at)
    WHERE a.id = v.id AND a.started_at = v.started_at
""")

_log = structlog.get_logger()


@dataclass(frozen=True)
class SentRequest:
    """What tells a client's create from other ones.

    Attributes:
        tenant_id: whose.
        key_id: the API key's row.
        route: the task route, or the action.
        body_hash: SHA-256 of the body's bytes.
        is_marked_retry: it says so itself (``app.attempts.marks``).
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
    """One create as one client's request carries it.

    Attributes:
        id: of the row.
        result_id: what it made or will have made; None while that is not known.
        started_at: when this request began to carry it. Who takes it over begins anew, and the request before can
            mark nothing any more.
        is_keyed: it has an ``Idempotency-Key``, so that the loss of its client need not be recorded.
    """

    id: str
    result_id: str | None
    started_at: datetime
    is_keyed: bool = False


class Attempts:
    """The attempts of all processes; each method scopes to the request or the attempt that it is given."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        presence: Presence,
        clock: Callable[[], datetime],
        *,
        create_window: timedelta = timedelta(minutes=5),
        find_older_key: FindOlderKey | None = None,
    ) -> None:
        """Makes it.

        Args:
            sessions: of the database.
            presence: this process.
            clock: the time in UTC.
            create_window: after so long a create is surely no longer under way.
            find_older_key: looks for keys where earlier versions kept them; None: there are none.
        """
        self._sessions = sessions
        self._presence = presence
        self._clock = clock
        self._create_window = create_window
        self._find_older_key = find_older_key or _find_none
        self._losses = WorkUnderWay()
        self._losing: set[asyncio.Task[None]] = set()
        self._answered: list[tuple[Attempt, datetime]] = []

    def add(self, session: AsyncSession, request: SentRequest, *, result_id: str | None = None) -> Attempt:
        """Adds a new attempt, or the request's key in its place, to the transaction that writes its intent.

        That transaction fails when another one has just taken the key (``app.attempts.idempotency.is_key_taken``).
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
                instance_id=self._presence.id,
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
        """Deletes an attempt with its refused or unsent intent: the next try is a fresh one, and its key is free."""
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

    async def find(self, request: SentRequest) -> Attempt | None:
        """Takes over an earlier, identical attempt, or returns None: this request is a create of its own.

        With an ``Idempotency-Key`` that is the one create that the key identifies, at any time.

        Without a key an attempt can be taken for 60 seconds after its client was lost or its process died, by one
        request. A request that is marked as a retry also takes one that is still running or was answered in that time.
        While an identical attempt is running, half a second passes first, in which it may turn out that its client has
        left.

        Raises:
            ConflictError: 409 ``IdempotencyConflict``, the key identifies another create.
            DatabaseUnavailableError: the database is away, or was and nobody can tell yet whether an identical
                attempt's process is dead.
        """
        if request.idempotency_key is not None:
            return await self._find_by_key(request, request.idempotency_key)
        if self._losing:
            await asyncio.wait(set(self._losing), timeout=_MARK_PATIENCE_SECONDS)
        # After the database was away nobody can tell for a moment whether the process that carries the first try is
        # dead; a second create must not be the answer to that.
        if self._presence.is_just_back and await self._is_carried_elsewhere(request):
            leave_turn()
            await self._presence.until_sure()
        # A retry that comes at once may overtake the news that its first try lost its connection.
        for _ in range(_LOSS_LOOKS):
            taken, is_another_running = await self._look(request)
            if taken is not None or not is_another_running:
                return taken
            leave_turn()
            await asyncio.sleep(_LOSS_NEWS_SECONDS / _LOSS_LOOKS)
        return (await self._look(request))[0]

    async def _find_by_key(self, request: SentRequest, key: IdempotencyKey) -> Attempt | None:
        async with self._sessions() as session:
            keys = IdempotencyKeyRepository(session, request.tenant_id)
            row = await keys.find(key.text)
            if row is None or row.route != request.route:
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

    async def _look(self, request: SentRequest) -> tuple[Attempt | None, bool]:
        """Returns the attempt that this request takes over, if any, and whether an identical one is under way."""
        now = self._clock()
        is_open = _is_marked_open(now, self._create_window) if request.is_marked_retry else _is_lost(now)
        # What was answered within the last second may not be written yet.
        answered = [attempt.id for attempt, _ in self._answered]
        is_under_way = and_(
            _is_running(), AttemptRow.started_at >= now - self._create_window, AttemptRow.id.not_in(answered)
        )
        is_wanted = or_(is_open, is_under_way, self._is_elsewhere())
        query = select(AttemptRow.instance_id).where(_is_same(request), is_wanted).distinct()
        try:
            async with self._sessions.begin() as session:
                carriers = (await session.scalars(query)).all()
                for instance_id in carriers:
                    if instance_id != self._presence.id:
                        await self._lose_if_dead(session, request, instance_id)
                taken = await self._take(session, request, is_open, now) if carriers else None
        except BaseException:
            # It may have been taken unheard. Nobody carries it then, so its ticket has to be left again.
            is_taken = and_(
                _is_same(request), AttemptRow.started_at == now, AttemptRow.instance_id == self._presence.id
            )
            self._losses.start(self._write_loss(is_taken, now))
            raise
        return taken, bool(carriers)

    @asynccontextmanager
    async def carried(self, attempt: Attempt | None, gone: asyncio.Event) -> AsyncIterator[None]:
        """Marks what becomes of the client while the block works on its attempt.

        The attempt is lost in the moment in which ``gone`` is set, while the block goes on, and when the block ends
        with an error of 500 or more; else it is answered when the block ends. For an attempt with a key, and for
        None, nothing is marked.
        """
        if attempt is None or attempt.is_keyed:
            yield
            return
        watch = self._losses.start(self._lose_when(attempt, gone))
        try:
            yield
        except BaseException as error:
            status = error.status if isinstance(error, SeedgateError) else _FIRST_SERVER_ERROR
            if status >= _FIRST_SERVER_ERROR:
                await self.lost(attempt)
            elif not gone.is_set():
                self.answered(attempt)
            raise
        else:
            if not gone.is_set():
                self.answered(attempt)
        finally:
            if not gone.is_set():
                watch.cancel()

    def answered(self, attempt: Attempt) -> None:
        """Notes that the client got its answer; written within a second, and in a crash until then taken for lost."""
        self._answered.append((attempt, self._clock()))

    async def lost(self, attempt: Attempt) -> None:
        """Marks that the client got no complete answer; when the database is away, goes on trying behind it."""
        is_carried = and_(AttemptRow.id == attempt.id, AttemptRow.started_at == attempt.started_at)
        task = self._losses.start(self._write_loss(is_carried, self._clock()))
        self._losing.add(task)
        task.add_done_callback(self._losing.discard)
        await asyncio.wait({task}, timeout=_MARK_PATIENCE_SECONDS)

    async def flush(self) -> None:
        """Writes who has got an answer."""
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
                await session.execute(_ANSWERED, values)
        except BaseException:
            self._answered = batch + self._answered
            raise

    async def remove_old(self) -> None:
        """Deletes attempts that nobody can take any more."""
        before = self._clock() - self._create_window - _KEPT_FOR
        async with self._sessions.begin() as session:
            await session.execute(delete(AttemptRow).where(AttemptRow.started_at < before))

    async def drain(self) -> None:
        """Waits for the marks that are being written; called before the database is closed."""
        await self._losses.drain(patience_seconds=_DRAIN_SECONDS)

    def _is_elsewhere(self) -> ColumnElement[bool]:
        return and_(_is_running(), AttemptRow.instance_id != self._presence.id)

    async def _is_carried_elsewhere(self, request: SentRequest) -> bool:
        query = select(AttemptRow.id).where(_is_same(request), self._is_elsewhere()).limit(1)
        async with self._sessions() as session:
            return await session.scalar(query) is not None

    async def _lose_when(self, attempt: Attempt, gone: asyncio.Event) -> None:
        await gone.wait()
        await self.lost(attempt)

    async def _write_loss(self, is_meant: ColumnElement[bool], lost_at: datetime) -> None:
        mark = update(AttemptRow).where(is_meant).values(lost_at=lost_at, answered_at=None)
        while self._clock() < lost_at + TICKET_FOR:
            try:
                async with self._sessions.begin() as session:
                    await session.execute(mark)
            except Exception as error:  # noqa: BLE001 - the mark is worth another try for as long as it is worth anything
                _log.warning("loss_not_marked_yet", error=type(error).__name__)
                await asyncio.sleep(_MARK_PAUSE_SECONDS)
            else:
                return

    async def _lose_if_dead(self, session: AsyncSession, request: SentRequest, instance_id: str) -> None:
        dead_at = await self._presence.is_dead(session, instance_id)
        if dead_at is not None:
            mark = update(AttemptRow).where(_is_same(request), _is_running(), AttemptRow.instance_id == instance_id)
            mark = mark.values(lost_at=func.greatest(AttemptRow.started_at, dead_at))
            await session.execute(mark, execution_options={"synchronize_session": False})

    async def _take(
        self, session: AsyncSession, request: SentRequest, is_open: ColumnElement[bool], now: datetime
    ) -> Attempt | None:
        """Takes one attempt in one statement: who comes a moment later waits for it, and finds that one taken."""
        best = (
            select(AttemptRow.id)
            .where(_is_same(request), is_open)
            .order_by(AttemptRow.lost_at.is_(None), AttemptRow.started_at.desc())
            .limit(1)
            .with_for_update()
            .scalar_subquery()
        )
        take = (
            update(AttemptRow)
            .where(AttemptRow.id == best)
            .values(instance_id=self._presence.id, started_at=now, answered_at=None, lost_at=None)
            .returning(AttemptRow.id, AttemptRow.result_id)
            .execution_options(synchronize_session=False)
        )
        taken = (await session.execute(take)).one_or_none()
        return None if taken is None else Attempt(taken.id, taken.result_id, now)


async def _find_none(_session: AsyncSession, _tenant_id: str, _key: str) -> OlderKey | None:
    return None


def _is_same(request: SentRequest) -> ColumnElement[bool]:
    return and_(
        AttemptRow.key_id == request.key_id,
        AttemptRow.tenant_id == request.tenant_id,
        AttemptRow.route == request.route,
        AttemptRow.body_hash == request.body_hash,
    )


def _is_running() -> ColumnElement[bool]:
    return and_(AttemptRow.answered_at.is_(None), AttemptRow.lost_at.is_(None))


def _is_lost(now: datetime) -> ColumnElement[bool]:
    return and_(AttemptRow.answered_at.is_(None), AttemptRow.lost_at >= now - TICKET_FOR)


def _is_marked_open(now: datetime, create_window: timedelta) -> ColumnElement[bool]:
    """What a request that calls itself a retry may join."""
    return or_(
        _is_lost(now),
        AttemptRow.answered_at >= now - TICKET_FOR,
        AttemptRow.started_at >= now - TICKET_FOR,
        and_(_is_running(), AttemptRow.started_at >= now - create_window),
    )
