"""Parsing the upstream's responses: its error shapes, and the ``UpstreamError`` for each. Pure.

The data plane reports errors as ``{"error": {code, message, param, type}}`` or, on some routes, without the
wrapper; the control plane as ``{"ResponseMetadata": {"RequestId", "Error": {"Code", "Message"}}}``, also with a 2xx.

Source: docs 82379/1299023 (Ark error codes), docs.byteplus.com common error codes (OpenAPI gateway).
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from app.core.strict_json import has_more_values
from app.upstream.error_codes import UNDECIDED_STATUSES, Category, category_of, classify, is_full_queue
from app.upstream.errors import (
    AccountFaultError,
    ForeignResponseError,
    OutcomeUnknownError,
    ThrottledError,
    UnclearQuotaError,
    UnservedError,
    UpstreamError,
    UpstreamRejectedError,
)
from app.upstream.http.messages import HttpResponse

_MAX_TEXT_CHARACTERS = 2000
# A page of 500 tasks has some 20,000. Parsing more would block the event loop.
_MAX_VALUES = 200_000
_REQUEST_ID = re.compile(r"[!-~]{1,128}")
_SECONDS = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?")
_REDACTED = "[redacted]"

_CODE = re.compile(r"[A-Z][A-Za-z0-9_.\[\]-]{0,127}")
_ALL_CAPITALS = re.compile(r"[A-Z0-9_]{2,}")
_ERROR_TYPES = frozenset(
    {
        "BadRequest",
        "Conflict",
        "Forbidden",
        "InternalServerError",
        "NotFound",
        "ServiceUnavailable",
        "TooManyRequests",
        "Unauthorized",
    }
)
# Codes that stand for 404 when a 2xx reports them.
_NOT_FOUND_CODES = ("NotFound", "InvalidActionOrVersion")
# Any server may report "NotFound" for an unknown route; the API's own mentions the task.
_MENTIONS_TASK = re.compile(r"\bcontent generation task\b", re.IGNORECASE)
_REQUEST_ID_SUFFIX = re.compile(r"\brequest id: ?\S+\s*\Z", re.IGNORECASE)
_UPSTREAM_REQUEST_ID = re.compile(r"02[0-9]{13}[0-9A-Fa-f]{8,}")
# When the API did not word the error, these do not tell whether the request was carried out: a proxy may report a
# conflict or "too early" itself, or forward what the server behind it said.
_UNDECIDED_STATUSES_UNWORDED = UNDECIDED_STATUSES | {409, 425}
_TOO_MANY = 429
_QUEUE_SECONDS = 30
_THROTTLED_UNWORDED = "TooManyRequests"


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """A complete response of the upstream.

    Attributes:
        status: HTTP status.
        body: the JSON object, or None when the body is anything else.
        is_empty: the body is empty.
        is_page: the body is a web page.
        request_id: the upstream's id of the request, or None.
        retry_after_seconds: ``Retry-After`` in whole seconds, or None.
        date: the header ``Date`` as received, or None.
    """

    status: int
    body: dict[str, Any] | None
    is_empty: bool
    is_page: bool
    request_id: str | None
    retry_after_seconds: int | None
    date: str | None = None

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300  # noqa: PLR2004 - HTTP


@dataclass(frozen=True, slots=True)
class ReportedError:
    """An error as the upstream's API reports it."""

    code: str
    message: str
    param: str | None = None


def parse_response(response: HttpResponse) -> ApiResponse:
    """Parses a response."""
    try:
        body = None if has_more_values(response.body, _MAX_VALUES) else orjson.loads(response.body)
    except orjson.JSONDecodeError:
        body = None
    body = body if isinstance(body, dict) else None
    metadata = body.get("ResponseMetadata") if body else None
    reported_id = metadata.get("RequestId") if isinstance(metadata, dict) else None
    return ApiResponse(
        status=response.status,
        body=body,
        is_empty=not response.body,
        is_page=response.body.lstrip()[:1] == b"<",
        request_id=_to_request_id(reported_id) or _to_request_id(response.header(b"x-request-id")),
        retry_after_seconds=_to_retry_after_seconds(response.header(b"retry-after")),
        date=response.header(b"date"),
    )


