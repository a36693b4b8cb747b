"""When a failed delivery is attempted again."""

from datetime import UTC, datetime, timedelta

from app.webhooks.backoff import next_attempt_after

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_the_pauses_grow_to_an_hour() -> None:
    pauses = [
        (next_attempt_after(attempts, now=NOW, uniform=lambda _low, _high: 1.0) - NOW) for attempts in range(1, 9)
    ]
    assert [pause.total_seconds() for pause in pauses] == [5, 30, 120, 600, 1800, 3600, 3600, 3600]


def test_attempts_that_failed_together_are_spread() -> None:
    drawn = {next_attempt_after(6, now=NOW) for _ in range(50)}
    assert len(drawn) > 10
    assert NOW + timedelta(minutes=48) <= min(drawn) < max(drawn) <= NOW + timedelta(minutes=72)
