"""Reading the upstream's answers: its error shapes, and which class of failure each stands for. Pure.

The data plane words errors as ``{"error": {code, message, param, type}}`` or, on some routes, without the
wrapper; the control plane as ``{"ResponseMetadata": {"RequestId", "Error": {"Code", "Message"}}}``, also with a 2xx.

Source: docs 82379/1299023 (Ark error codes), docs.byteplus.com common error codes (OpenAPI gateway).
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import httpx
import orjson

from app.json_values import has_more_values
from app.upstream.errors import (
    UNEXPLAINED_CODE,
    AccountFaultError,
    OutcomeUnknownError,
    ThrottledError,
    UpstreamError,
    UpstreamRejectedError,
)

_MAX_TEXT_CHARACTERS = 2000
# A page of 500 tasks has some 20,000. More would hold the event loop for as long as they are parsed.
_MAX_VALUES = 200_000
_REQUEST_ID = re.compile(r"[!-~]{1,128}")
_SECONDS = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?")
_REDACTED = "[redacted]"

# The upstream reports these with 429, 400 and 200 alike.
_THROTTLE_CODE = re.compile(
    r"(Account)?FlowLimitExceeded|RequestThrottled|RequestLimitExceeded|Quota(Read|Write)?QP[SM]Exceeded"
    r"|RateLimitExceeded(\..+)?|ModelAccount[A-Z][a-z]+RateLimitExceeded|APIAccount[A-Z][a-z]+RateLimitExceeded"
    r"|AccountRateLimitExceeded|RequestBurstTooFast|InflightBatchsizeExceeded"
)

# Nothing that a tenant sends brings these about. Two are 404 or 400 about the model: the operator maps models to
# the account's own endpoints, so a closed endpoint or a model that the account may not use is the account's affair.
_ACCOUNT_CODES = frozenset(
    {
        "AccountOverdueError",
        "AuthenticationError",
        "InvalidAccountStatus",
        "InvalidEndpoint.ClosedEndpoint",
        "InvalidEndpointOrModel.ModelIDAccessDisabled",
        "InvalidSubscription",
        "ModelNotOpen",
        "AccessDenied",
        "InvalidAccessKey",
        "InvalidAuthorization",
        "InvalidCredential",
        "InvalidSecretToken",
        "InvalidTimestamp",
        "LackPolicy",
        "MissingAuthenticationToken",
        "MissingRequestInfo",
        "MissingSignature",
        "SignatureDoesNotMatch",
        "SubscriptionRequired",
    }
)

# The control plane's ways to say "5xx", which may come with a 2xx.
_SERVER_CODES = frozenset(
    {
        "FailToConnect",
        "InternalError",
        "InternalServiceError",
        "InternalServiceTimeout",
        "ServiceUnavailable",
        "ServiceUnavailableTemp",
    }
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer of the upstream.

    Attributes:
        status: HTTP status.
        body: the JSON object, or None when the body is anything else.
        is_empty: there was no body.
        request_id: the upstream's id of the request, or None.
        retry_after_seconds: ``Retry-After`` in whole seconds, or None.
        date: the header ``Date`` as it came, or None.
    """

    status: int
    body: dict[str, Any] | None
    is_empty: bool
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
        request_id=_to_request_id(reported_id) or _to_request_id(response.headers.get("x-request-id")),
        retry_after_seconds=_to_retry_after_seconds(response.headers.get("retry-after")),
        date=response.headers.get("date"),
    )


def find_reported_error(answer: Answer, secrets: Iterable[str]) -> ReportedError | None:
    """Returns the error that the body words, in any of the upstream's shapes, or None.

    Args:
        answer: of any status.
        secrets: texts that are struck out of the message.
    """
    body = answer.body
    if body is None:
        return None
    metadata = body.get("ResponseMetadata")
    wrapped = metadata.get("Error") if isinstance(metadata, dict) else None
    if isinstance(wrapped, dict):
        return _to_reported_error(wrapped.get("Code"), wrapped.get("Message"), None, None, secrets)
    error = body.get("error", body)
    if not isinstance(error, dict) or not ("code" in error or "type" in error):
        return None
    return _to_reported_error(error.get("code"), error.get("message"), error.get("param"), error.get("type"), secrets)


def to_error(answer: Answer, reported: ReportedError | None) -> UpstreamError:
    """Returns the error that an unsuccessful answer stands for.

    Args:
        answer: not a success, by its status or by what it reports.
        reported: what its body words, or None.
    """
    status, request_id = answer.status, answer.request_id
    error = reported or ReportedError(UNEXPLAINED_CODE, f"The upstream refused the request (HTTP {status}).")
    if status == 429 or _THROTTLE_CODE.fullmatch(error.code):  # noqa: PLR2004 - HTTP
        return ThrottledError(
            status=status,
            code=error.code,
            message=error.message,
            request_id=request_id,
            retry_after_seconds=answer.retry_after_seconds,
        )
    if status == 408 or status >= 500 or not (answer.is_success or status >= 400):  # noqa: PLR2004 - HTTP
        return OutcomeUnknownError(f"answered with {status} {error.code}", status=status, request_id=request_id)
    if answer.is_success and error.code in _SERVER_CODES:
        return OutcomeUnknownError(f"answered with {status} {error.code}", status=status, request_id=request_id)
    if status in {401, 403} or error.code in _ACCOUNT_CODES:
        return AccountFaultError(status=status, code=error.code, message=error.message, request_id=request_id)
    return UpstreamRejectedError(
        status=_rejection_status(answer, error),
        code=error.code,
        message=error.message,
        param=error.param,
        type=error.type,
        request_id=request_id,
    )


def to_unusable(answer: Answer, secrets: Iterable[str], reason: str) -> UpstreamError:
    """Returns the error for a 2xx that lacks what was asked for: throttled if it says so, else unknown."""
    reported = find_reported_error(answer, secrets)
    if reported is not None and _THROTTLE_CODE.fullmatch(reported.code):
        return to_error(answer, reported)
    return OutcomeUnknownError(reason, status=answer.status, request_id=answer.request_id)


def _rejection_status(answer: Answer, error: ReportedError) -> int:
    if not answer.is_success:
        return answer.status
    return 404 if error.code == "NotFound" or error.code.startswith("NotFound.") else 400


def _to_reported_error(
    code: object, message: object, param: object, type_: object, secrets: Iterable[str]
) -> ReportedError:
    text = _to_text(message, secrets) or "The upstream refused the request."
    named = _to_text(code, secrets) or _to_text(type_, secrets) or UNEXPLAINED_CODE
    return ReportedError(named, text, _to_text(param, secrets), _to_text(type_, secrets))


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
