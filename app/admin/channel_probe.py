"""Asking the upstream whether it accepts a channel's credentials, without spending money."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

from app.channels.accounts import UNREADABLE
from app.channels.channel import Channel
from app.upstream.ark import ArkClient
from app.upstream.control import ControlClient
from app.upstream.errors import (
    AccountFaultError,
    NotSentError,
    OutcomeUnknownError,
    ThrottledError,
    UpstreamError,
    UpstreamRejectedError,
)

PROBE_SECONDS = 10.0
"""How long the upstream may take to answer a probe."""


@dataclass(frozen=True)
class ProbeResult:
    """How one plane answered: whether the credentials work, and what happened in words."""

    ok: bool
    detail: str


class ChannelProbe:
    """Calls both planes with a channel's own credentials."""

    def __init__(self, ark: ArkClient, control: ControlClient) -> None:
        self._ark = ark
        self._control = control

    async def probe(self, channel: Channel) -> dict[str, ProbeResult]:
        """Lists one task and one asset group; returns how ``ark`` and ``openapi`` answered."""
        ark, openapi = await asyncio.gather(self._probe_ark(channel), self._probe_openapi(channel))
        return {"ark": ark, "openapi": openapi}

    async def _probe_ark(self, channel: Channel) -> ProbeResult:
        if channel.ark is None:
            return _not_set(channel, "No ark_api_key is set: the channel makes no videos.")
        return await _result(self._ark.list(channel.ark, page_size=1))

    async def _probe_openapi(self, channel: Channel) -> ProbeResult:
        if channel.openapi is None:
            return _not_set(channel, "No access key pair is set: the channel has no Assets.")
        body = {
            "Filter": {"GroupType": "AIGC"},
            "PageNumber": 1,
            "PageSize": 1,
            "ProjectName": channel.projects[0],
        }
        return await _result(self._control.call(channel.openapi, "ListAssetGroups", body))


async def ask(call: Awaitable[object]) -> UpstreamError | None:
    """Awaits an upstream call, ten seconds at most; returns how it failed, or None."""
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            await call
    except UpstreamError as error:
        return error
    except TimeoutError:
        return OutcomeUnknownError(f"no answer within {PROBE_SECONDS:.0f} seconds")
    return None


def explain(error: UpstreamError) -> str:
    """Returns a failure in words for the operator.

    The upstream's own message is left out, because it may repeat the access key id; its code says enough.
    """
    match error:
        case NotSentError():
            return f"nothing was sent: {error.reason}"
        case ThrottledError():
            return f"the upstream throttles the account: {error.status} {error.code}"
        case AccountFaultError():
            return f"the upstream refuses the account: {error.status} {error.code}"
        case UpstreamRejectedError():
            return f"the upstream rejects the request: {error.status} {error.code}"
        case _:
            return f"the upstream gave no usable answer: {error.reason}"


async def _result(call: Awaitable[Any]) -> ProbeResult:
    error = await ask(call)
    if error is None:
        return ProbeResult(ok=True, detail="The upstream answers.")
    words = explain(error)
    return ProbeResult(ok=False, detail=f"{words[0].upper()}{words[1:]}.")


def _not_set(channel: Channel, detail: str) -> ProbeResult:
    is_unreadable = channel.status_reason == UNREADABLE
    return ProbeResult(ok=False, detail=f"The channel is unusable: {UNREADABLE}." if is_unreadable else detail)
