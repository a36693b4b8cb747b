"""The parameters of a create-task request, and the items of its ``content``: one table for all that reads them. Pure.

``app.tasks.validation``, ``/openapi.json``, the page ``docs/parameters.md`` and the sandbox go by it. A row says what
the upstream takes; where the gateway asks for less or for more, the same row says so.

Source: the spec's tables "Request Parameters", "content Parameter", "role Values" and "tools Parameter"; what the spec
does not have: reference ``upstream.md`` §1.2, §1.3 and §11.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1

# Families of models, by the middle of their ids.
_LATEST = ("2-5", "2-5-premium")
_FULL_AND_FAST = ("2-0", "2-0-fast")
_SECOND = (*_LATEST, *_FULL_AND_FAST, "2-0-mini")
_ONE_FIVE = ("1-5-pro",)
_ONE_ZERO = ("1-0-pro", "1-0-pro-fast", "1-0-lite-t2v", "1-0-lite-i2v")

FAMILIES = (*_SECOND, *_ONE_FIVE, *_ONE_ZERO)
"""The families of models, newest first: an id without its vendor's prefix and its date."""

RETIRING_FAMILIES = (*_ONE_FIVE, "1-0-lite-t2v", "1-0-lite-i2v")
"""The families that the upstream has announced to shut down."""

# Seconds, and sizes of frames, of each.
_DURATIONS = {
    **dict.fromkeys(_LATEST, (4, 30)),
    **dict.fromkeys((*_FULL_AND_FAST, "2-0-mini"), (4, 15)),
    **dict.fromkeys(_ONE_FIVE, (4, 12)),
    **dict.fromkeys(_ONE_ZERO, (2, 12)),
}
_RESOLUTIONS = {
    **dict.fromkeys(("2-5-premium", "2-0"), ("480p", "720p", "1080p", "4k")),
    **dict.fromkeys(("2-5", *_ONE_FIVE, "1-0-pro", "1-0-pro-fast"), ("480p", "720p", "1080p")),
    **dict.fromkeys(("2-0-fast", "2-0-mini", "1-0-lite-t2v", "1-0-lite-i2v"), ("480p", "720p")),
}

AUTO_DURATION = -1
"""The ``duration`` that leaves the length to the model."""

AUTO_DURATION_FAMILIES = (*_SECOND, *_ONE_FIVE)
"""The families that take ``AUTO_DURATION``."""

DRAFT_RESOLUTION = "480p"
"""The only ``resolution`` of a draft."""

FINAL_RESOLUTIONS: Mapping[str, tuple[str, ...]] = {
    "2-5": ("1080p",),
    "2-5-premium": ("4k",),
    "1-5-pro": _RESOLUTIONS["1-5-pro"],
}
"""What ``resolution`` may be for the final video of a draft, of each family that makes drafts."""

EDITED_SECONDS = (4, 30)
"""The shortest and the longest reference video that is edited."""

_BUT_FAST = tuple(family for family in FAMILIES if family != "2-0-fast")


