"""Offers a create to the channels that may take it, and classifies the outcome.

::

    Accepted   the upstream made the object and said so
    Refused    nothing was made on any channel; the error says why, and the intent may be deleted
    Unknown    the create was sent and not clearly answered; it must never be sent again

A create that was provably not sent, or refused because of *our* account, is offered to the next channel.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import structlog

from app.channels.channel import Channel
from app.channels.client_errors import to_client_error
from app.errors import AccountOverdueError, SeedgateError, ServiceUnavailableError
from app.upstream.errors import AccountFaultError, NotSentError, UpstreamError, UpstreamRejectedError

ResultT = TypeVar("ResultT")

Send = Callable[[], Awaitable[ResultT]]
"""Sends a create once, and returns what the upstream made."""

_log = structlog.get_logger()


@dataclass(frozen=True)
class Accepted(Generic[ResultT]):
    """The upstream made the object: its id, or the whole result where more is needed."""

    result: ResultT


@dataclass(frozen=True)
class Refused:
    """No channel made anything."""

    error: SeedgateError


@dataclass(frozen=True)
class Unknown:
    """The upstream may or may not have made the object."""


Outcome = Accepted[ResultT] | Refused | Unknown


async def offer(
    candidates: Sequence[Channel],
    prepare: Callable[[Channel], Awaitable[Send[ResultT]]],
    *,
    action: str,
    model: str = "",
    is_one_skipped: bool = False,
) -> Outcome[ResultT]:
    """Offers a create to the candidates in turn, until one accepts it or may have accepted it.

    Args:
        candidates: channels that may take it, best first.
        prepare: records which channel is about to be asked, so that a crash leaves a trace, and returns what sends the
            create to it; when that fails, no further channel is asked, unless a budget has no room for this one.
        action: the create's name in the log, such as ``CreateAsset``.
        model: the name that the client sent, for the error.
        is_one_skipped: another channel could take the create, but its breaker is open.
    """
    overdue: AccountOverdueError | None = None
    failures: list[UpstreamError] = [NotSentError("the breaker of a channel is open")] if is_one_skipped else []
    for channel in candidates:
        try:
            send = await prepare(channel)
        except AccountOverdueError as error:
            _log.warning("create_not_affordable", action=action, channel=channel.name, error=error.message)
            overdue = error
            continue
        except Exception as error:  # noqa: BLE001 - whatever failed, no channel has accepted the create so far
            return Refused(ServiceUnavailableError(internal=f"no attempt on {channel.name}: {error!r}"))
        try:
            return Accepted(await send())
        except UpstreamRejectedError as error:
            return Refused(to_client_error(error, model=model))
        except (NotSentError, AccountFaultError) as error:
            _log.warning("create_not_accepted", action=action, channel=channel.name, error=repr(error))
            failures.append(error)
        except Exception as error:  # noqa: BLE001 - an unforeseen error may have come after the upstream accepted
            _log.error("create_outcome_unknown", action=action, channel=channel.name, error=repr(error))
            return Unknown()
    failure = to_client_error(*failures)
    # Whether a channel can be afforded does not matter to a client that had better try again.
    return Refused(overdue if overdue is not None and failure.is_retry_refused else failure)
