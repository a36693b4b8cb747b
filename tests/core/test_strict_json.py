"""Strict JSON: every body that two parsers could read in two ways is refused with the path of the trouble."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.strict_json import MAX_DEPTH, MAX_VALUES, MAX_WHOLE_BYTES, member_path, parse_json_object, to_json_bytes
from app.errors import InvalidParameterError, SeedgateError

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda children: st.lists(children, max_size=4) | st.dictionaries(TEXT, children, max_size=4),
    max_leaves=20,
)


def outcome(data: bytes) -> dict[str, Any] | SeedgateError:
    try:
        return parse_json_object(data)
    except SeedgateError as error:
        return error


def refusal(data: bytes) -> InvalidParameterError:
    with pytest.raises(InvalidParameterError) as caught:
        parse_json_object(data)
    assert caught.value.status == 400
    return caught.value


@pytest.mark.parametrize(
    ("data", "part_of_message"),
    [
        (b"", "not valid JSON"),
        (b"   ", "not valid JSON"),
        (b"model=x", "not valid JSON"),
        (b"{'a': 1}", "not valid JSON"),
        (b'{"a": 1,}', "not valid JSON"),
        (b'{"a": 1} {}', "not valid JSON"),
        (b'{"a": 01}', "not valid JSON"),
        (b'{"a": "\x00"}', "not valid JSON"),
        (b'{"a": "line\nbreak"}', "not valid JSON"),
        (b'\xef\xbb\xbf\xef\xbb\xbf{"a": 1}', "not valid JSON: Expecting value at line 1 column 1."),
        (
            b"\xef\xbb\xbf" * 2 + b'{"a": "' + b"x" * MAX_WHOLE_BYTES + b'"}',
            "not valid JSON: Expecting value at byte 3.",
        ),
        ('{"a": 1}'.encode("utf-16"), "not valid UTF-8"),
        ('{"a": 1}'.encode("utf-16-le"), "not valid JSON"),
        (b'{"a": "\xff"}', "not valid UTF-8"),
        (b'{"a": "\xed\xa0\x80"}', "not valid UTF-8"),
        (b'{"a": "\xc0\x80"}', "not valid UTF-8"),
        (b"[]", "must be a JSON object"),
        (b'"text"', "must be a JSON object"),
        (b"null", "must be a JSON object"),
        (b"5", "must be a JSON object"),
        (b'{"a": ' + b"9" * 5000 + b"}", "too large"),
    ],
)
def test_what_is_no_json_object_is_refused_without_a_path(data: bytes, part_of_message: str) -> None:
    error = refusal(data)
    assert (error.code, error.param) == ("InvalidParameter", None)
    assert part_of_message in error.message


@pytest.mark.parametrize(
    ("data", "code", "param"),
    [
        (b'{"model": "a", "model": "b"}', "InvalidParameter.model", "model"),
        (b'{"model": "a", "m\\u006fdel": "b"}', "InvalidParameter.model", "model"),
        (b'{"content": [{"text": "a", "text": "a"}]}', "InvalidParameter.content", "content[0].text"),
        (b'{"a": [0, [{"b": {"c": 1, "d": 2, "c": 3}}]]}', "InvalidParameter.a", "a[1][0].b.c"),
        (b'{"a b": 1, "a b": 1}', "InvalidParameter.a?b", "a?b"),
        (b'{"": 1, "": 1}', "InvalidParameter.?", "?"),
        (b'{"seed": NaN}', "InvalidParameter.seed", "seed"),
        (b'{"seed": [Infinity]}', "InvalidParameter.seed", "seed[0]"),
        (b'{"seed": -Infinity}', "InvalidParameter.seed", "seed"),
        (b'{"seed": 1e999}', "InvalidParameter.seed", "seed"),
        (b'{"seed": 9223372036854775808}', "InvalidParameter.seed", "seed"),
        (b'{"seed": -9223372036854775809}', "InvalidParameter.seed", "seed"),
        (b'{"a": {"b": "x\\u0000y"}}', "InvalidParameter.a", "a.b"),
        (b'{"a": {"x\\u0000y": 1}}', "InvalidParameter.a", "a.x?y"),
        (b'{"a": "\\ud800"}', "InvalidParameter.a", "a"),
        (b'{"a": "\\uDFFFx"}', "InvalidParameter.a", "a"),
        (b'{"a": ["\\ude00\\ud83d"]}', "InvalidParameter.a", "a[0]"),
        (b'{"\\udc00": 1}', "InvalidParameter.?", "?"),
    ],
)
def test_the_offending_member_is_named_by_its_path(data: bytes, code: str, param: str) -> None:
    error = refusal(data)
    assert (error.code, error.param) == (code, param)


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_nesting_is_refused_at_any_depth_without_exhausting_the_stack(opening: bytes) -> None:
    for depth in (MAX_DEPTH, 900, 5000):
        error = refusal(b'{"a":' + opening * depth)
        assert (error.code, error.param) == ("InvalidParameter", None)
        closing = b"]" if opening == b"[" else b"}"
        well_formed = b'{"a":' + opening * depth + b"1" + closing * depth + b"}"
        assert "nested too deep" in refusal(well_formed).message
    assert "too many values" in refusal(opening * 1_000_000).message


def test_nesting_up_to_the_limit_is_accepted() -> None:
    levels = MAX_DEPTH - 1
    parsed = parse_json_object(b'{"a":' + b"[" * levels + b"]" * levels + b"}")
    for _ in range(levels - 1):
        parsed = {"a": parsed["a"][0]}
    assert parsed == {"a": []}


def test_a_body_of_countless_tiny_values_is_refused_before_it_is_parsed() -> None:
    assert parse_json_object(b'{"a":[' + b"0," * (MAX_VALUES - 10) + b"0]}")["a"][-1] == 0
    for tiny in (b"0,", b"[],", b"{},"):
        assert "too many values" in refusal(b'{"a":[' + tiny * MAX_VALUES + b"0]}").message
    assert len(parse_json_object(b'{"a":[' + b"0," * MAX_VALUES + b"0]}", max_values=2 * MAX_VALUES)["a"]) > MAX_VALUES


def test_numbers_keep_their_kind_and_their_bounds() -> None:
    parsed = parse_json_object(b'{"a": 5, "b": 5.0, "c": -9223372036854775808, "d": 9223372036854775807, "e": true}')
    assert [(type(value), value) for value in parsed.values()] == [
        (int, 5),
        (float, 5.0),
        (int, -(2**63)),
        (int, 2**63 - 1),
        (bool, True),
    ]


def test_text_of_every_plane_survives() -> None:
    text = "一只猫 🐈 \\u0041 \u2028 é"
    assert parse_json_object(json.dumps({"a": text}).encode()) == {"a": text}
    assert parse_json_object(json.dumps({"a": text}, ensure_ascii=False).encode()) == {"a": text}


def test_a_data_uri_of_ten_megabytes_comes_through_unchanged() -> None:
    uri = "data:image/png;base64," + "iVBORw0K" * 1_250_000
    body = {"content": [{"type": "image_url", "image_url": {"url": uri}}]}
    assert parse_json_object(json.dumps(body).encode()) == body


@settings(deadline=None)
@given(st.dictionaries(TEXT, JSON_VALUES))
def test_every_object_survives_a_round_trip(body: dict[str, Any]) -> None:
    once = parse_json_object(json.dumps(body).encode())
    assert once == body
    assert list(once) == list(body)
    assert parse_json_object(to_json_bytes(once)) == body


@settings(deadline=None)
@given(st.binary() | st.text().map(lambda text: json.dumps({"a": text}).encode()))
def test_any_bytes_are_an_object_or_a_400(data: bytes) -> None:
    result = outcome(data)
    if isinstance(result, SeedgateError):
        assert result.status == 400
        assert result.param is None or result.param.isprintable()
    else:
        assert parse_json_object(to_json_bytes(result)) == result


@pytest.mark.parametrize(
    ("parent", "name", "path"),
    [
        ("", "model", "model"),
        ("content[0]", "image_url", "content[0].image_url"),
        ("", "a.b[0]", "a?b?0?"),
        ("a", "\r\nSet-Cookie: x", "a.??Set-Cookie??x"),
        ("", "x" * 100, "x" * 64),
        ("a", "模", "a.?"),
    ],
)
def test_a_path_holds_only_characters_that_are_safe_to_show(parent: str, name: str, path: str) -> None:
    assert member_path(parent, name) == path