class Kind(StrEnum):
    """The JSON type of a value, as JSON Schema calls it; ``ANY`` is not looked at."""

    TEXT = "string"
    SWITCH = "boolean"
    INTEGER = "integer"
    LIST = "array"
    ANY = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter.

    Attributes:
        name: the member of the body.
        kind: its JSON type.
        description: what it does, a clause without a full stop.
        families: the models that take it; the upstream refuses it for any other.
        is_required: whether a create must have it.
        is_in_spec: whether the spec has it; the others are the upstream's alone.
        words: the values that the upstream takes, where they can be listed.
        lowest: the smallest integer that the upstream takes.
        highest: the largest integer that the upstream takes.
        longest: the length of the longest text that the upstream takes, in characters.
        default: the value for every model when it is left out; None: there is none, or it is in ``default_note``.
        default_of: the default of each family, where they differ.
        default_note: further details of the default.
        ranges: the smallest and the largest integer of each family, where they differ.
        words_of: the words of each family, where they differ.
        values_note: further details of the values.
        checked: the range of an integer outside of which the gateway itself refuses it; by default that of 64 bits.
        checked_longest: the length of a text above which the gateway itself refuses it; None: there is none.
        gateway_note: where the gateway differs from the upstream.
    """

    name: str
    kind: Kind
    description: str
    families: tuple[str, ...] = FAMILIES
    is_required: bool = False
    is_in_spec: bool = False
    words: tuple[str, ...] = ()
    lowest: int | None = None
    highest: int | None = None
    longest: int | None = None
    default: Any = None
    default_of: Mapping[str, Any] = field(default_factory=dict)
    default_note: str = ""
    ranges: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    words_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    values_note: str = ""
    checked: tuple[int, int] = (_INT64_MIN, _INT64_MAX)
    checked_longest: int | None = None
    gateway_note: str = ""

    @property
    def values(self) -> str:
        """Which values the upstream takes, in words: those that are listed, the range, and the note."""
        parts = []
        if self.words and not self.words_of:
            parts.append(", ".join(f"`{word}`" for word in self.words))
        if self.lowest is not None:
            parts.append(f"{self.lowest} to {self.highest}")
        if self.longest is not None:
            parts.append(f"at most {self.longest} characters")
        of_each = {family: f"{lowest} to {highest}" for family, (lowest, highest) in self.ranges.items()}
        of_each |= {family: ", ".join(words) for family, words in self.words_of.items()}
        parts += [f"{', '.join(families)}: {values}" for values, families in _by_value(of_each).items()]
        return "; ".join([*parts, self.values_note] if self.values_note else parts)

    @property
    def default_in_words(self) -> str:
        """What holds when it is left out, where that differs: for most families, for the others, and the note."""
        groups = sorted(_by_value(self.default_of).items(), key=lambda group: len(group[1]), reverse=True)
        parts = [
            f"{', '.join(families)}: {value}" if place else str(value) for place, (value, families) in enumerate(groups)
        ]
        return "; ".join([*parts, self.default_note] if self.default_note else parts)

    @property
    def checked_lowest(self) -> int | None:
        """The lowest integer that the gateway takes, where that is more than 64 bits hold."""
        return None if self.checked[0] == _INT64_MIN else self.checked[0]

    @property
    def checked_highest(self) -> int | None:
        """The highest integer that the gateway takes, where that is less than 64 bits hold."""
        return None if self.checked[1] == _INT64_MAX else self.checked[1]

    @property
    def models_note(self) -> str:
        """Which families take it, in words; empty when all do."""
        if self.families == FAMILIES:
            return ""
        if len(self.families) > len(FAMILIES) / 2:
            return "all but " + ", ".join(each for each in FAMILIES if each not in self.families)
        return ", ".join(each for each in FAMILIES if each in self.families) or "none"


def _by_value(of_each: Mapping[str, Any]) -> dict[Any, list[str]]:
    """Returns the families of each value."""
    families: dict[Any, list[str]] = {}
    for family, value in of_each.items():
        families.setdefault(value, []).append(family)
    return families


DEFAULT_TIER = "default"
"""The service tier of a create that names none."""

MAX_TIER_LENGTH = 32
"""The length of the longest service tier, in characters: it is in an index of the tasks, and in prices."""

_PASSED_ON = "passed on as it is"
_TYPE_ONLY = "only the JSON type is checked here"

_TABLE = (
    Parameter(
        name="model",
        kind=Kind.TEXT,
        description="which model makes the video",
        is_required=True,
        is_in_spec=True,
        values_note="a name of a model that the key may use",
        gateway_note="the upstream is sent its own id of the model",
    ),
    Parameter(
        name="content",
        kind=Kind.LIST,
        description="the prompt and the media",
        is_required=True,
        is_in_spec=True,
        values_note="at least one item",
    ),
    Parameter(
        name="duration",
        kind=Kind.INTEGER,
        description=f"length of the video in seconds; {AUTO_DURATION} leaves it to the model",
        is_in_spec=True,
        default_of=dict.fromkeys(FAMILIES, 5) | dict.fromkeys(_LATEST, AUTO_DURATION),
        ranges=_DURATIONS,
        values_note=f"{AUTO_DURATION}: {', '.join(AUTO_DURATION_FAMILIES)}",
        gateway_note="`doubao-seedance-2` and `-2-fast`: 5 to 15; others as the model's row says",
    ),
    Parameter(
        name="frames",
        kind=Kind.INTEGER,
        description="length of the video in frames, in place of `duration`",
        families=_ONE_ZERO,
        is_in_spec=True,
        lowest=29,
        highest=289,
        values_note="of the form 25+4n",
        checked=(1, _INT64_MAX),
        gateway_note="1 or more; the rest is left to the upstream",
    ),
    Parameter(
        name="resolution",
        kind=Kind.TEXT,
        description="size of the frames",
        is_in_spec=True,
        words=("480p", "720p", "1080p", "4k"),
        default_of=dict.fromkeys(FAMILIES, "720p") | dict.fromkeys(("1-0-pro", "1-0-pro-fast"), "1080p"),
        default_note="a draft, and the final video of a 2-5 one: its only value",
        words_of=_RESOLUTIONS,
        values_note="; ".join(
            (
                f"a draft: {DRAFT_RESOLUTION}",
                *(
                    f"the final video of a {each} draft: {', '.join(words)}"
                    for each, words in FINAL_RESOLUTIONS.items()
                ),
                "in upper or lower case",
            )
        ),
        gateway_note="as the model's row says, in exactly that spelling",
    ),
    Parameter(
        name="ratio",
        kind=Kind.TEXT,
        description="width to height",
        is_in_spec=True,
        words=("16:9", "4:3", "1:1", "3:4", "9:16", "21:9", "adaptive"),
        default_note="adaptive; 1-0 from text: 16:9",
        values_note="2-5 with a first frame, for edit and extend: adaptive",
        gateway_note="`doubao-seedance-2` and `-2-fast`: 16:9, 9:16, 1:1; others as the model's row says",
    ),
    Parameter(
        name="seed",
        kind=Kind.INTEGER,
        description="the same seed and request give a similar video; -1 draws one",
        is_in_spec=True,
        lowest=-1,
        highest=2**32 - 1,
        default=-1,
        checked=(-1, 2**32 - 1),
        gateway_note="the range is checked here, too",
    ),
    Parameter(
        name="generate_audio",
        kind=Kind.SWITCH,
        description="whether the video has sound",
        families=(*_SECOND, *_ONE_FIVE),
        is_in_spec=True,
        default_note="true",
        gateway_note="`doubao-seedance-2` and `-2-fast`: false",
    ),
    Parameter(
        name="watermark",
        kind=Kind.SWITCH,
        description="whether the frames say that the video is generated",
        is_in_spec=True,
        default=False,
    ),
    Parameter(
        name="return_last_frame",
        kind=Kind.SWITCH,
        description="whether GET shows the last frame as `content.last_frame_url`; not for a draft",
        is_in_spec=True,
        default=False,
    ),
    Parameter(
        name="service_tier",
        kind=Kind.TEXT,
        description="`flex` waits longer and costs less",
        families=_BUT_FAST,
        is_in_spec=True,
        words=("default", "flex"),
        default=DEFAULT_TIER,
        values_note="flex: 1-5 and 1-0, not for a draft",
        checked_longest=MAX_TIER_LENGTH,
        gateway_note=f"at most {MAX_TIER_LENGTH} characters; the rest is left to the upstream",
    ),
    Parameter(
        name="execution_expires_after",
        kind=Kind.INTEGER,
        description="seconds after its creation at which an unfinished task ends as `expired`",
        families=_BUT_FAST,
        is_in_spec=True,
        lowest=3600,
        highest=259_200,
        default=172_800,
        checked=(1, _INT64_MAX),
        gateway_note="1 or more; the rest is left to the upstream",
    ),
    Parameter(
        name="tools",
        kind=Kind.LIST,
        description='what the model may use: `[{"type": "web_search"}]`',
        families=_FULL_AND_FAST,
        is_in_spec=True,
        words=("web_search",),
        values_note="of Volcano Engine alone, not BytePlus",
        gateway_note="another `type` is refused here",
    ),
    Parameter(
        name="callback_url",
        kind=Kind.TEXT,
        description="where each change of the task is reported to, see webhooks.md",
        values_note="a web URL",
        gateway_note="kept here: the gateway delivers, signed; the upstream gets an address of the gateway's or none",
    ),
    Parameter(
        name="draft",
        kind=Kind.SWITCH,
        description="whether this is a cheap preview, of which a `draft_task` makes the final video",
        families=(*_LATEST, *_ONE_FIVE),
        default=False,
        gateway_note=_TYPE_ONLY,
    ),
    Parameter(
        name="camera_fixed",
        kind=Kind.SWITCH,
        description="whether the camera stands still; not with reference images",
        families=(*_ONE_FIVE, *_ONE_ZERO),
        default=False,
        gateway_note=_TYPE_ONLY,
    ),
    Parameter(
        name="priority",
        kind=Kind.INTEGER,
        description="higher runs first among the waiting tasks of the account",
        families=_SECOND,
        lowest=0,
        highest=9,
        default=0,
        gateway_note=_TYPE_ONLY,
    ),
    Parameter(
        name="safety_identifier",
        kind=Kind.TEXT,
        description="a hash that stands for the end user",
        longest=64,
        gateway_note=_TYPE_ONLY,
    ),
    Parameter(
        name="omni_reference_task_type",
        kind=Kind.TEXT,
        description=(
            f"what is made of the references: edit needs a reference video of {EDITED_SECONDS[0]} to "
            f"{EDITED_SECONDS[1]} s and `duration` {AUTO_DURATION}"
        ),
        families=_LATEST,
        words=("auto", "reference", "edit", "extend"),
        default="auto",
        gateway_note=_TYPE_ONLY,
    ),
    Parameter(
        name="output_format",
        kind=Kind.TEXT,
        description="container of the video",
        families=_LATEST,
        words=("mp4", "mov"),
        default="mp4",
        gateway_note=_TYPE_ONLY,
    ),
    Parameter(
        name="bitrate_mode",
        kind=Kind.ANY,
        description="none of the models here takes it",
        families=(),
        gateway_note=_PASSED_ON,
    ),
    *(
        Parameter(
            name=name,
            kind=Kind.ANY,
            description="in the types of the official SDKs, without a documented meaning for these models",
            gateway_note=_PASSED_ON,
        )
        for name in ("subdivision_level", "file_format", "optimize_prompt", "reasoning_effort", "human_face_mode")
    ),
)

PARAMETERS: Mapping[str, Parameter] = {parameter.name: parameter for parameter in _TABLE}
"""Every parameter that the spec, the upstream's documents or an official SDK names, by its name."""


