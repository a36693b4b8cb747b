"""The periods of budgets: begun with what the ledger says, compared with it, and computed from it again.

A settlement is counted in the periods that are there (revision 0024 of the schema). While a period is made or computed
again, the settlements of its tenant wait, so that each is counted once: by the ledger that is read, or by its trigger.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.money.budgets.budget import Hold, PeriodKey
from app.money.budgets.period import Period
from app.money.models import BudgetRow

# As the trigger of the ledger computes it; exclusive here, so that it waits for the settlements under way.
_WAIT_FOR_SETTLEMENTS = text("SELECT pg_advisory_xact_lock(24302, hashtext(:tenant_id) & 63)")

_USED = """
    SELECT CAST(coalesce(sum(l.cost_micros), 0) AS bigint) FROM ledger AS l
    WHERE l.tenant_id = b.tenant_id AND (b.key_id IS NULL OR l.key_id = ANY (b.key_id || b.successor_ids))
        AND l.currency = b.currency
        AND l.created_at >= p.starts_at AND (p.ends_at IS NULL OR l.created_at < p.ends_at)
"""
_HELD = """
    SELECT CAST(coalesce(sum(h.amount_micros), 0) AS bigint) FROM budget_holds AS h
    WHERE h.budget_id = p.budget_id AND h.period_starts_at = p.starts_at
"""
_KNOWN = text("""
    SELECT p.budget_id, p.starts_at FROM budget_periods AS p
    WHERE (p.budget_id, p.starts_at) IN (
        SELECT * FROM unnest(CAST(:budget_ids AS text[]), CAST(:starts_at AS timestamptz[]))
    )
""")
_BEGIN = text(f"""
    INSERT INTO budget_periods (budget_id, starts_at, ends_at, used_micros, held_micros)
    SELECT p.budget_id, p.starts_at, p.ends_at, ({_USED}), 0
    FROM unnest(CAST(:budget_ids AS text[]), CAST(:starts_at AS timestamptz[]), CAST(:ends_at AS timestamptz[]))
        AS p (budget_id, starts_at, ends_at)
        JOIN budgets AS b ON b.id = p.budget_id
    ON CONFLICT (budget_id, starts_at) DO NOTHING
""")  # noqa: S608 - constants
_COMPUTED = f"""
    SELECT b.tenant_id, p.budget_id, p.starts_at, p.used_micros, p.held_micros, used.micros AS ledger_micros,
        held.micros AS holds_micros
    FROM budget_periods AS p JOIN budgets AS b ON b.id = p.budget_id,
        LATERAL ({_USED}) AS used (micros), LATERAL ({_HELD}) AS held (micros)
"""  # noqa: S608 - constants
_DIFFERING = text(f"""
    SELECT * FROM ({_COMPUTED} WHERE p.ends_at IS NULL OR p.ends_at > :since) AS c
    WHERE used_micros <> ledger_micros OR held_micros <> holds_micros
    ORDER BY budget_id, starts_at
""")  # noqa: S608 - constants
_LOCK_ALL = text("""
    SELECT FROM budget_periods AS p JOIN budgets AS b ON b.id = p.budget_id WHERE b.tenant_id = :tenant_id
    ORDER BY p.budget_id, p.starts_at FOR UPDATE OF p
""")
_REBUILD = text(f"""
    UPDATE budget_periods AS p SET used_micros = c.ledger_micros, held_micros = c.holds_micros
    FROM ({_COMPUTED}) AS c
    WHERE p.budget_id = c.budget_id AND p.starts_at = c.starts_at AND c.tenant_id = :tenant_id
        AND (c.used_micros <> c.ledger_micros OR c.held_micros <> c.holds_micros)
    RETURNING p.budget_id
""")  # noqa: S608 - constants
_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_TENANTS = text("SELECT DISTINCT tenant_id FROM budgets ORDER BY tenant_id")


@dataclass(frozen=True, slots=True)
class PeriodDifference:
    """A period whose amounts are not those that follow from the ledger and the holds; all in millionths."""

    tenant_id: str
    budget_id: str
    starts_at: datetime
    used_micros: int
    held_micros: int
    ledger_micros: int
    holds_micros: int


class BudgetPeriods:
    """Makes the periods of holds before they are taken. One per process."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        self._sessions = sessions
        # The newest period of each budget; another one is looked for in the database.
        self._known: dict[str, datetime] = {}

    async def ensure(self, tenant_id: str, holds: Iterable[Hold]) -> None:
        """Makes the periods of a tenant's holds that are not there; each begins with what was used in it.

        A task that was unfinished before has no hold in it; it counts when it is settled.
        """
        unknown = {hold.key: hold for hold in holds if self._known.get(hold.budget.id) != hold.period.starts_at}
        if not unknown:
            return
        async with self._sessions.begin() as session:
            found = await session.execute(_KNOWN, _values(unknown))
            missing = unknown.keys() - {(budget_id, starts_at) for budget_id, starts_at in found}
            if missing:
                await session.execute(_WAIT_FOR_SETTLEMENTS, {"tenant_id": tenant_id})
                ends_at = [unknown[key].period.ends_at for key in sorted(missing)]
                await session.execute(_BEGIN, {**_values(missing), "ends_at": ends_at})
        # A dict would be taken for its values; what is noted are the pairs that are its keys.
        self._known.update(unknown.keys())

    def forget(self) -> None:
        """Looks for every period anew: one is not there any more, as when the database was restored."""
        self._known.clear()


async def begin_period(session: AsyncSession, row: BudgetRow, period: Period) -> None:
    """Makes a period of a new budget in an open transaction; it begins with what was used in it.

    Settlements of the tenant wait until the end of the transaction.
    """
    key = (row.id, period.starts_at)
    await session.execute(_WAIT_FOR_SETTLEMENTS, {"tenant_id": row.tenant_id})
    await session.execute(_BEGIN, {**_values([key]), "ends_at": [period.ends_at]})


async def differing_periods(session: AsyncSession, *, since: datetime = _EVER) -> Sequence[PeriodDifference]:
    """Returns the periods that differ from the ledger and the holds, by one snapshot.

    Args:
        session: its transaction is the snapshot.
        since: periods that ended then or before are left out; by default all are read, which takes the longer the more
            there were.
    """
    rows = await session.execute(_DIFFERING, {"since": since})
    return [PeriodDifference(**row) for row in rows.mappings()]


async def rebuild_periods(sessions: async_sessionmaker[AsyncSession]) -> int:
    """Computes all periods from the ledger and the holds; returns how many of them were different.

    It is safe while creates and settlements go on, which wait for some milliseconds.
    """
    count = 0
    async with sessions() as session:
        tenant_ids = list(await session.scalars(_TENANTS))
    for tenant_id in tenant_ids:
        values = {"tenant_id": tenant_id}
        async with sessions.begin() as session:
            await session.execute(_WAIT_FOR_SETTLEMENTS, values)
            await session.execute(_LOCK_ALL, values)
            count += len((await session.execute(_REBUILD, values)).all())
    return count


def _values(keys: Iterable[PeriodKey]) -> dict[str, list[object]]:
    in_order = sorted(keys)
    return {"budget_ids": [key[0] for key in in_order], "starts_at": [key[1] for key in in_order]}
