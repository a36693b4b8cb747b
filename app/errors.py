"""Every error that a client can get, as one tree.

::

    SeedgateError                      status, code, message, param
    ├── InvalidParameterError          400 InvalidParameter[.<field>]
    ├── MissingParameterError          400 MissingParameter[.<field>]
    ├── AuthenticationFailedError      401 AuthenticationError
    ├── InvalidAuthorizationError      400 InvalidAuthorization
    ├── InvalidCredentialError         400 InvalidCredential: the scope of a signature
    ├── InvalidTimestampError          403 InvalidTimestamp
    ├── SignatureMismatchError         401 SignatureDoesNotMatch
    ├── AccessDeniedError              403 AccessDenied
    ├── AccountOverdueError            403 AccountOverdueError: a budget has no room
    ├── NotFoundError                  404 NotFound[.<param>]
    ├── ModelNotFoundError             404 InvalidEndpointOrModel.NotFound
    ├── UnknownActionError             404 InvalidActionOrVersion
    ├── MethodNotAllowedError          405 MethodNotAllowed
    ├── RequestTooSlowError            408 RequestTooSlow: a head or a body stalled
    ├── ConflictError                  409 <code>, not worth a retry
    ├── RequestTooLargeError           413 RequestTooLarge
    ├── UnsupportedMediaTypeError      415 UnsupportedMediaType
    ├── HeadTooLargeError              431 RequestHeaderFieldsTooLarge
    ├── UpstreamRefusalError           the upstream's own 4xx about the client's mistake, passed through
    ├── RateLimitedError               429 RateLimitExceeded: too many requests to the gateway
    ├── QuotaExceededError             429 QuotaExceeded: too many unfinished tasks
    ├── ThrottledByUpstreamError       429 with the upstream's code
    ├── UpstreamAccountError           502 InternalServiceError: the channel's account or URL is at fault
    ├── UpstreamOverloadedError        503 ServerOverloaded: a quota of the upstream's that may recover
    ├── ServiceUnavailableError        503 ServiceUnavailable: provably nothing was done
    └── NoChannelError                 503 ServerOverloaded: no channel can serve the request

An error has a public message for the client, and an internal one that is only logged. The module uses no framework;
``app.http.errors`` renders the responses.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus

EMPTY = "it is empty; leave it out, or send null"
"""The message for an optional member that is ``""``."""

_SHOWN_MODEL_LENGTH = 128
_SHOWN_NAME_LENGTH = 64
_ODD_CHARACTER = re.compile(r"[^A-Za-z0-9_-]")

_TYPES = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    408: "RequestTooSlow",
    409: "Conflict",
    413: "RequestTooLarge",
    415: "UnsupportedMediaType",
    429: "TooManyRequests",
    431: "RequestHeaderFieldsTooLarge",
    500: "InternalServerError",
    502: "InternalServerError",
    503: "ServiceUnavailable",
}


class SeedgateError(Exception):
    """An error that the client gets. Subclasses set the defaults of ``status``, ``code`` and the two retry attributes.

    Attributes:
        status: HTTP status of the response.
        code: stable, machine-readable code.
        message: sentence for the client, without secrets or anything of another tenant.
        param: path of the offending field (``content[1].image_url.url``), or None.
        internal: text for the log only, or None.
        retry_after_seconds: value of ``Retry-After``, or None.
        is_retry_refused: sends ``x-should-retry: false``, which the Python SDKs obey.
    """

    status: int = 500
    code: str = "InternalServiceError"
    retry_after_seconds: int | None = None
    is_retry_refused: bool = False

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        param: str | None = None,
        internal: str | None = None,
        retry_after_seconds: int | None = None,
        is_retry_refused: bool | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.internal = internal
        self.status = status or self.status
        self.code = code or self.code
        self.retry_after_seconds = retry_after_seconds or self.retry_after_seconds
        self.is_retry_refused = self.is_retry_refused if is_retry_refused is None else is_retry_refused

    @property
    def type(self) -> str:
        """The class of error in the upstream's vocabulary, by status."""
        return _TYPES.get(self.status, HTTPStatus(self.status).phrase.replace(" ", ""))


