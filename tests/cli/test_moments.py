"""Moments as a person writes them."""

from datetime import UTC, datetime, timedelta

import pytest

from app.cli.moments import to_moment

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
def test_a_moment_is_a_distance_a_date_or_a_time(text: str, moment: datetime) -> None:
    assert to_moment(text, NOW) == moment


@pytest.mark.parametrize("text", ["", "yesterday", "2", "2x", "-2h", "999999w", "2026-02-30", "٢h"])
def test_what_is_no_moment_is_told_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match="2026-01-31, 90min, 6h or 2d"):
        to_moment(text, NOW)


def test_the_future_is_refused() -> None:
    with pytest.raises(ValueError, match="in the future"):
        to_moment("2026-03-01T12:00:01Z", NOW)
