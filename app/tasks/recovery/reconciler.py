"""Finds out what became of the creates whose outcome is unknown.

A task that a callback has named is asked for first. For the other intents one process at a time reads the complete list
of the channel's tasks. ``attribution_rules`` infers what follows from a list, and ``attribution`` writes which task an
intent became.
"""

import asyncio
from collections.abc import Collection
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.channels.channel import Channel
from app.channels.circuit_breaker import record_success
from app.core.background import BackgroundTasks
from app.core.database_place import complete_since
from app.core.leases import Lease, Leases
from app.observability.counters import LEASE_LOSSES
from app.tasks.context import TasksContext
from app.tasks.models import TaskRow, TaskStatus
from app.tasks.recovery.account_snapshot import PAGE_TIMEOUT_SECONDS, AccountSnapshot, ListedTask, SnapshotReader
from app.tasks.recovery.attribution import Attribution, Evidence, Verdict
from app.tasks.recovery.attribution_rules import MARGIN, Inference, infer_matches, is_final
from app.tasks.recovery.orphans import FIRST, Orphans
from app.tasks.recovery.repository import AllIntents
from app.tasks.state import MIN_WINDOW, Source, apply_no_task, apply_not_found, is_window_over
from app.upstream.credentials import ArkAccount
from app.upstream.errors import UpstreamError

_LIST_LEASE_SECONDS = PAGE_TIMEOUT_SECONDS + 15.0
_SWEEP_INTERVAL_SECONDS = 600.0
_PROBE_INTERVAL_SECONDS = 5.0
# A slow account must not delay the others.
_RUN_TIMEOUT_SECONDS = 5.0
_NAMED_LEASE = timedelta(seconds=20)
_NAMED_BATCH = 10
_MAX_ATTRIBUTIONS = 50
_OVERDUE_BATCH = 200
_ORPHANS_BATCH = 500
_MIN_SEARCH_INTERVAL = timedelta(seconds=3)
_MAX_SEARCH_INTERVAL = timedelta(seconds=60)
_INTERVALS_PER_AGE = 10
_SWEPT_SPAN = timedelta(days=1)

_log = structlog.get_logger()


class LeaseLostError(Exception):
    """Another process has taken over; what was read may not be written."""


