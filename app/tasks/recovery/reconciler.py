"""Finding out what became of the creates that were not clearly answered.

A callback that named the task is asked for first. The rest is looked for in the complete list of the channel's tasks,
which one process at a time reads for all of the channel's intents. What follows from a list says
``app.tasks.recovery.attribution_rules``; what is bound goes through ``app.tasks.recovery.attribution``.
"""

import asyncio
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.channels.circuit_breaker import record_success
from app.channels.directory import Channel, ChannelDirectory
from app.core.background import BackgroundTasks
from app.core.leases import Lease, Leases
from app.observability.metrics import LEASE_LOSSES
from app.tasks.models import TaskRow, TaskStatus
from app.tasks.recovery.account_snapshot import PAGE_SECONDS, AccountSnapshot, ListedTask, SnapshotReader
from app.tasks.recovery.attribution import Attribution, Evidence, Verdict
from app.tasks.recovery.attribution_rules import MARGIN, Inference, infer_matches, is_final
from app.tasks.recovery.orphans import FIRST, Orphans
from app.tasks.recovery.repository import AllIntents
from app.tasks.state import SHORTEST_WINDOW, Source, apply_no_task, apply_not_found, is_window_over
from app.upstream.credentials import ArkAccount
from app.upstream.errors import UpstreamError

_LIST_LEASE_SECONDS = PAGE_SECONDS + 15.0
_SWEEP_SECONDS = 600.0
_PROBE_SECONDS = 5.0
# One slow account must not keep the others waiting.
_PATIENCE_SECONDS = 5.0
_CLAIM_LEASE = timedelta(seconds=20)
_CLAIM_BATCH = 10
_MOST_BINDINGS = 50
_OVERDUE_BATCH = 200
_ORPHANS_BATCH = 500
_SHORTEST_PAUSE = timedelta(seconds=3)
_LONGEST_PAUSE = timedelta(seconds=60)
_AGE_SHARE = 10
_SWEPT_SPAN = timedelta(days=1)

_log = structlog.get_logger()


class LeaseLostError(Exception):
    """Another process has taken over; nothing of what was read may be written."""


