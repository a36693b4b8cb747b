"""Where a body asks for a dry run: there it would be ignored, and the request carried out and paid for."""

from collections.abc import Iterable, Mapping
from typing import Any

from app.core.confusables import skeleton
from app.core.strict_json import member_path

_NAMES = frozenset({"dryrun", "validateonly"})


def is_dry_run_name(plain: str) -> bool:
    """Says whether a member's name asks for a dry run: ``dry_run``, ``dryRun``, ``isDryRun``, ``validate_only``.

    Args:
        plain: the name in its plain form (``app.core.confusables``), which is short and in lower case.
    """
    return "".join(filter(str.isalnum, plain)).removeprefix("is") in _NAMES


def find_dry_run(unknown: Mapping[str, Any], parent: str = "") -> str | None:
    """Returns the path of the first member that asks for a dry run; None when none does.

    Clients have places for what they do not know themselves, such as ``extra_body``. So the members of an object, or of
    the objects in a list, are looked at, too, and no deeper ones. Null means that a member is not given.

    Args:
        unknown: members that the caller does not know.
        parent: path of the object that has them.
    """
    for name, value in unknown.items():
        if value is not None and is_dry_run_name(skeleton(name)):
            return member_path(parent, name)
        if isinstance(value, dict | list):
            for place, inner in _objects_in(value, member_path(parent, name)):
                for inner_name, inner_value in inner.items():
                    if inner_value is not None and is_dry_run_name(skeleton(inner_name)):
                        return member_path(place, inner_name)
    return None


def _objects_in(value: dict[str, Any] | list[Any], path: str) -> Iterable[tuple[str, dict[str, Any]]]:
    if isinstance(value, dict):
        return [(path, value)]
    return ((f"{path}[{index}]", item) for index, item in enumerate(value) if isinstance(item, dict))
