"""What a client is told when the channels that were asked did not carry its request out."""

from app.errors import (
    NoChannelError,
    SeedgateError,
    ServiceUnavailableError,
    ThrottledByUpstreamError,
    UpstreamAccountError,
    UpstreamRefusalError,
)
from app.upstream.errors import (
    AccountFaultError,
    OutcomeUnknownError,
    ThrottledError,
    UpstreamError,
    UpstreamRejectedError,
)


def to_client_error(*failures: UpstreamError) -> SeedgateError:
    """Returns the error for a request that no channel carried out.

    The upstream's own error about the client's request is passed through. A throttle, which passes by itself, is told
    before an account's fault, which does not.

    Args:
        failures: what each channel that was asked said; none when there was no channel to ask.
    """
    for error in failures:
        if isinstance(error, UpstreamRejectedError):
            return UpstreamRefusalError(error.message, status=error.status, code=error.code, param=error.param)
        if isinstance(error, ThrottledError):
            return ThrottledByUpstreamError(error.code, error.message, retry_after_seconds=error.retry_after_seconds)
    for error in failures:
        if isinstance(error, AccountFaultError):
            return UpstreamAccountError(internal=f"{error.status} {error.code}: {error.message}")
    for error in failures:
        if isinstance(error, OutcomeUnknownError):
            text = "The upstream did not answer clearly. It is safe to send this request again."
            return ServiceUnavailableError(text, internal=repr(error))
    return ServiceUnavailableError(internal=repr(failures)) if failures else NoChannelError()