def names_of_kind(kind: Kind) -> tuple[str, ...]:
    """Returns the parameters of a JSON type, in the order of the table."""
    return tuple(parameter.name for parameter in _TABLE if parameter.kind is kind)


def refused_by(family: str) -> frozenset[str]:
    """Returns the parameters that the upstream refuses for a family of models: those that it does not apply to."""
    return frozenset(parameter.name for parameter in _TABLE if family not in parameter.families)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceLimits:
    """How many references a family takes.

    Attributes:
        images: the maximum with the role ``reference_image``; None where the upstream's documents do not say.
        videos: the maximum with the role ``reference_video``.
        audios: the maximum with the role ``reference_audio``.
        is_audio_alone_allowed: whether audio may come without an image or a video.
    """

    images: int | None = None
    videos: int = 0
    audios: int = 0
    is_audio_alone_allowed: bool = False


REFERENCE_LIMITS: Mapping[str, ReferenceLimits] = {
    **dict.fromkeys(_LATEST, ReferenceLimits(images=30, videos=10, audios=10, is_audio_alone_allowed=True)),
    **dict.fromkeys((*_FULL_AND_FAST, "2-0-mini"), ReferenceLimits(images=9, videos=3, audios=3)),
    **dict.fromkeys((*_ONE_FIVE, *_ONE_ZERO), ReferenceLimits()),
    "1-0-lite-i2v": ReferenceLimits(images=4),
}
"""The limits of each family."""


