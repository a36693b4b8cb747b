"""Following of unfinished tasks, whether or not their clients poll."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.channels.directory import Channel, ChannelDirectory
from app.limits.account_rates import AccountRates, CallKind
from app.tasks.looking import TaskLooker
from app.tasks.models import TaskRow
from app.tasks.repository import AllTasks
from app.upstream.accounts import ArkAccount

# A task that is claimed and not looked at, because this process died or the upstream gave no answer, is due again
# after the lease.
_LEASE = timedelta(seconds=90)
_BATCH = 5
_TOKEN_PATIENCE_SECONDS = 5.0
_LOOK_SECONDS = 20.0

_log = structlog.get_logger()


class TaskFollower:
    """Looks at the tasks that are due, so that a final state is kept before the upstream forgets it."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        directory: ChannelDirectory,
        looker: TaskLooker,
        rates: AccountRates,
        clock: Callable[[], datetime],
    ) -> None:
        self._sessions = sessions
        self._directory = directory
        self._looker = looker
        self._rates = rates
        self._clock = clock

    async def run_once(self) -> None:
        """Looks at one batch of due tasks of each active channel; a suspended channel is not asked."""
        channels = await self._directory.candidates(None, needs="ark")
        async with asyncio.TaskGroup() as group:
            for channel in channels:
                group.create_task(self._follow_channel(channel))

    async def _follow_channel(self, channel: Channel) -> None:
        async with self._sessions.begin() as session:
            rows = await AllTasks(session).claim_due(channel.id, now=self._clock(), lease=_LEASE, limit=_BATCH)
        async with asyncio.TaskGroup() as group:
            for row in rows:
                if channel.ark is None or not await self._take(channel):
                    return
                group.create_task(self._look(row, channel.ark))

    async def _take(self, channel: Channel) -> bool:
        return await self._rates.take(channel.id, CallKind.BACKGROUND_GET, patience_seconds=_TOKEN_PATIENCE_SECONDS)

    async def _look(self, row: TaskRow, account: ArkAccount) -> None:
        try:
            async with asyncio.timeout(_LOOK_SECONDS):
                await self._looker.look(row, account)
        except Exception as error:  # noqa: BLE001 - one task must not keep the others from being followed
            _log.warning("follow_failed", task=row.upstream_id, channel=row.channel_id, error=repr(error))
