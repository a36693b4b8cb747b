"""How many tokens a create will cost at most, before it is sent. Pure.

Tokens are the pixels of a frame times the frames that are counted, divided by 1024 and rounded down. Without reference
videos, ``24·seconds + 1`` frames are counted; with them those of their whole length and of the output,
``24·(input + output)``, and 2.5 counts one more.

What the request leaves open is taken at its most: the length and the ratio that the model chooses, and the length of
reference videos, which is not known here.

Source: reference ``upstream.md`` §6 (exact against live bills), §1.3 and §11.1; ``app.create_parameters``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.catalog.model_spec import ModelSpec
from app.create_parameters import AUTO_DURATION, DEFAULT_TIER, DRAFT_RESOLUTION, FINAL_RESOLUTIONS, PARAMETERS
from app.money.estimates.families import family_of
from app.money.estimates.frame_sizes import max_pixels_of, pixels_of
from app.money.estimates.prompt_suffixes import read_suffixes

_COUNT = re.compile(r"[0-9]{1,6}")
_FRAMES_PER_SECOND = 24
_PIXELS_OF_A_TOKEN = 1024

# ``frames`` has the form 25+4n; anything else is refused upstream.
_FIRST_FRAMES, _FRAMES_STEP = 25, 4
_MIN_FRAMES, _MAX_FRAMES = PARAMETERS["frames"].lowest or 0, PARAMETERS["frames"].highest or 0

# The upstream allows reference videos of 15 or 30 seconds together, and in fact 0.2 more.
_MAX_INPUT_FRAMES = 365
_MAX_INPUT_FRAMES_OF_2_5 = 725

# A draft of 1.5 costs these tenths of its tokens, with sound and without; one of 2.5 all of them.
_DRAFT_TENTHS = {True: 6, False: 7}
_FAMILY_WITH_CHEAP_DRAFTS = "1-5-pro"

_DEFAULT_RESOLUTION = PARAMETERS["resolution"].default_of
_DEFAULT_DURATION = PARAMETERS["duration"].default_of
_DURATIONS = PARAMETERS["duration"].ranges
_RESOLUTIONS = PARAMETERS["resolution"].words_of
_FRAMES_FAMILIES = PARAMETERS["frames"].families
_FIXED_RATIOS = tuple(ratio for ratio in PARAMETERS["ratio"].words if ratio != "adaptive")
_AUDIO_FAMILIES = frozenset(PARAMETERS["generate_audio"].families)
_EITHER = (False, True)


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftFacts:
    """What a final video inherits from its draft. A None is not known.

    Attributes:
        ratio: the draft's, never ``adaptive``.
        duration: the draft's, in seconds, never -1.
        has_audio: whether it has sound.
        has_video_input: whether it has reference videos.
    """

    ratio: str | None = None
    duration: int | None = None
    has_audio: bool | None = None
    has_video_input: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PossibleVideo:
    """One kind of video that a request may become; kinds differ in their price.

    Attributes:
        resolution: in lower case.
        has_video_input: whether there are reference videos.
        has_audio: whether sound is generated.
        tokens_max: what it costs at most.
    """

    resolution: str
    has_video_input: bool
    has_audio: bool
    tokens_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenEstimate:
    """The tokens of one create.

    Attributes:
        possible: at least one kind of video; nearly always the only one.
        service_tier: of the request.
        is_exact: whether the upstream bills just this if the task succeeds.
    """

    possible: tuple[PossibleVideo, ...]
    service_tier: str
    is_exact: bool

    @property
    def tokens_max(self) -> int:
        """The most tokens that the create may cost."""
        return max(video.tokens_max for video in self.possible)


def estimate_tokens(
    fields: Mapping[str, Any], model: ModelSpec, upstream_model: str, draft: DraftFacts | None = None
) -> TokenEstimate:
    """Returns the tokens of a create that passed the checks.

    Args:
        fields: the body of the request, checked.
        model: the model that it names.
        upstream_model: what the channel is sent as ``model``.
        draft: what is known of the draft whose final video is made; None for any other create.
    """
    request = _Request(fields, model, upstream_model, draft)
    ratios, is_ratio_known = request.ratio()
    frames, are_frames_known = request.output_frames()
    resolutions, inputs, sounds = request.resolutions(), request.video_inputs(), request.sounds()
    possible = tuple(
        PossibleVideo(
            resolution=resolution,
            has_video_input=has_video,
            has_audio=has_audio,
            tokens_max=request.tokens(resolution, ratios, frames, has_video=has_video, has_audio=has_audio),
        )
        for resolution in resolutions
        for has_video in inputs
        for has_audio in sounds
    )
    is_sure = is_ratio_known and are_frames_known and request.family is not None
    return TokenEstimate(
        possible=possible,
        service_tier=fields.get("service_tier", DEFAULT_TIER),
        is_exact=is_sure and len(possible) == 1 and not possible[0].has_video_input,
    )


class _Request:
    """What a request says and leaves open."""

    def __init__(
        self, fields: Mapping[str, Any], model: ModelSpec, upstream_model: str, draft: DraftFacts | None
    ) -> None:
        self._fields = fields
        self._model = model
        self._draft = draft
        self.family = family_of(upstream_model, model)
        content = fields["content"]
        self._types = {item["type"] for item in content}
        # A final video has the prompt of its draft.
        self._suffixes = read_suffixes(content if draft is None else ())

    def resolutions(self) -> tuple[str, ...]:
        """Returns the resolutions that the video may have."""
        given = self._fields.get("resolution")
        if given is not None:
            return (given.lower(),)
        if self._draft is not None:
            return self._resolutions_of_final()
        written = self._suffixes.get("resolution")
        if written is None:
            return self._default_resolutions()
        known = self._known_resolutions()
        words = tuple(word.lower() for word in written if word is not None)
        wanted = tuple(dict.fromkeys(words if None not in written else (*words, *self._default_resolutions())))
        return wanted if set(wanted).issubset(known) else known

    def ratio(self) -> tuple[str | None, bool]:
        """Returns the ratio of the video, None for any, and whether it is certain."""
        if self._draft is not None:
            return self._draft.ratio, self._draft.ratio is not None
        given = self._fields.get("ratio")
        if given is None:
            given = self._written_ratio()
        return (given, True) if given in _FIXED_RATIOS else (None, False)

    def output_frames(self) -> tuple[int, bool]:
        """Returns the most frames of the video, and whether it has just so many."""
        if self._draft is not None:
            duration = self._draft.duration
            return _frames_of(duration or self._longest()), duration is not None
        frames = self._fields.get("frames")
        written = self._suffixes.get("frames")
        if frames is None and written is None:
            return self._frames_by_duration()
        # Given frames are an upper bound: not all models have the parameter, and then the duration decides.
        if frames is not None and self.family in _FRAMES_FAMILIES:
            return _allowed_frames(frames), False
        words = [word for word in written or () if word is not None]
        most = _allowed_frames(frames) if frames is not None else max(map(_frames_of_written, words))
        return max(most, self._frames_by_duration()[0]), False

    def video_inputs(self) -> tuple[bool, ...]:
        """Returns whether there are reference videos; both when that is not known."""
        if self._draft is None:
            return ("video_url" in self._types,)
        known = self._draft.has_video_input
        return _EITHER if known is None and self._model.max_reference_videos else (bool(known),)

    def sounds(self) -> tuple[bool, ...]:
        """Returns whether sound is generated; both when that is not known."""
        takes_it = self._model.takes_generate_audio if self.family is None else self.family in _AUDIO_FAMILIES
        if not takes_it:
            return (False,)
        if self._draft is not None:
            return _EITHER if self._draft.has_audio is None else (self._draft.has_audio,)
        default = self._model.generate_audio_default
        return (bool(self._fields.get("generate_audio", True if default is None else default)),)

    def tokens(self, resolution: str, ratio: str | None, frames: int, *, has_video: bool, has_audio: bool) -> int:
        """Returns the tokens of one kind of video."""
        pixels = None
        if ratio is not None and self.family is not None:
            pixels = pixels_of(self.family, resolution, ratio)
        if pixels is None:
            pixels = max_pixels_of(self.family, resolution)
        if has_video:
            is_2_5 = self.family is None or self.family.startswith("2-5")
            # The output is counted in whole seconds then, without the first frame, except by 2.5.
            frames += _MAX_INPUT_FRAMES_OF_2_5 if is_2_5 else _MAX_INPUT_FRAMES - 1
        if self._fields.get("draft") and self.family == _FAMILY_WITH_CHEAP_DRAFTS:
            return pixels * frames * _DRAFT_TENTHS[has_audio] // (_PIXELS_OF_A_TOKEN * 10)
        return pixels * frames // _PIXELS_OF_A_TOKEN

    def _default_resolutions(self) -> tuple[str, ...]:
        if self.family is None:
            return self._known_resolutions()
        return (DRAFT_RESOLUTION if self._fields.get("draft") else _DEFAULT_RESOLUTION[self.family],)

    def _known_resolutions(self) -> tuple[str, ...]:
        words = self._model.resolutions if self.family is None else _RESOLUTIONS[self.family]
        return tuple(dict.fromkeys(word.lower() for word in words))

    def _resolutions_of_final(self) -> tuple[str, ...]:
        """Returns the only one that the family's final videos may have, or the default where it is among several."""
        if self.family is None:
            return self._known_resolutions()
        allowed = FINAL_RESOLUTIONS.get(self.family, ())
        default = _DEFAULT_RESOLUTION[self.family]
        return (default,) if default in allowed or not allowed else allowed[:1]

    def _written_ratio(self) -> str | None:
        """Returns the ratio of the prompt, or else the default; None for any."""
        has_media = self._types != {"text"}
        written = self._suffixes.get("ratio", ())
        if written:
            # 2.5 allows no fixed ratio with some media, and ignores one in the prompt then.
            is_heeded = self.family is not None and not (self.family.startswith("2-5") and has_media)
            return written[0] if is_heeded and len(set(written)) == 1 else None
        is_default_fixed = self.family is not None and self.family.startswith("1-0") and not has_media
        return "16:9" if is_default_fixed else None

    def _frames_by_duration(self) -> tuple[int, bool]:
        duration = self._fields.get("duration")
        if duration is not None:
            return (_frames_of(self._longest()), False) if duration == AUTO_DURATION else (_frames_of(duration), True)
        written = self._suffixes.get("duration", (None,))
        lengths = [self._default_seconds() if word is None else self._seconds_of(word) for word in written]
        most = max(self._longest() if length is None else length for length in lengths)
        return _frames_of(most), set(lengths) == {most}

    def _default_seconds(self) -> int | None:
        """Returns the default duration, or None when it is no fixed one."""
        default = AUTO_DURATION if self.family is None else _DEFAULT_DURATION[self.family]
        return None if default == AUTO_DURATION else default

    def _seconds_of(self, word: str) -> int | None:
        """Returns the duration that is written in a prompt, or None when it is no fixed one that the model allows."""
        seconds = int(word) if _COUNT.fullmatch(word) else 0
        return seconds if 0 < seconds <= self._longest() else None

    def _longest(self) -> int:
        """Returns the longest duration of the model, in seconds."""
        return max(self._model.duration_max, _DURATIONS[self.family][1] if self.family is not None else 0)


