from datetime import UTC, datetime

import pytest

from app.cli.relative_time import relative

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-31T12:00:00+00:00", "0 s ago"),
        ("2026-01-31T11:59:01Z", "59 s ago"),
        ("2026-01-31T19:58:00+08:00", "2 min ago"),
        ("2026-01-31T14:59:59.5Z", "in 2 h"),
        ("2026-02-02T12:00:00Z", "in 2 d"),
        ("2025-01-01T00:00:00Z", "2025-01-01"),
    ],
)
def test_a_time_is_told_as_its_distance(text: str, expected: str) -> None:
    assert relative(text, NOW) == expected
