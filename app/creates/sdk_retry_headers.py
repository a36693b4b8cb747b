"""What the headers of a create say about earlier attempts: SDK retry counters and the idempotency key. Pure."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from app.errors import InvalidParameterError
from app.header_text import parse_decimal, trim

_KEY_HEADERS = {b"idempotency-key": "Idempotency-Key", b"x-idempotency-key": "X-Idempotency-Key"}
_MAX_KEY_LENGTH = 255
_KEY_TEXTS = (
    "identifies one create: a second request with the same key and an equal body gets what the first one made",
    "another name of `Idempotency-Key`",
)

IDEMPOTENCY_HEADERS: list[dict[str, Any]] = [
    {
        "name": name,
        "in": "header",
        "required": False,
        "schema": {"type": "string", "minLength": 1, "maxLength": _MAX_KEY_LENGTH},
        "description": text,
    }
    for name, text in zip(_KEY_HEADERS.values(), _KEY_TEXTS, strict=True)
]
"""The header parameters of a create, for ``/openapi.json``."""

_RETRY_COUNT = "x-stainless-retry-count"
_SDK_REQUEST = "x-sdk-request"
_ATTEMPT = re.compile(r"(?:^|[;\s])attempt=(\d{1,9})(?:$|[;\s])", re.ASCII)


def is_marked_as_retry(headers: Mapping[str, str]) -> bool:
    """Says whether an SDK marked a request as a retry.

    That is ``x-stainless-retry-count: 1`` or more, or ``X-Sdk-Request: attempt=2; max=4`` with an attempt above 1.

    Args:
        headers: the headers of the request, with names in lower case.

    Source: the SDK contract, §1 and §4.2: the Python SDKs count retries from 0, the OpenAPI SDKs attempts from 1.
    """
    if parse_decimal(trim(headers.get(_RETRY_COUNT, ""))):
        return True
    attempt = _ATTEMPT.search(headers.get(_SDK_REQUEST, ""))
    return attempt is not None and int(attempt[1]) > 1


def read_idempotency_key(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """Returns the idempotency key of a create, 1 to 255 printable characters, or None when there is none.

    A value is decoded as UTF-8, or as ISO-8859-1 when it is not valid UTF-8: HTTP defines no encoding of it.

    Args:
        headers: raw headers, names in lower case; ``Idempotency-Key``, ``X-Idempotency-Key``, or both with one value.

    Raises:
        InvalidParameterError: 400, the key is empty, too long, not printable or given twice, or the two headers differ.
    """
    found: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name = _KEY_HEADERS.get(raw_name)
        if name is None:
            continue
        value = _decode(raw_value)
        if name in found or not 1 <= len(value) <= _MAX_KEY_LENGTH or not value.isprintable():
            text = f"The header `{name}` must be given once, with 1 to {_MAX_KEY_LENGTH} printable characters."
            raise InvalidParameterError(name, text)
        found[name] = value
    if len(set(found.values())) > 1:
        names = " and ".join(f"`{name}`" for name in found)
        raise InvalidParameterError("Idempotency-Key", f"The headers {names} must have the same value.")
    return next(iter(found.values()), None)


def _decode(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
