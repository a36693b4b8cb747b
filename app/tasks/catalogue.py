"""The models that clients may name: which upstream id is behind each, and what each accepts.

The table ``models`` holds them; ``DEFAULT_MODELS``, or the setting ``SEEDGATE_MODELS``, fills it while it is empty.
"""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from app.create_parameters import PARAMETERS

_MODEL_NAME = r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$"

_Name = Annotated[str, Field(pattern=_MODEL_NAME)]
_Words = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(min_length=1)]
_Seconds = Annotated[int, Field(ge=1, le=86_400)]
_Count = Annotated[int, Field(ge=0, le=1000)]

# The table "Request Parameters" of the spec, while the upstream's own default is sound.
_NAMES_OF_THE_SPEC = ("doubao-seedance-2", "doubao-seedance-2-fast")
_DEFAULTS_OF_THE_SPEC = {"generate_audio_default": False}

ALL_RATIOS = PARAMETERS["ratio"].words


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """What one public model name stands for and accepts.

    The defaults are what the upstream documents for Seedance 2.0, so a model that an operator adds needs only
    its two names; what the upstream does not take it refuses itself.

    Attributes:
        name: the name that clients send as ``model``.
        upstream_id: what the upstream is sent instead, a model id or an endpoint ``ep-…``.
        resolutions: accepted values of ``resolution``.
        ratios: accepted values of ``ratio``.
        duration_min: shortest ``duration``, seconds.
        duration_max: longest ``duration``, seconds.
        is_auto_duration_allowed: whether ``duration`` may be -1, "the model chooses".
        max_reference_images: how many images of the role ``reference_image``.
        max_reference_videos: how many videos.
        max_reference_audios: how many audio clips.
        takes_generate_audio: whether the model knows ``generate_audio`` at all.
        generate_audio_default: what the upstream is sent as ``generate_audio`` when a request leaves it out; None:
            nothing, so that the upstream's own default holds.
        is_audio_alone_allowed: whether audio may come without an image or a video.

    Raises:
        ValueError: ``duration_min`` is above ``duration_max``, or there is a default of what the model does not take.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(strict=True, extra="forbid")

    name: _Name
    upstream_id: _Name
    resolutions: _Words = ("480p", "720p", "1080p", "4k", "4K")
    ratios: _Words = ALL_RATIOS
    duration_min: _Seconds = 4
    duration_max: _Seconds = 15
    is_auto_duration_allowed: bool = True
    max_reference_images: _Count = 9
    max_reference_videos: _Count = 3
    max_reference_audios: _Count = 3
    takes_generate_audio: bool = True
    generate_audio_default: bool | None = None
    is_audio_alone_allowed: bool = False

    def __post_init__(self) -> None:
        if self.duration_min > self.duration_max:
            raise ValueError("duration_min: must not be above duration_max")
        if self.generate_audio_default is not None and not self.takes_generate_audio:
            raise ValueError("generate_audio_default: must be null where takes_generate_audio is false")

    def to_json(self) -> dict[str, Any]:
        """Returns the spec as plain JSON values, every field present."""
        return {field: list(value) if isinstance(value, tuple) else value for field, value in asdict(self).items()}

    @staticmethod
    def from_json(value: Any) -> "ModelSpec":
        """Returns the spec that ``to_json`` made, or that an operator wrote with fields left out.

        A model under one of the spec's two names has the spec's ``generate_audio_default`` unless it says otherwise.

        Raises:
            ValueError: a field is missing, unknown, of the wrong type or out of range; the message names it.
        """
        try:
            return _SPEC.validate_json(json.dumps(_with_default_of_the_spec(value)))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            field = ".".join(str(part) for part in first["loc"])
            reason = first["msg"].removeprefix("Value error, ")
            raise ValueError(f"{field}: {reason}" if field else reason) from None


def _with_default_of_the_spec(value: Any) -> Any:
    if isinstance(value, dict) and value.get("name") in _NAMES_OF_THE_SPEC and value.get("takes_generate_audio", True):
        return _DEFAULTS_OF_THE_SPEC | value
    return value


# Built once: building takes a hundred times as long as using it. JSON is what makes lists count as tuples.
_SPEC = TypeAdapter(ModelSpec)


def load_models(text_or_path: str) -> list[ModelSpec]:
    """Returns the models of the setting ``SEEDGATE_MODELS``, in their order.

    Args:
        text_or_path: JSON, or the path of a file that holds it: a list of specs, or an object that maps each
            public name to its spec without ``name``.

    Raises:
        ValueError: the file cannot be read, is not JSON, has no models, one is wrong or two share a name.
    """
    entries = _to_entries(_read_json(text_or_path))
    models = []
    for index, entry in enumerate(entries):
        try:
            models.append(ModelSpec.from_json(entry))
        except ValueError as error:
            raise ValueError(f"models[{index}]: {error}") from None
    if not models:
        raise ValueError("models: at least one is needed")
    names = [model.name for model in models]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"models: {name} appears twice")
    return models


def _read_json(text_or_path: str) -> Any:
    text = text_or_path.strip()
    if not text.startswith(("[", "{")):
        try:
            text = Path(text).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"models: cannot read {text_or_path}: {error}") from None
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"models: not valid JSON: {error}") from None


def _to_entries(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        return [{"name": name, **spec} if isinstance(spec, dict) else spec for name, spec in value.items()]
    raise ValueError("models: expected a list of models, or an object of models by name")


# Sources: the two aliases by the spec's tables "Supported Models" and "Parameter Limits"; the dated ids by the
# upstream's create page. Where neither says how many reference images a 1.x model takes, the default stays and
# the upstream decides.
_SEEDANCE_2_0 = ModelSpec(name="doubao-seedance-2-0-260128", upstream_id="doubao-seedance-2-0-260128")
_SEEDANCE_2_0_FAST = replace(
    _SEEDANCE_2_0,
    name="doubao-seedance-2-0-fast-260128",
    upstream_id="doubao-seedance-2-0-fast-260128",
    resolutions=("480p", "720p"),
)
_ALIAS = ModelSpec(
    name="doubao-seedance-2",
    upstream_id=_SEEDANCE_2_0.upstream_id,
    resolutions=("480p", "720p", "1080p"),
    ratios=("16:9", "9:16", "1:1"),
    duration_min=5,
    duration_max=15,
    is_auto_duration_allowed=False,
    **_DEFAULTS_OF_THE_SPEC,
)
_SEEDANCE_1_5_PRO = ModelSpec(
    name="doubao-seedance-1-5-pro-251215",
    upstream_id="doubao-seedance-1-5-pro-251215",
    resolutions=("480p", "720p", "1080p"),
    duration_max=12,
    max_reference_videos=0,
    max_reference_audios=0,
)
_SEEDANCE_1_0_PRO = replace(
    _SEEDANCE_1_5_PRO,
    name="doubao-seedance-1-0-pro-250528",
    upstream_id="doubao-seedance-1-0-pro-250528",
    duration_min=2,
    is_auto_duration_allowed=False,
    takes_generate_audio=False,
)
_SEEDANCE_1_0_LITE = replace(_SEEDANCE_1_0_PRO, resolutions=("480p", "720p"))

DEFAULT_MODELS: tuple[ModelSpec, ...] = (
    _ALIAS,
    replace(
        _ALIAS,
        name="doubao-seedance-2-fast",
        upstream_id=_SEEDANCE_2_0_FAST.upstream_id,
        resolutions=_SEEDANCE_2_0_FAST.resolutions,
    ),
    ModelSpec(
        name="doubao-seedance-2-5-260628",
        upstream_id="doubao-seedance-2-5-260628",
        resolutions=("480p", "720p", "1080p"),
        duration_max=30,
        max_reference_images=30,
        max_reference_videos=10,
        max_reference_audios=10,
        is_audio_alone_allowed=True,
    ),
    _SEEDANCE_2_0,
    _SEEDANCE_2_0_FAST,
    replace(
        _SEEDANCE_2_0_FAST,
        name="doubao-seedance-2-0-mini-260615",
        upstream_id="doubao-seedance-2-0-mini-260615",
    ),
    _SEEDANCE_1_5_PRO,
    _SEEDANCE_1_0_PRO,
    replace(
        _SEEDANCE_1_0_PRO,
        name="doubao-seedance-1-0-pro-fast-251015",
        upstream_id="doubao-seedance-1-0-pro-fast-251015",
    ),
    replace(
        _SEEDANCE_1_0_LITE,
        name="doubao-seedance-1-0-lite-t2v-250428",
        upstream_id="doubao-seedance-1-0-lite-t2v-250428",
    ),
    replace(
        _SEEDANCE_1_0_LITE,
        name="doubao-seedance-1-0-lite-i2v-250428",
        upstream_id="doubao-seedance-1-0-lite-i2v-250428",
        max_reference_images=4,
    ),
)
"""The models of a fresh installation: the spec's two aliases, then the upstream's own ids, newest first."""
