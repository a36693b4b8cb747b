"""When a delivery is tried again."""

from datetime import UTC, datetime, timedelta

from app.webhooks.schedule import RETRY_FOR, next_try_at

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_the_pauses_grow_to_an_hour() -> None:
    pauses = [(next_try_at(attempts, now=NOW, uniform=lambda _low, _high: 1.0) - NOW) for attempts in range(1, 9)]
    assert [pause.total_seconds() for pause in pauses] == [5, 30, 120, 600, 1800, 3600, 3600, 3600]


def test_what_failed_together_is_not_tried_together() -> None:
    drawn = {next_try_at(6, now=NOW) for _ in range(50)}
    assert len(drawn) > 10
    assert NOW + timedelta(minutes=48) <= min(drawn) < max(drawn) <= NOW + timedelta(minutes=72)


def test_a_day_holds_about_thirty_tries() -> None:
    now, tries = NOW, 1
    while (now := next_try_at(tries, now=now)) <= NOW + RETRY_FOR:
        tries += 1
    assert 20 <= tries <= 40
