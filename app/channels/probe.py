"""Free calls that show whether the upstream accepts a channel's credentials."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

from app.channels.channel import Channel, Plane
from app.channels.channel_secrets import UNREADABLE
from app.upstream.ark import ArkClient
from app.upstream.credentials import ArkAccount, OpenApiAccount
from app.upstream.errors import (
    AccountFaultError,
    ForeignResponseError,
    NotSentError,
    OutcomeUnknownError,
    ThrottledError,
    UpstreamError,
    UpstreamRejectedError,
)
from app.upstream.openapi import OpenApiClient

PROBE_TIMEOUT_SECONDS = 10.0
"""Timeout of one probe."""

_SUCCESSES = range(200, 300)
_NO_SUCH_METHOD = 405
_NO_SUCH_ROUTE = (404, _NO_SUCH_METHOD)


@dataclass(frozen=True)
class ProbeResult:
    """The result for one plane.

    Attributes:
        ok: the credentials work.
        detail: the outcome in words.
        is_throttled: the upstream throttles the account, so the credentials were not checked.
        is_unsent: the upstream was not reached, so the credentials were not checked.
    """

    ok: bool
    detail: str
    is_throttled: bool = False
    is_unsent: bool = False


class ChannelProbe:
    """Calls both planes with a channel's own credentials."""

    def __init__(self, ark: ArkClient, control: OpenApiClient) -> None:
        self._ark = ark
        self._control = control

    async def probe(self, channel: Channel) -> dict[str, ProbeResult]:
        """Lists one task and one asset group; returns the results of ``ark`` and ``openapi``."""
        ark, openapi = await asyncio.gather(self._probe_ark(channel), self._probe_openapi(channel))
        return {"ark": ark, "openapi": openapi}

    async def find_foreign(self, channel: Channel, planes: frozenset[Plane]) -> dict[str, str]:
        """Makes a list call to the URL of each plane for which the channel has credentials.

        Returns:
            By the URL's name, a predicate that says what answered there instead of the upstream's API.
        """
        calls: dict[str, Awaitable[object]] = {}
        if "ark" in planes and channel.ark is not None:
            calls["ark_base_url"] = self._list_tasks(channel.ark)
        if "openapi" in planes and channel.openapi is not None:
            calls["openapi_url"] = self._list_groups(channel, channel.openapi)
        errors = await asyncio.gather(*(ask(call) for call in calls.values()))
        return {name: what for name, error in zip(calls, errors, strict=True) if (what := _foreign(error)) is not None}

    async def _probe_ark(self, channel: Channel) -> ProbeResult:
        if channel.ark is None:
            return _not_set(channel, "No ark_api_key is set: the channel makes no videos.")
        return await _result(self._list_tasks(channel.ark))

    async def _probe_openapi(self, channel: Channel) -> ProbeResult:
        if channel.openapi is None:
            return _not_set(channel, "No access key pair is set: the channel has no Assets.")
        return await _result(self._list_groups(channel, channel.openapi))

    async def _list_tasks(self, account: ArkAccount) -> object:
        return await self._ark.list(account, page_size=1)

    async def _list_groups(self, channel: Channel, account: OpenApiAccount) -> object:
        body = {
            "Filter": {"GroupType": "AIGC"},
            "PageNumber": 1,
            "PageSize": 1,
            "ProjectName": channel.projects[0],
        }
        return await self._control.call(account, "ListAssetGroups", body)


async def ask(call: Awaitable[object]) -> UpstreamError | None:
    """Awaits an upstream call for at most ten seconds; returns its failure, or None."""
    try:
        async with asyncio.timeout(PROBE_TIMEOUT_SECONDS):
            await call
    except UpstreamError as error:
        return error
    except TimeoutError:
        return OutcomeUnknownError(f"no answer within {PROBE_TIMEOUT_SECONDS:.0f} seconds")
    return None


def explain(error: UpstreamError) -> str:
    """Returns a failure in words for the operator.

    The upstream's message is left out, because it may contain the access key id.
    """
    match error:
        case NotSentError():
            return f"nothing was sent: {error.reason}"
        case ForeignResponseError():
            return f"the URL leads to something else: it {error.reason}"
        case ThrottledError():
            return f"the upstream throttles the account: {error.status} {error.code}"
        case AccountFaultError():
            return f"the upstream refuses the account: {error.status} {error.code}"
        case UpstreamRejectedError():
            return f"the upstream rejects the request: {error.status} {error.code}"
        case _:
            return f"the upstream gave no usable answer: {error.reason}"


def _foreign(error: UpstreamError | None) -> str | None:
    """Returns what answers in place of the upstream's API, or None.

    Foreign are an error in another format, a success without a list, and an upstream without this list.
    """
    if isinstance(error, ForeignResponseError):
        return error.reason
    if isinstance(error, OutcomeUnknownError) and error.code is None and error.status in _SUCCESSES:
        return f"answered with {error.status} and no list, unlike the upstream's API"
    is_missing = isinstance(error, UpstreamRejectedError) and error.status in _NO_SUCH_ROUTE
    if isinstance(error, UpstreamRejectedError | AccountFaultError) and (is_missing or error.status == _NO_SUCH_METHOD):
        return f"answered with {error.status} {error.code}, unlike the upstream's API, which has this list"
    return None


async def _result(call: Awaitable[Any]) -> ProbeResult:
    error = await ask(call)
    if error is None:
        return ProbeResult(ok=True, detail="The upstream answers.")
    words = explain(error)
    return ProbeResult(
        ok=False,
        detail=f"{words[0].upper()}{words[1:]}.",
        is_throttled=isinstance(error, ThrottledError),
        is_unsent=isinstance(error, NotSentError),
    )


def _not_set(channel: Channel, detail: str) -> ProbeResult:
    is_unreadable = channel.status_reason == UNREADABLE
    return ProbeResult(ok=False, detail=f"The channel is unusable: {UNREADABLE}." if is_unreadable else detail)
