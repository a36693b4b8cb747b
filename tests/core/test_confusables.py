"""Skeletons of confusable names, at a cost that no spelling can raise."""

import sys
import time
import unicodedata

import pytest

from app.core.confusables import MAX_INPUT_LENGTH, decode, skeleton


@pytest.mark.parametrize(
    "text",
    [
        "\ufdfa" * 18,
        "\ufdfa" * MAX_INPUT_LENGTH,
        "%EF%B7%BA" * 17,
        "%25EF%25B7%25BA" * 11,
        "\u0390" * MAX_INPUT_LENGTH,
        "ﬃ" * 200,
    ],
    ids=["ligatures", "more", "escaped", "escaped twice", "folded", "ffi"],
)
def test_no_skeleton_is_longer_than_the_longest_input(text: str) -> None:
    assert len(skeleton(text)) <= MAX_INPUT_LENGTH
    assert len(skeleton(text * 1000)) <= MAX_INPUT_LENGTH


def cost(text: str) -> float:
    """Returns the processor time of two hundred plain forms, the best of five."""
    found = []
    for _ in range(5):
        started = time.thread_time()
        for _ in range(200):
            decode(text)
        found.append(time.thread_time() - started)
    return min(found)


@pytest.mark.parametrize(
    "unit",
    ["\ufdfa", "\u0345\u0301\u0315\u0323\u0321\u0334", "\u0390", "%EF%B7%BA", "%25", "%2525EF", "\u200b", "Ａ"],
)
def test_no_text_costs_many_times_what_a_full_length_of_chinese_costs(unit: str) -> None:
    # Before lengths were bounded the first of them cost two thousand times as much.
    assert cost(unit * 1000) < 60 * cost("只" * 1000)


def test_a_skeleton_of_a_skeleton_is_the_same() -> None:
    for number in range(sys.maxunicode + 1):
        character = chr(number)
        if unicodedata.decomposition(character) or character.casefold() != character:
            once = skeleton(character)
            assert skeleton(once) == once, hex(number)


def test_an_escape_is_decoded_four_levels_deep() -> None:
    assert decode("%25252561sset") == ("asset", True)
    assert decode("%2525252561sset")[1] is False
