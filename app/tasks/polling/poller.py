"""Following of unfinished tasks, whether or not their clients poll."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.channels.directory import Channel, ChannelDirectory
from app.core.background import BackgroundTasks
from app.tasks.models import TaskRow
from app.tasks.polling.batch_refresh import FEW, BatchRefresh
from app.tasks.polling.refresh import TaskRefresh
from app.tasks.repository import AllTasks
from app.tasks.state import Source, apply_not_found, retention_cutoff
from app.upstream.credentials import ArkAccount
from app.upstream.rate_limits import RateClass, RateLimiter

# Longer than a round of lists, the GETs after it and the last of these take together. A task that is claimed and not
# looked at, because this process died or the upstream gave no answer, is due again after the lease.
_LEASE = timedelta(seconds=90)
# One slow account must not keep the others waiting.
_PATIENCE_SECONDS = 5.0
_GETS_SECONDS = 10.0
_LOOK_SECONDS = 20.0
_MOST_AT_ONCE = 4
# Of an upstream that fails so often in one round nothing more is asked in it.
_MOST_FAILURES = 3
_PAUSE_AFTER_FAILURES = timedelta(seconds=5)
_FEWEST_CLAIMED = 20
_FORGOTTEN_BATCH = 100

_log = structlog.get_logger()


class TaskPoller:
    """Looks at the tasks that are due, so that a final state is kept before the upstream forgets it."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        *,
        directory: ChannelDirectory,
        looker: TaskRefresh,
        lists: BatchRefresh,
        rates: RateLimiter,
        clock: Callable[[], datetime],
    ) -> None:
        """Makes a follower.

        Args:
            sessions: of the database.
            directory: the channels.
            looker: asks about one task.
            lists: asks about many.
            rates: the budget of GETs.
            clock: the time, UTC-aware.
        """
        self._sessions = sessions
        self._directory = directory
        self._looker = looker
        self._lists = lists
        self._rates = rates
        self._clock = clock
        self._background = BackgroundTasks()
        self._busy: set[str] = set()

    async def run_once(self) -> None:
        """Does a round on each active channel; what takes longer than a few seconds goes on behind.

        A suspended channel is not asked.
        """
        await self._end_forgotten()
        channels = await self._directory.candidates(None, needs="ark")
        started = [
            self._background.start(self._follow_channel(channel, channel.ark))
            for channel in channels
            if channel.ark is not None and channel.id not in self._busy
        ]
        if started:
            await asyncio.wait(started, timeout=_PATIENCE_SECONDS)

    async def drain(self) -> None:
        """Breaks off what is under way; the leases let another process, or the next start, do it again."""
        await self._background.drain(timeout_seconds=0)

    async def _end_forgotten(self) -> None:
        """Ends tasks that were never seen finished and that the upstream cannot know any more."""
        now = self._clock()
        async with self._sessions.begin() as session:
            rows = await AllTasks(session).lock_due(
                now=now, created_before=retention_cutoff(now), limit=_FORGOTTEN_BATCH
            )
            for row in rows:
                apply_not_found(session, row, source=Source.LOOK, now=now)

    async def _follow_channel(self, channel: Channel, account: ArkAccount) -> None:
        self._busy.add(channel.id)
        try:
            await self._round(channel.id, account)
        except Exception as error:  # noqa: BLE001 - one channel must not keep the others from being followed
            _log.warning("follow_failed", channel=channel.name, error=repr(error))
        finally:
            self._busy.discard(channel.id)

    async def _round(self, channel_id: str, account: ArkAccount) -> None:
        """Asks about due tasks, by LIST when they are many, then by GET what only a GET can tell."""
        limit = max(self._lists.most_ids(channel_id), _FEWEST_CLAIMED)
        async with self._sessions.begin() as session:
            rows = await AllTasks(session).claim_due(channel_id, now=self._clock(), lease=_LEASE, limit=limit)
        if len(rows) > FEW:
            rows = await self._lists.look(channel_id, account, rows)
        if rows:
            await self._get(channel_id, account, rows)

    async def _get(self, channel_id: str, account: ArkAccount, rows: Sequence[TaskRow]) -> None:
        """Looks at as many tasks as the budget allows in a few seconds; the rest is due again."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _GETS_SECONDS
        failed: list[TaskRow] = []
        left = list(rows)

        async def work() -> None:
            while left and len(failed) < _MOST_FAILURES:
                row, patience = left.pop(0), deadline - loop.time()
                if patience < 0 or not await self._take(channel_id, patience):
                    left.append(row)
                    return
                await self._look(row, account, failed)

        async with asyncio.TaskGroup() as group:
            for _ in range(min(len(rows), _MOST_AT_ONCE)):
                group.create_task(work())
        pause = _PAUSE_AFTER_FAILURES if len(failed) >= _MOST_FAILURES else timedelta()
        async with self._sessions.begin() as session:
            await AllTasks(session).release(left, due_at=self._clock() + pause)

    async def _take(self, channel_id: str, patience_seconds: float) -> bool:
        return await self._rates.acquire(channel_id, RateClass.BACKGROUND_GET, timeout_seconds=patience_seconds)

    async def _look(self, row: TaskRow, account: ArkAccount, failed: list[TaskRow]) -> None:
        try:
            async with asyncio.timeout(_LOOK_SECONDS):
                await self._looker.look(row, account)
        except Exception as error:  # noqa: BLE001 - one task must not keep the others from being followed
            failed.append(row)
            _log.warning("follow_failed", task=row.upstream_id, channel=row.channel_id, error=repr(error))
