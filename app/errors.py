"""Every error that a client can be shown, as one tree.

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
    ├── NotFoundError                  404 NotFound[.<param>]
    ├── ModelNotFoundError             404 InvalidEndpointOrModel.NotFound
    ├── UnknownActionError             404 InvalidActionOrVersion
    ├── MethodNotAllowedError          405 MethodNotAllowed
    ├── RequestTooSlowError            408 RequestTooSlow: a head or a body stopped coming
    ├── ConflictError                  409 <code>, never worth a retry
    ├── RequestTooLargeError           413 RequestTooLarge
    ├── UnsupportedMediaTypeError      415 UnsupportedMediaType
    ├── HeadTooLargeError              431 RequestHeaderFieldsTooLarge
    ├── UpstreamRefusalError           the upstream's own 4xx about the client's mistake, passed through
    ├── RateLimitedError               429 RateLimitExceeded: too many requests for us
    ├── ThrottledByUpstreamError       429 with the upstream's code
    ├── UpstreamAccountError           502 InternalServiceError: the channel's account or URL is at fault
    ├── UpstreamOverloadedError        503 ServerOverloaded: a quota of the upstream's that may come back
    ├── ServiceUnavailableError        503 ServiceUnavailable: provably nothing was done
    └── NoChannelError                 503 ServerOverloaded: no channel can serve the request

An error holds a public message, which the client reads, and an internal one, which is only logged. The
module knows no framework; ``app.http.errors`` turns an error into bytes.
"""

import re
from collections.abc import Sequence
from http import HTTPStatus

EMPTY = "it is empty; leave it out, or send null"
"""Said of an optional member that is ``""``."""

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
    """An outcome that the client is told about.

    Attributes:
        status: HTTP status of the answer.
        code: stable, machine-readable code.
        message: sentence for the client; holds no secret and nothing of another tenant.
        param: path of the offending field (``content[1].image_url.url``), or None.
        internal: what only the log may hold, or None.
        retry_after_seconds: value of ``Retry-After``, or None.
        is_retry_refused: sends ``x-should-retry: false``, which the Python SDKs obey.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        code: str,
        param: str | None = None,
        internal: str | None = None,
        retry_after_seconds: int | None = None,
        is_retry_refused: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.param = param
        self.internal = internal
        self.retry_after_seconds = retry_after_seconds
        self.is_retry_refused = is_retry_refused

    @property
    def type(self) -> str:
        """The class of error in the upstream's vocabulary, by status."""
        return _TYPES.get(self.status, HTTPStatus(self.status).phrase.replace(" ", ""))


def shown_name(name: str) -> str:
    """Returns what an answer shows of a name that a client chose: nothing long and nothing unprintable.

    Only the first 64 characters are kept, and ``?`` stands for each one that is no ASCII letter, digit, ``_`` or ``-``.
    """
    return _ODD_CHARACTER.sub("?", name[:_SHOWN_NAME_LENGTH])


def top_level_field(path: str) -> str:
    """Returns the top-level field of a path: ``content[1].text`` gives ``content``."""
    return path.split(".", 1)[0].split("[", 1)[0]


class InvalidParameterError(SeedgateError):
    """400: a field has a wrong value; the code ends in the top-level field, ``param`` is the path."""

    def __init__(self, path: str | None, message: str, *, internal: str | None = None) -> None:
        code = f"InvalidParameter.{top_level_field(path)}" if path else "InvalidParameter"
        super().__init__(message, status=400, code=code, param=path, internal=internal)


class MissingParameterError(SeedgateError):
    """400: a required field is absent, null or empty."""

    def __init__(self, path: str, message: str | None = None) -> None:
        text = message or f"The request failed because it is missing the required parameter `{path}`."
        super().__init__(text, status=400, code=f"MissingParameter.{top_level_field(path)}", param=path)


class AuthenticationFailedError(SeedgateError):
    """401: no credential, or one that is wrong, revoked or expired."""

    def __init__(self, message: str, *, internal: str | None = None) -> None:
        super().__init__(message, status=401, code="AuthenticationError", internal=internal)


class InvalidAuthorizationError(SeedgateError):
    """400: the header of a signed request cannot be taken apart."""

    def __init__(self, message: str) -> None:
        super().__init__(message, status=400, code="InvalidAuthorization")


class InvalidCredentialError(SeedgateError):
    """400: a request is signed for another day, region or service."""

    def __init__(self, message: str) -> None:
        super().__init__(message, status=400, code="InvalidCredential")


class InvalidTimestampError(SeedgateError):
    """403: the time of a signature is absent, or too far from ours."""

    def __init__(self, message: str) -> None:
        super().__init__(message, status=403, code="InvalidTimestamp")


class SignatureMismatchError(SeedgateError):
    """401: a request is not what its sender signed, or was signed with another secret."""

    def __init__(self, message: str) -> None:
        super().__init__(message, status=401, code="SignatureDoesNotMatch")


class AccessDeniedError(SeedgateError):
    """403: the credential is known but may not do this."""

    def __init__(self, message: str) -> None:
        super().__init__(message, status=403, code="AccessDenied")


