"""The cost of redaction is proportional to the length, and only the beginning of a path is redacted."""

import time
from collections.abc import Callable

import pytest

from app.http.request_scope import shown_path
from app.observability.redaction import MAX_TEXT_CHARACTERS, redact
from tests.observability.log_attacks import UNITS, long_text


def cost(mask: Callable[[str], object], text: str) -> float:
    """Returns the processor time of the cheapest of several attempts, since caches and neighbours vary."""
    seconds = []
    for _ in range(5):
        started = time.thread_time()
        mask(text)
        seconds.append(time.thread_time() - started)
    return min(seconds)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit[:20])
def test_masking_costs_in_proportion_to_the_length(unit: str) -> None:
    short, long = long_text(unit, MAX_TEXT_CHARACTERS // 8), long_text(unit, MAX_TEXT_CHARACTERS // 2)
    assert cost(redact, long) < 9 * cost(redact, short), "four times as long"


@pytest.mark.slow
def test_no_text_costs_far_more_than_another_of_its_length() -> None:
    dull = cost(redact, long_text("a b=c://%41 ", MAX_TEXT_CHARACTERS))
    assert [unit for unit in UNITS if cost(redact, long_text(unit, MAX_TEXT_CHARACTERS)) > 8 * dull] == []


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit[:20])
def test_the_longest_path_costs_no_more_than_one_of_a_kibibyte(unit: str) -> None:
    assert cost(shown_path, long_text(unit, 8000)) < 4 * cost(shown_path, long_text(unit, 1024))
