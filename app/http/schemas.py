"""Validation of JSON objects by pydantic models, with the gateway's own errors.

Routes parse bodies themselves, so that credentials are checked before the body is read. There is no global handler for
pydantic's ``ValidationError``: it would also report bugs of the gateway as client errors.
"""

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from app.core.strict_json import member_path
from app.errors import InvalidParameterError, MissingParameterError, SeedgateError


class RequestModel(BaseModel):
    """The base of request bodies: unknown members are refused, and types are not converted.

    ``"5"`` is no integer and ``1`` no boolean. A member that may be null declares it in its type.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)

    def sent(self) -> dict[str, Any]:
        """Returns the members that were sent."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class RowView(BaseModel):
    """The base of answers that show columns of a row under their own names."""

    @classmethod
    def of(cls, row: object, **others: Any) -> Self:
        """Returns the view of a row; ``others`` are the fields that are no columns, or are shown otherwise."""
        columns = cls.model_fields.keys() - others.keys()
        return cls(**{name: getattr(row, name) for name in columns}, **others)


ModelT = TypeVar("ModelT", bound=BaseModel)


def drop_defaults(schema: dict[str, Any]) -> None:
    """Hides defaults that no request and no answer uses; a ``json_schema_extra``."""
    for field in schema["properties"].values():
        field.pop("default", None)


def parse_model(model: type[ModelT], payload: Mapping[str, Any]) -> ModelT:
    """Returns ``payload`` as an instance of ``model``; of several mistakes the first is reported.

    Raises:
        MissingParameterError: 400, a required member is absent or empty, or null where null is not allowed.
        InvalidParameterError: 400, a member has a wrong type or value, or is unknown.
    """
    try:
        return model.model_validate(dict(payload))
    except ValidationError as error:
        shown = _to_error(error.errors(include_url=False)[0])
    raise shown  # outside of the handler: pydantic's error must not become its context


def _to_error(mistake: ErrorDetails) -> SeedgateError:
    path = _to_path(mistake["loc"])
    if not path:
        return InvalidParameterError(None, f"{_to_sentence(mistake)}.")
    if mistake["type"] == "extra_forbidden":
        return InvalidParameterError(path, f"The parameter `{path}` is not known.")
    if _is_missing(mistake):
        return MissingParameterError(path)
    return InvalidParameterError(path, f"The parameter `{path}` is not valid: {_to_sentence(mistake)}.")


def _is_missing(mistake: ErrorDetails) -> bool:
    kind = mistake["type"]
    if mistake["input"] is None and kind != "value_error":
        return True
    return kind == "missing" or (kind in {"string_too_short", "too_short"} and not mistake["input"])


def _to_path(location: tuple[int | str, ...]) -> str:
    path = ""
    for part in location:
        path = f"{path}[{part}]" if isinstance(part, int) else member_path(path, part)
    return path


def _to_sentence(mistake: ErrorDetails) -> str:
    """Returns the message of our own validator, or pydantic's, which starts with "Input should"."""
    raised = mistake.get("ctx", {}).get("error")
    text = str(raised) if raised is not None else mistake["msg"]
    return text.replace("Input should", "it should", 1).rstrip(".")
