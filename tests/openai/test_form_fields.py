"""Every way in which a form writes a list or an object."""

from typing import Any

import pytest

from app.errors import InvalidParameterError
from app.openai.form_fields import to_fields

ROWS: list[tuple[list[tuple[str, str]], dict[str, Any]]] = [
    ([("x", "a")], {"x": "a"}),
    ([("x", "a"), ("x", "b")], {"x": ["a", "b"]}),
    ([("x", "a"), ("x", "b"), ("x", "c")], {"x": ["a", "b", "c"]}),
    ([("x[]", "a")], {"x": ["a"]}),
    ([("x[]", "a"), ("x[]", "b")], {"x": ["a", "b"]}),
    ([("x", "a"), ("x[]", "b")], {"x": ["a", "b"]}),
    ([("x[]", "a"), ("x", "b")], {"x": ["a", "b"]}),
    ([("x[1]", "b"), ("x[0]", "a")], {"x": ["a", "b"]}),
    ([("x[1]", "a"), ("x[]", "b")], {"x": ["a", "b"]}),
    ([("x[10]", "c"), ("x[9]", "b"), ("x[0]", "a")], {"x": ["a", "b", "c"]}),
    ([("x[a]", "1"), ("x[b]", "2")], {"x": {"a": "1", "b": "2"}}),
    ([("x[a][b]", "1"), ("x[a][c]", "2")], {"x": {"a": {"b": "1", "c": "2"}}}),
    ([("x[0][url]", "1"), ("x[1][url]", "2")], {"x": [{"url": "1"}, {"url": "2"}]}),
    ([("x[a]", "1"), ("x[a]", "2")], {"x": {"a": ["1", "2"]}}),
    ([("x", "[1]"), ("y", '{"a":1}')], {"x": "[1]", "y": '{"a":1}'}),
]


@pytest.mark.parametrize(("pairs", "fields"), ROWS)
def test_a_list_or_an_object_may_be_written_in_several_ways(
    pairs: list[tuple[str, str]], fields: dict[str, Any]
) -> None:
    assert to_fields(pairs) == fields


@pytest.mark.parametrize("name", ["", "[0]", "x[", "x]", "x[a", "x[a]b", "x[[a]]", "x" + "[a]" * 9])
def test_a_malformed_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidParameterError):
        to_fields([(name, "a")])
