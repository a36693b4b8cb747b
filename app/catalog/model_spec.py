"""A video model: its names, its upstream ids and its limits. Pure.

Models are stored in the table ``models``. While it is empty, ``app.catalog.default_models`` or the setting
``SEEDGATE_MODELS`` fills it.
"""

import json
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from app.create_parameters import PARAMETERS

_MODEL_NAME = r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$"

_Name = Annotated[str, Field(pattern=_MODEL_NAME)]
_Aliases = Annotated[tuple[_Name, ...], Field(max_length=32)]
_Region = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
_Regions = Annotated[dict[_Region, _Name | None], Field(max_length=32)]
_Words = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(min_length=1)]
_Seconds = Annotated[int, Field(ge=1, le=86_400)]
_Count = Annotated[int, Field(ge=0, le=1000)]

_NAMES_OF_THE_SPEC = ("doubao-seedance-2", "doubao-seedance-2-fast")

DEFAULTS_OF_THE_SPEC: dict[str, Any] = {"generate_audio_default": False}
"""Of the spec's two names, by its table "Request Parameters"; the upstream's own default is sound."""

ALL_RATIOS = PARAMETERS["ratio"].words


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """One model.

    The defaults are what the upstream documents for Seedance 2.0, so an operator has to give only the two names of a
    model that is added; the upstream refuses what it does not accept.

    Attributes:
        name: the name that clients send as ``model``.
        aliases: other names that clients may send, each of only one model.
        upstream_id: the ``model`` that is sent upstream: an id or an endpoint ``ep-…``.
        regions: the ``model`` that is sent in a region instead, None where the model is not served. Other regions are
            sent ``upstream_id``: an upstream refuses an unknown id without a charge.
        resolutions: accepted values of ``resolution``.
        ratios: accepted values of ``ratio``.
        duration_min: shortest ``duration``, seconds.
        duration_max: longest ``duration``, seconds.
        is_auto_duration_allowed: whether ``duration`` may be -1: the model chooses.
        max_reference_images: how many images of the role ``reference_image``.
        max_reference_videos: how many videos.
        max_reference_audios: how many audio clips.
        takes_generate_audio: whether the model has ``generate_audio``.
        generate_audio_default: sent upstream when a request has no ``generate_audio``; None leaves it to the upstream.
        is_audio_alone_allowed: whether audio may come without an image or a video.

    Raises:
        ValueError: a name is repeated, ``duration_min`` is above ``duration_max``, or a default is given for a
            parameter that the model does not have.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(strict=True, extra="forbid")

    name: _Name
    upstream_id: _Name
    aliases: _Aliases = ()
    regions: _Regions = field(default_factory=dict)
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
        for index, alias in enumerate(self.aliases):
            if alias in self.spellings[: index + 1]:
                raise ValueError(f"aliases.{index}: {alias} appears twice")
        if self.duration_min > self.duration_max:
            raise ValueError("duration_min: must not be above duration_max")
        if self.generate_audio_default is not None and not self.takes_generate_audio:
            raise ValueError("generate_audio_default: must be null where takes_generate_audio is false")

    @property
    def spellings(self) -> tuple[str, ...]:
        """The names that clients may send, ``name`` first."""
        return (self.name, *self.aliases)

    def to_json(self) -> dict[str, Any]:
        """Returns the spec as plain JSON values, every field present."""
        return {field: list(value) if isinstance(value, tuple) else value for field, value in asdict(self).items()}

    def to_short_json(self) -> dict[str, Any]:
        """Returns the same without a ``generate_audio_default`` that ``from_json`` adds."""
        value = self.to_json()
        default = value.pop("generate_audio_default")
        is_added = _with_default_of_the_spec(value).get("generate_audio_default") == default
        return value if is_added else value | {"generate_audio_default": default}

    @staticmethod
    def from_json(value: Any) -> "ModelSpec":
        """Returns a spec from ``to_json``, or as an operator wrote it, with fields left out.

        The default of ``generate_audio_default`` is the spec's for a model with one of the spec's two names.

        Raises:
            ValueError: a field is missing, unknown, of the wrong type or out of range; the message names it.
        """
        try:
            return _SPEC.validate_json(json.dumps(_with_default_of_the_spec(value)))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            # pydantic marks an error in a key of a mapping; the path alone is enough.
            field = ".".join(str(part) for part in first["loc"]).removesuffix(".[key]")
            reason = first["msg"].removeprefix("Value error, ")
            raise ValueError(f"{field}: {reason}" if field else reason) from None


def _with_default_of_the_spec(value: Any) -> Any:
    if isinstance(value, dict) and value.get("name") in _NAMES_OF_THE_SPEC and value.get("takes_generate_audio", True):
        return DEFAULTS_OF_THE_SPEC | value
    return value


# Built once: building takes a hundred times as long as using it. Lists count as tuples only in JSON.
_SPEC = TypeAdapter(ModelSpec)