_AUDIO_ALONE = [family for family, limits in REFERENCE_LIMITS.items() if limits.is_audio_alone_allowed]


def _most(kind: str) -> str:
    """Returns how many references of a kind the families take, in words; a model's row may say another number."""
    of_each = {family: getattr(limits, kind) for family, limits in REFERENCE_LIMITS.items()}
    groups = [f"{most} with {', '.join(families)}" for most, families in _by_value(of_each).items() if most]
    return "at most " + "; ".join(groups)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentType:
    """One type of item of ``content``.

    Attributes:
        name: the value of ``type``, and the member that holds the payload.
        member: the member of the payload that holds the value; None when the payload is a text itself.
        roles: the values of ``role``; none: it has no role.
        upstream_roles: what the upstream's own types name beside them.
        description: what it is, a clause without a full stop.
        role_note: what the roles mean.
    """

    name: str
    member: str | None
    roles: tuple[str, ...] = ()
    upstream_roles: tuple[str, ...] = ()
    description: str
    role_note: str = ""


_TYPES = (
    ContentType(name="text", member=None, description="the prompt"),
    ContentType(
        name="image_url",
        member="url",
        roles=("first_frame", "last_frame", "reference_image"),
        upstream_roles=("mask",),
        description="an image: a web URL, `data:image/<format>;base64,…` or `asset://<ASSET_ID>`",
        role_note=(
            "a single image without a role is the first frame; a last frame needs a first one; references: "
            + _most("images")
        ),
    ),
    ContentType(
        name="video_url",
        member="url",
        roles=("reference_video",),
        role_note=_most("videos"),
        description="a video: a web URL or `asset://<ASSET_ID>`",
    ),
    ContentType(
        name="audio_url",
        member="url",
        roles=("reference_audio",),
        description="a sound: a web URL, `data:audio/<format>;base64,…` or `asset://<ASSET_ID>`",
        role_note=_most("audios") + "; alone with " + ", ".join(_AUDIO_ALONE),
    ),
    ContentType(
        name="draft_task",
        member="id",
        description="the id of a draft of the last seven days, whose final video is to be made",
    ),
)

CONTENT_TYPES: Mapping[str, ContentType] = {type_.name: type_ for type_ in _TYPES}
"""Every type of content item, by its name."""
