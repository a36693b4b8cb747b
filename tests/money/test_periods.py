"""Where days and months of budgets begin, in zones that put their clocks forward and back and in those that do not."""

from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.money.budgets.period import Period, PeriodKind, period_at
from app.money.time_zones import check_time_zone, open_time_zone

DAY, MICROSECOND = timedelta(days=1), timedelta(microseconds=1)
ZONES = (
    "UTC",
    "Asia/Shanghai",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Pacific/Kiritimati",
    "Europe/Berlin",
    "America/New_York",
    "America/Santiago",
    "America/Havana",
    "America/St_Johns",
    "America/Sao_Paulo",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Asia/Amman",
    "Asia/Tehran",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Kwajalein",
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "kind", "at", "starts_at", "ends_at"),
    [
        ("UTC", "day", "2026-11-30T23:59:59", "2026-11-30", "2026-12-01"),
        ("UTC", "day", "2026-12-01", "2026-12-01", "2026-12-02"),
        ("UTC", "month", "2026-11-30T23:59:59", "2026-11-01", "2026-12-01"),
        ("UTC", "month", "2024-02-29T12:00", "2024-02-01", "2024-03-01"),
        ("UTC", "month", "2026-12-31T12:00", "2026-12-01", "2027-01-01"),
        ("Asia/Shanghai", "day", "2026-11-30T15:59:59", "2026-11-29T16:00", "2026-11-30T16:00"),
        ("Asia/Shanghai", "month", "2026-11-30T16:00", "2026-11-30T16:00", "2026-12-31T16:00"),
        ("Asia/Kathmandu", "day", "2026-11-30T18:15", "2026-11-30T18:15", "2026-12-01T18:15"),
        # 23 hours, 25 hours, and the months that contain them.
        ("Europe/Berlin", "day", "2026-03-29T12:00", "2026-03-28T23:00", "2026-03-29T22:00"),
        ("Europe/Berlin", "day", "2026-10-25T12:00", "2026-10-24T22:00", "2026-10-25T23:00"),
        ("Europe/Berlin", "month", "2026-03-15", "2026-02-28T23:00", "2026-03-31T22:00"),
        ("Europe/Berlin", "month", "2026-10-15", "2026-09-30T22:00", "2026-10-31T23:00"),
        # Half an hour.
        ("Australia/Lord_Howe", "day", "2026-04-04T20:00", "2026-04-04T13:00", "2026-04-05T13:30"),
        ("Australia/Lord_Howe", "day", "2026-10-03T20:00", "2026-10-03T13:30", "2026-10-04T13:00"),
        # Midnight is skipped: the day begins at one o'clock; or comes after an hour that is repeated.
        ("America/Santiago", "day", "2026-09-06T12:00", "2026-09-06T04:00", "2026-09-07T03:00"),
        ("America/Santiago", "day", "2026-04-05T03:30", "2026-04-04T03:00", "2026-04-05T04:00"),
        ("Africa/Cairo", "day", "2026-04-24T12:00", "2026-04-23T22:00", "2026-04-24T21:00"),
        ("Africa/Cairo", "day", "2026-10-29T21:30", "2026-10-28T21:00", "2026-10-29T22:00"),
        # Midnight is repeated: the day begins with the earlier one, also if yesterday is repeated after it.
        ("America/Havana", "day", "2024-11-03T05:30", "2024-11-03T04:00", "2024-11-04T05:00"),
        ("America/St_Johns", "day", "2010-11-07T02:45", "2010-11-07T02:30", "2010-11-08T03:30"),
        # The day that Samoa left out.
        ("Pacific/Apia", "day", "2011-12-30T09:59", "2011-12-29T10:00", "2011-12-30T10:00"),
        ("Pacific/Apia", "day", "2011-12-30T10:00", "2011-12-30T10:00", "2011-12-31T10:00"),
    ],
)
def test_a_period_is_a_day_or_month_of_its_zone(zone: str, kind: str, at: str, starts_at: str, ends_at: str) -> None:
    found = period_at(PeriodKind(kind), open_time_zone(zone), utc(at))
    assert found == Period(utc(starts_at), utc(ends_at))
    assert utc(at) in found


def test_the_total_of_a_budget_has_no_end() -> None:
    found = {period_at(PeriodKind.TOTAL, open_time_zone(zone), utc("2026-11-30")) for zone in ZONES}
    assert len(found) == 1
    (period,) = found
    assert period.ends_at is None
    assert utc("9999-12-31") in period