def find_reported_error(
    response: ApiResponse, secrets: Iterable[str], *, is_assets: bool = False, names_task: bool = False
) -> ReportedError | None:
    """Returns the error that the upstream's API reports in the body, in any of its shapes, or None.

    Error objects of other servers must not pass for the API's. A code is one word in the upstream's spelling. An
    unknown code needs a further mark of the API: the envelope of the control plane, or in the wrapper ``error`` a
    ``param``, a message that ends with the request id, or a request id of the upstream's form. ``NotFound`` without a
    suffix, which any server may report for a route, counts only when its message mentions the task.

    Args:
        response: a response of any status.
        secrets: strings to redact from the message.
        is_assets: the call was to the Assets API, which reports errors only in its envelope.
        names_task: the call named one task.
    """
    body = response.body
    if body is None:
        return None
    metadata = body.get("ResponseMetadata")
    wrapped = metadata.get("Error") if isinstance(metadata, dict) else None
    if isinstance(wrapped, dict):
        fields = {"code": wrapped.get("Code"), "message": wrapped.get("Message")}
        is_marked = True
    elif is_assets:
        return None
    elif "error" not in body:
        fields, is_marked = body, False
    elif isinstance(body["error"], dict):
        fields = body["error"]
        is_marked = _has_api_mark(fields, response.request_id)
    else:
        return None
    reported = _to_reported_error(fields, secrets)
    if reported is None or not (is_marked or category_of(reported.code) is not None):
        return None
    if reported.code == "NotFound" and not (names_task and _MENTIONS_TASK.search(reported.message)):
        return None
    return reported


def to_error(
    response: ApiResponse, reported: ReportedError | None, *, is_read: bool = False, is_assets: bool = False
) -> UpstreamError:
    """Returns the exception for an unsuccessful response.

    Args:
        response: not a success, by its status or by the error it reports.
        reported: the error in its body, or None.
        is_read: the call changes nothing upstream, so that it does not matter whether it was carried out.
        is_assets: the call was to the Assets API.
    """
    if reported is None:
        return _to_unworded_error(response, is_read=is_read)
    status, code, message = response.status, reported.code, reported.message
    category = classify(status, code, message, is_assets=is_assets)
    if category in {Category.CLIENT, Category.UNSERVED}:
        return _to_refusal(response, reported, category)
    if category is Category.RATE:
        return _to_throttled(response, code, message)
    if category is Category.UPSTREAM:
        return OutcomeUnknownError(f"answered with {status} {code}", status=status, code=code)
    kind = UnclearQuotaError if category is Category.UNCLEAR else AccountFaultError
    return kind(status=status, code=code, message=message)


def to_unusable_create(response: ApiResponse, secrets: Iterable[str], reason: str) -> UpstreamError:
    """Returns the exception for a 2xx to a create without a usable result: throttled if it says so, else unknown."""
    reported = find_reported_error(response, secrets)
    if reported is not None and category_of(reported.code) is Category.RATE:
        return _to_throttled(response, reported.code, reported.message)
    return OutcomeUnknownError(reason, status=response.status)


def to_unusable_success(
    response: ApiResponse, reported: ReportedError | None, reason: str, *, member: str | None
) -> UpstreamError:
    """Returns the exception for a 2xx without a usable result to a read or a deletion, which may be repeated.

    Args:
        response: the 2xx.
        reported: the error it reports, or None.
        reason: why it cannot be used, in case it is the API's.
        member: a member of every JSON object with which the API answers this call, or None when there is none; without
            it the response is not the API's.
    """
    if reported is not None:
        return to_error(response, reported, is_read=True)
    if response.is_page or (response.body is not None and member not in response.body):
        return _to_foreign_response(response)
    return OutcomeUnknownError(reason, status=response.status)


