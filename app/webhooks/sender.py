"""Posting of one message to a tenant's endpoint."""

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
from app.webhooks.bounded_stream import AnswerTooLongError
from app.webhooks.connecting import (
    GuardedNetwork,
    NoAddressError,
    Resolve,
    TargetNotAllowedError,
    noting_way,
    system_resolver,
)
from app.webhooks.failures import Failure, in_allowed_network
from app.webhooks.targets import Target, TargetError, TargetRules

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 10.0
_MOST_READ_BYTES = 4096
POLITE_SECONDS = 1.0
_USER_AGENT = f"Seedgate/{__version__}"


class TryOutcome(StrEnum):
    """What became of one try; a label of the metrics."""

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
class TryResult:
    """What one try brought.

    Attributes:
        outcome: its class.
        status: of the answer, when there was one.
        error: what went wrong, in words for the operator; None when it was delivered.
    """

    outcome: TryOutcome
    status: int | None = None
    error: str | None = None


@dataclass(frozen=True)
class Message:
    """What is posted.

    Attributes:
        id: the same in every try.
        url: where to.
        body: JSON text.
    """

    id: str
    url: str
    body: str


class WebhookSender:
    """Posts messages, each over a connection of its own, which only leads where the rules allow."""

    def __init__(
        self,
        pool: httpcore.AsyncConnectionPool,
        rules: TargetRules,
        *,
        connect_seconds: float = CONNECT_SECONDS,
        total_seconds: float = TOTAL_SECONDS,
        polite_seconds: float = POLITE_SECONDS,
    ) -> None:
        """Makes a sender; ``open_sender`` is the usual way.

        Args:
            pool: over a ``GuardedNetwork`` with the same rules.
            rules: where messages may go.
            connect_seconds: longest time for name and TCP, and again for TLS.
            total_seconds: longest time for all of it.
            polite_seconds: longest time for the body of an answer, which comes after that and is not used.
        """
        self._pool = pool
        self._rules = rules
        self._timeouts = {"connect": connect_seconds, "pool": total_seconds}
        self._total_seconds = total_seconds
        self._polite_seconds = polite_seconds

    async def post(self, message: Message, *, secret: str, now: datetime) -> TryResult:
        """Posts a message once, signed as Standard Webhooks has it. Redirects are not followed.

        Args:
            message: what and where to.
            secret: the tenant's, ``whsec_…``.
            now: the time that is signed.
        """
        with noting_way() as is_inside:
            result = await self._try(message, secret, now)
            if result.error is not None and is_inside():
                return replace(result, error=in_allowed_network(result.error))
            return result

    async def _try(self, message: Message, secret: str, now: datetime) -> TryResult:
        try:
            target = self._rules.check(message.url)
            status = await self._exchange(target, message, _headers(target, message, secret, now))
        except TargetError:
            return TryResult(TryOutcome.NOT_ALLOWED, error=Failure.NOT_ALLOWED.value)
        except TargetNotAllowedError:
            return TryResult(TryOutcome.NOT_ALLOWED, error=Failure.NO_ALLOWED_ADDRESS.value)
        except NoAddressError:
            return TryResult(TryOutcome.UNRESOLVED, error=Failure.UNRESOLVED.value)
        except (TimeoutError, httpcore.TimeoutException):
            return TryResult(TryOutcome.TIMED_OUT, error=Failure.TIMED_OUT.value)
        except (httpcore.NetworkError, httpcore.ProtocolError, ssl.SSLError) as error:
            return TryResult(TryOutcome.UNREACHABLE, error=_failure_of(error).value)
        return _judge(status)

    async def _exchange(self, target: Target, message: Message, headers: list[tuple[bytes, bytes]]) -> int:
        """Returns the status of the answer; of its body a few KiB are read, so that a polite peer can end."""
        url = httpcore.URL(
            scheme=target.scheme.encode(), host=target.host.encode(), port=target.port, target=target.path.encode()
        )
        async with AsyncExitStack() as stack:
            async with asyncio.timeout(self._total_seconds):
                posting = self._pool.stream(
                    "POST", url, headers=headers, content=message.body.encode(), extensions={"timeout": self._timeouts}
                )
                answer = await stack.enter_async_context(posting)
            with contextlib.suppress(httpcore.NetworkError, httpcore.ProtocolError, TimeoutError):
                async with asyncio.timeout(self._polite_seconds):
                    await _read_a_little(answer)
            return answer.status


@asynccontextmanager
async def open_sender(
    rules: TargetRules,
    *,
    most_at_once: int,
    resolve: Resolve | None = None,
    tls: ssl.SSLContext | None = None,
    connect_seconds: float = CONNECT_SECONDS,
    total_seconds: float = TOTAL_SECONDS,
    polite_seconds: float = POLITE_SECONDS,
) -> AsyncIterator[WebhookSender]:
    """Yields a sender, and drops its connections in the end. It reads nothing from the environment.

    Args:
        rules: where messages may go.
        most_at_once: posts at the same time.
        resolve: finds the addresses of a name; the system's resolver when None.
        tls: how certificates are verified; by the system's authorities when None.
        connect_seconds: longest time for name and TCP, and again for TLS.
        total_seconds: longest time for all of it.
        polite_seconds: longest time for the body of an answer, which comes after that and is not used.
    """
    async with system_resolver() as system:
        network = GuardedNetwork(rules, resolve or system)
        async with httpcore.AsyncConnectionPool(
            ssl_context=tls or tls_context(None),
            max_connections=most_at_once,
            max_keepalive_connections=0,
            http1=True,
            http2=False,
            network_backend=network,
        ) as pool:
            yield WebhookSender(
                pool,
                rules,
                connect_seconds=connect_seconds,
                total_seconds=total_seconds,
                polite_seconds=polite_seconds,
            )


async def _read_a_little(answer: httpcore.Response) -> None:
    read_bytes = 0
    async for part in answer.aiter_stream():
        read_bytes += len(part)
        if read_bytes >= _MOST_READ_BYTES:
            return


def _headers(target: Target, message: Message, secret: str, now: datetime) -> list[tuple[bytes, bytes]]:
    signature = Webhook(secret).sign(message.id, now, message.body)
    named = {
        "Host": target.origin.partition("//")[2],
        "Connection": "close",
        "Content-Type": "application/json",
        "User-Agent": _USER_AGENT,
        "webhook-id": message.id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signature,
    }
    return [(name.encode(), value.encode()) for name, value in named.items()]


def _judge(status: int) -> TryResult:
    if 200 <= status < 300:  # noqa: PLR2004 - HTTP
        return TryResult(TryOutcome.DELIVERED, status)
    if status == 410:  # noqa: PLR2004 - HTTP
        return TryResult(TryOutcome.GONE, status, Failure.GONE.with_status(status))
    if 300 <= status < 400:  # noqa: PLR2004 - HTTP
        return TryResult(TryOutcome.REDIRECTED, status, Failure.REDIRECTED.with_status(status))
    return TryResult(TryOutcome.REFUSED, status, Failure.REFUSED.with_status(status))


def _failure_of(error: Exception) -> Failure:
    """Returns what kind of failure it was."""
    # httpcore raises its own "from None", which leaves only the context.
    if isinstance(error, ssl.SSLError) or isinstance(error.__context__, ssl.SSLError):
        return Failure.TLS
    if isinstance(error, httpcore.ProtocolError):
        return Failure.NOT_HTTP
    if isinstance(error, AnswerTooLongError):
        return Failure.TOO_LONG
    return Failure.NO_CONNECTION if isinstance(error, httpcore.ConnectError) else Failure.CUT
