"""Posts one message to a tenant's endpoint."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

import httpcore
from standardwebhooks import Webhook

from app import __version__
from app.upstream.http.dialer import tls_context
from app.webhooks.bounded_stream import ResponseTooLongError
from app.webhooks.callback_url_policy import CallbackUrl, CallbackUrlError, CallbackUrlPolicy
from app.webhooks.failures import Failure, in_allowed_network
from app.webhooks.ssrf import (
    AddressNotAllowedError,
    GuardedNetwork,
    NoAddressError,
    Resolve,
    system_resolver,
    tracking_allowed_network,
)

_MAX_BODY_BYTES = 4096
_USER_AGENT = f"Seedgate/{__version__}"


@dataclass(frozen=True)
class Timeouts:
    """Limits of one attempt.

    Attributes:
        connect_seconds: for name resolution and TCP, and again for TLS.
        total_seconds: for the whole exchange until the head of the response.
        body_seconds: for the body of the response, which comes after that and is not used.
    """

    connect_seconds: float = 5.0
    total_seconds: float = 10.0
    body_seconds: float = 1.0


class Outcome(StrEnum):
    """The outcome of one attempt; a label of the metrics."""

    DELIVERED = "delivered"
    GONE = "gone"
    REFUSED = "refused"
    REDIRECTED = "redirected"
    TIMED_OUT = "timed_out"
    UNRESOLVED = "unresolved"
    UNREACHABLE = "unreachable"
    NOT_ALLOWED = "not_allowed"
    UNSIGNED = "unsigned"
    UNSENT = "unsent"


@dataclass(frozen=True)
class Result:
    """The result of one attempt.

    Attributes:
        outcome: its class.
        status: the HTTP status of the response, when there was one.
        error: the operator's text of the failure; None when the message was delivered.
    """

    outcome: Outcome
    status: int | None = None
    error: str | None = None


@dataclass(frozen=True)
class Message:
    """One message.

    Attributes:
        id: the same in every attempt.
        url: the URL of the endpoint.
        body: JSON text.
    """

    id: str
    url: str
    body: str


class WebhookSender:
    """Posts messages, each over a new connection to an address that the policy allows.

    ``open_sender`` is the usual way to get one: ``pool`` is over a ``GuardedNetwork`` with the same policy.
    """

    def __init__(self, pool: httpcore.AsyncConnectionPool, policy: CallbackUrlPolicy, timeouts: Timeouts) -> None:
        self._pool = pool
        self._policy = policy
        self._timeouts = timeouts

    async def post(self, message: Message, *, secret: str, now: datetime) -> Result:
        """Posts a message once, signed according to Standard Webhooks. Redirects are not followed."""
        with tracking_allowed_network() as has_tried_allowed_network:
            result = await self._attempt(message, secret, now)
            if result.error is not None and has_tried_allowed_network():
                return replace(result, error=in_allowed_network(result.error))
            return result

    async def _attempt(self, message: Message, secret: str, now: datetime) -> Result:
        try:
            url = self._policy.check(message.url)
            status = await self._exchange(url, message, _headers(url, message, secret, now))
        except CallbackUrlError:
            return Result(Outcome.NOT_ALLOWED, error=Failure.NOT_ALLOWED.value)
        except AddressNotAllowedError:
            return Result(Outcome.NOT_ALLOWED, error=Failure.NO_ALLOWED_ADDRESS.value)
        except NoAddressError:
            return Result(Outcome.UNRESOLVED, error=Failure.UNRESOLVED.value)
        except (TimeoutError, httpcore.TimeoutException):
            return Result(Outcome.TIMED_OUT, error=Failure.TIMED_OUT.value)
        except (httpcore.NetworkError, httpcore.ProtocolError, ssl.SSLError) as error:
            return Result(Outcome.UNREACHABLE, error=_failure_of(error).value)
        return _judge(status)

    async def _exchange(self, url: CallbackUrl, message: Message, headers: list[tuple[bytes, bytes]]) -> int:
        """Returns the status of the response; a few KiB of its body are read, so that the peer can finish sending."""
        limits = {"connect": self._timeouts.connect_seconds, "pool": self._timeouts.total_seconds}
        scheme, host, port = url.server
        requested = httpcore.URL(scheme=scheme.encode(), host=host.encode(), port=port, target=url.path.encode())
        async with AsyncExitStack() as stack:
            async with asyncio.timeout(self._timeouts.total_seconds):
                posting = self._pool.stream(
                    "POST",
                    requested,
                    headers=headers,
                    content=message.body.encode(),
                    extensions={"timeout": limits},
                )
                response = await stack.enter_async_context(posting)
            with contextlib.suppress(httpcore.NetworkError, httpcore.ProtocolError, TimeoutError):
                async with asyncio.timeout(self._timeouts.body_seconds):
                    await _read_a_little(response)
            return response.status


@asynccontextmanager
async def open_sender(
    policy: CallbackUrlPolicy,
    *,
    max_concurrent: int,
    resolve: Resolve | None = None,
    tls: ssl.SSLContext | None = None,
    timeouts: Timeouts | None = None,
) -> AsyncIterator[WebhookSender]:
    """Yields a sender, and closes its connections at the end. Proxy variables of the environment are ignored.

    Without ``resolve`` and ``tls`` the system resolves names and has the certificate authorities.
    """
    async with system_resolver() as system:
        network = GuardedNetwork(policy, resolve or system)
        async with httpcore.AsyncConnectionPool(
            ssl_context=tls or tls_context(None),
            max_connections=max_concurrent,
            max_keepalive_connections=0,
            http1=True,
            http2=False,
            network_backend=network,
        ) as pool:
            yield WebhookSender(pool, policy, timeouts or Timeouts())


async def _read_a_little(response: httpcore.Response) -> None:
    read_bytes = 0
    async for part in response.aiter_stream():
        read_bytes += len(part)
        if read_bytes >= _MAX_BODY_BYTES:
            return


def _headers(url: CallbackUrl, message: Message, secret: str, now: datetime) -> list[tuple[bytes, bytes]]:
    signature = Webhook(secret).sign(message.id, now, message.body)
    named = {
        "Host": url.server.text.partition("//")[2],
        "Connection": "close",
        "Content-Type": "application/json",
        "User-Agent": _USER_AGENT,
        "webhook-id": message.id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signature,
    }
    return [(name.encode(), value.encode()) for name, value in named.items()]


def _judge(status: int) -> Result:
    if 200 <= status < 300:  # noqa: PLR2004 - HTTP
        return Result(Outcome.DELIVERED, status)
    if status == 410:  # noqa: PLR2004 - HTTP
        return Result(Outcome.GONE, status, Failure.GONE.with_status(status))
    if 300 <= status < 400:  # noqa: PLR2004 - HTTP
        return Result(Outcome.REDIRECTED, status, Failure.REDIRECTED.with_status(status))
    return Result(Outcome.REFUSED, status, Failure.REFUSED.with_status(status))


def _failure_of(error: Exception) -> Failure:
    """Returns the kind of failure."""
    # httpcore raises its own errors "from None", so that only the context shows the cause.
    if isinstance(error, ssl.SSLError) or isinstance(error.__context__, ssl.SSLError):
        return Failure.TLS
    if isinstance(error, httpcore.ProtocolError):
        return Failure.NOT_HTTP
    if isinstance(error, ResponseTooLongError):
        return Failure.TOO_LONG
    return Failure.NO_CONNECTION if isinstance(error, httpcore.ConnectError) else Failure.CUT
