"""The hours or days over which the summary draws its figures. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from app.errors import InvalidParameterError
from app.http.query import DeclaredQuery, query_parameter
from app.money.budgets.period import PeriodKind, period_at
from app.money.time_zones import open_time_zone

Unit = Literal["hour", "day"]

MAX_HOURS = 168
MAX_DAYS = 92
_DEFAULT_HOURS = 24
_DEFAULT_TIME_ZONE = "UTC"
_HOUR = timedelta(hours=1)
_BEFORE = timedelta(microseconds=1)

SCALE_QUERY = [
    query_parameter(
        "hours", {"type": "integer", "minimum": 1, "maximum": MAX_HOURS, "default": _DEFAULT_HOURS}, "one point an hour"
    ),
    query_parameter(
        "days", {"type": "integer", "minimum": 1, "maximum": MAX_DAYS}, "instead of `hours`: one point a day"
    ),
    query_parameter(
        "time_zone",
        {"type": "string", "default": _DEFAULT_TIME_ZONE, "example": "Asia/Shanghai"},
        "IANA name, of the days and of `today` and `month`",
    ),
]
"""The query parameters of a time scale."""


@dataclass(frozen=True)
class TimeScale:
    """A number of hours or days, of which the last one is not over.

    Attributes:
        unit: the length of a point.
        number: how many points there are.
        zone: of the calendar.
    """

    unit: Unit
    number: int
    zone: ZoneInfo

    def bounds(self, now: datetime) -> list[datetime]:
        """Returns where the points begin, in order, and where the last one ends, in UTC."""
        step = self._hour_at if self.unit == "hour" else self._day_at
        starts_at, ends_at = step(now)
        found = [ends_at, starts_at]
        while len(found) <= self.number:
            found.append(step(found[-1] - _BEFORE)[0])
        return found[::-1]

    def today(self, now: datetime) -> datetime:
        """Returns when the day of ``now`` began."""
        return period_at(PeriodKind.DAY, self.zone, now).starts_at

    def month(self, now: datetime) -> datetime:
        """Returns when the month of ``now`` began."""
        return period_at(PeriodKind.MONTH, self.zone, now).starts_at

    def _day_at(self, at: datetime) -> tuple[datetime, datetime]:
        day = period_at(PeriodKind.DAY, self.zone, at)
        assert day.ends_at is not None  # noqa: S101 - a day ends
        return day.starts_at, day.ends_at

    def _hour_at(self, at: datetime) -> tuple[datetime, datetime]:
        # The minutes of the zone's clocks: some zones are half an hour off.
        local = at.astimezone(self.zone)
        passed = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        starts_at = at.astimezone(UTC) - passed
        return starts_at, starts_at + _HOUR


def parse_time_scale(query: DeclaredQuery) -> TimeScale:
    """Reads ``hours`` or ``days``, and ``time_zone``.

    Raises:
        InvalidParameterError: 400, one is malformed, or both are given.
    """
    hours, days = (_number(query.one, name, most) for name, most in (("hours", MAX_HOURS), ("days", MAX_DAYS)))
    if hours is not None and days is not None:
        raise InvalidParameterError("days", "Either `hours` or `days` may be given, not both.")
    name = query.one("time_zone")
    try:
        zone = open_time_zone(_DEFAULT_TIME_ZONE if name is None else name)
    except ValueError as error:
        raise InvalidParameterError("time_zone", f"The parameter `time_zone` is not valid. {error}") from None
    if days is not None:
        return TimeScale("day", days, zone)
    return TimeScale("hour", hours or _DEFAULT_HOURS, zone)


def _number(one: Callable[[str], Any], name: str, most: int) -> int | None:
    text = one(name)
    if text is None:
        return None
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(most))
    if not is_number or not 1 <= int(text) <= most:
        raise InvalidParameterError(name, f"The parameter `{name}` must be an integer from 1 to {most}.")
    return int(text)
