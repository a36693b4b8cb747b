"""The period of a budget in which a create counts. Pure."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

_ALL_TIME_BEGINS = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


class PeriodKind(StrEnum):
    """How long an amount lasts: a calendar day or month of the budget's zone, or without an end."""

    DAY = "day"
    MONTH = "month"
    TOTAL = "total"


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time, UTC.

    Attributes:
        starts_at: its first moment.
        ends_at: the first moment after it, with which the next one begins; None: it does not end.
    """

    starts_at: datetime
    ends_at: datetime | None

    def __contains__(self, at: datetime) -> bool:
        return self.starts_at <= at and (self.ends_at is None or at < self.ends_at)


def period_at(kind: PeriodKind, time_zone: ZoneInfo, at: datetime) -> Period:
    """Returns the period that contains a moment. The periods of a zone have neither gaps nor overlaps.

    A day begins with the first moment that has its date on the zone's clocks: where they skip midnight, when they are
    put forward. Where they are put back over midnight, the earlier of both midnights ends the day, and what the clocks
    repeat belongs to the new one.

    Args:
        kind: day, month or total.
        time_zone: of the calendar; it does not matter to ``total``.
        at: the moment, with an offset.
    """
    if kind is PeriodKind.TOTAL:
        return Period(_ALL_TIME_BEGINS, None)
    first = _first_day(kind, at.astimezone(time_zone).date())
    starts_at = _beginning(first, time_zone)
    while at >= (ends_at := _beginning(_next_first_day(kind, first), time_zone)):
        first, starts_at = _next_first_day(kind, first), ends_at
    return Period(starts_at, ends_at)


def _first_day(kind: PeriodKind, day: date) -> date:
    return day.replace(day=1) if kind is PeriodKind.MONTH else day


def _next_first_day(kind: PeriodKind, first: date) -> date:
    # 32 days after the first of a month are in the next one.
    return _first_day(kind, first + (_DAY * 32 if kind is PeriodKind.MONTH else _DAY))


@lru_cache(maxsize=1024)  # Each create asks for the same ones: 3 % of its CPU.
def _beginning(day: date, time_zone: ZoneInfo) -> datetime:
    """Returns the first moment of a day, UTC."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=time_zone)
    # Of a midnight that is repeated, fold 0 is the earlier and fold 1 the later one. One that is skipped has them the
    # other way round, on either side of the change, at which the day then begins.
    one, other = (midnight.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    return one if one <= other else _change_between(other, one, time_zone)


def _change_between(before: datetime, after: datetime, time_zone: ZoneInfo) -> datetime:
    """Returns the second at which the zone's clocks are put forward."""
    offset = before.astimezone(time_zone).utcoffset()
    while after - before > _SECOND:
        middle = before + (after - before) // (2 * _SECOND) * _SECOND
        if middle.astimezone(time_zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after
