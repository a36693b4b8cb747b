"""A look at the URLs of every active channel at the start and now and then, whether or not the channel is used.

A start does not wait for the upstream, so what the environment names is asked here. What is found wrong is in the log,
and ``app.channels.faults`` keeps it as it keeps every refusal.
"""

import structlog

from app.admin.channel_probe import ChannelProbe
from app.channels.channel import ALL_PLANES, Channel
from app.channels.directory import ChannelDirectory
from app.limits.account_rates import AccountRates, CallKind

INTERVAL_SECONDS = 600.0
_TOKEN_PATIENCE_SECONDS = 5.0

_log = structlog.get_logger()


class ChannelWatch:
    """Asks the active channels for a list of one, within the account's rate; changes nothing."""

    def __init__(self, directory: ChannelDirectory, probe: ChannelProbe, rates: AccountRates) -> None:
        self._directory = directory
        self._probe = probe
        self._rates = rates

    async def run_once(self) -> None:
        """Looks at each active channel once, one after another."""
        of_tasks = await self._directory.candidates(None, needs="ark")
        of_assets = await self._directory.candidates(None, needs="openapi")
        for channel in {channel.id: channel for channel in (*of_tasks, *of_assets)}.values():
            await self._look(channel)

    async def _look(self, channel: Channel) -> None:
        if channel.ark is not None and not await self._rates.take(
            channel.id, CallKind.LIST, patience_seconds=_TOKEN_PATIENCE_SECONDS
        ):
            return
        for name, what in (await self._probe.find_foreign(channel, ALL_PLANES)).items():
            _log.error("channel_leads_elsewhere", channel=channel.name, url=name, reason=what)
