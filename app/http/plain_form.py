"""How the most tolerant reader would take a text: a name or a URL that was spelled so that a check would not know it.

Whoever is behind the gateway may read names loosely, so two spellings with one plain form count as the same.

A request can hold ten thousand texts, so the cost of one is bounded before it is expanded: some 100 µs for the worst.
"""

import unicodedata
from urllib.parse import unquote

HEAD_LENGTH = 160
"""So many characters of a text are looked at, and so many at most are kept of what they expand to."""

_ROUNDS = 4
# NFKC makes 18 characters of one (U+FDFA), and sorts runs of combining marks in quadratic time.
_EXPANDED_AT_ONCE = 16


def plain_form(text: str) -> str:
    """Returns the beginning of ``text`` as its most tolerant reader would take it.

    Percent escapes are decoded (repeatedly, since escapes can be escaped), compatibility forms such as full-width
    letters become plain ones, case is folded, blanks around and invisible characters anywhere are dropped.
    """
    return decode(text)[0]


def decode(text: str) -> tuple[str, bool]:
    """Returns the plain form, and whether decoding came to an end: it stops after four levels of escapes."""
    plain = _fold(text[:HEAD_LENGTH])
    for _ in range(_ROUNDS):
        decoded = unquote(plain) if "%" in plain else plain
        if decoded == plain:
            return plain, True
        plain = _fold(decoded)
    return plain, "%" not in plain or unquote(plain) == plain


def _fold(text: str) -> str:
    folded = text.lower() if text.isascii() else _fold_unicode(text)
    if not folded.isprintable():
        folded = "".join(character for character in folded if character.isprintable())
    return folded.strip()


def _fold_unicode(text: str) -> str:
    """Folds in slices, so that what one expands to is known before the next one is touched.

    A composed character that a cut takes apart stays apart. That changes nothing for what is searched for, which is
    ASCII and therefore no composition.
    """
    folded = ""
    for start in range(0, len(text), _EXPANDED_AT_ONCE):
        if len(folded) >= HEAD_LENGTH:
            break
        plain = unicodedata.normalize("NFKC", text[start : start + _EXPANDED_AT_ONCE])
        folded += unicodedata.normalize("NFKC", plain.casefold())
    return folded[:HEAD_LENGTH]
