"""Failures of a call to the upstream, by what the caller may do next.

::

    UpstreamError
    ├── NotSentError               provably no byte was sent: another channel may be tried
    ├── OutcomeUnknownError        sent, but not clearly answered: a create must never be sent again
    ├── UpstreamRejectedError      the client's mistake: nothing was done, pass it on
    └── AccountFaultError          this channel cannot do it: nothing was done, another channel may be tried
        ├── ForeignResponseError   the response is not the upstream API's
        ├── UnservedError          the account does not offer this model or action
        ├── UnclearQuotaError      a quota is used up, and the upstream does not say which one
        └── ThrottledError         too many requests, or a full queue: it passes by itself

*Not sent* is decided by the HTTP client, which knows whether it handed a byte to a socket; any later failure without a
usable response is *unknown*. ``app.upstream.error_codes`` maps the upstream's codes to categories, and
``app.channels.client_errors`` these exceptions to the client's error.

The texts contain no credential: the account's secrets are redacted from what the upstream says.
"""

UNWORDED_CODE = "Unworded"
"""Code of a response that does not come from the upstream's API, such as a load balancer's error page."""


class UpstreamError(Exception):
    """A call to the upstream without a usable result.

    Attributes:
        reason: a short sentence for the log, without secrets.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotSentError(UpstreamError):
    """No byte of the request was handed to a socket.

    Resolving the name, connecting, the TLS handshake or the proxy's CONNECT failed, no pooled connection became free
    in time, or the request could not be encoded.
    """


class OutcomeUnknownError(UpstreamError):
    """The request was sent, at least in part, and there is no usable response.

    The connection was cut, a timeout, 5xx, 408, 3xx, 2xx without a usable body or id, an oversized or malformed
    response.

    Attributes:
        status: HTTP status, when a response's head was read.
        code: the upstream's code, when its API reported an error.
    """

    def __init__(self, reason: str, *, status: int | None = None, code: str | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.code = code


class _ReportedError(UpstreamError):
    """An error response after which nothing was done.

    Attributes:
        status: the upstream's status.
        code: the upstream's code.
        message: the upstream's message.
        param: path of the offending field, or None.
    """

    _SUMMARY = "refused"

    def __init__(self, *, status: int, code: str, message: str, param: str | None = None) -> None:
        super().__init__(f"{self._SUMMARY} with {status} {code}")
        self.status = status
        self.code = code
        self.message = message
        self.param = param


class UpstreamRejectedError(_ReportedError):
    """The upstream refused the request because of the client's mistake; includes input moderation.

    The status is 400 or 404 when the upstream reported the error with a 2xx.
    """

    _SUMMARY = "rejected"

    @property
    def is_not_found(self) -> bool:
        """Whether the upstream says that the requested object does not exist.

        A bare ``NotFound`` is accepted as the API's only when its message mentions the task; see
        ``responses.find_reported_error``.
        """
        return self.code == "NotFound" or self.code.startswith("NotFound.")


class AccountFaultError(_ReportedError):
    """The channel cannot carry the call out, whatever the client asked for.

    The class itself: the upstream refuses the account because of its credential, arrears, a model that is not enabled,
    or a limit that a person has to raise. The message is for the log and the operator; it is never shown to a tenant.
    """

    _SUMMARY = "the account was refused"


class ForeignResponseError(AccountFaultError):
    """The response came from a firewall, a load balancer or another server instead of the upstream's API.

    The channel's URL is wrong, or an intermediary blocks it. The response proves nothing about any object.
    ``what`` is its body in a few words, such as ``a web page``.
    """

    def __init__(self, *, status: int, what: str) -> None:
        text = f"answered with {status} and {what}, not in the format of the upstream's API"
        super().__init__(status=status, code=UNWORDED_CODE, message=text)
        self.reason = text


class UnservedError(AccountFaultError):
    """The account does not offer the model or the action; another account may."""


class UnclearQuotaError(AccountFaultError):
    """A quota is used up: a plan's, which a person has to raise, or a queue's, which drains by itself."""


class ThrottledError(AccountFaultError):
    """The upstream throttles the account, or its queue is full.

    Attributes:
        retry_after_seconds: the upstream's ``Retry-After``, or an estimate for a full queue, or None.
    """

    def __init__(
        self,
        *,
        status: int,
        code: str,
        message: str,
        retry_after_seconds: int | None = None,
    ) -> None:
        super().__init__(status=status, code=code, message=message)
        self.retry_after_seconds = retry_after_seconds