class Reconciler:
    """Brings unknown outcomes to an end, on every channel."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        *,
        directory: ChannelDirectory,
        lister: SnapshotReader,
        binder: Attribution,
        leases: Leases,
        clock: Callable[[], datetime],
        grace: timedelta,
    ) -> None:
        """Makes a reconciler.

        Args:
            sessions: of the database.
            directory: the channels.
            lister: reads their lists.
            binder: verifies and writes.
            leases: keep two processes from listing one channel.
            clock: the time, UTC-aware.
            grace: how long after its cut a create may still turn up.
        """
        self._sessions = sessions
        self._directory = directory
        self._lister = lister
        self._binder = binder
        self._leases = leases
        self._clock = clock
        self._grace = grace
        self._background = BackgroundTasks()
        self._busy: set[str] = set()
        self._orphans_after = FIRST

    async def run_once(self) -> None:
        """Does what is due on each active channel; what takes longer than a few seconds goes on behind."""
        async with self._sessions.begin() as session:
            due = await AllIntents(session).channels_with_work(now=self._clock())
        channels = await self._directory.candidates(None, needs="ark")
        started = [
            self._background.start(self._serve(channel, channel.ark, has_work=channel.id in due))
            for channel in channels
            if channel.ark is not None and channel.id not in self._busy
        ]
        if started:
            await asyncio.wait(started, timeout=_PATIENCE_SECONDS)

    async def tidy(self) -> None:
        """Ends intents whose own window has passed, and takes from the orphans those that found an owner."""
        now = self._clock()
        async with self._sessions.begin() as session:
            intents = AllIntents(session)
            rows = await intents.overdue(now=now, created_before=now - SHORTEST_WINDOW, limit=_OVERDUE_BATCH)
            for row in await intents.lock_unknown([row for row in rows if is_window_over(row, now=now)]):
                apply_not_found(session, row, source=Source.RECONCILER, now=now)
            orphans = Orphans(session)
            self._orphans_after = await orphans.remove_owned(self._orphans_after, limit=_ORPHANS_BATCH)
            await orphans.remove_forgotten(now=now)

    async def drain(self) -> None:
        """Breaks off what is under way; another process, or the next start, begins it anew."""
        await self._background.drain(timeout_seconds=0)

    async def _serve(self, channel: Channel, account: ArkAccount, *, has_work: bool) -> None:
        self._busy.add(channel.id)
        try:
            if has_work:
                await self._bind_claimed(channel, account)
            is_searching = has_work and await self._has_search_due(channel)
            is_sweeping = channel.exclusive and await self._is_scheduled("sweep", channel, _SWEEP_SECONDS)
            if is_searching or is_sweeping:
                await self._search(channel, account, is_sweeping=is_sweeping)
            elif channel.is_breaker_open and await self._is_scheduled("probe", channel, _PROBE_SECONDS):
                await self._probe(channel, account)
        except Exception as error:  # noqa: BLE001 - one channel must not keep the others from being served
            _log.warning("reconcile_failed", channel=channel.name, error=repr(error))
        finally:
            self._busy.discard(channel.id)

    async def _bind_claimed(self, channel: Channel, account: ArkAccount) -> None:
        """Asks for the tasks that callbacks have named; one that is not found yet is asked for again."""
        async with self._sessions.begin() as session:
            rows = await AllIntents(session).claim_claimed(
                channel.id, now=self._clock(), lease=_CLAIM_LEASE, limit=_CLAIM_BATCH
            )
        for row in rows:
            verdict = await self._bind(row, str(row.claimed_upstream_id), account, Evidence.CALLBACK)
            if verdict is Verdict.NOT_FOUND and TaskStatus(row.status).is_final:
                async with self._sessions.begin() as session:
                    current = await AllIntents(session).lock(row)
                    if current is not None:
                        current.claimed_upstream_id = current.next_look_at = None

    async def _has_search_due(self, channel: Channel) -> bool:
        async with self._sessions.begin() as session:
            return await AllIntents(session).has_search_due(channel.id, now=self._clock())

    async def _is_scheduled(self, job: str, channel: Channel, seconds: float) -> bool:
        """Says whether nobody has begun ``job`` for so many seconds; then it is ours to do now."""
        return await self._leases.claim(job, channel.id, seconds=seconds) is not None

    async def _probe(self, channel: Channel, account: ArkAccount) -> None:
        """Asks a channel whose breaker is open whether it answers again, and closes the breaker if it does."""
        if await self._lister.probe(channel.id, account):
            async with self._sessions.begin() as session:
                await record_success(session, channel.id, now=self._clock())

    async def _search(self, channel: Channel, account: ArkAccount, *, is_sweeping: bool) -> None:
        lease = await self._leases.claim("list", channel.id, seconds=_LIST_LEASE_SECONDS)
        if lease is None:
            return

        async def keep() -> None:
            await self._keep(lease)

        try:
            read = await self._lister.read(channel.id, account, before_page=keep)
            await self._keep(lease)
            findings = await self._conclude(channel, read, is_sweeping=is_sweeping)
            finished = [(row, task) for row, task in findings.eliminated if is_final(task)]
            pairs = [(*pair, Evidence.TAG) for pair in findings.tagged]
            pairs += [(*pair, Evidence.ELIMINATION) for pair in finished]
            for row, task, evidence in pairs[:_MOST_BINDINGS]:
                await self._keep(lease)
                await self._bind(row, task.id, account, evidence)
        except LeaseLostError:
            _log.warning("list_lease_lost", channel=channel.name)
        finally:
            await self._leases.release(lease)

    async def _keep(self, lease: Lease) -> None:
        if not await self._leases.extend(lease):
            LEASE_LOSSES.labels("list").inc()
            raise LeaseLostError

    async def _conclude(self, channel: Channel, read: AccountSnapshot, *, is_sweeping: bool) -> Inference:
        """Writes what a list proves, but for the bindings, for which the upstream has to be asked once more."""
        now = self._clock()
        sharing = await self._directory.sharing(channel)
        async with self._sessions.begin() as session:
            # In this order: a create that ends meanwhile is then seen twice, and not missed twice.
            intents = await AllIntents(session).without_task(sharing, before_cut=self._grace + 2 * MARGIN)
            owned = await AllIntents(session).owned(read.tasks.keys())
            listed_before = await Orphans(session).ids_of(channel.id)
        unowned = [task for task in read.tasks.values() if task.id not in owned]
        findings = infer_matches(
            read, unowned, intents, channel_id=channel.id, grace=self._grace, is_exclusive=channel.exclusive
        )
        noted = [*findings.suspects, *(task for task in unowned if task.id in listed_before)]
        if is_sweeping:
            noted += _recent(unowned, read, findings.in_flight)
        async with self._sessions.begin() as session:
            orphans = Orphans(session)
            await orphans.note(channel.id, {task.id: task for task in noted}.values(), now=now)
            if read.is_complete:
                await orphans.remove_gone(channel.id, now=now)
            await self._apply(session, read, findings, now=now)
            if read.has_answered:
                await record_success(session, channel.id, now=now)
        return findings

    async def _apply(
        self,
        session: AsyncSession,
        read: AccountSnapshot,
        findings: Inference,
        *,
        now: datetime,
    ) -> None:
        absent, present = _keys(findings.absent), _keys(findings.present)
        for row in await AllIntents(session).lock_unknown(findings.searched):
            if row.claimed_upstream_id is not None:
                continue
            cut_at = row.cut_at or row.created_at
            row.next_look_at = self._next_search(cut_at, now)
            key = (row.tenant_id, row.id)
            if key in present:
                row.absent_at = None
            if key not in absent:
                continue
            if row.absent_at is None:
                row.absent_at = read.started_at
            elif row.absent_at < read.started_at and read.started_at >= cut_at + self._grace:
                apply_no_task(session, row, source=Source.RECONCILER, now=now)

    def _next_search(self, cut_at: datetime, now: datetime) -> datetime:
        """Returns when to look again: after a tenth of the time since the cut, and once right after the grace."""
        pause = min(max((now - cut_at) / _AGE_SHARE, _SHORTEST_PAUSE), _LONGEST_PAUSE)
        decision_at = cut_at + self._grace
        return min(now + pause, decision_at) if now < decision_at else now + pause

    async def _bind(self, row: TaskRow, upstream_id: str, account: ArkAccount, evidence: Evidence) -> Verdict | None:
        try:
            return await self._binder.bind(row, upstream_id, account, evidence=evidence)
        except (UpstreamError, TimeoutError) as error:
            _log.warning("bind_failed", task=row.id, upstream_id=upstream_id, error=repr(error))
            return None


def _keys(rows: Collection[TaskRow]) -> set[tuple[str, str]]:
    return {(row.tenant_id, row.id) for row in rows}


def _recent(unowned: Collection[ListedTask], read: AccountSnapshot, in_flight: Collection[str]) -> list[ListedTask]:
    """Returns the tasks of the last day that nobody owns, but for what a create that is under way may have made."""
    now = read.started_at + (read.offset or timedelta())
    return [
        task
        for task in unowned
        if task.id not in in_flight and (task.created_at is None or now - task.created_at < _SWEPT_SPAN)
    ]
