"""Admits a create: counts it against caps and takes its holds, in the transaction that writes its intent."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from app.money.budgets.holds import HoldRequest, take_holds
from app.tasks.creation.unfinished_caps import CapRequest, check_caps


@dataclass(slots=True)
class TaskDemand:
    """What the create of a task needs room for.

    Attributes:
        caps: on unfinished tasks; None: no cap counts it.
        holds: in the budgets that count it, on the channel that is asked first; None: no budget does.
        is_locked_out: another transaction had an owner or a period locked when it was last tried with others.
    """

    caps: CapRequest | None
    holds: HoldRequest | None
    is_locked_out: bool = False


async def admit(session: AsyncSession, demand: TaskDemand) -> None:
    """Takes what one create needs.

    Raises:
        AccountOverdueError: 403, a hard budget has no room for it.
        QuotaExceededError: 429, there are as many unfinished tasks as there may be.
    """
    if demand.caps is not None:
        await check_caps(session, demand.caps)
    if demand.holds is not None:
        await take_holds(session, demand.holds)
