"""Large JSON in steps: the same result as the standard library's, at a bounded cost."""

import gc
import json
import random
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.large_json import (
    MAX_RICH_CHARACTERS,
    MAX_STRUCTURE_BYTES,
    STEP_BYTES,
    LargeJsonError,
    load_large,
)
from app.core.strict_json import MAX_VALUES, MAX_WHOLE_BYTES, parse_json_object
from app.errors import InvalidParameterError

# Everything that a step could cut in two, and what surrounds it.
PIECES = [
    "\\",
    "\\\\",
    "\\n",
    "\\/",
    '\\"',
    "\\ud83d",
    "\\ude00",
    "\\u0041",
    "\\u0000",
    "中",
    "🐈",
    "é",
    "a",
    "bc ",
    "\n",
]
STRINGS = st.lists(st.sampled_from(PIECES), max_size=60).map(lambda pieces: '"' + "".join(pieces) + '"')
SCALARS = STRINGS | st.sampled_from(["1", "-2.50", "1e5", "01", "true", "null", "NaN", "9" * 30, ""])
BLANKS = st.sampled_from(["", " ", "\n\t ", " " * 70])


def _array(items: list[str]) -> str:
    return "[" + ",".join(items) + "]"


def _object(members: list[tuple[str, str, str]]) -> str:
    return "{" + ",".join(f"{blank}{name}{blank}:{blank}{value}" for name, blank, value in members) + "}"


DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4).map(_array) | st.lists(st.tuples(STRINGS, BLANKS, inner), max_size=4).map(_object)
    ),
    max_leaves=12,
)


def outcome(parse: Any) -> Any:
    """Returns the value, or the class of its error."""
    try:
        return parse()
    except UnicodeDecodeError:
        return UnicodeDecodeError
    except json.JSONDecodeError:
        return json.JSONDecodeError


def in_steps(data: bytes, step_bytes: int = STEP_BYTES) -> Any:
    return load_large(data, max_strings=1_000_000, to_object=list, step_bytes=step_bytes)


@settings(deadline=None)
@given(DOCUMENTS, st.integers(32, 90))
def test_steps_of_any_length_give_what_the_standard_library_gives(document: str, step_bytes: int) -> None:
    data = document.encode()
    expected = outcome(lambda: json.loads(document, object_pairs_hook=list))
    assert outcome(lambda: in_steps(data, step_bytes)) == expected or expected != expected  # noqa: PLR0124 - NaN


def test_a_character_that_a_step_cuts_outside_of_strings_is_not_json_as_anywhere_else() -> None:
    document = '"a\\\\"' + "🐈" * 20
    for step_bytes in range(32, 36):
        assert outcome(lambda: in_steps(document.encode(), step_bytes)) is json.JSONDecodeError  # noqa: B023


@settings(deadline=None)
@given(DOCUMENTS, st.integers(32, 90), st.binary(min_size=1, max_size=3), st.integers(0, 400))
def test_broken_bytes_are_refused_by_both(document: str, step_bytes: int, junk: bytes, at: int) -> None:
    data = document.encode()
    data = data[:at] + junk + data[at + 1 :]
    expected = outcome(lambda: json.loads(data.decode(), object_pairs_hook=list))
    found = outcome(lambda: in_steps(data, step_bytes))
    # Which of two mistakes is told first may differ.
    wrong = (UnicodeDecodeError, json.JSONDecodeError)
    assert (found in wrong) if expected in wrong else (repr(found) == repr(expected))


@pytest.mark.parametrize(
    "text", ["A" * 600_000, "A\\/" * 200_000, "\\u002b=" * 100_000, "只 🐈 é" * 60_000, '\\"\\n' * 80_000]
)
def test_a_string_of_many_steps_comes_through_unchanged(text: str) -> None:
    data = f'{{"a":"{text}","b":["{text}"]}}'.encode()
    assert len(data) > MAX_WHOLE_BYTES
    assert parse_json_object(data) == json.loads(data)


def test_pairs_of_surrogates_stay_pairs_wherever_a_step_ends() -> None:
    for shift in range(40):
        data = ('"' + "x" * shift + "\\ud83d\\ude00" * 40 + '"').encode()
        assert in_steps(data, 32) == "x" * shift + "😀" * 40


def test_a_mistake_in_a_large_body_is_reported_with_its_byte() -> None:
    start = '{"a":"' + "只" * 100_000 + '",'
    error = refusal(f"{start} x}}".encode())
    assert f"at byte {len(start.encode()) + 1}." in error.message
    assert error.status == 400


def refusal(data: bytes) -> InvalidParameterError:
    with pytest.raises(InvalidParameterError) as caught:
        parse_json_object(data)
    return caught.value


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ('{"a":"' + "只" * (MAX_RICH_CHARACTERS + 1) + '"}', "not plain ASCII"),
        ('{"a":"' + "\\n" * (MAX_RICH_CHARACTERS + 1) + '"}', "not plain ASCII"),
        ('{"a":"' + "A" * MAX_RICH_CHARACTERS + '🐈"}', "not plain ASCII"),
        ('{"a":[' + ",".join(['"' + "é" * 50_000 + '"'] * 100) + "]}", "not plain ASCII"),
        ('{"a":' + "1" * (MAX_STRUCTURE_BYTES + 1) + "}", "too many values"),
        ("1 " * MAX_STRUCTURE_BYTES, "too many values"),
        ('""' * (2 * MAX_VALUES + 2) + " " * MAX_WHOLE_BYTES, "too many values"),
    ],
    ids=["characters", "escapes", "one wide character", "many texts", "a number", "no JSON", "strings alone"],
)
def test_what_would_cost_more_than_its_size_is_refused(data: str, told: str) -> None:
    error = refusal(data.encode())
    assert told in error.message
    assert (error.status, error.code) == (400, "InvalidParameter")


def test_a_document_that_is_no_longer_used_is_freed_at_once() -> None:
    document = json.dumps({"image": ["x" * STEP_BYTES]}).encode()
    gc.collect()
    gc.disable()
    try:
        load_large(document, max_strings=MAX_VALUES, to_object=dict)
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_blanks_do_not_count_as_values() -> None:
    assert in_steps(b'{"a":' + b" \n" * MAX_STRUCTURE_BYTES + b"1}") == [("a", 1)]


def test_too_much_text_is_refused_before_all_of_it_is_decoded() -> None:
    data = '"' + "\\n" * (2 * MAX_RICH_CHARACTERS) + '\\x"'
    with pytest.raises(LargeJsonError):  # and not that its last escape is none
        in_steps(data.encode())


def cost(data: bytes) -> float:
    """Returns the processor time of a parse, the best of three."""
    found = []
    for _ in range(3):
        started = time.thread_time()
        outcome(lambda: in_steps(data))
        found.append(time.thread_time() - started)
    return min(found)


@pytest.mark.parametrize("unit", ["A", "\\/", "\\ud800", "\\\\", '\\"', '","', " "])
def test_the_cost_grows_no_faster_than_the_body(unit: str) -> None:
    size = 5_000 if unit == '","' else 200_000
    once, tenfold = (('["' + unit * (count // len(unit)) + '"]').encode() for count in (size, 10 * size))
    assert cost(tenfold) < 60 * cost(once), "ten times the bytes, and a quadratic step would cost a hundred times"


def test_random_documents_are_read_alike_at_full_size() -> None:
    rnd = random.Random(8)
    text = "".join(rnd.choices(PIECES[1:4] + PIECES[9:14], k=300_000))
    data = f'{{"a":"{text}"}}'.encode()
    assert parse_json_object(data) == json.loads(data)
