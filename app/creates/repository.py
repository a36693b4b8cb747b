"""Queries on attempts and on the keys in their place."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    TIMESTAMP,
    ColumnElement,
    LargeBinary,
    Text,
    and_,
    bindparam,
    delete,
    func,
    or_,
    select,
    text,
    true,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from app.creates.attempts import Attempt, RequestFingerprint
from app.creates.models import AttemptRow, IdempotencyKeyRow
from app.db.driver_statement import rows_of
from app.db.plain_row import PlainRow
from app.ids import new_id

CLAIMABLE_FOR = timedelta(seconds=60)
"""How long after it was abandoned an attempt may be claimed."""

_TABLES: tuple[type[AttemptRow | IdempotencyKeyRow], ...] = (AttemptRow, IdempotencyKeyRow)

# Clears `abandoned_at`, too: only a process that took this one for dead can have set it on an answered attempt.
_MARK_ANSWERED = text("""
    UPDATE create_attempts AS a SET answered_at = v.answered_at, abandoned_at = NULL
    FROM unnest(CAST(:ids AS text[]), CAST(:starts AS timestamptz[]), CAST(:ends AS timestamptz[]))
        AS v (id, started_at, answered_at)
    WHERE a.id = v.id AND a.started_at = v.started_at
""")
_MARK_ABANDONED = text("""
    WITH unlocked AS (
        SELECT a.id, v.abandoned_at
        FROM create_attempts AS a
        JOIN unnest(CAST(:ids AS text[]), CAST(:starts AS timestamptz[]), CAST(:ends AS timestamptz[]))
            AS v (id, started_at, abandoned_at) ON a.id = v.id AND a.started_at = v.started_at
        FOR UPDATE OF a SKIP LOCKED
    )
    UPDATE create_attempts AS a SET abandoned_at = unlocked.abandoned_at, answered_at = NULL
    FROM unlocked WHERE a.id = unlocked.id
    RETURNING a.id