def _to_unworded_error(response: ApiResponse, *, is_read: bool) -> UpstreamError:
    """Returns the exception for an unsuccessful response without an error of the upstream's API.

    A 4xx from a server in front proves that the API did not get the request, and 429 is temporary by definition. A
    redirect proves nothing about a create: proxies replace errors of the servers behind them with one.
    """
    status = response.status
    if status == _TOO_MANY:
        return _to_throttled(response, _THROTTLED_UNWORDED, "too many requests, said by something before the API")
    undecided = UNDECIDED_STATUSES if is_read else _UNDECIDED_STATUSES_UNWORDED
    is_refusal = 400 <= status < 500 and status not in undecided  # noqa: PLR2004 - HTTP
    if is_refusal or (is_read and status < 400):  # noqa: PLR2004 - HTTP
        return _to_foreign_response(response)
    return OutcomeUnknownError(f"answered with {status}", status=status)


def _to_foreign_response(response: ApiResponse) -> ForeignResponseError:
    if response.is_page:
        what = "a web page"
    elif response.is_empty:
        what = "no body"
    else:
        what = "a text" if response.body is None else "JSON of another make"
    return ForeignResponseError(status=response.status, what=what)


def _to_throttled(response: ApiResponse, code: str, message: str) -> ThrottledError:
    usual = _QUEUE_SECONDS if is_full_queue(code) else None
    return ThrottledError(
        status=response.status,
        code=code,
        message=message,
        retry_after_seconds=response.retry_after_seconds or usual,
    )


def _to_refusal(response: ApiResponse, error: ReportedError, category: Category) -> UpstreamError:
    kind = UnservedError if category is Category.UNSERVED else UpstreamRejectedError
    status = _rejection_status(response, error)
    return kind(status=status, code=error.code, message=error.message, param=error.param)


def _rejection_status(response: ApiResponse, error: ReportedError) -> int:
    if not response.is_success:
        return response.status
    return 404 if error.code in _NOT_FOUND_CODES or error.code.startswith("NotFound.") else 400


def _to_reported_error(fields: Mapping[str, object], secrets: Iterable[str]) -> ReportedError | None:
    """Returns the error, or None when it is not of the upstream's form; a known ``type`` may stand in for a code."""
    kind = _to_text(fields.get("type"), secrets)
    named = _to_text(fields.get("code"), secrets) or (kind if kind in _ERROR_TYPES else None)
    if named is None or not _CODE.fullmatch(named) or _ALL_CAPITALS.fullmatch(named):
        return None
    text = _to_text(fields.get("message"), secrets) or "The upstream refused the request."
    return ReportedError(named, text, _to_text(fields.get("param"), secrets))


def _has_api_mark(error: Mapping[str, object], request_id: str | None) -> bool:
    """Whether an error object has a member that only the upstream's API adds to code and message."""
    message = error.get("message")
    return (
        isinstance(error.get("param"), str)
        or (isinstance(message, str) and _REQUEST_ID_SUFFIX.search(message) is not None)
        or (request_id is not None and _UPSTREAM_REQUEST_ID.fullmatch(request_id) is not None)
    )


def _to_text(value: object, secrets: Iterable[str]) -> str | None:
    if not isinstance(value, str) or not value:
        return None
    for secret in filter(None, secrets):
        value = value.replace(secret, _REDACTED)
    # The text may be stored, and PostgreSQL does not accept NUL.
    return value.replace("\0", "")[:_MAX_TEXT_CHARACTERS] or None


def _to_request_id(value: object) -> str | None:
    return value if isinstance(value, str) and _REQUEST_ID.fullmatch(value) else None


def _to_retry_after_seconds(value: str | None) -> int | None:
    return math.ceil(float(value)) if value and _SECONDS.fullmatch(value) else None
