"""No character of a printed text controls a terminal, is invisible, changes the direction or starts a line."""

import json
import sys
import unicodedata

import pytest

from app.observability.escaping import escape, escape_json

UNSAFE = [
    character
    for character in map(chr, range(sys.maxunicode + 1))
    if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
]


def test_every_unsafe_character_is_escaped_alone_and_in_json() -> None:
    assert len(UNSAFE) > 2000
    kept = [character for character in UNSAFE if character in escape(f"a{character}b")]
    assert kept == []
    whole = "".join(character for character in UNSAFE if not "\ud800" <= character <= "\udfff")
    document = escape_json(json.dumps(whole, ensure_ascii=False))
    assert (escape(document), json.loads(document)) == (document, whole)


@pytest.mark.parametrize("text", ["", "plain", "小猫 – naïve «x»", "a\u00a0b\u3000c", "🐈‍"[0], "\\x1b", "a'b\"c"])
def test_what_can_be_printed_stays_as_it_is(text: str) -> None:
    assert escape(text) == text


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("\x1b[2J", r"\x1b[2J"),
        ("a\nb\r", r"a\nb\r"),
        ("\u202etxt", r"\u202etxt"),
        ("\0", r"\x00"),
        ("\udc80", r"\udc80"),
    ],
)
def test_an_escaped_character_can_be_recognised(text: str, escaped: str) -> None:
    assert escape(text) == escaped


def test_lines_can_be_kept() -> None:
    assert escape("a\n\tb\x1b\r\n", keep="\n\t") == "a\n\tb\\x1b\\r\n"