class Reconciler:
    """Resolves unknown outcomes, on every channel. Any number of processes may run one: channels are leased."""

    def __init__(self, context: TasksContext, attribution: Attribution) -> None:
        self._context = context
        self._attribution = attribution
        self._snapshots = SnapshotReader(context)
        self._leases = Leases(context.sessions)
        self._background = BackgroundTasks()
        self._busy: set[str] = set()
        self._orphans_after = FIRST

    async def run_once(self) -> None:
        """Does what is due on each active channel for at most five seconds; a slow one continues in the background."""
        async with self._context.sessions.begin() as session:
            due = await AllIntents(session).channels_with_work(now=self._context.clock())
        channels = await self._context.directory.candidates(None, needs="ark")
        started = [
            self._background.start(self._reconcile(channel, channel.ark, has_work=channel.id in due))
            for channel in channels
            if channel.ark is not None and channel.id not in self._busy
        ]
        if started:
            await asyncio.wait(started, timeout=_RUN_TIMEOUT_SECONDS)

    async def tidy(self) -> None:
        """Ends intents whose own window has passed, and removes orphans that have an owner by now."""
        pricing = await self._context.pricing.current()
        now = self._context.clock()
        async with self._context.sessions.begin() as session:
            intents = AllIntents(session)
            rows = await intents.overdue(now=now, created_before=now - MIN_WINDOW, limit=_OVERDUE_BATCH)
            for row in await intents.lock_unknown([row for row in rows if is_window_over(row, now=now)]):
                apply_not_found(session, row, pricing=pricing, source=Source.RECONCILER, now=now)
            orphans = Orphans(session)
            self._orphans_after = await orphans.remove_owned(self._orphans_after, limit=_ORPHANS_BATCH)
            await orphans.remove_forgotten(now=now)

    async def drain(self) -> None:
        """Cancels what is under way; another process, or this one after its restart, begins again."""
        await self._background.drain(timeout_seconds=0)

    async def _reconcile(self, channel: Channel, account: ArkAccount, *, has_work: bool) -> None:
        self._busy.add(channel.id)
        try:
            if has_work:
                await self._attribute_named(channel, account)
            is_searching = has_work and await self._has_search_due(channel)
            is_sweeping = channel.exclusive and await self._is_scheduled("sweep", channel, _SWEEP_INTERVAL_SECONDS)
            if is_searching or is_sweeping:
                await self._search(channel, account, is_sweeping=is_sweeping)
            elif channel.is_breaker_open and await self._is_scheduled("probe", channel, _PROBE_INTERVAL_SECONDS):
                await self._probe(channel, account)
        except Exception as error:  # noqa: BLE001 - an error of one channel must not stop the others
            _log.warning("reconcile_failed", channel=channel.name, error=repr(error))
        finally:
            self._busy.discard(channel.id)

    async def _attribute_named(self, channel: Channel, account: ArkAccount) -> None:
        """Asks for the tasks that callbacks have named; one that is not found yet is asked for again later."""
        async with self._context.sessions.begin() as session:
            rows = await AllIntents(session).claim_named(
                channel.id, now=self._context.clock(), lease=_NAMED_LEASE, limit=_NAMED_BATCH
            )
        for row in rows:
            verdict = await self._attribute(row, str(row.claimed_upstream_id), account, Evidence.CALLBACK)
            if verdict is Verdict.NOT_FOUND and TaskStatus(row.status).is_final:
                async with self._context.sessions.begin() as session:
                    current = await AllIntents(session).lock(row)
                    if current is not None:
                        current.claimed_upstream_id = current.next_poll_at = None

    async def _has_search_due(self, channel: Channel) -> bool:
        async with self._context.sessions.begin() as session:
            return await AllIntents(session).has_search_due(channel.id, now=self._context.clock())

    async def _is_scheduled(self, job: str, channel: Channel, seconds: float) -> bool:
        """Returns whether no process began ``job`` in the last ``seconds``; it then counts as begun by this one."""
        return await self._leases.claim(job, channel.id, seconds=seconds) is not None

    async def _probe(self, channel: Channel, account: ArkAccount) -> None:
        """Asks a channel whose breaker is open for a short list, and closes the breaker if it answers."""
        if await self._snapshots.probe(channel.id, account):
            async with self._context.sessions.begin() as session:
                await record_success(session, channel.id, now=self._context.clock())

    async def _search(self, channel: Channel, account: ArkAccount, *, is_sweeping: bool) -> None:
        lease = await self._leases.claim("list", channel.id, seconds=_LIST_LEASE_SECONDS)
        if lease is None:
            return
        extend = partial(self._extend, lease)
        try:
            read = await self._snapshots.read(channel.id, account, before_page=extend)
            await extend()
            inference = await self._conclude(channel, read, is_sweeping=is_sweeping)
            finished = [(row, task) for row, task in inference.eliminated if is_final(task)]
            pairs = [(*pair, Evidence.TAG) for pair in inference.tagged]
            pairs += [(*pair, Evidence.ELIMINATION) for pair in finished]
            for row, task, evidence in pairs[:_MAX_ATTRIBUTIONS]:
                await extend()
                await self._attribute(row, task.id, account, evidence)
        except LeaseLostError:
            _log.warning("list_lease_lost", channel=channel.name)
        finally:
            await self._leases.release(lease)

    async def _extend(self, lease: Lease) -> None:
        if not await self._leases.extend(lease):
            LEASE_LOSSES.labels("list").inc()
            raise LeaseLostError

    async def _conclude(self, channel: Channel, read: AccountSnapshot, *, is_sweeping: bool) -> Inference:
        """Writes what follows from a list; the caller attributes tasks, which takes another upstream call for each."""
        now = self._context.clock()
        sharing = await self._context.directory.sharing(channel)
        async with self._context.sessions.begin() as session:
            # In this order: a create that ends between the two queries is then seen by both, and not missed by both.
            intents = await AllIntents(session).without_task(sharing, before_cut=self._context.grace + 2 * MARGIN)
            owned = await AllIntents(session).owned(read.tasks.keys())
            complete = await complete_since(session)
            listed_before = await Orphans(session).ids_of(channel.id)
        unowned = [task for task in read.tasks.values() if task.id not in owned]
        inference = infer_matches(
            read,
            unowned,
            intents,
            channel_id=channel.id,
            grace=self._context.grace,
            is_exclusive=channel.exclusive,
            complete_since=complete,
        )
        found = [*inference.suspects, *(task for task in unowned if task.id in listed_before)]
        if is_sweeping:
            found += _recent(unowned, read, inference.in_flight)
        async with self._context.sessions.begin() as session:
            orphans = Orphans(session)
            await orphans.note(channel.id, {task.id: task for task in found}.values(), now=now)
            if read.is_complete:
                await orphans.remove_gone(channel.id, now=now)
            await self._apply(session, read, inference, now=now)
            if read.has_answered:
                await record_success(session, channel.id, now=now)
        return inference

    async def _apply(
        self, session: AsyncSession, read: AccountSnapshot, inference: Inference, *, now: datetime
    ) -> None:
        absent, present = _keys(inference.absent), _keys(inference.present)
        for row in await AllIntents(session).lock_unknown(inference.searched):
            if row.claimed_upstream_id is not None:
                continue
            cut_at = row.cut_at or row.created_at
            row.next_poll_at = self._next_search(cut_at, now)
            key = (row.tenant_id, row.id)
            if key in present:
                row.absent_at = None
            if key not in absent:
                continue
            if row.absent_at is None:
                row.absent_at = read.started_at
            elif row.absent_at < read.started_at and read.started_at >= cut_at + self._context.grace:
                apply_no_task(session, row, source=Source.RECONCILER, now=now)

    def _next_search(self, cut_at: datetime, now: datetime) -> datetime:
        """Returns when to search again: after a tenth of the time since the cut, and once right after the grace."""
        pause = min(max((now - cut_at) / _INTERVALS_PER_AGE, _MIN_SEARCH_INTERVAL), _MAX_SEARCH_INTERVAL)
        decision_at = cut_at + self._context.grace
        return min(now + pause, decision_at) if now < decision_at else now + pause

    async def _attribute(
        self, row: TaskRow, upstream_id: str, account: ArkAccount, evidence: Evidence
    ) -> Verdict | None:
        try:
            return await self._attribution.attribute(row, upstream_id, account, evidence=evidence)
        except (UpstreamError, TimeoutError) as error:
            _log.warning("attribution_failed", task=row.id, upstream_id=upstream_id, error=repr(error))
            return None


def _keys(rows: Collection[TaskRow]) -> set[tuple[str, str]]:
    return {(row.tenant_id, row.id) for row in rows}


def _recent(unowned: Collection[ListedTask], read: AccountSnapshot, in_flight: Collection[str]) -> list[ListedTask]:
    """Returns the unowned tasks of the last day, without those that a create under way may have made."""
    now = read.started_at + (read.offset or timedelta())
    return [
        task
        for task in unowned
        if task.id not in in_flight and (task.created_at is None or now - task.created_at < _SWEPT_SPAN)
    ]