""")


class AllAttempts:
    """The attempts of all tenants: a retry may arrive in any process, and recovery concerns every create."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    def add(self, request: RequestFingerprint, *, by: str, result_id: str | None, now: datetime) -> Attempt:
        """Adds a new attempt of the process ``by``, or the request's key in its place, to the session.

        The transaction fails when another one has just inserted the key (``app.creates.idempotency.is_key_taken``).
        """
        attempt, row = new_attempt(request, by=by, result_id=result_id, now=now)
        self._session.add(row.to_object())
        return attempt

    async def set_result(self, attempt_id: str, result_id: str) -> None:
        """Writes what an attempt has made, in the transaction that writes its outcome."""
        for table in _TABLES:
            await self._session.execute(update(table).where(table.id == attempt_id).values(result_id=result_id))

    async def remove(self, attempt_id: str) -> None:
        """Deletes an attempt with its refused or unsent intent: a retry is a new create, and the key is free."""
        for table in _TABLES:
            await self._session.execute(delete(table).where(table.id == attempt_id))

    async def reload(self, attempt: Attempt) -> Attempt | None:
        """Returns the attempt with its result as far as it is known now; None: it was refused or never sent."""
        table = IdempotencyKeyRow if attempt.is_keyed else AttemptRow
        row = (await self._session.execute(select(table.result_id).where(table.id == attempt.id))).one_or_none()
        return None if row is None else replace(attempt, result_id=row.result_id)

    async def is_keyed(self, attempt_id: str) -> bool:
        """Says whether a create has an ``Idempotency-Key``."""
        query = select(IdempotencyKeyRow.id).where(IdempotencyKeyRow.id == attempt_id)
        return await self._session.scalar(query) is not None

    async def is_running_elsewhere(self, request: RequestFingerprint, *, here: str) -> bool:
        """Says whether an identical attempt is under way in another process than ``here``."""
        query = select(AttemptRow.id).where(_is_same(request), _is_running(), AttemptRow.instance_id != here).limit(1)
        return await self._session.scalar(query) is not None

    async def instances(
        self, request: RequestFingerprint, *, here: str, answered: Collection[str], now: datetime, window: timedelta
    ) -> Sequence[str]:
        """Returns the processes with identical attempts that can be claimed or are under way.

        Args:
            request: the request to which they are identical.
            here: this process; what is under way elsewhere counts however old it is, as that process may be dead.
            answered: ids of attempts that were answered, although it is not written yet.
            now: the present moment.
            window: how long a create may be under way.
        """
        is_under_way = and_(_is_under_way(now, window), AttemptRow.id.not_in(answered))
        is_relevant = or_(_is_claimable(request, now, window), is_under_way, _is_elsewhere(here))
        return (
            await self._session.scalars(select(AttemptRow.instance_id).where(_is_same(request), is_relevant).distinct())
        ).all()

    async def set_instance_dead(self, request: RequestFingerprint, instance_id: str, *, since: datetime) -> None:
        """Makes the identical attempts of a dead process claimable."""
        mark = update(AttemptRow).where(_is_same(request), _is_running(), AttemptRow.instance_id == instance_id)
        mark = mark.values(abandoned_at=func.greatest(AttemptRow.started_at, since))
        await self._session.execute(mark, execution_options={"synchronize_session": False})

    async def take_over(
        self, request: RequestFingerprint, *, by: str, now: datetime, window: timedelta
    ) -> Attempt | None:
        """Takes over one attempt in one statement.

        What another request is taking over is taken: a plain one leaves it out, and finds the next. One that is marked
        as a retry waits, as it may take over what the other one has.
        """
        best = (
            select(AttemptRow.id)
            .where(_is_same(request), _is_claimable(request, now, window))
            .order_by(AttemptRow.abandoned_at.is_(None), AttemptRow.started_at.desc())
            .limit(1)
            .with_for_update(skip_locked=not request.is_marked_retry)
            .scalar_subquery()
        )
        take = (
            update(AttemptRow)
            .where(AttemptRow.id == best)
            .values(instance_id=by, started_at=now, answered_at=None, abandoned_at=None)
            .returning(AttemptRow.id, AttemptRow.result_id)
            .execution_options(synchronize_session=False)
        )
        taken = (await self._session.execute(take)).one_or_none()
        return None if taken is None else Attempt(taken.id, taken.result_id, now, sent=request.sent)

    async def set_abandoned(self, attempts: Collection[tuple[Attempt, datetime]]) -> Collection[str]:
        """Makes attempts claimable, except those that are locked, or that another request has taken over since.

        Returns:
            The ids of those that are claimable now.
        """
        values = {
            "ids": [attempt.id for attempt, _ in attempts],
            "starts": [attempt.started_at for attempt, _ in attempts],
            "ends": [abandoned_at for _, abandoned_at in attempts],
        }
        return set(await self._session.scalars(_MARK_ABANDONED, values))

    async def set_one_abandoned(self, attempt: Attempt, *, at: datetime) -> None:
        """Makes an attempt claimable, unless another request has taken it over since; waits for its row."""
        is_current = and_(AttemptRow.id == attempt.id, AttemptRow.started_at == attempt.started_at)
        await self._session.execute(update(AttemptRow).where(is_current).values(abandoned_at=at, answered_at=None))

    async def undo_takeover(self, request: RequestFingerprint, *, by: str, at: datetime) -> None:
        """Makes an attempt claimable that this process may have taken over at that moment."""
        is_taken_over = and_(_is_same(request), AttemptRow.started_at == at, AttemptRow.instance_id == by)
        await self._session.execute(update(AttemptRow).where(is_taken_over).values(abandoned_at=at, answered_at=None))

    async def set_answered(self, attempts: Collection[tuple[Attempt, datetime]]) -> None:
        """Writes when the clients of attempts got their answers."""
        values = {
            "ids": [attempt.id for attempt, _ in attempts],
            "starts": [attempt.started_at for attempt, _ in attempts],
            "ends": [answered_at for _, answered_at in attempts],
        }
        await self._session.execute(_MARK_ANSWERED, values)

    async def delete_begun_before(self, moment: datetime) -> None:
        """Deletes attempts that can no longer be claimed."""
        await self._session.execute(delete(AttemptRow).where(AttemptRow.started_at < moment))


