"""Reading the fields of a control-plane body: ``null`` means absent, wrong types are named."""

from typing import Any

from app.sandbox.errors import RefusedError


def required_text(body: dict[str, Any], name: str, *, max_length: int | None = None) -> str:
    """Returns a text field.

    Raises:
        RefusedError: 400 ``MissingParameter.<name>``, ``InvalidParameter.<name>``.
    """
    value = optional_text(body, name, max_length=max_length)
    if not value:
        raise RefusedError(f"MissingParameter.{name}", f"The required parameter {name} is missing.")
    return value


def optional_text(body: dict[str, Any], name: str, *, max_length: int | None = None) -> str | None:
    """Returns a text field, or None when it is absent.

    Raises:
        RefusedError: 400 ``InvalidParameter.<name>``.
    """
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise bad(name, "a string is expected")
    if max_length is not None and len(value) > max_length:
        raise bad(name, f"at most {max_length} characters are allowed")
    return value


def one_of(body: dict[str, Any], name: str, allowed: tuple[str, ...], *, default: str | None = None) -> str:
    """Returns a text field that has one of a few values.

    Raises:
        RefusedError: 400; ``MissingParameter.<name>`` when it is absent and has no default.
    """
    value = required_text(body, name) if default is None else optional_text(body, name) or default
    if value not in allowed:
        raise bad(name, f"expected one of {', '.join(allowed)}")
    return value


def text_list(body: dict[str, Any], name: str) -> tuple[str, ...]:
    """Returns a list of texts, empty when it is absent.

    Raises:
        RefusedError: 400 ``InvalidParameter.<name>``.
    """
    value = body.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise bad(name, "a list of strings is expected")
    return tuple(value)


def optional_integer(body: dict[str, Any], name: str, *, lowest: int, highest: int) -> int | None:
    """Returns an integer field, or None when it is absent.

    Raises:
        RefusedError: 400 ``InvalidParameter.<name>``.
    """
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
        raise bad(name, f"an integer between {lowest} and {highest} is expected")
    return value


def required_object(body: dict[str, Any], name: str) -> dict[str, Any]:
    """Returns an object field.

    Raises:
        RefusedError: 400 ``MissingParameter.<name>``, ``InvalidParameter.<name>``.
    """
    value = body.get(name)
    if value is None:
        raise RefusedError(f"MissingParameter.{name}", f"The required parameter {name} is missing.")
    if not isinstance(value, dict):
        raise bad(name, "an object is expected")
    return value


def bad(name: str, why: str) -> RefusedError:
    """Returns the refusal 400 ``InvalidParameter.<name>``."""
    return RefusedError(f"InvalidParameter.{name}", f"The parameter {name} is invalid: {why}.")
