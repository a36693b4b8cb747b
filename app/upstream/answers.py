"""Reading the upstream's answers: its error shapes, and which class of failure each stands for. Pure.

The data plane words errors as ``{"error": {code, message, param, type}}`` or, on some routes, without the
wrapper; the control plane as ``{"ResponseMetadata": {"RequestId", "Error": {"Code", "Message"}}}``, also with a 2xx.

Source: docs 82379/1299023 (Ark error codes), docs.byteplus.com common error codes (OpenAPI gateway).
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import orjson

from app.json_values import has_more_values
from app.upstream.codes import UNDECIDED_STATUSES, Meaning, is_full_queue, judge, meaning_of
from app.upstream.errors import (
    AccountFaultError,
    ForeignAnswerError,
    OutcomeUnknownError,
    ThrottledError,
    UnclearQuotaError,
    UnservedError,
    UpstreamError,
    UpstreamRejectedError,
)

_MAX_TEXT_CHARACTERS = 2000
# A page of 500 tasks has some 20,000. More would hold the event loop for as long as they are parsed.
_MAX_VALUES = 200_000
_REQUEST_ID = re.compile(r"[!-~]{1,128}")
_SECONDS = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?")
_REDACTED = "[redacted]"

_CODE = re.compile(r"[A-Z][A-Za-z0-9_.\[\]-]{0,127}")
_CAPITALS = re.compile(r"[A-Z0-9_]{2,}")
_TYPES = frozenset(
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
# A 2xx may report an error, so that its code has to tell which status it should have had.
_ABSENT = ("NotFound", "InvalidActionOrVersion")
# Any server says "NotFound" about a route that it does not have.
_SPEAKS_OF_TASK = re.compile(r"\bcontent generation task\b", re.IGNORECASE)
_REQUEST_ID_TAIL = re.compile(r"\brequest id: ?\S+\s*\Z", re.IGNORECASE)
_UPSTREAMS_REQUEST_ID = re.compile(r"02[0-9]{13}[0-9A-Fa-f]{8,}")
# Of a page with one of these nothing tells whether the request went through before: a proxy words a conflict or
# "too early" itself, or passes on what came from behind it.
_UNDECIDED_UNWORDED = UNDECIDED_STATUSES | {409, 425}
_TOO_MANY = 429
_QUEUE_SECONDS = 30
_THROTTLED_UNWORDED = "TooManyRequests"


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer of the upstream.

    Attributes:
        status: HTTP status.
        body: the JSON object, or None when the body is anything else.
        is_empty: there was no body.
        is_page: the body is a web page.
        request_id: the upstream's id of the request, or None.
        retry_after_seconds: ``Retry-After`` in whole seconds, or None.
        date: the header ``Date`` as it came, or None.
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
    """What an error body says."""

    code: str
    message: str
    param: str | None = None
    type: str | None = None


def read_answer(response: httpx.Response) -> Answer:
    """Parses a response whose body has been read."""
    try:
        body = None if has_more_values(response.content, _MAX_VALUES) else orjson.loads(response.content)
    except orjson.JSONDecodeError:
        body = None
    body = body if isinstance(body, dict) else None
    metadata = body.get("ResponseMetadata") if body else None
    reported_id = metadata.get("RequestId") if isinstance(metadata, dict) else None
    return Answer(
        status=response.status_code,
        body=body,
        is_empty=not response.content,
        is_page=response.content.lstrip()[:1] == b"<",
        request_id=_to_request_id(reported_id) or _to_request_id(response.headers.get("x-request-id")),
        retry_after_seconds=_to_retry_after_seconds(response.headers.get("retry-after")),
        date=response.headers.get("date"),
    )


def find_reported_error(
    answer: Answer, secrets: Iterable[str], *, is_assets: bool = False, names_task: bool = False
) -> ReportedError | None:
    """Returns the error that the upstream's API words in the body, in any of its shapes; None: it words none.

    An object with an error of another make is none of its words: a code is one word in the upstream's spelling. One
    that is not known needs a further mark of the API: the envelope of the control plane, or in the wrapper ``error`` a
    ``param``, a message that ends with the request id, or a request id of the upstream's form. ``NotFound`` without a
    suffix is what any server says about a route, so it counts only when its message speaks of the task.

    Args:
        answer: of any status.
        secrets: texts that are struck out of the message.
        is_assets: the call was one of the Assets API, which reports errors in its envelope alone.
        names_task: the call was about one task, which may not exist.
    """
    body = answer.body
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
        is_marked = _has_mark(fields, answer.request_id)
    else:
        return None
    reported = _to_reported_error(fields, secrets)
    if reported is None or not (is_marked or meaning_of(reported.code) is not None):
        return None
    if reported.code == "NotFound" and not (names_task and _SPEAKS_OF_TASK.search(reported.message)):
        return None
    return reported


def to_error(
    answer: Answer, reported: ReportedError | None, *, is_read: bool = False, is_assets: bool = False
) -> UpstreamError:
    """Returns the error that an unsuccessful answer stands for.

    Args:
        answer: not a success, by its status or by what it reports.
        reported: what its body words, or None.
        is_read: the call changes nothing upstream, so that it does not matter whether it was carried out.
        is_assets: it was one of the Assets API.
    """
    if reported is None:
        return _to_unworded(answer, is_read=is_read)
    status, code, message, request_id = answer.status, reported.code, reported.message, answer.request_id
    meaning = judge(status, code, message, is_assets=is_assets)
    if meaning in {Meaning.CLIENT, Meaning.UNSERVED}:
        return _to_refusal(answer, reported, meaning)
    if meaning is Meaning.RATE:
        return _to_throttled(answer, code, message)
    if meaning is Meaning.UPSTREAM:
        return OutcomeUnknownError(f"answered with {status} {code}", status=status, code=code, request_id=request_id)
    kind = UnclearQuotaError if meaning is Meaning.UNCLEAR else AccountFaultError
    return kind(status=status, code=code, message=message, request_id=request_id)


def to_unusable(answer: Answer, secrets: Iterable[str], reason: str) -> UpstreamError:
    """Returns the error for a 2xx to a create that lacks what was asked for: throttled if it says so, else unknown."""
    reported = find_reported_error(answer, secrets)
    if reported is not None and meaning_of(reported.code) is Meaning.RATE:
        return _to_throttled(answer, reported.code, reported.message)
    return OutcomeUnknownError(reason, status=answer.status, request_id=answer.request_id)


def to_unreadable(answer: Answer, reported: ReportedError | None, reason: str, *, member: str | None) -> UpstreamError:
    """Returns the error for a 2xx to a read or a deletion, which may be repeated, that is not what the API answers.

    Args:
        answer: the 2xx.
        reported: the error that it reports, or None.
        reason: why it cannot be used, for one that the API may have given.
        member: every JSON object with which the API answers this call has it; None: a usable one has nothing else.
    """
    if reported is not None:
        return to_error(answer, reported, is_read=True)
    if answer.is_page or (answer.body is not None and member not in answer.body):
        return _to_foreign(answer)
    return OutcomeUnknownError(reason, status=answer.status, request_id=answer.request_id)


def _to_unworded(answer: Answer, *, is_read: bool) -> UpstreamError:
    """Returns the error for an answer that the upstream's API did not word.

    A server that answers with a 4xx page has kept the request from the API; 429 says by itself that it passes. A
    redirect proves nothing about a create: proxies put one in the place of an error that came from behind them.
    """
    status = answer.status
    if status == _TOO_MANY:
        return _to_throttled(answer, _THROTTLED_UNWORDED, "too many requests, said by something before the API")
    undecided = UNDECIDED_STATUSES if is_read else _UNDECIDED_UNWORDED
    is_refusal = 400 <= status < 500 and status not in undecided  # noqa: PLR2004 - HTTP
    if is_refusal or (is_read and status < 400):  # noqa: PLR2004 - HTTP
        return _to_foreign(answer)
    return OutcomeUnknownError(f"answered with {status}", status=status, request_id=answer.request_id)


def _to_foreign(answer: Answer) -> ForeignAnswerError:
    if answer.is_page:
        what = "a web page"
    elif answer.is_empty:
        what = "no body"
    else:
        what = "a text" if answer.body is None else "JSON of another make"
    return ForeignAnswerError(status=answer.status, what=what, request_id=answer.request_id)


def _to_throttled(answer: Answer, code: str, message: str) -> ThrottledError:
    usual = _QUEUE_SECONDS if is_full_queue(code) else None
    return ThrottledError(
        status=answer.status,
        code=code,
        message=message,
        request_id=answer.request_id,
        retry_after_seconds=answer.retry_after_seconds or usual,
    )


def _to_refusal(answer: Answer, error: ReportedError, meaning: Meaning) -> UpstreamError:
    status = _rejection_status(answer, error)
    code, message, param, request_id = error.code, error.message, error.param, answer.request_id
    if meaning is Meaning.UNSERVED:
        return UnservedError(status=status, code=code, message=message, param=param, request_id=request_id)
    return UpstreamRejectedError(
        status=status, code=code, message=message, param=param, type=error.type, request_id=request_id
    )


def _rejection_status(answer: Answer, error: ReportedError) -> int:
    if not answer.is_success:
        return answer.status
    return 404 if error.code in _ABSENT or error.code.startswith("NotFound.") else 400


def _to_reported_error(fields: Mapping[str, object], secrets: Iterable[str]) -> ReportedError | None:
    """Returns the error, or None when it is not worded as the upstream words one; a code may be absent, a type too."""
    kind = _to_text(fields.get("type"), secrets)
    named = _to_text(fields.get("code"), secrets) or (kind if kind in _TYPES else None)
    if named is None or not _CODE.fullmatch(named) or _CAPITALS.fullmatch(named):
        return None
    text = _to_text(fields.get("message"), secrets) or "The upstream refused the request."
    return ReportedError(named, text, _to_text(fields.get("param"), secrets), kind)


def _has_mark(error: Mapping[str, object], request_id: str | None) -> bool:
    """Whether an error object has what the upstream's API adds to its errors, beside code and message."""
    message = error.get("message")
    return (
        isinstance(error.get("param"), str)
        or (isinstance(message, str) and _REQUEST_ID_TAIL.search(message) is not None)
        or (request_id is not None and _UPSTREAMS_REQUEST_ID.fullmatch(request_id) is not None)
    )


def _to_text(value: object, secrets: Iterable[str]) -> str | None:
    if not isinstance(value, str) or not value:
        return None
    for secret in filter(None, secrets):
        value = value.replace(secret, _REDACTED)
    # What is told here may be written down, and no database takes a NUL.
    return value.replace("\0", "")[:_MAX_TEXT_CHARACTERS] or None


def _to_request_id(value: object) -> str | None:
    return value if isinstance(value, str) and _REQUEST_ID.fullmatch(value) else None


def _to_retry_after_seconds(value: str | None) -> int | None:
    return math.ceil(float(value)) if value and _SECONDS.fullmatch(value) else None
