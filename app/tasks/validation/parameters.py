"""Checks the parameters beside ``model`` and ``content``.

Their names, JSON types and ranges are defined in ``app.create_parameters``. Limits that only the upstream knows are
left to it.

Source: the spec's tables "Request Parameters", "tools Parameter" and "Parameter Limits".
"""

from typing import Any

from app.catalog.model_spec import ModelSpec
from app.create_parameters import AUTO_DURATION, PARAMETERS, Kind, names_of_kind
from app.errors import InvalidParameterError, MissingParameterError
from app.tasks.validation.confusables import check_member_names
from app.tasks.validation.content import Mode
from app.tasks.validation.errors import check_json_type, check_not_empty, not_valid

_OPTIONAL = tuple(name for name, parameter in PARAMETERS.items() if not parameter.is_required)
_TEXTS = tuple(name for name in names_of_kind(Kind.TEXT) if name not in {"model", "callback_url"})
_SWITCHES = names_of_kind(Kind.SWITCH)
# The range of ``duration`` is the model's; of the others, only values that no upstream accepts are refused here.
_RANGES = {name: PARAMETERS[name].checked for name in names_of_kind(Kind.INTEGER)}
_LONGEST = {name: longest for name in _TEXTS if (longest := PARAMETERS[name].checked_longest) is not None}
_TOOL_TYPES = PARAMETERS["tools"].words
_TOOL_MEMBERS = frozenset({"type"})


def check_parameters(fields: dict[str, Any], model: ModelSpec, mode: Mode) -> dict[str, Any]:
    """Checks the parameters that are present and returns ``fields`` with integers in place of ``5.0``.

    Raises:
        InvalidParameterError: 400, a value has the wrong JSON type, is out of range, or is not valid for the model.
        MissingParameterError: 400, a tool has no type.
    """
    for name in _OPTIONAL:
        check_not_empty(fields.get(name), name)
    checked = {name: _check_integer(name, value) if name in _RANGES else value for name, value in fields.items()}
    for names, expected in ((_TEXTS, str), (_SWITCHES, bool)):
        for name in names:
            if name in checked:
                check_json_type(checked[name], expected, name)
    for name, longest in _LONGEST.items():
        if len(str(checked.get(name, ""))) > longest:
            raise not_valid(name, f"must be at most {longest} characters")
    _check_choice(checked, "resolution", model.resolutions, model, mode)
    _check_choice(checked, "ratio", model.ratios, model, mode)
    _check_duration(checked, model, mode)
    if "tools" in checked:
        _check_tools(checked["tools"])
    return checked


def _check_integer(name: str, value: Any) -> int:
    lowest, highest = _RANGES[name]
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
    """Checks ``duration``; with ``frames`` beside it, too, which the upstream prefers if it knows it."""
    duration = fields.get("duration")
    if duration is None or (duration == AUTO_DURATION and model.is_auto_duration_allowed):
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
