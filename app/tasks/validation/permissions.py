"""Works out which permissions the parameters of a create need. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from app.catalog.model_spec import ModelSpec
from app.create_parameters import PARAMETERS
from app.money.estimates.prompt_suffixes import UNREADABLE, read_suffixes
from app.tenants.permissions import Permission

_4K = "4k"
_DEFAULT_EXPIRES_AFTER_SECONDS = PARAMETERS["execution_expires_after"].default


def permissions_of(fields: Mapping[str, Any], model: ModelSpec, *, is_final: bool) -> dict[Permission, str]:
    """Returns the permissions that a checked body needs, each with the parameter that needs it.

    Args:
        fields: the body, whose parameters have their types.
        model: its model.
        is_final: whether it is the final video of a draft.
    """
    needed = {}
    if fields.get("priority") not in (None, 0):
        needed[Permission.PRIORITY] = "priority"
    if str(fields.get("service_tier")).lower() == "flex":
        needed[Permission.FLEX] = "service_tier"
    if fields.get("execution_expires_after", 0) > _DEFAULT_EXPIRES_AFTER_SECONDS:
        needed[Permission.LONG_EXPIRY] = "execution_expires_after"
    if "resolution" in fields:
        if fields["resolution"].lower() == _4K:
            needed[Permission.RESOLUTION_4K] = "resolution"
    elif is_final and _has_4k(model):
        # Of the models in 4k only one makes drafts, and 4k is all that its final videos may be.
        needed[Permission.RESOLUTION_4K] = "resolution"
    elif _may_ask_for_4k(fields["content"], model):
        needed[Permission.RESOLUTION_4K] = "content"
    return needed


def _has_4k(model: ModelSpec) -> bool:
    return _4K in map(str.lower, model.resolutions)


def _may_ask_for_4k(content: Iterable[Mapping[str, Any]], model: ModelSpec) -> bool:
    """Says whether the prompt may have 4k as a suffix, which the upstream applies when ``resolution`` is absent."""
    suffixes = read_suffixes(content)
    if suffixes is UNREADABLE:
        return _has_4k(model)
    # Where the upstream ends a value, "4k," perhaps, is not known.
    return any(value is not None and value.lower().startswith(_4K) for value in suffixes.get("resolution", ()))
