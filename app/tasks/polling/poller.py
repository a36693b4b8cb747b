"""Polls unfinished tasks in the background, so that their final state is stored before the upstream forgets it.

``app.tasks.poll_schedule.next_poll_after`` sets the pace: how long after a poll a task is due again.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from functools import partial

import structlog

from app.channels.channel import Channel
from app.core.background import BackgroundTasks
from app.tasks.context import TasksContext
from app.tasks.models import TaskRow
from app.tasks.polling.batch_refresh import CLAIM_DURATION, DUE_SOON, MAX_SINGLE_GETS, BatchRefresh, BatchResult
from app.tasks.polling.bulk_refresh import BulkRefresh, Reading
from app.tasks.polling.single_gets import SingleGets
from app.tasks.recovery.account_snapshot import TIERS
from app.tasks.repository import AllTasks
from app.tasks.state import Source, apply_not_found, retention_cutoff
from app.upstream.credentials import ArkAccount
from app.upstream.rate_limits import RateClass

# A slow account must not delay the others.
_RUN_TIMEOUT_SECONDS = 5.0
# The GETs of ended tasks need not be waited for: the next LIST calls are made beside them.
_GETS_WAIT_SECONDS = 0.5
_GETS_TIMEOUT_SECONDS = 60.0
# Of one channel. Four calls a second are certain, clients that do not poll leave five more.
_MAX_WAITING_GETS = 300
_MIN_CLAIMED = 20
_FORGOTTEN_BATCH = 100

_log = structlog.get_logger()


class TaskPoller:
    """Polls what is due. Any number of processes may run one: rows are claimed by a lease."""

    def __init__(
        self, context: TasksContext, batch_refresh: BatchRefresh, bulk_refresh: BulkRefresh, gets: SingleGets
    ) -> None:
        self._context = context
        self._batch_refresh = batch_refresh
        self._bulk_refresh = bulk_refresh
        self._gets = gets
        self._background = BackgroundTasks()
        self._busy: set[str] = set()
        self._get_tasks: set[asyncio.Task[None]] = set()
        self._waiting_gets: Counter[str] = Counter()

    async def run_once(self) -> None:
        """Polls what is due on each active channel; a channel that needs five seconds continues in the background."""
        await self._end_forgotten()
        channels = await self._context.directory.candidates(None, needs="ark")
        started = [
            self._background.start(self._poll_channel(channel, channel.ark))
            for channel in channels
            if channel.ark is not None and channel.id not in self._busy
        ]
        if started:
            await asyncio.wait(started, timeout=_RUN_TIMEOUT_SECONDS)
        if self._get_tasks:
            await asyncio.wait(self._get_tasks, timeout=_GETS_WAIT_SECONDS)

    async def drain(self) -> None:
        """Cancels running polls; their tasks are due again when the leases expire."""
        await self._background.drain(timeout_seconds=0)

    async def _end_forgotten(self) -> None:
        """Ends tasks that were never seen finished and that the upstream no longer keeps."""
        pricing = await self._context.pricing.current()
        now = self._context.clock()
        async with self._context.sessions.begin() as session:
            rows = await AllTasks(session).lock_due(
                now=now, created_before=retention_cutoff(now), limit=_FORGOTTEN_BATCH
            )
            for row in rows:
                apply_not_found(session, row, pricing=pricing, source=Source.POLL, now=now)

    async def _poll_channel(self, channel: Channel, account: ArkAccount) -> None:
        self._busy.add(channel.id)
        try:
            while await self._poll_all_due(channel.id, account):
                pass
        except Exception as error:  # noqa: BLE001 - an error of one channel must not stop the others
            _log.warning("poll_failed", channel=channel.name, error=repr(error))
        finally:
            self._busy.discard(channel.id)

    async def _poll_all_due(self, channel_id: str, account: ArkAccount) -> bool:
        """Polls what is due now; returns whether so many tasks were due that all of them have to be read again."""
        now = self._context.clock()
        poll_due = partial(self._poll_due, channel_id, account, due_before=now)
        reading = await self._bulk_refresh.refresh(channel_id, account, started_at=now, poll_due=poll_due)
        if reading is not Reading.ELSEWHERE:
            for tier in TIERS:
                while await poll_due(tier):
                    pass
        return reading is Reading.DONE

    async def _poll_due(self, channel_id: str, account: ArkAccount, tier: str, *, due_before: datetime) -> bool:
        """Asks about due tasks of one tier, by LIST when they are many, and starts the GETs for which it is not enough.

        Returns:
            Whether more tasks may be due, and the upstream answers.
        """
        if self._waiting_gets[channel_id] >= _MAX_WAITING_GETS:
            return False
        limit = max(self._batch_refresh.max_ids(channel_id), _MIN_CLAIMED)
        async with self._context.sessions.begin() as session:
            tasks, until = AllTasks(session), self._context.clock() + CLAIM_DURATION
            rows = await tasks.claim_due(channel_id, tier, due_before=due_before, until=until, limit=limit)
            if rows:
                # Few due tasks would cost a GET each; with those that are due soon they share a LIST.
                soon = due_before + DUE_SOON
                rows += await tasks.claim_due(channel_id, tier, due_before=soon, until=until, limit=limit - len(rows))
        found = BatchResult(rows)
        if len(rows) > MAX_SINGLE_GETS:
            found = await self._batch_refresh.refresh(channel_id, account, rows)
        if found.left:
            self._start_gets(channel_id, account, found.left)
        return len(rows) == limit and not found.has_failed

    def _start_gets(self, channel_id: str, account: ArkAccount, rows: Sequence[TaskRow]) -> None:
        self._waiting_gets[channel_id] += len(rows)
        task = self._background.start(
            self._gets.run(
                channel_id,
                account,
                rows,
                RateClass.BACKGROUND_GET,
                timeout_seconds=_GETS_TIMEOUT_SECONDS,
                unused_of=RateClass.INTERACTIVE_GET,
            )
        )
        self._get_tasks.add(task)
        task.add_done_callback(lambda ended: self._end_gets(ended, channel_id, len(rows)))

    def _end_gets(self, task: asyncio.Task[None], channel_id: str, count: int) -> None:
        self._waiting_gets[channel_id] -= count
        self._get_tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.warning("poll_failed", channel=channel_id, error=repr(error))
