"""Disguises: member names and asset references that are spelled so that a check would not know them.

The gateway lets unknown fields through, so it must not matter how loosely somebody behind it reads a name or a
URL. Whatever could pass for a known name or for ``asset:`` after trimming, percent-decoding and case folding is
refused.
"""

import unicodedata
from collections.abc import Iterable
from urllib.parse import unquote

from app.http.json_body import member_path
from app.tasks.refusals import not_valid

_ASSET_SCHEME = "asset:"
_ROUNDS = 4
_HEAD_LENGTH = 160
# Of a longer text the head must say this much. It is more than "asset" and what is left of a colon that was
# escaped three times and cut, and less than percent-encoded Chinese gives, at nine characters for one.
_FEWEST_CHARACTERS = 16


def plain_form(text: str) -> str:
    """Returns the beginning of ``text`` as its most tolerant reader would take it.

    Percent escapes are decoded (repeatedly, since escapes can be escaped), compatibility forms such as full-width
    letters become plain ones, case is folded, blanks around and invisible characters anywhere are dropped.
    """
    return _decode(text)[0]


def is_asset_like(text: str) -> bool:
    """Returns whether some reader could take ``text`` for an asset reference.

    So counts a text whose first 160 characters are almost all padding, or that is escaped more than three times:
    what it says cannot be told at a bounded cost.
    """
    plain, is_stable = _decode(text)
    if not is_stable or plain.startswith(_ASSET_SCHEME):
        return True
    return len(text) > _HEAD_LENGTH and len(plain) < _FEWEST_CHARACTERS


def check_member_names(names: Iterable[str], known: frozenset[str], path: str) -> None:
    """Checks that no unknown name could be read as a known one: ``Model`` as ``model``.

    Raises:
        InvalidParameterError: 400 with the path of the first such member.
    """
    for name in names:
        if name not in known and (meant := plain_form(name)) in known:
            raise not_valid(member_path(path, name), f"the name must be written `{meant}`")


def _decode(text: str) -> tuple[str, bool]:
    """Returns the plain form, and whether decoding came to an end."""
    head = text[:_HEAD_LENGTH]
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
