"""The two paging modes of ListAssetGroups and ListAssets."""

import base64
import binascii
from dataclasses import dataclass
from typing import Any

from app.header_text import parse_decimal
from app.sandbox.fields import bad, optional_integer, optional_text

_MAX_SIZE = 100
_DEFAULT_SIZE = 10
_MAX_NUMBER = 1_000_000


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
