"""The error for a client whose request no channel carried out."""

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

    The upstream's own error about the client's request is passed through. Every other message is the gateway's,
    because the upstream's mention the operator's account. Temporary failures (a throttle, an unreachable channel) take
    precedence over faults of an account.

    Args:
        failures: the failures of each channel that was tried; empty when there was none to try.
        model: the one the client named.
    """
    rejected = _first(failures, UpstreamRejectedError)
    if rejected is not None:
        return _refusal(
            rejected.status, rejected.code, message_for_tenant(rejected.code, rejected.message, model), rejected.param
        )
    throttled = _first(failures, ThrottledError)
    if throttled is not None:
        return ThrottledByUpstreamError(
            throttled.code, retry_after_seconds=throttled.retry_after_seconds, internal=_describe(throttled)
        )
    refused = [error for error in failures if isinstance(error, AccountFaultError)]
    unreached = _first(failures, NotSentError)
    # A channel that was unreachable may serve the request soon.
    if refused and unreached is None:
        return _to_account_error(refused)
    unknown = _first(failures, OutcomeUnknownError)
    if unknown is not None:
        text = "The upstream did not answer clearly. It is safe to send this request again."
        return ServiceUnavailableError(text, internal=repr(unknown))
    return ServiceUnavailableError(internal=repr(failures)) if failures else NoChannelError()


def _to_account_error(refused: Sequence[AccountFaultError]) -> SeedgateError:
    """Returns the error for a request that channels refused for reasons that only the operator can fix."""
    unclear = _first(refused, UnclearQuotaError)
    if unclear is not None:
        return UpstreamOverloadedError(internal=_describe(unclear))
    unserved = [error for error in refused if isinstance(error, UnservedError)]
    if len(unserved) < len(refused):
        return UpstreamAccountError(internal="; ".join(_describe(error) for error in refused))
    error = unserved[0]
    text = "The requested model or action is not available here."
    return _refusal(error.status, error.code, text, error.param, internal=_describe(error))


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
        # The Python SDKs retry a create that was answered with 409.
        is_retry_refused=status == _CONFLICT,
    )


def _describe(error: AccountFaultError) -> str:
    return f"{error.status} {error.code}: {error.message}"
