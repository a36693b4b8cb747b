"""Times as people write and read them."""

from datetime import UTC, datetime, timedelta

import pytest

from app.cli.times import parse_past_time, relative_time

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2h", NOW - timedelta(hours=2)),
        (" 90 min ", NOW - timedelta(minutes=90)),
        ("90m", NOW - timedelta(minutes=90)),
        ("3D", NOW - timedelta(days=3)),
        ("2026-02-28T10:00:00Z", datetime(2026, 2, 28, 10, tzinfo=UTC)),
        ("2026-02-28T10:00:00+08:00", datetime(2026, 2, 28, 2, tzinfo=UTC)),
        ("2026-02-28T10:00", datetime(2026, 2, 28, 10).astimezone(UTC)),
        ("2026-02-28", datetime(2026, 2, 28).astimezone(UTC)),
    ],
)
def test_a_past_time_is_given_as_age_date_or_time(text: str, moment: datetime) -> None:
    assert parse_past_time(text, NOW) == moment


@pytest.mark.parametrize("text", ["", "yesterday", "2", "2x", "-2h", "999999w", "2026-02-30", "٢h"])
def test_a_text_that_is_no_time_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match="2026-01-31, 90min, 6h or 2d"):
        parse_past_time(text, NOW)


def test_the_future_is_refused() -> None:
    with pytest.raises(ValueError, match="in the future"):
        parse_past_time("2026-03-01T12:00:01Z", NOW)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01T12:00:00+00:00", "0 s ago"),
        ("2026-03-01T11:59:01Z", "59 s ago"),
        ("2026-03-01T19:58:00+08:00", "2 min ago"),
        ("2026-03-01T14:59:59.5Z", "in 2 h"),
        ("2026-03-03T12:00:00Z", "in 2 d"),
        ("2025-01-01T00:00:00Z", "2025-01-01"),
    ],
)
def test_a_time_is_shown_relative_to_now(text: str, expected: str) -> None:
    assert relative_time(text, NOW) == expected
