"""Polls unfinished tasks in the background, so that their final state is stored before the upstream forgets it."""

import asyncio
from datetime import timedelta

import structlog

from app.channels.channel import Channel
from app.core.background import BackgroundTasks
from app.tasks.context import TasksContext
from app.tasks.polling.batch_refresh import MAX_SINGLE_GETS, BatchRefresh
from app.tasks.polling.single_gets import SingleGets
from app.tasks.repository import AllTasks
from app.tasks.state import Source, apply_not_found, retention_cutoff
from app.upstream.credentials import ArkAccount
from app.upstream.rate_limits import RateClass

# Longer than the LIST calls of one round, the GETs after them and the last GET's timeout together. A claimed task that
# was not polled, because the process died or the upstream gave no answer, is due again after the lease.
_LEASE = timedelta(seconds=90)
# A slow account must not delay the others.
_RUN_TIMEOUT_SECONDS = 5.0
_GETS_TIMEOUT_SECONDS = 10.0
_MIN_CLAIMED = 20
_FORGOTTEN_BATCH = 100

_log = structlog.get_logger()


class TaskPoller:
    """Polls what is due. Any number of processes may run one: rows are claimed by a lease."""

    def __init__(self, context: TasksContext, batch_refresh: BatchRefresh, gets: SingleGets) -> None:
        self._context = context
        self._batch_refresh = batch_refresh
        self._gets = gets
        self._background = BackgroundTasks()
        self._busy: set[str] = set()

    async def run_once(self) -> None:
        """Polls each active channel once, for at most five seconds; a slower channel continues in the background."""
        await self._end_forgotten()
        channels = await self._context.directory.candidates(None, needs="ark")
        started = [
            self._background.start(self._poll_channel(channel, channel.ark))
            for channel in channels
            if channel.ark is not None and channel.id not in self._busy
        ]
        if started:
            await asyncio.wait(started, timeout=_RUN_TIMEOUT_SECONDS)

    async def drain(self) -> None:
        """Cancels running polls; their tasks are due again when the leases expire."""
        await self._background.drain(timeout_seconds=0)

    async def _end_forgotten(self) -> None:
        """Ends tasks that were never seen finished and that the upstream no longer keeps."""
        now = self._context.clock()
        async with self._context.sessions.begin() as session:
            rows = await AllTasks(session).lock_due(
                now=now, created_before=retention_cutoff(now), limit=_FORGOTTEN_BATCH
            )
            for row in rows:
                apply_not_found(session, row, source=Source.POLL, now=now)

    async def _poll_channel(self, channel: Channel, account: ArkAccount) -> None:
        self._busy.add(channel.id)
        try:
            await self._poll_due(channel.id, account)
        except Exception as error:  # noqa: BLE001 - an error of one channel must not stop the others
            _log.warning("poll_failed", channel=channel.name, error=repr(error))
        finally:
            self._busy.discard(channel.id)

    async def _poll_due(self, channel_id: str, account: ArkAccount) -> None:
        """Asks about due tasks, by LIST when they are many, then by GET about those for which a list is not enough."""
        limit = max(self._batch_refresh.max_ids(channel_id), _MIN_CLAIMED)
        async with self._context.sessions.begin() as session:
            rows = await AllTasks(session).claim_due(channel_id, now=self._context.clock(), lease=_LEASE, limit=limit)
        if len(rows) > MAX_SINGLE_GETS:
            rows = await self._batch_refresh.refresh(channel_id, account, rows)
        await self._gets.run(channel_id, account, rows, RateClass.BACKGROUND_GET, timeout_seconds=_GETS_TIMEOUT_SECONDS)
