"""How the most tolerant reader would take a text: a name or a URL that was spelled so that a check would not know it.

Whoever is behind the gateway may read names loosely, so two spellings with one plain form count as the same.
"""

import unicodedata
from urllib.parse import unquote

HEAD_LENGTH = 160
"""So many characters of a text are looked at."""

_ROUNDS = 4


def plain_form(text: str) -> str:
    """Returns the beginning of ``text`` as its most tolerant reader would take it.

    Percent escapes are decoded (repeatedly, since escapes can be escaped), compatibility forms such as full-width
    letters become plain ones, case is folded, blanks around and invisible characters anywhere are dropped.
    """
    return decode(text)[0]


def decode(text: str) -> tuple[str, bool]:
    """Returns the plain form, and whether decoding came to an end: it stops after three escapes of escapes."""
    head = text[:HEAD_LENGTH]
    for _ in range(_ROUNDS):
        plain = _fold(unquote(head))
        if plain == head:
            return plain, True
        head = plain
    return head, False


def _fold(text: str) -> str:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    if not folded.isprintable():
        folded = "".join(character for character in folded if character.isprintable())
    return folded.strip()
