"""Reading the fields of a control-plane body: ``null`` means absent, wrong types are named."""

import base64
import binascii
from dataclasses import dataclass
from typing import Any

from app.header_text import parse_decimal
from app.sandbox.errors import RefusedError

_MAX_SIZE = 100
_DEFAULT_SIZE = 10
_MAX_NUMBER = 1_000_000


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


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is wanted.

    Attributes:
        offset: how many to skip.
        size: how many at most.
        number: PageNumber; None in the token mode.
    """

    offset: int
    size: int
    number: int | None


def read_page(body: dict[str, Any], *, deepest: int) -> Page:
    """Reads PageNumber/PageSize or NextToken/MaxResults; mixing them is an error.

    Args:
        body: the request.
        deepest: PageNumber×PageSize beyond this must use NextToken.

    Raises:
        RefusedError: 400 ``InvalidParameter.…``.
    """
    number = optional_integer(body, "PageNumber", lowest=1, highest=_MAX_NUMBER)
    size = optional_integer(body, "PageSize", lowest=1, highest=_MAX_SIZE)
    token = optional_text(body, "NextToken")
    results = optional_integer(body, "MaxResults", lowest=1, highest=_MAX_SIZE)
    if token is None and results is None:
        page = Page(((number or 1) - 1) * (size or _DEFAULT_SIZE), size or _DEFAULT_SIZE, number or 1)
        if page.offset + page.size > deepest:
            raise bad("PageNumber", f"PageNumber multiplied by PageSize is above {deepest}; use NextToken")
        return page
    if number is not None or size is not None:
        raise bad("NextToken", "NextToken/MaxResults cannot be mixed with PageNumber/PageSize")
    return Page(_read_token(token) if token else 0, results or _DEFAULT_SIZE, None)


def answer_page(page: Page, items: list[dict[str, Any]]) -> dict[str, Any]:
    """Returns the Result of a list action.

    Args:
        page: what was asked for.
        items: all matching items, in order.
    """
    end = page.offset + page.size
    shown = items[page.offset : end]
    if page.number is not None:
        return {"Items": shown, "TotalCount": len(items), "PageNumber": page.number, "PageSize": page.size}
    further = {"NextToken": base64.urlsafe_b64encode(str(end).encode()).decode()} if end < len(items) else {}
    return {"Items": shown, **further}


def _read_token(token: str) -> int:
    try:
        offset = parse_decimal(base64.urlsafe_b64decode(token.encode()).decode())
    except (ValueError, binascii.Error):
        offset = None
    if offset is None:
        raise bad("NextToken", "the token is not known")
    return offset
