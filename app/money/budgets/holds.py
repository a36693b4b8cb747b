"""Takes the holds of creates, in the transaction that writes their intents.

A hold is taken while the rows of its periods are locked, so that creates of all processes together pass no budget. It
ends with its task: triggers of the ledger and of the tasks release it (revision 0024 of the schema).

The rows of periods are the last that a transaction locks, in the order of their keys, so that no two transactions wait
for each other.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import ServiceUnavailableError
from app.money.budgets.budget import Hold, PeriodKey, Room, first_refused, overdue, take

_LOCK = """
    SELECT p.budget_id, p.starts_at, b.amount_micros, p.used_micros + p.held_micros, b.is_hard, b.deleted_at IS NULL
    FROM budget_periods AS p JOIN budgets AS b ON b.id = p.budget_id
    WHERE {condition} AND (p.budget_id, p.starts_at) IN (
        SELECT * FROM unnest(CAST(:budget_ids AS text[]), CAST(:starts_at AS timestamptz[]))
        {others}
    )
    ORDER BY p.budget_id, p.starts_at FOR UPDATE OF p {wait}
"""
_OF_TASK = (
    "UNION SELECT budget_id, period_starts_at FROM budget_holds WHERE tenant_id = :tenant_id AND task_id = :task_id"
)
_TAKEN = """
    SELECT * FROM unnest(
        CAST(:tenant_ids AS text[]), CAST(:task_ids AS text[]), CAST(:budget_ids AS text[]),
        CAST(:starts_at AS timestamptz[]), CAST(:amounts_micros AS bigint[])
    ) AS t (tenant_id, task_id, budget_id, period_starts_at, amount_micros)
"""


def lock_of(*, condition: str = "true", others: str = "", wait: str = "") -> str:
    """Returns a query that locks periods and reads them for ``rooms_of``; parameters: ``keys_of``.

    Args:
        condition: without which none is locked; decided before the first is.
        others: a part of a query that adds the keys of further periods.
        wait: ``SKIP LOCKED`` leaves those out that are locked.
    """
    return _LOCK.format(condition=condition, others=others, wait=wait)


def writes_of(condition: str = "true") -> str:
    """Returns the parts of a statement after WITH that write holds if a condition is met; parameters: ``values_of``."""
    return f"""
        taken AS ({_TAKEN} WHERE {condition}), inserted AS (
            INSERT INTO budget_holds (tenant_id, task_id, budget_id, period_starts_at, amount_micros)
            SELECT * FROM taken
        ), change AS (
            SELECT budget_id, period_starts_at, CAST(sum(amount_micros) AS bigint) AS held FROM taken GROUP BY 1, 2
        ), changed AS (
            UPDATE budget_periods AS p SET held_micros = p.held_micros + change.held
            FROM change WHERE p.budget_id = change.budget_id AND p.starts_at = change.period_starts_at
        )
    """  # noqa: S608 - constants


_WRITE = text(f"WITH {writes_of()} SELECT 1")
_RELEASE = text("""
    WITH released AS (
        DELETE FROM budget_holds WHERE tenant_id = :tenant_id AND task_id = :task_id
        RETURNING budget_id, period_starts_at, amount_micros
    )
    UPDATE budget_periods AS p SET held_micros = p.held_micros - released.amount_micros
    FROM released WHERE p.budget_id = released.budget_id AND p.starts_at = released.period_starts_at
    RETURNING p.budget_id, p.starts_at, released.amount_micros
""")
_LOCK_ALONE = text(lock_of())
_LOCK_OF_TASK = text(lock_of(others=_OF_TASK))


class MissingPeriodError(ServiceUnavailableError):
    """503, a period is not there, which is made before (``app.usage.budget_periods``)."""


@dataclass(frozen=True, slots=True)
class HoldRequest:
    """The holds of one task, each of another budget."""

    tenant_id: str
    task_id: str
    holds: Sequence[Hold]


async def take_holds(session: AsyncSession, request: HoldRequest) -> None:
    """Takes the holds of a create; waits for the rows of their periods.

    Raises:
        AccountOverdueError: 403, a hard budget has no room for it.
        MissingPeriodError: 503.
    """
    rooms = await _lock(session, _LOCK_ALONE, keys_of(request.holds))
    await _take(session, request, rooms)


async def replace_holds(session: AsyncSession, request: HoldRequest) -> None:
    """Takes the holds of a create in place of those that it has; its task's row is locked.

    Raises:
        AccountOverdueError: 403, a hard budget has no room for it.
        MissingPeriodError: 503.
    """
    of_task = {"tenant_id": request.tenant_id, "task_id": request.task_id}
    rooms = await _lock(session, _LOCK_OF_TASK, {**keys_of(request.holds), **of_task})
    for budget_id, starts_at, amount_micros in await session.execute(_RELEASE, of_task):
        rooms[budget_id, starts_at].taken_micros -= amount_micros
    await _take(session, request, rooms)


async def _take(session: AsyncSession, request: HoldRequest, rooms: Mapping[PeriodKey, Room]) -> None:
    missing = [hold.key for hold in request.holds if hold.key not in rooms]
    if missing:
        raise MissingPeriodError(internal=f"no row of the budget's period: {missing}")
    refused = first_refused(request.holds, rooms)
    if refused is not None:
        raise overdue(refused, rooms[refused.key])
    taken = [(request, hold) for hold in take(request.holds, rooms)]
    if taken:
        await session.execute(_WRITE, values_of(taken))


async def _lock(session: AsyncSession, statement: TextClause, values: Mapping[str, Any]) -> dict[PeriodKey, Room]:
    return rooms_of((await session.execute(statement, values)).all())


def rooms_of(rows: Iterable[Sequence[Any]]) -> dict[PeriodKey, Room]:
    """Returns what the periods of the locked rows have room for."""
    return {(row[0], row[1]): Room(*row[2:]) for row in map(tuple, rows)}


def keys_of(holds: Iterable[Hold]) -> dict[str, Any]:
    """Returns the parameters of ``lock_of``."""
    keys = sorted({hold.key for hold in holds})
    return {"budget_ids": [budget_id for budget_id, _ in keys], "starts_at": [starts_at for _, starts_at in keys]}


def values_of(taken: Sequence[tuple[HoldRequest, Hold]]) -> dict[str, Any]:
    """Returns the parameters of ``writes_of``."""
    return {
        "tenant_ids": [request.tenant_id for request, _ in taken],
        "task_ids": [request.task_id for request, _ in taken],
        "budget_ids": [hold.budget.id for _, hold in taken],
        "starts_at": [hold.period.starts_at for _, hold in taken],
        "amounts_micros": [hold.amount_micros for _, hold in taken],
    }
