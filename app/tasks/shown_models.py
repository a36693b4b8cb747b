"""What clients see of a model, in the members of the upstream's list and of OpenAI's at once. Pure.

Source: ``upstream.md`` §11.5; ``openai-videos.md`` §5.
"""

import re
from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, Field

from app.catalog.model_spec import ModelSpec
from app.create_parameters import RETIRING_FAMILIES

# An id of the upstream: prefix, family, and a date of six digits.
_DATED_ID = re.compile(r"(?:[a-z]+-)?seedance-(?P<family>[a-z0-9-]+?)-(?P<date>[0-9]{6})")
_OWNER = "bytedance"
_4K = "4k"


class Modalities(BaseModel):
    """What a model takes and makes."""

    input_modalities: list[str]
    output_modalities: list[str] = ["video"]


class Durations(BaseModel):
    """The values of ``duration``."""

    min: int = Field(description="seconds")
    max: int = Field(description="seconds")
    auto: bool = Field(description="whether it may be -1: the model chooses")


class ShownModel(BaseModel):
    """A model that the key may use."""

    id: str = Field(description="the `model` of a create")
    object: Literal["model"] = "model"
    created: int = Field(description="Unix seconds: the date in the upstream's id; 0 when it has none")
    owned_by: str = _OWNER
    name: str = Field(description="the id without its date")
    version: str = Field(description="the date in the upstream's id, or empty")
    domain: Literal["VideoGeneration"] = "VideoGeneration"
    task_type: list[str] = Field(description="TextToVideo, ImageToVideo, ReferenceToVideo")
    modalities: Modalities
    status: Literal["Retiring"] | None = Field(description="null: current")
    shutdown_date: str | None = Field(default=None, description="null: none is known")
    supported_endpoint_types: list[str] = ["openai-video"]
    resolutions: list[str]
    ratios: list[str]
    durations: Durations


class ModelPage(BaseModel):
    """All models that the key may use, in the operator's order."""

    object: Literal["list"] = "list"
    data: list[ShownModel]


def to_shown_model(model: ModelSpec, *, is_4k_allowed: bool) -> ShownModel:
    """Returns what clients see of a model; an operator's own model has no family and no date.

    ``is_4k_allowed`` says that the client may use 4k, where the model has it.
    """
    dated = _DATED_ID.fullmatch(model.upstream_id)
    family, date = (dated["family"], dated["date"]) if dated is not None else ("", "")
    kinds = {
        "TextToVideo": not family.endswith("-i2v"),
        "ImageToVideo": not family.endswith("-t2v"),
        "ReferenceToVideo": model.max_reference_videos > 0,
    }
    inputs = {
        "text": True,
        "image": kinds["ImageToVideo"],
        "video": model.max_reference_videos > 0,
        "audio": model.max_reference_audios > 0,
    }
    return ShownModel(
        id=model.name,
        created=_to_seconds(date),
        name=model.name.removesuffix(f"-{date}") if date else model.name,
        version=date,
        task_type=[kind for kind, is_taken in kinds.items() if is_taken],
        modalities=Modalities(input_modalities=[kind for kind, is_taken in inputs.items() if is_taken]),
        status="Retiring" if family in RETIRING_FAMILIES else None,
        resolutions=_to_resolutions(model, is_4k_allowed=is_4k_allowed),
        ratios=list(model.ratios),
        durations=Durations(min=model.duration_min, max=model.duration_max, auto=model.is_auto_duration_allowed),
    )


def _to_resolutions(model: ModelSpec, *, is_4k_allowed: bool) -> list[str]:
    """Returns the resolutions once each, in the first spelling of those that the row has."""
    spellings: dict[str, str] = {}
    for spelling in model.resolutions:
        spellings.setdefault(spelling.lower(), spelling)
    return [spelling for name, spelling in spellings.items() if is_4k_allowed or name != _4K]


def _to_seconds(date: str) -> int:
    try:
        return int(datetime.strptime(date, "%y%m%d").replace(tzinfo=UTC).timestamp())
    except ValueError:  # no date
        return 0