KINDS = st.sampled_from((PeriodKind.DAY, PeriodKind.MONTH))


@cache
def changes(zone: str) -> list[datetime]:
    """Returns midnights UTC of the days after which the clocks of a zone differ."""
    opened = open_time_zone(zone)
    days = [utc("2005-01-01") + number * DAY for number in range(40 * 365)]
    offsets = [day.astimezone(opened).utcoffset() for day in days]
    return [day for day, now, then in zip(days, offsets, offsets[1:], strict=False) if now != then] or days[:1]


@st.composite
def moments(draw: st.DrawFn) -> tuple[str, datetime]:
    """Draws a zone, and a moment near one of its changes or any."""
    zone = draw(st.sampled_from(ZONES))
    around = draw(st.integers(-40 * 3600, 40 * 3600))
    near = st.sampled_from(changes(zone)).map(lambda day: day + timedelta(seconds=around))
    any_time = st.integers(0, 110 * 365 * 86400).map(lambda seconds: utc("1990-01-01") + timedelta(seconds=seconds))
    return zone, draw(near | near | any_time)


@given(moments(), KINDS)
@example(("America/St_Johns", utc("2010-11-07T02:45")), PeriodKind.DAY)
@example(("Pacific/Kwajalein", utc("1993-08-21T12:00")), PeriodKind.DAY)
def test_periods_have_neither_gaps_nor_overlaps(drawn: tuple[str, datetime], kind: PeriodKind) -> None:
    zone, at = drawn
    opened = open_time_zone(zone)
    period = period_at(kind, opened, at)
    assert period.ends_at is not None
    assert period.starts_at <= at < period.ends_at
    assert period_at(kind, opened, period.starts_at) == period
    assert period_at(kind, opened, period.ends_at - MICROSECOND) == period
    assert period_at(kind, opened, period.ends_at).starts_at == period.ends_at
    before = period_at(kind, opened, period.starts_at - MICROSECOND)
    assert before.ends_at == period.starts_at
    longest = 2 * DAY if kind is PeriodKind.DAY else 33 * DAY
    assert timedelta() < period.ends_at - period.starts_at <= longest


@given(moments())
def test_a_day_begins_with_the_first_moment_of_its_date(drawn: tuple[str, datetime]) -> None:
    zone, at = drawn
    opened = open_time_zone(zone)
    starts_at = period_at(PeriodKind.DAY, opened, at).starts_at
    day = starts_at.astimezone(opened).date()
    assert (starts_at - MICROSECOND).astimezone(opened).date() < day


@given(moments())
def test_a_month_begins_with_a_day_and_ends_with_one(drawn: tuple[str, datetime]) -> None:
    zone, at = drawn
    opened = open_time_zone(zone)
    month = period_at(PeriodKind.MONTH, opened, at)
    assert month.ends_at is not None
    for moment in (month.starts_at, month.ends_at):
        assert period_at(PeriodKind.DAY, opened, moment).starts_at == moment
        assert moment.astimezone(opened).date().day == 1


@pytest.mark.parametrize(
    ("name", "similar"),
    [
        ("asia/shanghai", "Asia/Shanghai"),
        ("Asia/Shangai", "Asia/Shanghai"),
        ("Europe/Berln", "Europe/Berlin"),
        ("UTC+8", "UTC"),
        ("", ""),
        ("../../etc/passwd", ""),
        ("Asia", ""),
        ("x" * 100_000, ""),
        ("Asia/Shanghai\0", "Asia/Shanghai"),
    ],
)
def test_a_time_zone_that_does_not_exist_is_refused_with_similar_names(name: str, similar: str) -> None:
    with pytest.raises(ValueError, match="There is no time zone of this name") as raised:
        check_time_zone(name)
    assert similar in str(raised.value)
    with pytest.raises(ValueError, match="There is no time zone of this name"):
        open_time_zone(name)


def test_a_budget_of_a_zone_that_can_no_longer_be_chosen_still_has_periods() -> None:
    at = utc("2026-11-30T12:00")
    assert period_at(PeriodKind.DAY, open_time_zone("Factory"), at) == period_at(
        PeriodKind.DAY, open_time_zone("UTC"), at
    )
