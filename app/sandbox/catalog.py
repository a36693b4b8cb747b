"""The video models of the emulated upstream, and ``GET /api/v3/models``.

The parameters of a model, its durations, resolutions and numbers of references are those of ``app.create_parameters``.

Source: reference ``upstream.md`` §1.1 to §1.3, §11.1 and §11.5; the task type of references is a guess.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from app.create_parameters import (
    AUTO_DURATION_FAMILIES,
    FINAL_RESOLUTIONS,
    PARAMETERS,
    REFERENCE_LIMITS,
    ReferenceLimits,
    refused_by,
)
from app.sandbox.errors import RefusedError

ADAPTIVE = "adaptive"
RATIOS = tuple(ratio for ratio in PARAMETERS["ratio"].words if ratio != ADAPTIVE)
MODES = ("t2v", "i2v", "r2v")
_TASK_TYPES = {"t2v": "TextToVideo", "i2v": "ImageToVideo", "r2v": "ReferenceToVideo"}


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoModel:
    """One model of a region.

    Attributes:
        id: the dated id; the upstream accepts no other name.
        generation: ``1.0``, ``1.5``, ``2.0`` or ``2.5``; selects the frame sizes and most rules.
        modes: those of ``t2v``, ``i2v`` and ``r2v`` that it supports.
        max_media_seconds: maximum of the total length of reference videos.
        seconds_per_kilotoken: rendering time, from published observations (reference §7).
        refused: parameters that this model does not accept.
        is_retiring: whether the list of models shows it as retiring.
        is_in_china: whether the Chinese region serves it.
        is_abroad: whether BytePlus serves it.
    """

    id: str
    generation: str
    modes: tuple[str, ...] = MODES
    max_media_seconds: float = 0.0
    seconds_per_kilotoken: float
    refused: frozenset[str] = frozenset()
    is_retiring: bool = False
    is_in_china: bool = True
    is_abroad: bool = True

    @property
    def name(self) -> str:
        """The id without its date, which is used in error messages."""
        return self.id.rsplit("-", 1)[0]

    @property
    def family(self) -> str:
        """The id without vendor and date, which is the name in ``app.create_parameters``."""
        return self.name.partition("seedance-")[2]

    @property
    def references(self) -> ReferenceLimits:
        """Maximum numbers of references in one request."""
        return REFERENCE_LIMITS[self.family]

    @property
    def default_resolution(self) -> str:
        """The default of ``resolution``."""
        return str(PARAMETERS["resolution"].default_of[self.family])

    @property
    def default_duration(self) -> int:
        """The default of ``duration``, seconds; −1 when the model chooses."""
        return int(PARAMETERS["duration"].default_of[self.family])

    @property
    def final_resolutions(self) -> tuple[str, ...]:
        """The allowed values of ``resolution`` for the final video of a draft."""
        return FINAL_RESOLUTIONS.get(self.family, ())

    @property
    def resolutions(self) -> tuple[str, ...]:
        """The allowed values of ``resolution``."""
        return PARAMETERS["resolution"].words_of[self.family]

    @property
    def durations(self) -> tuple[int, int]:
        """The minimum and maximum of ``duration``, seconds."""
        return PARAMETERS["duration"].ranges[self.family]

    @property
    def is_second_generation(self) -> bool:
        """Whether it is a 2.x model."""
        return self.generation.startswith("2")

    @property
    def takes_drafts(self) -> bool:
        """Whether it renders drafts and final videos of drafts."""
        return "draft" not in self.refused

    @property
    def chooses_duration(self) -> bool:
        """Whether ``duration: -1`` is allowed."""
        return self.family in AUTO_DURATION_FAMILIES


_V25 = VideoModel(
    id="doubao-seedance-2-5-260628",
    generation="2.5",
    max_media_seconds=30.2,
    seconds_per_kilotoken=1.5,
)
_V25_PREMIUM = replace(
    _V25,
    id="doubao-seedance-2-5-premium-260915",
    is_in_china=False,
)
_V20 = VideoModel(
    id="doubao-seedance-2-0-260128",
    generation="2.0",
    max_media_seconds=15.2,
    seconds_per_kilotoken=1.4,
)
_V20_FAST = replace(
    _V20,
    id="doubao-seedance-2-0-fast-260128",
    seconds_per_kilotoken=1.2,
)
_V20_MINI = replace(_V20, id="doubao-seedance-2-0-mini-260615", seconds_per_kilotoken=1.0)
_V15 = VideoModel(
    id="doubao-seedance-1-5-pro-251215",
    generation="1.5",
    modes=("t2v", "i2v"),
    seconds_per_kilotoken=0.8,
    is_retiring=True,
    is_abroad=False,
)
_V10 = VideoModel(
    id="doubao-seedance-1-0-pro-250528",
    generation="1.0",
    modes=("t2v", "i2v"),
    seconds_per_kilotoken=0.6,
)
_V10_FAST = replace(_V10, id="doubao-seedance-1-0-pro-fast-251015", seconds_per_kilotoken=0.3)
_V10_LITE = replace(_V10, is_retiring=True, is_abroad=False)
_V10_LITE_TEXT = replace(_V10_LITE, id="doubao-seedance-1-0-lite-t2v-250428", modes=("t2v",))
_V10_LITE_IMAGE = replace(_V10_LITE, id="doubao-seedance-1-0-lite-i2v-250428", modes=("i2v", "r2v"))

_MODELS = (_V25, _V25_PREMIUM, _V20, _V20_FAST, _V20_MINI, _V15, _V10, _V10_FAST, _V10_LITE_TEXT, _V10_LITE_IMAGE)


class Catalog:
    """The models of one region, by dated id and by ``ep-…`` endpoint id.

    An undated alias is 404, as upstream.

    Args:
        region: see ``SandboxConfig``.
        endpoints: see ``SandboxConfig``.

    Attributes:
        models: all models of the region, newest first.
    """

    def __init__(self, region: str, endpoints: Mapping[str, str]) -> None:
        is_china = region.startswith("cn-")
        models = [
            replace(model if is_china else _abroad(model), refused=_refused_by(model, is_china=is_china))
            for model in _MODELS
            if (model.is_in_china if is_china else model.is_abroad)
        ]
        self.models = tuple(models)
        self._models = {model.id: model for model in models}
        self._models |= {endpoint: self._models[model_id] for endpoint, model_id in endpoints.items()}

    def find(self, name: str) -> VideoModel:
        """Returns the model with an id.

        Raises:
            RefusedError: 404 ``InvalidEndpointOrModel.NotFound``.
        """
        model = self._models.get(name)
        if model is None:
            text = f"The model or endpoint {name} does not exist or you do not have access to it."
            raise RefusedError("InvalidEndpointOrModel.NotFound", text, param="model")
        return model


def _refused_by(model: VideoModel, *, is_china: bool) -> frozenset[str]:
    """Returns the parameters that a model does not accept; BytePlus has no web search."""
    return refused_by(model.family) | (frozenset() if is_china else {"tools"})


def _abroad(model: VideoModel) -> VideoModel:
    """Returns the model with its BytePlus id, whose prefix is ``dreamina-`` for 2.x and empty for 1.x."""
    prefix = "dreamina-" if model.is_second_generation else ""
    return replace(model, id=prefix + model.id.removeprefix("doubao-"))


def to_model_list(models: Iterable[VideoModel]) -> dict[str, Any]:
    """Returns the JSON of ``GET /api/v3/models``."""
    return {"object": "list", "data": [_to_wire(model) for model in models]}


def _to_wire(model: VideoModel) -> dict[str, Any]:
    version = model.id.rsplit("-", 1)[1]
    created = datetime.strptime(version, "%y%m%d").replace(tzinfo=UTC)
    references = ((model.references.videos, "video"), (model.references.audios, "audio"))
    wire: dict[str, Any] = {
        "id": model.id,
        "object": "model",
        "created": int(created.timestamp()),
        "name": model.name,
        "version": version,
        "domain": "VideoGeneration",
        "task_type": [_TASK_TYPES[mode] for mode in model.modes],
        "modalities": {
            "input_modalities": ["text", "image", *(word for most, word in references if most)],
            "output_modalities": ["video"],
        },
        "features": {},
        "token_limits": {},
    }
    if model.is_retiring:
        wire["status"] = "Retiring"
    return wire
