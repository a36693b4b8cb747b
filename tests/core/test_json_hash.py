"""All spellings of a JSON value have the same hash, and different values different ones."""

import json
import random
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.json_hash import hash_json
from app.core.strict_json import parse_json_object

SAME: dict[str, tuple[str, ...]] = {
    "blanks and order": ('{"a":1,"b":[2,{"c":3,"d":4}]}', ' { "b" : [ 2 , {"d":4,\n"c":3} ] ,\t"a" : 1 }\r\n'),
    "whole numbers": ('{"a":5}', '{"a":5.0}', '{"a":5e0}', '{"a":50E-1}', '{"a":0.5e1}', '{"a":5.000}'),
    "large whole numbers": ('{"a":1000000000000000000}', '{"a":1e18}'),
    "what doubles leave out": ('{"a":9007199254740993.0}', '{"a":9007199254740992}'),
    "broken numbers": ('{"a":0.1}', '{"a":1e-1}', '{"a":0.10}'),
    "zero": ('{"a":0}', '{"a":-0}', '{"a":0.0}', '{"a":-0.0}', '{"a":0e7}'),
    "escapes": ('{"é/":"a\\"b😀"}', '{"\\u00e9\\/":"\\u0061\\u0022b\\ud83d\\ude00"}'),
}
DIFFERENT: tuple[str, ...] = (
    "{}",
    '{"a":null}',
    '{"a":true}',
    '{"a":false}',
    '{"a":1}',
    '{"a":"1"}',
    '{"a":"true"}',
    '{"a":1.5}',
    '{"a":"1.5"}',
    '{"a":[]}',
    '{"a":{}}',
    '{"a":""}',
    '{"a":[1]}',
    '{"a":["1"]}',
    '{"a":[[1]]}',
    '{"a":[1,1]}',
    '{"a":[[1],1]}',
    '{"a":[[1,1]]}',
    '{"a":{"a":1}}',
    '{"a":1,"b":2}',
    '{"a":2,"b":1}',
    '{"a":"b"}',
    '{"b":"a"}',
    '{"ab":""}',
    '{"a":"é"}',
    '{"a":"e\\u0301"}',
    '{"a":"i1;"}',
    '{"a":"s1:b"}',
    '{"A":1}',
    '{"a":9007199254740993}',
    '{"a":9007199254740992}',
    '{"a":9223372036854775807}',
    '{"a":1e300}',
    '{"a":-1}',
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from([0.5, 1.0, -0.0, 1e300])
    | st.text("a1é:;", max_size=2),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=2),
    max_leaves=5,
)


def _hash(text: str) -> bytes:
    return hash_json(parse_json_object(text.encode()))


def _told_apart(value: Any) -> Any:
    """Returns what is equal for equal JSON values alone: Python holds ``True`` to be ``1``."""
    if isinstance(value, bool):
        return "boolean", value
    if isinstance(value, list):
        return [_told_apart(item) for item in value]
    if isinstance(value, dict):
        return {name: _told_apart(item) for name, item in value.items()}
    return value


@pytest.mark.parametrize("name", SAME)
def test_spellings_of_one_value_have_one_hash(name: str) -> None:
    assert len({_hash(text) for text in SAME[name]}) == 1


def test_other_values_have_other_hashes() -> None:
    assert len({_hash(text) for text in DIFFERENT}) == len(DIFFERENT)


@given(VALUES, VALUES, st.randoms(use_true_random=False))
def test_two_values_have_one_hash_just_when_they_are_equal(one: Any, other: Any, rnd: random.Random) -> None:
    assert (hash_json(one) == hash_json(other)) is (_told_apart(one) == _told_apart(other))
    respelt = json.dumps(_shuffled(one, rnd), indent=2, ensure_ascii=rnd.random() < 0.5)
    assert hash_json(json.loads(respelt)) == hash_json(one)


def _shuffled(value: Any, rnd: random.Random) -> Any:
    if isinstance(value, list):
        return [_shuffled(item, rnd) for item in value]
    if isinstance(value, dict):
        return {name: _shuffled(value[name], rnd) for name in rnd.sample(sorted(value), len(value))}
    return value


def test_a_text_is_hashed_in_steps_and_by_all_of_them() -> None:
    text = "é" * 300_000 + "x"
    assert len({hash_json(text), hash_json(text + "x"), hash_json("x" + text), hash_json(text[:-1] + "y")}) == 4


@pytest.mark.parametrize("value", [{"a": "x" * 10_000_000}, {"a": ["x"] * 9_000}, {str(n): n for n in range(5_000)}])
def test_hashing_costs_no_more_than_parsing_may(value: Any) -> None:
    best = 1.0
    for _ in range(3):
        started = time.thread_time()
        hash_json(value)
        best = min(best, time.thread_time() - started)
    assert best < 0.1
