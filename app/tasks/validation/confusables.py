"""Disguises: member names and asset references that are spelled so that a check would not know them.

The gateway lets unknown fields through, so it must not matter how loosely somebody behind it reads a name or a
URL. Whatever could pass for a known name or for ``asset:`` after trimming, percent-decoding and case folding is
refused. So is a member that asks for a dry run, which the upstream would ignore.
"""

from collections.abc import Mapping
from typing import Any

from app.core.confusables import MAX_INPUT_LENGTH, decode, skeleton
from app.core.strict_json import member_path
from app.http.dry_run import find_dry_run
from app.tasks.validation.errors import not_valid

_ASSET_SCHEME = "asset:"
# Of a longer text the head must say this much. It is more than "asset" and what is left of a colon that was
# escaped three times and cut, and less than percent-encoded Chinese gives, at nine characters for one.
_MIN_CHARACTERS = 16


def is_asset_like(text: str) -> bool:
    """Returns whether some reader could take ``text`` for an asset reference.

    So counts a text whose first 160 characters are almost all padding, or that is escaped more than three times:
    what it says cannot be told at a bounded cost.
    """
    plain, is_stable = decode(text)
    if not is_stable or plain.startswith(_ASSET_SCHEME):
        return True
    return len(text) > MAX_INPUT_LENGTH and len(plain) < _MIN_CHARACTERS


def check_member_names(members: Mapping[str, Any], known: frozenset[str], path: str) -> None:
    """Checks that no unknown name could be read as a known one: ``Model`` as ``model``, nor asks for a dry run.

    A dry run is also looked for in the objects that an unknown member holds.

    Raises:
        InvalidParameterError: 400 with the path of the first such member.
    """
    unknown = {name: value for name, value in members.items() if name not in known}
    for name in unknown:
        plain = skeleton(name)
        if plain in known:
            raise not_valid(member_path(path, name), f"the name must be written `{plain}`")
    dry_run = find_dry_run(unknown, path)
    if dry_run is not None:
        reason = "a dry run is asked for in the query of the request, by ?dry_run=true; nothing was created"
        raise not_valid(dry_run, reason)
