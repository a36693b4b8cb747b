"""Which values of the upstream mean an integer."""

from typing import Any

import pytest

from app.tasks.responses import to_integer


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (5, 5),
        (-1, -1),
        (5.0, 5),
        ("108900", 108_900),
        ("-1", -1),
        ("0", 0),
        ("9" * 16, 10**16 - 1),
        (2**63 - 1, 2**63 - 1),
        *((odd, None) for odd in (None, True, False, 5.5, float("nan"), float("inf"), 1e300, 2**63, [5], {"n": 5})),
        *((odd, None) for odd in ("", "5.0", "5e3", "+5", " 5", "5\n", "0x5", "1_000", "\u0665", "9" * 17)),
    ],
)
def test_an_integer_in_whatever_form_it_comes(value: Any, expected: int | None) -> None:
    found = to_integer(value)
    assert (found, type(found)) == (expected, type(expected))
