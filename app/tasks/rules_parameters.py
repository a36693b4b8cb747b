"""The rules of the parameters beside ``model`` and ``content``.

Source: the spec's tables "Request Parameters", "tools Parameter" and "Parameter Limits"; parameters that only the
upstream knows are checked for their JSON type, no further, and its own limits are left to it.
"""

from typing import Any

from app.errors import InvalidParameterError, MissingParameterError
from app.tasks.catalogue import ModelSpec
from app.tasks.lookalikes import check_member_names
from app.tasks.refusals import check_json_type, check_not_empty, not_valid
from app.tasks.rules_content import Mode

_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1
_AUTO_DURATION = -1

_STRINGS = (
    "resolution",
    "ratio",
    "service_tier",
    "safety_identifier",
    "output_format",
    "omni_reference_task_type",
)
_BOOLEANS = ("generate_audio", "watermark", "return_last_frame", "draft", "camera_fixed")

# Smallest and largest value. ``duration`` depends on the model. ``execution_expires_after`` has no range in the
# spec; the upstream's (3600 to 259200) is its own to enforce, so only what is no length of time is refused.
_INTEGERS = {
    "duration": (_INT64_MIN, _INT64_MAX),
    "frames": (1, _INT64_MAX),
    "seed": (-1, 2**32 - 1),
    "execution_expires_after": (1, _INT64_MAX),
    "priority": (_INT64_MIN, _INT64_MAX),
}
_UNCHECKED = ("subdivision_level", "file_format", "optimize_prompt", "reasoning_effort", "human_face_mode")
_TOOL_TYPES = ("web_search",)
_TOOL_MEMBERS = frozenset({"type"})

PARAMETERS = frozenset({*_STRINGS, *_BOOLEANS, *_INTEGERS, *_UNCHECKED, "tools"})
"""Every parameter that the spec or an official SDK names, beside ``model``, ``content`` and ``callback_url``."""


def check_parameters(fields: dict[str, Any], model: ModelSpec, mode: Mode) -> dict[str, Any]:
    """Checks the parameters that are present and returns ``fields`` with integers in place of ``5.0``.

    Raises:
        InvalidParameterError: 400, a value has the wrong JSON type, is out of range, or not for this model.
        MissingParameterError: 400, a tool has no type.
    """
    checked = {name: _check_integer(name, value) if name in _INTEGERS else value for name, value in fields.items()}
    for names, expected in ((_STRINGS, str), (_BOOLEANS, bool)):
        for name in names:
            if name in checked:
                check_not_empty(checked[name], name)
                check_json_type(checked[name], expected, name)
    _check_choice(checked, "resolution", model.resolutions, model, mode)
    _check_choice(checked, "ratio", model.ratios, model, mode)
    _check_duration(checked, model, mode)
    if "tools" in checked:
        _check_tools(checked["tools"])
    return checked


def _check_integer(name: str, value: Any) -> int:
    lowest, highest = _INTEGERS[name]
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise not_valid(name, "expected an integer")
    if value < lowest:
        raise not_valid(name, f"must be greater than or equal to {lowest}")
    if value > highest:
        raise not_valid(name, f"must be less than or equal to {highest}")
    return value


def _check_choice(fields: dict[str, Any], name: str, choices: tuple[str, ...], model: ModelSpec, mode: Mode) -> None:
    if name in fields and fields[name] not in choices:
        reason = f"is not valid for model {model.name} in {mode}: expected one of {', '.join(choices)}"
        raise _model_error(name, reason)


def _check_duration(fields: dict[str, Any], model: ModelSpec, mode: Mode) -> None:
    """``frames`` beside ``duration`` is the upstream's business: it takes ``frames``, where it takes it at all."""
    duration = fields.get("duration")
    if duration is None or (duration == _AUTO_DURATION and model.is_auto_duration_allowed):
        return
    where = f"for model {model.name} in {mode}"
    if duration < model.duration_min:
        raise _model_error("duration", f"must be greater than or equal to {model.duration_min} {where}")
    if duration > model.duration_max:
        raise _model_error("duration", f"must be less than or equal to {model.duration_max} {where}")


def _check_tools(tools: Any) -> None:
    check_json_type(tools, list, "tools")
    for index, tool in enumerate(tools):
        path = f"tools[{index}]"
        check_json_type(tool, dict, path)
        check_member_names(tool, _TOOL_MEMBERS, path)
        tool_type = tool.get("type")
        if tool_type is None or tool_type == "":
            raise MissingParameterError(f"{path}.type")
        if tool_type not in _TOOL_TYPES:
            raise not_valid(f"{path}.type", f"expected {', '.join(_TOOL_TYPES)}")


def _model_error(name: str, reason: str) -> InvalidParameterError:
    return InvalidParameterError(name, f"the parameter {name} specified in the request {reason}.")