class NotFoundError(SeedgateError):
    """404: the object does not exist, or is another tenant's; the two are told alike."""

    def __init__(self, message: str, *, field: str | None = None, param: str | None = None) -> None:
        super().__init__(message, status=404, code=f"NotFound.{field}" if field else "NotFound", param=param)


class ModelNotFoundError(SeedgateError):
    """404: no such model, worded as the upstream words it, and which ones there are.

    Attributes:
        model: what the client called it.
    """

    def __init__(self, model: str, nearest: Sequence[str] = ()) -> None:
        """Makes the error.

        Args:
            model: what the client called it; the message shows no more than the longest name could have.
            nearest: similar names of models that this client may use.
        """
        text = f"The model or endpoint {model[:_SHOWN_MODEL_LENGTH]} does not exist or you do not have access to it."
        if nearest:
            text += f" The nearest that this API key may use: {', '.join(nearest)}."
        super().__init__(text, status=404, code="InvalidEndpointOrModel.NotFound", param="model")
        self.model = model


class UnknownActionError(SeedgateError):
    """404: no such action, or a version other than 2024-01-01."""

    def __init__(self, action: str, version: str) -> None:
        text = f"Could not find operation {shown_name(action)} for version {shown_name(version)}."
        super().__init__(text, status=404, code="InvalidActionOrVersion", param="Action")


class MethodNotAllowedError(SeedgateError):
    """405: the route exists, but not with this method."""

    def __init__(self, method: str) -> None:
        super().__init__(f"Method {method} is not allowed here.", status=405, code="MethodNotAllowed")


class RequestTooSlowError(SeedgateError):
    """408: a head or a body stopped coming, so the connection ends; nothing was done.

    Its code is never ``RequestTimeout``, which makes the Go SDK send the request again.
    """

    def __init__(self, message: str = "The request did not arrive in time.") -> None:
        super().__init__(message, status=408, code="RequestTooSlow")


class ConflictError(SeedgateError):
    """409: the object's state forbids the request; repeating it would not help."""

    def __init__(self, code: str, message: str, *, param: str | None = None) -> None:
        super().__init__(message, status=409, code=code, param=param, is_retry_refused=True)


class RequestTooLargeError(SeedgateError):
    """413: the body passes the limit."""

    def __init__(self, limit_bytes: int) -> None:
        text = f"The request body is larger than {limit_bytes} bytes."
        super().__init__(text, status=413, code="RequestTooLarge", is_retry_refused=True)


class UnsupportedMediaTypeError(SeedgateError):
    """415: the body is encoded or not JSON."""

    def __init__(self, message: str) -> None:
        super().__init__(message, status=415, code="UnsupportedMediaType")


class HeadTooLargeError(SeedgateError):
    """431: the request line and header fields, or the trailers of a body, pass the limit."""

    def __init__(self, message: str) -> None:
        super().__init__(message, status=431, code="RequestHeaderFieldsTooLarge", is_retry_refused=True)


class UpstreamRefusalError(SeedgateError):
    """The upstream's own 4xx about the client's request, with its code and message."""


class RateLimitedError(SeedgateError):
    """429: the client asks too often, by our own rules; nothing was done."""

    def __init__(self, message: str, *, retry_after_seconds: int) -> None:
        super().__init__(message, status=429, code="RateLimitExceeded", retry_after_seconds=retry_after_seconds)


class ThrottledByUpstreamError(SeedgateError):
    """429: the upstream takes no more requests for now and no other channel may take this one.

    It bears the upstream's code and our words: the upstream's own name the operator's account and console.
    """

    def __init__(self, code: str, *, retry_after_seconds: int | None = None, internal: str | None = None) -> None:
        super().__init__(
            "There are too many requests at the moment. Please try again later.",
            status=429,
            code=code,
            internal=internal,
            retry_after_seconds=retry_after_seconds or 1,
        )


class UpstreamAccountError(SeedgateError):
    """502: only the operator can mend it; never the tenant's fault, and never told in detail."""

    def __init__(self, *, internal: str) -> None:
        super().__init__(
            "The service could not complete the request, and sending it again will not help.",
            status=502,
            code="InternalServiceError",
            internal=internal,
            is_retry_refused=True,
        )


class UpstreamOverloadedError(SeedgateError):
    """503: a quota of the upstream's is used up, and it does not say whether that passes by itself."""

    def __init__(self, *, internal: str) -> None:
        super().__init__(
            "The service is overloaded at the moment. Please try again later.",
            status=503,
            code="ServerOverloaded",
            internal=internal,
            retry_after_seconds=30,
        )


class ServiceUnavailableError(SeedgateError):
    """503: nothing was sent or stored, so the client may simply try again."""

    def __init__(
        self,
        message: str = "The service is temporarily unavailable. Please try again.",
        *,
        internal: str | None = None,
        retry_after_seconds: int = 1,
    ) -> None:
        super().__init__(
            message,
            status=503,
            code="ServiceUnavailable",
            internal=internal,
            retry_after_seconds=retry_after_seconds,
        )


class NoChannelError(SeedgateError):
    """503: no active channel can serve the request."""

    def __init__(self, message: str = "No upstream channel can serve this request at the moment.") -> None:
        super().__init__(message, status=503, code="ServerOverloaded", retry_after_seconds=5)
