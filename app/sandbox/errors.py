"""Errors of the emulated upstream, and their JSON on both planes.

The data plane answers ``{"error": {…}}``, the control plane ``{"ResponseMetadata": {…, "Error": {…}}}``.
"""

from typing import Any

_TYPES = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    429: "TooManyRequests",
    500: "InternalServerError",
}

STATUS_OF_CODE = {
    "AuthenticationError": 401,
    "InvalidAccountStatus": 401,
    "AccountOverdueError": 403,
    "AccessDenied": 403,
    "OperationDenied": 403,
    "SubscriptionRequired": 403,
    "InvalidEndpointOrModel": 404,
    "ModelNotOpen": 404,
    "UnsupportedModel": 404,
    "NotFound": 404,
    "InvalidAction": 409,
    "RateLimitExceeded": 429,
    "ModelAccountRpmRateLimitExceeded": 429,
    "ModelAccountTpmRateLimitExceeded": 429,
    "ModelAccountIpmRateLimitExceeded": 429,
    "APIAccountRpmRateLimitExceeded": 429,
    "AccountRateLimitExceeded": 429,
    "RequestBurstTooFast": 429,
    "QuotaExceeded": 429,
    "SetLimitExceeded": 429,
    "InflightBatchsizeExceeded": 429,
    "ServerOverloaded": 429,
    "AccountFlowLimitExceeded": 429,
    "FlowLimitExceeded": 429,
    "QuotaWriteQPMExceeded": 429,
    "RequestThrottled": 429,
    "RequestLimitExceeded": 429,
    "InternalServiceError": 500,
    "InternalError": 500,
    "SignatureDoesNotMatch": 401,
    "InvalidAccessKey": 401,
    "InvalidSecretToken": 401,
    "MissingAuthenticationToken": 401,
    "InvalidTimestamp": 403,
    "InvalidActionOrVersion": 404,
    "ServiceUnavailableTemp": 503,
    "InternalServiceTimeout": 504,
    "FailToConnect": 502,
}
"""HTTP status of the known codes, by the part before the first dot. Other codes have 400."""

NUMBER_OF_CODE = {
    "MissingParameter": 100002,
    "MissingAuthenticationToken": 100003,
    "InvalidTimestamp": 100006,
    "InvalidActionOrVersion": 100008,
    "InvalidAccessKey": 100009,
    "SignatureDoesNotMatch": 100010,
    "AccessDenied": 100013,
    "FlowLimitExceeded": 100018,
    "InvalidSecretToken": 100026,
    "AccountFlowLimitExceeded": 100027,
}
"""``CodeN`` of the control plane's common codes."""


class RefusedError(Exception):
    """An error that the emulated upstream answers with.

    Attributes:
        status: HTTP status; unless given, the one of the code.
        code: the upstream's code.
        message: without the request id, which ``ark_error_body`` appends.
        param: path of the invalid field, or empty.
    """

    def __init__(self, code: str, message: str, *, param: str = "", status: int | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status or status_of(code)
        self.code = code
        self.message = message
        self.param = param


def status_of(code: str) -> int:
    """Returns the HTTP status of a code."""
    return STATUS_OF_CODE.get(code.split(".", 1)[0], 400)


def invalid(path: str, why: str, *, code: str = "InvalidParameter") -> RefusedError:
    """Returns the error "The parameter `path` specified in the request is not valid: why".

    Source: live messages, reference ``upstream.md`` §4.3.
    """
    return RefusedError(code, f"The parameter `{path}` specified in the request is not valid: {why}", param=path)


def missing(path: str) -> RefusedError:
    """Returns the error for a required field that is missing."""
    return RefusedError(
        "MissingParameter", f"The request failed because it is missing the `{path}` parameter.", param=path
    )


def ark_error_body(error: RefusedError, request_id: str) -> dict[str, Any]:
    """Returns the body of an error on the data plane."""
    return {
        "error": {
            "code": error.code,
            "message": f"{error.message} Request id: {request_id}",
            "param": error.param,
            "type": _TYPES.get(error.status, "InternalServerError"),
        }
    }


def openapi_error(error: RefusedError) -> dict[str, Any]:
    """Returns ``ResponseMetadata.Error`` of the control plane."""
    number = NUMBER_OF_CODE.get(error.code.split(".", 1)[0])
    numbered = {} if number is None else {"CodeN": number}
    return {**numbered, "Code": error.code, "Message": error.message}
