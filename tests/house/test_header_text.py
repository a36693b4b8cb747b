"""Header values are read by the rules of HTTP, which has fewer blanks and digits than Python."""

import re
from pathlib import Path

import pytest

from app.header_text import parse_decimal, split_scheme, trim

LATIN_1 = [chr(number) for number in range(256)]
OTHERS = [character for character in LATIN_1 if character not in " \t"]


def test_no_byte_but_a_blank_surrounds_or_separates() -> None:
    for character in OTHERS:
        assert trim(f" {character}value{character}\t") == f"{character}value{character}"
        assert split_scheme(f"Bearer{character}key")[0] != "bearer"
        assert split_scheme(f"Bearer {character}key{character}") == ("bearer", f"{character}key{character}")


@pytest.mark.parametrize("text", ["Bearer key", "bEARER\tkey", " Bearer \t key ", "\tBEARER  key\t"])
def test_blanks_in_any_number_separate_a_scheme(text: str) -> None:
    assert split_scheme(text) == ("bearer", "key")


@pytest.mark.parametrize("text", ["", " ", "\t"])
def test_an_empty_header_has_no_scheme(text: str) -> None:
    assert split_scheme(text) == ("", "")


@pytest.mark.parametrize(
    "text", ["", " 1", "1 ", "+1", "-1", "1_0", "0x1", "1.0", "²", "１２", "٣", "1\n", "1\u00a0", "1" * 19, "1" * 5000]
)
def test_what_is_no_plain_number_is_none(text: str) -> None:
    assert parse_decimal(text) is None


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("007", 7), ("9" * 18, 10**18 - 1)])
def test_a_plain_number_is_read(text: str, number: int) -> None:
    assert parse_decimal(text) == number


# Of these files no text comes in a header, a query or a path: names of files, the operator's settings, JSON.
ELSEWHERE = {
    "app/observability/exposition.py",
    "app/settings.py",
    "app/catalog/model_spec.py",
}


def test_no_number_or_class_of_characters_of_the_edges_reaches_beyond_ascii() -> None:
    """A pattern with ``\\d`` takes ``１２``, and ``isdigit`` takes ``²``, at which ``int`` fails."""
    found = []
    for file in sorted(Path("app").rglob("*.py")):
        if str(file) in ELSEWHERE or file.is_relative_to("app/devdb"):
            continue
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
            is_pattern = re.search(r"\\d", line) is not None and "re.ASCII" not in line and 'rb"' not in line
            is_method = re.search(r"\.(isdecimal|isnumeric|isdigit)\(", line) and "isascii" not in line
            if is_pattern or is_method:
                found.append(f"{file}:{number}: {line.strip()}")
    assert found == []