def _frames_of(seconds: int) -> int:
    return _FRAMES_PER_SECOND * seconds + 1


def _allowed_frames(count: int) -> int:
    """Returns the next number that the upstream allows."""
    steps = -(-(max(count, _MIN_FRAMES) - _FIRST_FRAMES) // _FRAMES_STEP)
    return min(_FIRST_FRAMES + _FRAMES_STEP * steps, _MAX_FRAMES)


def _frames_of_written(word: str) -> int:
    return _allowed_frames(int(word)) if _COUNT.fullmatch(word) else _MAX_FRAMES


def draft_facts(*sources: Mapping[str, Any], has_video_input: bool | None) -> DraftFacts:
    """Returns what is known of a draft, the first source that says something first.

    Args:
        sources: the upstream's JSON of the task, and the parameters of its request.
        has_video_input: whether it has reference videos; None: not known.
    """

    def first(name: str, is_said: Any) -> Any:
        return next((source[name] for source in sources if is_said(source.get(name))), None)

    return DraftFacts(
        ratio=first("ratio", lambda value: value in _FIXED_RATIOS),
        duration=first("duration", lambda value: type(value) is int and value > 0),
        has_audio=first("generate_audio", lambda value: isinstance(value, bool)),
        has_video_input=has_video_input,
    )