class ResponseCutError(Exception):
    """The rest of a response that has begun cannot be sent; its connection ends, so that the client sees it.

    The text is for the log: the kind of failure, without a URL, a key or a library's own words.
    """


def shown_name(name: str) -> str:
    """Returns a client's name for use in a response: its first 64 characters.

    Characters other than ASCII letters, digits, ``_`` and ``-`` are replaced by ``?``.
    """
    return _ODD_CHARACTER.sub("?", name[:_SHOWN_NAME_LENGTH])


def top_level_field(path: str) -> str:
    """Returns the top-level field of a path: ``content[1].text`` gives ``content``."""
    return path.split(".", 1)[0].split("[", 1)[0]


class InvalidParameterError(SeedgateError):
    """400: a field has an invalid value; the code ends in the top-level field, ``param`` is the path."""

    status = 400

    def __init__(self, path: str | None, message: str, *, internal: str | None = None) -> None:
        code = f"InvalidParameter.{top_level_field(path)}" if path else "InvalidParameter"
        super().__init__(message, code=code, param=path, internal=internal)


class MissingParameterError(SeedgateError):
    """400: a required field is absent, null or empty."""

    status = 400

    def __init__(self, path: str, message: str | None = None) -> None:
        text = message or f"The request failed because it is missing the required parameter `{path}`."
        super().__init__(text, code=f"MissingParameter.{top_level_field(path)}", param=path)


class AuthenticationFailedError(SeedgateError):
    """401: no credential, or one that is wrong, revoked or expired."""

    status, code = 401, "AuthenticationError"


class InvalidAuthorizationError(SeedgateError):
    """400: the ``Authorization`` header of a signed request is malformed."""

    status, code = 400, "InvalidAuthorization"


class InvalidCredentialError(SeedgateError):
    """400: a request is signed for a different day, region or service."""

    status, code = 400, "InvalidCredential"


class InvalidTimestampError(SeedgateError):
    """403: the time of a signature is absent, or too far from the gateway's clock."""

    status, code = 403, "InvalidTimestamp"


class SignatureMismatchError(SeedgateError):
    """401: the request was changed after it was signed, or signed with a different secret."""

    status, code = 401, "SignatureDoesNotMatch"


class AccessDeniedError(SeedgateError):
    """403: the credential is valid but does not permit this."""

    status, code = 403, "AccessDenied"


class AccountOverdueError(SeedgateError):
    """403: a budget of the tenant or the key has no room for what the request may cost; nothing was done.

    Attributes:
        period: the budget's id and the first moment of its period; None: no budget counts such a request.
    """

    status, code = 403, "AccountOverdueError"

    def __init__(self, message: str, *, period: tuple[str, datetime] | None = None) -> None:
        super().__init__(message)
        self.period = period


class NotFoundError(SeedgateError):
    """404: the object does not exist, or is another tenant's; the response is the same."""

    status = 404

    def __init__(self, message: str, *, field: str | None = None, param: str | None = None) -> None:
        super().__init__(message, code=f"NotFound.{field}" if field else "NotFound", param=param)


class ModelNotFoundError(SeedgateError):
    """404: there is no such model; in the upstream's words, with similar names.

    Attributes:
        model: the name that the client used.

    Args:
        model: the name that the client used; the message contains no more than the longest valid name.
        nearest: similar names of models that this client may use.
    """

    status, code = 404, "InvalidEndpointOrModel.NotFound"

    def __init__(self, model: str, nearest: Sequence[str] = ()) -> None:
        text = f"The model or endpoint {model[:_SHOWN_MODEL_LENGTH]} does not exist or you do not have access to it."
        if nearest:
            text += f" The nearest that this API key may use: {', '.join(nearest)}."
        super().__init__(text, param="model")
        self.model = model


