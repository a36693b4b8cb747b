"""Sending of one create to the upstream, and what its answer means.

::

    Accepted   the upstream has the task
    Refused    nothing was accepted, and the error says why; the intent may be forgotten
    Unknown    it was sent and not clearly answered; it must never be sent again

A request that was provably not sent, or that the upstream refused on account of *our* account, moves on to the
next channel. Whatever was sent and not clearly answered ends the attempts.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from app.channels.directory import Channel
from app.channels.errors import to_client_error
from app.errors import (
    SeedgateError,
    ServiceUnavailableError,
)
from app.upstream.ark import ArkClient
from app.upstream.credentials import ArkAccount
from app.upstream.errors import (
    AccountFaultError,
    NotSentError,
    UpstreamError,
    UpstreamRejectedError,
)
from app.upstream.http.messages import RequestBody

_log = structlog.get_logger()


@dataclass(frozen=True)
class Accepted:
    """The upstream has the task under this id."""

    upstream_id: str


@dataclass(frozen=True)
class Refused:
    """Nothing was accepted anywhere."""

    error: SeedgateError


@dataclass(frozen=True)
class Unknown:
    """The upstream may or may not have the task."""


Outcome = Accepted | Refused | Unknown


async def submit(
    ark: ArkClient,
    candidates: Sequence[Channel],
    *,
    body_for: Callable[[Channel], RequestBody],
    before_attempt: Callable[[Channel], Awaitable[None]],
    request_id: str,
    is_one_skipped: bool,
    model: str,
) -> Outcome:
    """Offers a create to the candidates in turn, until one accepts it or may have accepted it.

    Args:
        ark: the client.
        candidates: channels with data plane credentials, best first.
        body_for: what to send to a channel; dropped once it has been sent.
        before_attempt: records which channel is about to be asked, so that a crash leaves a trace; the attempts end
            when that cannot be recorded.
        request_id: our request id, sent along as ``X-Client-Request-Id``.
        is_one_skipped: another channel could take it, but is given no creates at the moment.
        model: what the client named.
    """
    failures: list[UpstreamError] = [NotSentError("the breaker of a channel is open")] if is_one_skipped else []
    for channel in candidates:
        if channel.ark is None:
            continue
        try:
            body = body_for(channel)
            await before_attempt(channel)
        except Exception as error:  # noqa: BLE001 - whatever it was, nothing has been accepted so far
            return Refused(ServiceUnavailableError(internal=f"no attempt on {channel.name}: {error!r}"))
        result = await _attempt(ark, channel, channel.ark, body, request_id)
        if not isinstance(result, UpstreamError):
            return result
        if isinstance(result, UpstreamRejectedError):
            return Refused(to_client_error(result, model=model))
        failures.append(result)
    return Refused(to_client_error(*failures))


async def _attempt(
    ark: ArkClient, channel: Channel, account: ArkAccount, body: RequestBody, request_id: str
) -> Outcome | UpstreamError:
    """Sends a create once. Returns an error when nothing was accepted."""
    try:
        created = await ark.create(account, body, request_id=request_id)
    except UpstreamRejectedError as error:
        return error
    except (NotSentError, AccountFaultError) as error:
        _log.warning("create_not_accepted", channel=channel.name, error=repr(error))
        return error
    except Exception as error:  # noqa: BLE001 - what nobody foresaw may have come after the upstream accepted
        _log.error("create_outcome_unknown", channel=channel.name, error=repr(error))
        return Unknown()
    return Accepted(created.id)
