"""Validation and defaults of the parameters of a create-task request, except ``content``.

``null`` counts as absent. Legacy suffixes in the prompt (``--dur 5``) apply to absent parameters; an invalid suffix is
an error for resolution and duration, and is ignored for the others.

Names, values, ranges and defaults are those of ``app.create_parameters``.

Source: reference ``upstream.md`` §1.3, §4.3, §11.1 and §11.2.
"""

import re
import secrets
from dataclasses import dataclass
from typing import Any

from app.create_parameters import AUTO_DURATION, DRAFT_RESOLUTION, EDITED_SECONDS, PARAMETERS, Kind, names_of_kind
from app.sandbox.catalog import ADAPTIVE, RATIOS, VideoModel
from app.sandbox.content import Content, not_valid_for
from app.sandbox.errors import RefusedError, invalid
from app.sandbox.test_triggers import is_web_url

_FRAMES_STEP = 4
_CHOSEN_DURATION = 5
_SUFFIX = re.compile(r"--(?P<name>rs|resolution|rt|ratio|dur|duration|frames|seed)\s+(?P<value>\S+)")
_SUFFIX_NAMES = {"rs": "resolution", "rt": "ratio", "dur": "duration"}
_WORDS = {name: PARAMETERS[name].words for name in ("service_tier", "omni_reference_task_type", "output_format")}
_FLAGS = names_of_kind(Kind.SWITCH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """The parameters of a request, with the upstream's defaults.

    Attributes:
        resolution: such as ``720p``.
        ratio: may be ``adaptive``.
        duration: seconds, chosen when the request leaves it to the model; None when ``frames`` is given.
        frames: 1.0 only, otherwise None.
        seed: random when the request has −1 or none.
        service_tier: ``default`` or ``flex``.
        execution_expires_after: seconds from creation to ``expired``.
        generate_audio: None for models without sound.
        draft: whether the task is a draft.
        return_last_frame: whether ``content`` has ``last_frame_url``.
        priority: 0–9; tasks with a higher one run first.
        tools: the value in the request, or None.
        safety_identifier: the value in the request, or None.
        output_format: the value in the request, or None.
        callback_url: the value in the request, or None.
    """

    resolution: str
    ratio: str
    duration: int | None
    frames: int | None
    seed: int
    service_tier: str
    execution_expires_after: int
    generate_audio: bool | None
    draft: bool
    return_last_frame: bool
    priority: int
    tools: list[dict[str, Any]] | None
    safety_identifier: str | None
    output_format: str | None
    callback_url: str | None


class ParameterReader:
    """Validates the parameters of one request.

    Args:
        body: the request, without null members.
        content: its content.
        model: its model.
        mode: ``t2v``, ``i2v`` or ``r2v``.
        is_final: whether it is the final video of a draft.
    """

    def __init__(self, body: dict[str, Any], content: Content, model: VideoModel, mode: str, *, is_final: bool) -> None:
        self._body = body
        self._content = content
        self._model = model
        self._mode = mode
        self._is_final = is_final
        self._prompt_path = content.prompt_path
        self._suffixes = {
            _SUFFIX_NAMES.get(found["name"], found["name"]): found["value"]
            for found in _SUFFIX.finditer(content.prompt)
        }
        if is_final:
            # The prompt is that of the draft, and so is a resolution in it.
            self._suffixes.pop("resolution", None)

    def read(self) -> Parameters:
        """Returns the validated parameters.

        Raises:
            RefusedError: 400, with the name of the first invalid one.
        """
        self._check_supported()
        self._check_words_and_flags()
        self._check_task_type()
        draft = self._given("draft")
        duration, frames = self._read_length()
        has_audio = None if "generate_audio" in self._model.refused else bool(self._body.get("generate_audio", True))
        tier = self._given("service_tier")
        self._check_combinations(tier, draft=draft)
        return Parameters(
            resolution=self._read_resolution(is_draft=draft),
            ratio=self._read_ratio(),
            duration=duration,
            frames=frames,
            seed=self._read_seed(),
            service_tier=tier,
            execution_expires_after=self._integer("execution_expires_after"),
            generate_audio=has_audio,
            draft=draft,
            return_last_frame=self._given("return_last_frame"),
            priority=self._integer("priority"),
            tools=self._read_tools(),
            safety_identifier=self._read_safety_identifier(),
            output_format=self._body.get("output_format"),
            callback_url=self._read_callback_url(),
        )

    def _check_supported(self) -> None:
        for name in sorted(self._model.refused & self._body.keys()):
            raise self._not_valid(name)

    def _check_words_and_flags(self) -> None:
        for name, allowed in _WORDS.items():
            if name in self._body and self._body[name] not in allowed:
                raise self._not_valid(name)
        for name in _FLAGS:
            if not isinstance(self._body.get(name, False), bool):
                raise invalid(name, "expected a boolean.")

    def _check_task_type(self) -> None:
        # "auto" is resolved by the model while it renders, so only a prompt trigger can make it fail.
        name = "omni_reference_task_type"
        type_ = self._body.get(name, "auto")
        if type_ == "auto":
            return
        shortest, longest = EDITED_SECONDS
        videos = [video.info.seconds for video in self._content.of_type("video_url")]
        lacks_video = type_ == "edit" and not any(shortest <= seconds <= longest for seconds in videos)
        if self._mode != "r2v" or lacks_video:
            raise self._not_valid(name)
        if type_ == "edit" and self._body.get("duration", AUTO_DURATION) != AUTO_DURATION:
            raise self._not_valid("duration")

    def _check_combinations(self, tier: str, *, draft: bool) -> None:
        is_flex = tier == "flex"
        if is_flex and (self._model.is_second_generation or draft):
            raise self._not_valid("service_tier")
        if draft and self._body.get("return_last_frame"):
            raise self._not_valid("return_last_frame")
        if self._body.get("camera_fixed") and self._mode == "r2v":
            raise self._not_valid("camera_fixed")

    def _read_resolution(self, *, is_draft: bool) -> str:
        allowed = self._model.resolutions
        if is_draft:
            allowed = (DRAFT_RESOLUTION,)
        elif self._is_final:
            allowed = self._model.final_resolutions
        value = self._body.get("resolution")
        param = "resolution"
        if value is None and "resolution" in self._suffixes:
            value, param = self._suffixes["resolution"], f"{self._prompt_path}.resolution"
        if value is None:
            return self._model.default_resolution if self._model.default_resolution in allowed else allowed[0]
        if not isinstance(value, str) or value.lower() not in allowed:
            raise self._not_valid("resolution", param=param)
        return value.lower()

    def _read_ratio(self) -> str:
        is_adaptive_only = self._model.generation == "2.5" and (
            self._mode == "i2v" or self._body.get("omni_reference_task_type") in {"edit", "extend"}
        )
        allowed = (ADAPTIVE,) if is_adaptive_only else (*RATIOS, ADAPTIVE)
        value = self._body.get("ratio")
        if value is not None:
            if value not in allowed:
                raise self._not_valid("ratio")
            return str(value)
        if self._suffixes.get("ratio") in allowed:
            return self._suffixes["ratio"]
        return "16:9" if self._model.generation == "1.0" and self._mode == "t2v" else ADAPTIVE

    def _read_length(self) -> tuple[int | None, int | None]:
        """Returns (duration, None), or (None, frames) when ``frames`` is given."""
        frames = self._body.get("frames")
        if frames is not None:
            frames = self._integer("frames")
            if (frames - 25) % _FRAMES_STEP:
                raise invalid("frames", "expected a number of the form 25+4n.")
            return None, frames
        param = "duration"
        suffix = self._suffixes.get("duration")
        value = self._body.get("duration")
        if value is None and suffix is not None and re.fullmatch(r"-?[0-9]{1,6}", suffix):
            value, param = int(suffix), f"{self._prompt_path}.duration"
        if value is None:
            value = self._model.default_duration
        if value == AUTO_DURATION and type(value) is int and self._model.chooses_duration:
            return max(_CHOSEN_DURATION, self._model.durations[0]), None
        return self._checked_integer("duration", value, *self._model.durations, param), None

    def _read_seed(self) -> int:
        seed = self._integer("seed")
        suffix = self._suffixes.get("seed", "")
        if "seed" not in self._body and re.fullmatch(r"[0-9]{1,9}", suffix):
            seed = int(suffix)
        return secrets.randbelow(100_000) if seed == -1 else seed

    def _read_tools(self) -> list[dict[str, Any]] | None:
        tools = self._body.get("tools")
        if tools is None:
            return None
        is_list = isinstance(tools, list) and all(isinstance(tool, dict) for tool in tools)
        if not is_list or any(tool.get("type") not in PARAMETERS["tools"].words for tool in tools):
            raise self._not_valid("tools")
        return list(tools)

    def _read_safety_identifier(self) -> str | None:
        value, longest = self._body.get("safety_identifier"), PARAMETERS["safety_identifier"].longest or 0
        if value is not None and (not isinstance(value, str) or len(value) > longest):
            raise invalid("safety_identifier", f"expected a string of at most {longest} characters.")
        return value

    def _read_callback_url(self) -> str | None:
        value = self._body.get("callback_url")
        if value is not None and (not isinstance(value, str) or not is_web_url(value)):
            raise invalid("callback_url", "expected a web url.")
        return value

    def _given(self, name: str) -> Any:
        """Returns a parameter, or the default that all models share."""
        return self._body.get(name, PARAMETERS[name].default)

    def _integer(self, name: str) -> int:
        row = PARAMETERS[name]
        if row.lowest is None or row.highest is None:
            raise ValueError(f"{name} has no range")
        return self._checked_integer(name, self._given(name), row.lowest, row.highest, name)

    def _checked_integer(self, name: str, value: object, lowest: int, highest: int, param: str) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise invalid(param, "expected an integer.")
        if lowest <= value <= highest:
            return value
        bound = f"less than or equal to {highest}" if value > highest else f"greater than or equal to {lowest}"
        text = f"the parameter {name} specified in the request must be {bound} for model {self._model.name}"
        raise RefusedError("InvalidParameter", f"{text} in {self._mode}", param=param)

    def _not_valid(self, name: str, *, param: str | None = None) -> RefusedError:
        return RefusedError("InvalidParameter", not_valid_for(name, self._model, self._mode), param=param or name)
