"""Refuses member names and asset references that are spelled so that a check would miss them.

Unknown fields are sent upstream unchanged, and it is not known how tolerantly names and URLs are read there. Names that
become a known one after trimming, percent-decoding and case folding are therefore refused, and so are texts that become
``asset:``. A member that asks for a dry run is refused, too: the upstream would ignore it.
"""

from collections.abc import Mapping
from typing import Any

from app.core.confusables import MAX_INPUT_LENGTH, decode, skeleton
from app.core.strict_json import member_path
from app.http.dry_run import find_dry_run
from app.tasks.validation.errors import not_valid

_ASSET_SCHEME = "asset:"
# How many characters the decoded head of a longer text must have. This is more than "asset" and the rest of a colon
# that was escaped three times and cut, and less than percent-encoded Chinese has, at nine characters for one.
_MIN_CHARACTERS = 16


def is_asset_like(text: str) -> bool:
    """Returns whether a parser could take ``text`` for an asset reference.

    This includes texts whose first 160 characters are almost all padding, or that are escaped more than three times,
    because decoding them has no bounded cost.
    """
    plain, is_stable = decode(text)
    if not is_stable or plain.startswith(_ASSET_SCHEME):
        return True
    return len(text) > MAX_INPUT_LENGTH and len(plain) < _MIN_CHARACTERS


def check_member_names(members: Mapping[str, Any], known: frozenset[str], path: str) -> None:
    """Checks that no unknown name could be read as a known one, such as ``Model``, and none asks for a dry run.

    Dry runs are also searched for in the objects in unknown members.

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
