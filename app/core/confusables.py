"""Skeletons of confusable names: two spellings with the same skeleton may be read as the same name or URL.

The servers behind the gateway may read names loosely, so a check that compares exact spellings can be evaded. The idea
is that of Unicode TR39 (confusable detection), applied to what lenient parsers fold: percent escapes, compatibility
forms, case, blanks and invisible characters.

A request may contain ten thousand texts, so the cost of each is bounded: some 100 µs for the worst.
"""

import unicodedata
from urllib.parse import unquote

MAX_INPUT_LENGTH = 160
"""How many characters of a text are read, and the maximum length of a skeleton."""

_MAX_ESCAPE_LEVELS = 4
# NFKC expands one character to up to 18 (U+FDFA), and sorts runs of combining marks in quadratic time.
_NORMALIZE_SLICE_LENGTH = 16


def skeleton(text: str) -> str:
    """Returns the skeleton of the beginning of ``text``.

    Percent escapes are decoded (repeatedly, since escapes can be escaped), compatibility forms such as full-width
    letters become plain ones, case is folded, outer blanks and all invisible characters are removed.
    """
    return decode(text)[0]


def decode(text: str) -> tuple[str, bool]:
    """Returns the skeleton, and whether it is fully decoded: decoding stops after four levels of escapes."""
    folded = _fold(text[:MAX_INPUT_LENGTH])
    for _ in range(_MAX_ESCAPE_LEVELS):
        decoded = unquote(folded) if "%" in folded else folded
        if decoded == folded:
            return folded, True
        folded = _fold(decoded)
    return folded, "%" not in folded or unquote(folded) == folded


def _fold(text: str) -> str:
    folded = text.lower() if text.isascii() else _fold_unicode(text)
    if not folded.isprintable():
        folded = "".join(character for character in folded if character.isprintable())
    return folded.strip()


def _fold_unicode(text: str) -> str:
    """Folds in slices, so that the expansion stops at the maximum length.

    A slice boundary may separate a character from its combining marks. That does not matter: the known names are
    ASCII.
    """
    folded = ""
    for start in range(0, len(text), _NORMALIZE_SLICE_LENGTH):
        if len(folded) >= MAX_INPUT_LENGTH:
            break
        normalized = unicodedata.normalize("NFKC", text[start : start + _NORMALIZE_SLICE_LENGTH])
        folded += unicodedata.normalize("NFKC", normalized.casefold())
    return folded[:MAX_INPUT_LENGTH]
