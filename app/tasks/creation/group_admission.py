"""Admits the creates of a batch as ``app.tasks.creation.admission`` does one, by two statements for all of them.

The first takes all locks, since what is counted must be read after them; it also reads the periods, as they are once
they are locked. The second counts the tasks under the caps, and writes the holds if all have room for the whole batch.
Only when one has not, as the batch then depends on the counts, are the holds written by a third.

Two statements for the caps and two for the holds took 1.7 ms of the database for a batch of 13 creates, and these take
1.0 ms, with plans that are kept (``app.db.group_commit``). Of the gateway's CPU for a create they took 32 µs, and 20.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from sqlalchemy import text

from app.creates.group_insert import Opening
from app.db.driver_statement import DriverStatement
from app.limits.caps import Cap
from app.money.budgets import holds
from app.money.budgets.budget import Hold, PeriodKey, Room, first_refused, take
from app.money.budgets.holds import HoldRequest
from app.tasks.creation import unfinished_caps as caps
from app.tasks.creation.admission import TaskDemand
from app.tasks.creation.unfinished_caps import Counted

# The condition on their number makes the owners the first that are locked, as everywhere.
_LOCK = """WITH owners AS MATERIALIZED ({owners}), owned AS MATERIALIZED (SELECT count(*) AS number FROM owners),
    periods (budget_id, starts_at, amount_micros, taken_micros, is_hard, is_in_force) AS MATERIALIZED ({periods})
    SELECT owner, NULL, NULL, NULL, NULL, NULL FROM owners UNION ALL SELECT * FROM periods
"""


def _lock(owners: str, wait: str) -> DriverStatement:
    periods = holds.lock_of(condition="(SELECT number FROM owned) >= 0", wait=wait)
    return DriverStatement(text(_LOCK.format(owners=owners, periods=periods)))


_LOCK_SKIPPING = _lock(caps.TRY_OWNERS, "SKIP LOCKED")
_LOCK_WAITING = _lock(caps.WAIT_FOR_OWNERS, "")
_WAIT_FOR_OWNERS = DriverStatement(text(caps.WAIT_FOR_OWNERS))
_HAVE_ROOM = "NOT EXISTS (SELECT FROM counted WHERE tasks > room)"
_COUNT_AND_HOLD = DriverStatement(text(f"WITH {caps.COUNTED}, {holds.writes_of(_HAVE_ROOM)} {caps.COUNTS}"))
_HOLD = DriverStatement(text(f"WITH {holds.writes_of()} SELECT 1"))


@dataclass(slots=True)
class _Admitted:
    """The numbers of the demands that are admitted, and the holds that are taken for them."""

    numbers: set[int] = field(default_factory=set)
    taken: list[tuple[HoldRequest, Hold]] = field(default_factory=list)


async def leave_out_refused(
    connection: Any, openings: Sequence[Opening], *, is_waiting: bool = False
) -> Collection[int]:
    """Takes what the creates of a batch need; a ``Check`` of ``GroupInsert``, the last one.

    What has no room here is left out; its request finds out why. Unless the batch is one that waits for locks, so is
    what another transaction has locked.
    """
    positions = [position for position, opening in enumerate(openings) if isinstance(opening.demand, TaskDemand)]
    if not positions:
        return ()
    demands = [cast("TaskDemand", openings[position].demand) for position in positions]
    admitted = await _admit(connection, demands, is_waiting=is_waiting)
    return {position for number, position in enumerate(positions) if number not in admitted}


async def _admit(connection: Any, demands: Sequence[TaskDemand], *, is_waiting: bool) -> Collection[int]:
    """Returns the numbers of those that are admitted, and notes which others are locked out."""
    owners, periods = await _lock_for(connection, demands, is_waiting=is_waiting)
    rooms = holds.rooms_of(periods)
    for demand in demands:
        demand.is_locked_out = not (
            all(cap.owner_id in owners for cap in _caps_of(demand))
            and all(hold.key in rooms for hold in _holds_of(demand))
        )
    admitted = _take(demands, range(len(demands)), rooms, None)
    tallies = caps.tally(request for number in admitted.numbers if (request := demands[number].caps) is not None)
    if tallies:
        values = caps.values_of(tallies.values()) | holds.values_of(admitted.taken)
        counts = [row[0] for row in await _COUNT_AND_HOLD.fetch(connection, **values)]
        if all(each.has_room(count) for count, each in zip(counts, tallies.values(), strict=True)):
            return admitted.numbers
        # For no others, as only what these need was counted.
        numbers = sorted(admitted.numbers)
        admitted = _take(demands, numbers, holds.rooms_of(periods), dict(zip(tallies, counts, strict=True)))
    if admitted.taken:
        await _HOLD.fetch(connection, **holds.values_of(admitted.taken))
    return admitted.numbers


async def _lock_for(
    connection: Any, demands: Sequence[TaskDemand], *, is_waiting: bool
) -> tuple[Collection[str], Sequence[Sequence[Any]]]:
    """Returns the owners and the rows of periods that are locked now."""
    owner_ids = sorted({cap.owner_id for demand in demands for cap in _caps_of(demand)})
    keys = holds.keys_of(hold for demand in demands for hold in _holds_of(demand))
    if is_waiting and owner_ids:
        # By itself, as it may take seconds: the next statement reads the budgets as they are then.
        await _WAIT_FOR_OWNERS.fetch(connection, owner_ids=owner_ids)
    statement = _LOCK_WAITING if is_waiting else _LOCK_SKIPPING
    rows = await statement.fetch(connection, owner_ids=owner_ids, **keys)
    return {row[0] for row in rows if row[1] is None}, [row for row in rows if row[1] is not None]


def _take(
    demands: Sequence[TaskDemand],
    numbers: Iterable[int],
    rooms: Mapping[PeriodKey, Room],
    counts: dict[Counted, int] | None,
) -> _Admitted:
    """Admits the demands of these numbers, in their order and in as far as there is room.

    Without ``counts`` the caps are thought to have it.
    """
    admitted = _Admitted()
    for number in numbers:
        demand = demands[number]
        if demand.is_locked_out or first_refused(_holds_of(demand), rooms) is not None:
            continue
        if counts is not None and demand.caps is not None and not caps.add(demand.caps, counts):
            continue
        admitted.numbers.add(number)
        if demand.holds is not None:
            admitted.taken += [(demand.holds, hold) for hold in take(demand.holds.holds, rooms)]
    return admitted


def _caps_of(demand: TaskDemand) -> Sequence[Cap]:
    return () if demand.caps is None else demand.caps.caps


def _holds_of(demand: TaskDemand) -> Sequence[Hold]:
    return () if demand.holds is None else demand.holds.holds
