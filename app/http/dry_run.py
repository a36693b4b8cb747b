"""Detects a dry run requested in a body, where it would be ignored and the request carried out and billed."""

from collections.abc import Iterable, Mapping
from typing import Any

from app.core.confusables import skeleton
from app.core.strict_json import member_path

_NAMES = frozenset({"dryrun", "validateonly"})


def is_dry_run_name(plain: str) -> bool:
    """Whether a name, given as its skeleton, requests a dry run: ``dry_run``, ``isDryRun``, ``validate_only``."""
    return "".join(filter(str.isalnum, plain)).removeprefix("is") in _NAMES


def find_dry_run(unknown: Mapping[str, Any], parent: str = "") -> str | None:
    """Returns the path of the first member that requests a dry run, or None.

    Some clients put unknown parameters into a container such as ``extra_body``, so the members of objects and of
    objects in lists are searched, too, but not deeper ones. A null member counts as absent.
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
