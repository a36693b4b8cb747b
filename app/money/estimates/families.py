"""Finds the family of a model (``app.create_parameters.FAMILIES``) by its names. Pure."""

import re
from functools import lru_cache

from app.catalog.model_spec import ModelSpec
from app.create_parameters import FAMILIES

_ID = re.compile(r"(?:doubao-|dreamina-)?seedance-(.+?)(?:-[0-9]{6})?", re.ASCII)
_MAX_REMEMBERED = 4096


def family_of(upstream_model: str, model: ModelSpec) -> str | None:
    """Returns the family of a model, or None when none of its names tells it.

    Args:
        upstream_model: the ``model`` that a channel is sent; an endpoint ``ep-…`` says nothing.
        model: its row of the catalog, whose other names are tried next.
    """
    found = _family_by_name(upstream_model)
    if found is not None:
        return found
    names = (model.upstream_id, *(name for name in model.regions.values() if name is not None), *model.spellings)
    return next((family for name in names if (family := _family_by_name(name)) is not None), None)


@lru_cache(_MAX_REMEMBERED)
def _family_by_name(name: str) -> str | None:
    match = _ID.fullmatch(name)
    family = match[1].replace(".", "-") if match else ""
    return family if family in FAMILIES else None