class UnknownActionError(SeedgateError):
    """404: no such action, or a version other than 2024-01-01."""

    status, code = 404, "InvalidActionOrVersion"

    def __init__(self, action: str, version: str) -> None:
        text = f"Could not find operation {shown_name(action)} for version {shown_name(version)}."
        super().__init__(text, param="Action")


class MethodNotAllowedError(SeedgateError):
    """405: the route exists, but not with this method."""

    status, code = 405, "MethodNotAllowed"

    def __init__(self, method: str) -> None:
        super().__init__(f"Method {method} is not allowed here.")


class RequestTooSlowError(SeedgateError):
    """408: a head or a body stalled, so the connection ends; nothing was done.

    Its code is not ``RequestTimeout``, because the Go SDK retries that.
    """

    status, code = 408, "RequestTooSlow"


class ConflictError(SeedgateError):
    """409: the object's state forbids the request; a retry would not help."""

    status, is_retry_refused = 409, True

    def __init__(self, code: str, message: str, *, param: str | None = None) -> None:
        super().__init__(message, code=code, param=param)


class RequestTooLargeError(SeedgateError):
    """413: the body exceeds the limit."""

    status, code, is_retry_refused = 413, "RequestTooLarge", True

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"The request body is larger than {limit_bytes} bytes.")


class UnsupportedMediaTypeError(SeedgateError):
    """415: the body is encoded or not JSON."""

    status, code = 415, "UnsupportedMediaType"


class HeadTooLargeError(SeedgateError):
    """431: the request line and header fields, or the trailers of a body, exceed the limit."""

    status, code = 431, "RequestHeaderFieldsTooLarge"
    is_retry_refused = True


class UpstreamRefusalError(SeedgateError):
    """The upstream's own 4xx about the client's request, with its code and message."""


class RateLimitedError(SeedgateError):
    """429: the client exceeds the gateway's rate limits; nothing was done."""

    status, code = 429, "RateLimitExceeded"


class QuotaExceededError(SeedgateError):
    """429: the client has as many unfinished tasks as it may; nothing was done."""

    status, code, retry_after_seconds = 429, "QuotaExceeded", 15


class ThrottledByUpstreamError(SeedgateError):
    """429: the upstream throttles the account, and no other channel may take the request.

    It has the upstream's code but not its message, which mentions the operator's account and console.
    """

    status, retry_after_seconds = 429, 1

    def __init__(self, code: str, *, retry_after_seconds: int | None = None, internal: str | None = None) -> None:
        text = "There are too many requests at the moment. Please try again later."
        super().__init__(text, code=code, internal=internal, retry_after_seconds=retry_after_seconds)


class UpstreamAccountError(SeedgateError):
    """502: a fault that only the operator can fix; the client gets no details."""

    status, code, is_retry_refused = 502, "InternalServiceError", True

    def __init__(self, *, internal: str) -> None:
        text = "The service could not complete the request, and sending it again will not help."
        super().__init__(text, internal=internal)


class UpstreamOverloadedError(SeedgateError):
    """503: a quota of the upstream's is used up, and it is not known whether that is temporary."""

    status, code, retry_after_seconds = 503, "ServerOverloaded", 30

    def __init__(self, *, internal: str) -> None:
        super().__init__("The service is overloaded at the moment. Please try again later.", internal=internal)


class ServiceUnavailableError(SeedgateError):
    """503: nothing was sent or stored, so a retry is safe."""

    status, code, retry_after_seconds = 503, "ServiceUnavailable", 1

    def __init__(
        self,
        message: str = "The service is temporarily unavailable. Please try again.",
        *,
        internal: str | None = None,
        retry_after_seconds: int | None = None,
    ) -> None:
        super().__init__(message, internal=internal, retry_after_seconds=retry_after_seconds)


class NoChannelError(SeedgateError):
    """503: no active channel can serve the request."""

    status, code, retry_after_seconds = 503, "ServerOverloaded", 5

    def __init__(self, message: str = "No upstream channel can serve this request at the moment.") -> None:
        super().__init__(message)
