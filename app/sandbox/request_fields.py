"""Validation of the body of a control-plane action: typed fields and the two paging modes.

``null`` counts as absent. All functions raise ``RefusedError`` 400 ``InvalidParameter.<name>`` for a field of the wrong
type or range, and those named ``required_…`` 400 ``MissingParameter.<name>``.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Any

from app.sandbox.errors import RefusedError

_MAX_PAGE_SIZE = 100
_DEFAULT_PAGE_SIZE = 10
_MAX_PAGE_NUMBER = 1_000_000
_DECIMAL = re.compile(r"[0-9]{1,18}")


def invalid_field(name: str, why: str) -> RefusedError:
    """Returns the error 400 ``InvalidParameter.<name>``."""
    return RefusedError(f"InvalidParameter.{name}", f"The parameter {name} is invalid: {why}.")


def required_text(body: dict[str, Any], name: str, *, max_length: int | None = None) -> str:
    """Returns a non-empty string."""
    value = optional_text(body, name, max_length=max_length)
    if not value:
        raise _missing_field(name)
    return value


def optional_text(body: dict[str, Any], name: str, *, max_length: int | None = None) -> str | None:
    """Returns a string, or None when it is absent."""
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise invalid_field(name, "a string is expected")
    if max_length is not None and len(value) > max_length:
        raise invalid_field(name, f"at most {max_length} characters are allowed")
    return value


def one_of(body: dict[str, Any], name: str, allowed: tuple[str, ...], *, default: str | None = None) -> str:
    """Returns one of the allowed strings; without a default the field is required."""
    value = required_text(body, name) if default is None else optional_text(body, name) or default
    if value not in allowed:
        raise invalid_field(name, f"expected one of {', '.join(allowed)}")
    return value


def text_list(body: dict[str, Any], name: str) -> tuple[str, ...]:
    """Returns a list of strings, empty when it is absent."""
    value = body.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise invalid_field(name, "a list of strings is expected")
    return tuple(value)


def required_object(body: dict[str, Any], name: str) -> dict[str, Any]:
    """Returns an object."""
    value = body.get(name)
    if value is None:
        raise _missing_field(name)
    if not isinstance(value, dict):
        raise invalid_field(name, "an object is expected")
    return value


@dataclass(frozen=True, slots=True)
class Page:
    """The requested part of a list.

    Attributes:
        offset: items to skip.
        size: maximum of items.
        number: PageNumber; None in the token mode.
    """

    offset: int
    size: int
    number: int | None


def read_page(body: dict[str, Any], *, max_depth: int) -> Page:
    """Reads PageNumber/PageSize or NextToken/MaxResults; mixing them is an error.

    Args:
        body: the request.
        max_depth: maximum of PageNumber×PageSize; deeper pages need NextToken.
    """
    number = _optional_integer(body, "PageNumber", highest=_MAX_PAGE_NUMBER)
    size = _optional_integer(body, "PageSize", highest=_MAX_PAGE_SIZE)
    token = optional_text(body, "NextToken")
    max_results = _optional_integer(body, "MaxResults", highest=_MAX_PAGE_SIZE)
    if token is None and max_results is None:
        number, size = number or 1, size or _DEFAULT_PAGE_SIZE
        if number * size > max_depth:
            raise invalid_field("PageNumber", f"PageNumber multiplied by PageSize is above {max_depth}; use NextToken")
        return Page((number - 1) * size, size, number)
    if number is not None or size is not None:
        raise invalid_field("NextToken", "NextToken/MaxResults cannot be mixed with PageNumber/PageSize")
    return Page(_decode_token(token) if token else 0, max_results or _DEFAULT_PAGE_SIZE, None)


def page_result(page: Page, items: list[dict[str, Any]]) -> dict[str, Any]:
    """Returns the Result of a list action.

    Args:
        page: the requested page.
        items: all matching items, in order.
    """
    end = page.offset + page.size
    shown = items[page.offset : end]
    if page.number is not None:
        return {"Items": shown, "TotalCount": len(items), "PageNumber": page.number, "PageSize": page.size}
    next_token = {"NextToken": base64.urlsafe_b64encode(str(end).encode()).decode()} if end < len(items) else {}
    return {"Items": shown, **next_token}


def _missing_field(name: str) -> RefusedError:
    return RefusedError(f"MissingParameter.{name}", f"The required parameter {name} is missing.")


def _optional_integer(body: dict[str, Any], name: str, *, highest: int) -> int | None:
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= highest:
        raise invalid_field(name, f"an integer between 1 and {highest} is expected")
    return value


def _decode_token(token: str) -> int:
    try:
        offset = base64.urlsafe_b64decode(token.encode()).decode()
    except (ValueError, binascii.Error):
        offset = ""
    if not _DECIMAL.fullmatch(offset):
        raise invalid_field("NextToken", "the token is not known")
    return int(offset)
