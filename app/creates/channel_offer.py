"""Offers one create to the channels that may take it, and says what came of it.

::

    Accepted   the upstream made the object
    Refused    nothing was made on any channel; the error says why
    Unknown    the create was sent and not clearly answered; it must never be sent again
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from app.channels.channel import Channel
from app.channels.errors import to_client_error
from app.errors import SeedgateError, ServiceUnavailableError
from app.upstream.errors import AccountFaultError, NotSentError, UpstreamError, UpstreamRejectedError

_MAX_TEXT_LENGTH = 8192

_log = structlog.get_logger()


@dataclass(frozen=True)
class Accepted:
    """The upstream made the object and said so."""

    channel: Channel
    result: dict[str, Any]


@dataclass(frozen=True)
class Refused:
    """No channel made anything."""

    error: SeedgateError


@dataclass(frozen=True)
class Unknown:
    """The upstream may or may not have made the object."""

    channel: Channel


Outcome = Accepted | Refused | Unknown


async def offer_create(
    candidates: Sequence[Channel],
    call: Callable[[Channel], Awaitable[dict[str, Any]]],
    *,
    action: str,
    required: Sequence[str],
    before_attempt: Callable[[Channel], Awaitable[None]] | None = None,
) -> Outcome:
    """Offers a create to the candidates in turn, until one accepts it or may have accepted it.

    Args:
        candidates: channels that may take it, best first.
        call: sends the create to one channel and returns the upstream's result.
        action: the create's name in the log, such as ``CreateAsset``.
        required: members of the result that must be texts for it to be usable, such as ``Id``.
        before_attempt: records which channel is about to be asked, so that a crash leaves a trace; when that fails,
            no further channel is asked.
    """
    failures: list[UpstreamError] = []
    for channel in candidates:
        try:
            if before_attempt is not None:
                await before_attempt(channel)
        except Exception as error:  # noqa: BLE001 - whatever failed, no channel has accepted the create so far
            return Refused(ServiceUnavailableError(internal=f"no attempt on {channel.name}: {error!r}"))
        try:
            result = await call(channel)
        except UpstreamRejectedError as error:
            return Refused(to_client_error(error))
        except (NotSentError, AccountFaultError) as error:
            _log.warning("create_not_accepted", action=action, channel=channel.name, error=repr(error))
            failures.append(error)
        except Exception as error:  # noqa: BLE001 - an unforeseen error may have come after the upstream accepted
            _log.error("create_outcome_unknown", action=action, channel=channel.name, error=repr(error))
            return Unknown(channel)
        else:
            if all(_is_text(result.get(name)) for name in required):
                return Accepted(channel, result)
            _log.error("create_answer_unusable", action=action, channel=channel.name)
            return Unknown(channel)
    return Refused(to_client_error(*failures))


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _MAX_TEXT_LENGTH and value.isprintable()
