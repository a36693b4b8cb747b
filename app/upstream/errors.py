"""What can go wrong with a call to the upstream, sorted by what the caller may do next.

::

    UpstreamError
    ├── NotSentError             provably no byte of the request left us: another channel may be tried
    ├── OutcomeUnknownError      sent, but not clearly answered: a create must never be sent again
    ├── UpstreamRejectedError    the client's mistake (other 4xx): nothing was done, pass it on
    └── AccountFaultError        the upstream refuses our account: nothing was done, another channel may be tried
        └── ThrottledError       the same, for lack of quota or too many requests

The classes are about evidence, not about blame on the wire: *not sent* is decided by the transport, which
knows whether it handed a byte to a socket; everything after that without a usable answer is *unknown*.

Texts of these errors hold no credential: clients scrub the account's secrets from what the upstream says.
"""

_MODEL_OR_ROUTE_CODES = ("InvalidEndpointOrModel", "UnsupportedModel", "InvalidActionOrVersion", "ServiceNotFound")

UNEXPLAINED_CODE = "BadRequest"
"""Code of a rejection whose body names none, such as a load balancer's own page."""


class UpstreamError(Exception):
    """A call to the upstream that brought no usable result.

    Attributes:
        reason: a short sentence for the log; holds no secret.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotSentError(UpstreamError):
    """No byte of the request was handed to a socket.

    Resolving the name, connecting, the TLS handshake or the proxy's CONNECT failed, no pooled connection
    came free in time, or the request could not be encoded.
    """


class OutcomeUnknownError(UpstreamError):
    """The request was sent, at least in part, and there is no usable answer.

    A cut, a timeout, 5xx, 408, 3xx, 2xx without a usable body or id, an oversized or garbled answer.

    Attributes:
        status: HTTP status, when an answer's head was read.
        request_id: the upstream's request id, when it sent one.
    """

    def __init__(self, reason: str, *, status: int | None = None, request_id: str | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.request_id = request_id


class UpstreamRejectedError(UpstreamError):
    """The upstream refused the request for the client's mistake, input moderation included.

    Attributes:
        status: the upstream's status; 400 or 404 when it reported the error with a 2xx.
        code: the upstream's code, or ``UNEXPLAINED_CODE``.
        message: the upstream's message.
        param: path of the offending field, or None.
        type: the upstream's class of error, or None.
        request_id: the upstream's request id, or None.
    """

    def __init__(
        self,
        *,
        status: int,
        code: str,
        message: str,
        param: str | None = None,
        type: str | None = None,  # noqa: A002 - the upstream's own field name
        request_id: str | None = None,
    ) -> None:
        super().__init__(f"rejected with {status} {code}")
        self.status = status
        self.code = code
        self.message = message
        self.param = param
        self.type = type
        self.request_id = request_id

    @property
    def is_not_found(self) -> bool:
        """Whether the upstream says that the object asked for does not exist.

        False for an unknown model or action and for a 404 that the upstream's API did not word itself: a wrong
        base URL must not make every task and asset look deleted.
        """
        if self.code == "NotFound" or self.code.startswith("NotFound."):
            return True
        is_about_an_object = self.code != UNEXPLAINED_CODE and not self.code.startswith(_MODEL_OR_ROUTE_CODES)
        return self.status == 404 and is_about_an_object  # noqa: PLR2004 - HTTP


class AccountFaultError(UpstreamError):
    """The upstream refuses our account, whatever the client asked for.

    401, 403, arrears, a model that is not opened, a signature or access key that is not accepted.

    Attributes:
        status: the upstream's status.
        code: the upstream's code, or ``UNEXPLAINED_CODE``.
        message: the upstream's message, for the log and the operator; never for a tenant.
        request_id: the upstream's request id, or None.
    """

    def __init__(self, *, status: int, code: str, message: str, request_id: str | None = None) -> None:
        super().__init__(f"the account was refused with {status} {code}")
        self.status = status
        self.code = code
        self.message = message
        self.request_id = request_id


class ThrottledError(AccountFaultError):
    """The upstream throttles our account: 429, or one of its throttle codes at any status.

    Attributes:
        retry_after_seconds: the upstream's ``Retry-After``, or None.
    """

    def __init__(
        self,
        *,
        status: int,
        code: str,
        message: str,
        request_id: str | None = None,
        retry_after_seconds: int | None = None,
    ) -> None:
        super().__init__(status=status, code=code, message=message, request_id=request_id)
        self.retry_after_seconds = retry_after_seconds
