"""What a client is told when the channels that were asked did not carry its request out."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from app.errors import (
    NoChannelError,
    SeedgateError,
    ServiceUnavailableError,
    ThrottledByUpstreamError,
    UpstreamAccountError,
    UpstreamOverloadedError,
    UpstreamRefusalError,
)
from app.upstream.error_codes import mentions_operator_ids, message_for_tenant
from app.upstream.errors import (
    AccountFaultError,
    NotSentError,
    OutcomeUnknownError,
    ThrottledError,
    UnclearQuotaError,
    UnservedError,
    UpstreamError,
    UpstreamRejectedError,
)

ErrorT = TypeVar("ErrorT", bound=UpstreamError)

_CONFLICT = 409


def to_client_error(*failures: UpstreamError, model: str = "") -> SeedgateError:
    """Returns the error for a request that no channel carried out.

    The upstream's own error about the client's request is passed through; of everything else the client reads our own
    words, since the upstream's name the operator's account. A throttle, and a channel that was not reached, pass by
    themselves and are told before an account's fault, which does not.

    Args:
        failures: what each channel that was asked said; none when there was no channel to ask.
        model: what the client named.
    """
    rejected = _first(failures, UpstreamRejectedError)
    if rejected is not None:
        return _refusal(
            rejected.status, rejected.code, message_for_tenant(rejected.code, rejected.message, model), rejected.param
        )
    throttled = _first(failures, ThrottledError)
    if throttled is not None:
        return ThrottledByUpstreamError(
            throttled.code, retry_after_seconds=throttled.retry_after_seconds, internal=_told(throttled)
        )
    refused = [error for error in failures if isinstance(error, AccountFaultError)]
    unreached = _first(failures, NotSentError)
    # The channel that was not asked may serve it soon.
    if refused and unreached is None:
        return _of_refused(refused)
    unknown = _first(failures, OutcomeUnknownError)
    if unknown is not None:
        text = "The upstream did not answer clearly. It is safe to send this request again."
        return ServiceUnavailableError(text, internal=repr(unknown))
    return ServiceUnavailableError(internal=repr(failures)) if failures else NoChannelError()


def _of_refused(refused: Sequence[AccountFaultError]) -> SeedgateError:
    """Returns the error for a request that some channels refused on account of what only the operator can mend."""
    unclear = _first(refused, UnclearQuotaError)
    if unclear is not None:
        return UpstreamOverloadedError(internal=_told(unclear))
    unserved = [error for error in refused if isinstance(error, UnservedError)]
    if len(unserved) < len(refused):
        return UpstreamAccountError(internal="; ".join(_told(error) for error in refused))
    error = unserved[0]
    text = "The requested model or action is not available here."
    return _refusal(error.status, error.code, text, error.param, internal=_told(error))


def _first(failures: Iterable[UpstreamError], kind: type[ErrorT]) -> ErrorT | None:
    return next((error for error in failures if isinstance(error, kind)), None)


def _refusal(
    status: int, code: str, message: str, param: str | None, *, internal: str | None = None
) -> UpstreamRefusalError:
    return UpstreamRefusalError(
        message,
        status=status,
        code=code,
        param=None if param is not None and mentions_operator_ids(param) else param,
        internal=internal,
        # The Python SDKs send a create that was answered with 409 again.
        is_retry_refused=status == _CONFLICT,
    )


def _told(error: AccountFaultError) -> str:
    return f"{error.status} {error.code}: {error.message}"
