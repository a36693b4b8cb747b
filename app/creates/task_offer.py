"""Offers the create of a task to the channels that may take it, and says what came of it.

::

    Accepted   the upstream has the task
    Refused    nothing was accepted; the error says why, and the intent may be deleted
    Unknown    the create was sent and not clearly answered; it must never be sent again

A create that was provably not sent, or refused on account of *our* account, is offered to the next channel.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from app.channels.channel import Channel
from app.channels.errors import to_client_error
from app.errors import SeedgateError, ServiceUnavailableError
from app.upstream.ark import ArkClient
from app.upstream.credentials import ArkAccount
from app.upstream.errors import AccountFaultError, NotSentError, UpstreamError, UpstreamRejectedError
from app.upstream.http.messages import RequestBody

_log = structlog.get_logger()


@dataclass(frozen=True)
class Accepted:
    """The upstream has the task under this id."""

    upstream_id: str


@dataclass(frozen=True)
class Refused:
    """No channel accepted the task."""

    error: SeedgateError


@dataclass(frozen=True)
class Unknown:
    """The upstream may or may not have the task."""


Outcome = Accepted | Refused | Unknown


async def offer_task(
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
        body_for: returns what a channel is sent; not kept after it was sent.
        before_attempt: records which channel is about to be asked, so that a crash leaves a trace; when that fails,
            no further channel is asked.
        request_id: our request id, sent as ``X-Client-Request-Id``.
        is_one_skipped: another channel could take the task, but its breaker is open.
        model: the name that the client sent.
    """
    failures: list[UpstreamError] = [NotSentError("the breaker of a channel is open")] if is_one_skipped else []
    for channel in candidates:
        if channel.ark is None:
            continue
        try:
            body = body_for(channel)
            await before_attempt(channel)
        except Exception as error:  # noqa: BLE001 - whatever failed, no channel has accepted the task so far
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
    """Sends a create once; returns the error when nothing was accepted."""
    try:
        created = await ark.create(account, body, request_id=request_id)
    except UpstreamRejectedError as error:
        return error
    except (NotSentError, AccountFaultError) as error:
        _log.warning("create_not_accepted", channel=channel.name, error=repr(error))
        return error
    except Exception as error:  # noqa: BLE001 - an unforeseen error may have come after the upstream accepted
        _log.error("create_outcome_unknown", channel=channel.name, error=repr(error))
        return Unknown()
    return Accepted(created.id)