def new_attempt(
    request: RequestFingerprint, *, by: str, result_id: str | None, now: datetime
) -> tuple[Attempt, PlainRow]:
    """Returns a new attempt of the process ``by``, and its row or that of the request's key in its place."""
    key = request.idempotency_key
    attempt = Attempt(
        new_id("try"), result_id, now, is_keyed=key is not None, sent=request.sent if key is None else None
    )
    values: dict[str, Any] = {
        "id": attempt.id,
        "tenant_id": request.tenant_id,
        "route": request.route,
        "result_id": result_id,
    }
    if key is not None:
        values |= {"key": key.text, "value_hash": key.value_hash, "created_at": now}
        return attempt, PlainRow(IdempotencyKeyRow, values)
    values |= {"key_id": request.key_id, "body_hash": request.body_hash, "instance_id": by, "started_at": now}
    return attempt, PlainRow(AttemptRow, values)


def _is_same(request: Any) -> ColumnElement[bool]:
    """Compares with a ``RequestFingerprint``, or with the columns of ``REQUESTS``."""
    return and_(
        AttemptRow.key_id == request.key_id,
        AttemptRow.tenant_id == request.tenant_id,
        AttemptRow.route == request.route,
        AttemptRow.body_hash == request.body_hash,
    )


def _is_running() -> ColumnElement[bool]:
    return and_(AttemptRow.answered_at.is_(None), AttemptRow.abandoned_at.is_(None))


def _is_under_way(now: Any, window: Any) -> ColumnElement[bool]:
    return and_(_is_running(), AttemptRow.started_at >= now - window)


def _is_elsewhere(here: Any) -> ColumnElement[bool]:
    return and_(_is_running(), AttemptRow.instance_id != here)


def _is_abandoned(now: Any) -> ColumnElement[bool]:
    return and_(AttemptRow.answered_at.is_(None), AttemptRow.abandoned_at >= now - CLAIMABLE_FOR)


def _is_claimable(request: RequestFingerprint, now: datetime, create_window: timedelta) -> ColumnElement[bool]:
    """What a request may claim; more when it is marked as a retry."""
    if not request.is_marked_retry:
        return _is_abandoned(now)
    return or_(
        _is_abandoned(now),
        AttemptRow.answered_at >= now - CLAIMABLE_FOR,
        AttemptRow.started_at >= now - CLAIMABLE_FOR,
        and_(_is_running(), AttemptRow.started_at >= now - create_window),
    )


REQUESTS = rows_of(
    "sent",
    {
        "tenant_id": Text(),
        "key_id": Text(),
        "route": Text(),
        "body_hash": LargeBinary(),
        "begun_at": TIMESTAMP(timezone=True),
    },
)
"""Requests that are given as arrays, in a statement about many of them."""


def _earlier_attempt() -> Any:
    sent, here = REQUESTS.c, bindparam("here", type_=Text())
    is_relevant = or_(_is_abandoned(sent.begun_at), _is_elsewhere(here))
    # The second condition follows from the third; PostgreSQL uses the small index for it.
    attempt = select(AttemptRow.id).where(_is_same(sent), AttemptRow.answered_at.is_(None), is_relevant)
    # With its limit it is asked for each request by an index, whatever is thought to be in the table.
    return attempt.limit(1).lateral("earlier")


NUMBERS_WITH_EARLIER_ATTEMPT = select(REQUESTS.c.number).join_from(REQUESTS, _earlier_attempt(), true())
"""The numbers of ``REQUESTS``, not marked as retries, of which an attempt can be claimed or is under way elsewhere.

Parameter: ``here``, the process that asks, which knows by itself what is under way in it."""
