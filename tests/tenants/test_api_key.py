"""The format of API keys."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ids import BASE62
from app.tenants.api_key import make_key, parse_key


def test_a_new_key_parses_to_the_parts_that_were_kept_of_it() -> None:
    made = make_key()

    assert re.fullmatch(r"sg-[0-9A-Za-z]{12}-[0-9A-Za-z]{38}", made.plaintext)
    assert parse_key(made.plaintext) == made.parts
    assert made.plaintext.split("-")[1] == made.parts.public_part


def test_no_two_keys_are_alike() -> None:
    made = [make_key() for _ in range(200)]

    assert len({key.plaintext for key in made}) == len({key.parts.public_part for key in made}) == 200


@given(position=st.integers(min_value=0), letter=st.sampled_from(BASE62))
def test_one_wrong_character_anywhere_is_noticed_without_a_query(position: int, letter: str) -> None:
    text = make_key().plaintext
    index = position % len(text)
    mistyped = text[:index] + letter + text[index + 1 :]

    assert mistyped == text or parse_key(mistyped) is None


@given(position=st.integers(min_value=0))
def test_two_swapped_neighbours_are_noticed(position: int) -> None:
    text = make_key().plaintext
    index = position % (len(text) - 1)
    swapped = text[:index] + text[index + 1] + text[index] + text[index + 2 :]

    assert swapped == text or parse_key(swapped) is None


@given(st.text())
def test_any_text_is_parsed_or_refused(text: str) -> None:
    assert parse_key(text) is None


@pytest.mark.parametrize("form", ["{}\n", " {}", "{}x", "Bearer {}", "{}\0"])
def test_a_key_with_other_text_around_it_is_no_key(form: str) -> None:
    assert parse_key(form.format(make_key().plaintext)) is None


def test_neither_secret_nor_hash_shows_in_a_representation() -> None:
    made = make_key()

    assert made.plaintext not in repr(made)
    assert repr(made.parts.secret_hash) not in repr(made)
    assert made.parts.public_part in repr(made)
