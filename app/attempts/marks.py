"""How a client's library says that a request is one more try of an earlier one. Pure."""

import re
from collections.abc import Mapping

from app.header_text import parse_decimal, trim

_RETRY_COUNT = "x-stainless-retry-count"
_SDK_REQUEST = "x-sdk-request"
_ATTEMPT = re.compile(r"(?:^|[;\s])attempt=(\d{1,9})(?:$|[;\s])", re.ASCII)


def is_marked_as_retry(headers: Mapping[str, str]) -> bool:
    """Whether a request names itself a retry: ``x-stainless-retry-count: 1`` or ``X-Sdk-Request: attempt=2; max=4``.

    Args:
        headers: of the request; names are looked up in lower case.

    Source: the SDK contract, §1 and §4.2: the Python SDKs count retries from 0, the OpenAPI SDKs attempts from 1.
    """
    if parse_decimal(trim(headers.get(_RETRY_COUNT, ""))):
        return True
    attempt = _ATTEMPT.search(headers.get(_SDK_REQUEST, ""))
    return attempt is not None and int(attempt[1]) > 1
