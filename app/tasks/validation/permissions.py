"""Works out which permissions the parameters of a create need. Pure."""

import re
from collections.abc import Mapping
from typing import Any

from app.catalog.model_spec import ModelSpec
from app.create_parameters import PARAMETERS
from app.tenants.permissions import Permission

_4K = "4k"
_DEFAULT_EXPIRES_AFTER_SECONDS = PARAMETERS["execution_expires_after"].default
# A legacy suffix of the prompt, which the upstream applies when ``resolution`` is absent.
_4K_SUFFIX = re.compile(r"--(?:rs|resolution)\s++4k", re.IGNORECASE)


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
    elif is_final and _4K in map(str.lower, model.resolutions):
        # Of the models in 4k only one makes drafts, and 4k is all that its final videos may be.
        needed[Permission.RESOLUTION_4K] = "resolution"
    elif any(_4K_SUFFIX.search(item.get("text", "")) for item in fields["content"]):
        # The upstream may use a text beside the payload of another type, too.
        needed[Permission.RESOLUTION_4K] = "content"
    return needed
