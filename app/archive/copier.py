"""The background job of the archive: copies what has succeeded, and deletes what is released or has ended.

Claim, work, apply: a short transaction claims what is due under a lease, no transaction is open while the upstream or
the store is awaited, and the result is written only if the lease still holds. When a process dies in between, its lease
expires, and the file is copied again under the same key. A deletion waits for the end of the lease of a copy under way,
which ends itself before.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.archive.due_tenants import MAX_CONCURRENT, DueTenants, share_places
from app.archive.errors import NOT_COPIED, SourceError, StoreError
from app.archive.models import ArchiveCopyRow, CopyStatus
from app.archive.repository import AllCopies, ArchiveRule
from app.archive.transfer import Copied, Transfer
from app.core.background import BackgroundTasks
from app.core.backoff import backoff_seconds
from app.ids import new_id
from app.observability.counters import ARCHIVE_COPIES, LEASE_LOSSES
from app.upstream.downloads import OriginRule

LEASE = timedelta(minutes=10)
"""Longer than a copy and its transactions can take."""

COPY_TIMEOUT_SECONDS = 540.0
"""How long one copy may take."""

_RUN_TIMEOUT_SECONDS = 5.0
_POLL_INTERVAL_SECONDS = 0.5
_DRAIN_TIMEOUT_SECONDS = 5.0
# Each attempt is one of the upstream's hundred downloads of a clip; the tenant's own come from the same hundred. More
# than fit into the day that a link usually works.
_MAX_ATTEMPTS = 40
# So long before the end of the upstream's link a copy is tried once more, however long the pause would be.
_LAST_TRY = timedelta(minutes=2)
_FIRST_RETRY_SECONDS = 10.0
_MAX_RETRY_SECONDS = 3600.0
_JOB = "archive"

_log = structlog.get_logger()


class TaskMarks(Protocol):
    """Shows on tasks what became of their copies; the tasks are on a floor above."""

    async def mark_stored(self, row: ArchiveCopyRow, write: Callable[[AsyncSession], Awaitable[bool]]) -> bool:
        """Runs ``write`` in a transaction and, if it returns True, shows the copy in the same; returns what it does."""

    async def mark_ended(
        self, row: ArchiveCopyRow, write: Callable[[AsyncSession], Awaitable[bool]], *, error: str | None
    ) -> bool:
        """The same for a copy that failed or, without an error, has come to the end of its days.

        ``error`` is the reason for the tenant; the operator's is in the row.
        """


ChannelRule = Callable[[str], Awaitable[OriginRule | None]]
"""Returns from which servers the clips of a channel may be fetched; None when there is no such channel."""


class ArchiveCopier:
    """Copies and deletes what is due; any number of processes may run one."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        transfer: Transfer,
        marks: TaskMarks,
        channel_rule: ChannelRule,
        clock: Callable[[], datetime],
    ) -> None:
        self._sessions = sessions
        self._transfer = transfer
        self._marks = marks
        self._channel_rule = channel_rule
        self._clock = clock
        self._background = BackgroundTasks()
        self._due_tenants = DueTenants()
        self._working: dict[asyncio.Task[None], str] = {}

    async def run_once(self) -> None:
        """Works until nothing is due, for some seconds at most; slow copies continue in the background."""
        loop = asyncio.get_running_loop()
        until = loop.time() + _RUN_TIMEOUT_SECONDS
        while True:
            is_started = await self._start_due()
            if not (is_started or self._working) or loop.time() >= until:
                return
            if self._working:
                await asyncio.wait(self._working, timeout=_POLL_INTERVAL_SECONDS, return_when=asyncio.FIRST_COMPLETED)

    async def drain(self, *, timeout_seconds: float = _DRAIN_TIMEOUT_SECONDS) -> None:
        """Waits for the work under way, then cancels the rest, which is repeated once its lease expires."""
        await self._background.drain(timeout_seconds=timeout_seconds)

    async def _start_due(self) -> bool:
        """Claims as much as there are free places for, and begins to work on it; False: there was nothing."""
        if len(self._working) >= MAX_CONCURRENT:
            return False
        token, now = new_id("lease"), self._clock()
        async with self._sessions.begin() as session:
            due = await self._due_tenants.find(session, now=now)
            places = share_places(due, self._working.values())
            if not places:
                return False
            copies = AllCopies(session)
            rows = await copies.claim(places, now=now, token=token, until=now + LEASE)
            rules = await copies.rules({row.tenant_id for row in rows}) if rows else {}
        for row in rows:
            task = self._background.start(self._work(row, token, rules[row.tenant_id]))
            self._working[task] = row.tenant_id
            task.add_done_callback(self._working.pop)
        return bool(rows)

    async def _work(self, row: ArchiveCopyRow, token: str, rule: ArchiveRule) -> None:
        try:
            if row.status == CopyStatus.PENDING.value and rule.is_on:
                await self._copy(row, token, rule)
            else:
                await self._end(row, token)
        except Exception as error:  # noqa: BLE001 - the lease expires, and it is tried again
            _log.warning("archive_not_recorded", task=row.task_id, member=row.member, error=type(error).__name__)

    async def _copy(self, row: ArchiveCopyRow, token: str, rule: ArchiveRule) -> None:
        is_allowed = await self._channel_rule(row.channel_id)
        if is_allowed is None:
            await self._write_failure(row, token, SourceError("its channel was deleted", is_final=True))
            return
        try:
            copied = await self._transfer.copy(row, is_allowed=is_allowed, timeout_seconds=COPY_TIMEOUT_SECONDS)
        except (SourceError, StoreError) as error:
            await self._write_failure(row, token, error)
            return

        async def write(session: AsyncSession) -> bool:
            now = self._clock()
            locked = await self._lock(session, row, token)
            if locked is not None:
                apply_stored(locked, copied, days=rule.days, now=now)
            return locked is not None

        if not await self._marks.mark_stored(row, write):
            await self._delete_unwanted(row)
            return
        ARCHIVE_COPIES.labels("stored").inc()
        _log.info(
            "archive_copied",
            tenant=row.tenant_id,
            task=row.task_id,
            member=row.member,
            bytes=copied.size_bytes,
            attempt=row.attempts,
        )

    async def _write_failure(self, row: ArchiveCopyRow, token: str, error: SourceError | StoreError) -> None:
        reason, is_final = str(error), isinstance(error, SourceError) and error.is_final
        now = self._clock()
        retry_at, last_at = now + _pause_after(row.attempts), row.give_up_at - _LAST_TRY
        if now < last_at:
            retry_at = min(retry_at, last_at)
        is_over = is_final or row.attempts >= _MAX_ATTEMPTS or retry_at >= row.give_up_at

        async def write(session: AsyncSession) -> bool:
            locked = await self._lock(session, row, token)
            if locked is not None:
                apply_failure(locked, reason, retry_at=None if is_over else retry_at, now=now)
            return locked is not None

        if is_over:
            shown = error.shown if isinstance(error, SourceError) else NOT_COPIED
            is_written = await self._marks.mark_ended(row, write, error=shown)
        else:
            async with self._sessions.begin() as session:
                is_written = await write(session)
        if not is_written:
            # An upload whose answer was lost may be in the store, too.
            await self._delete_unwanted(row)
            return
        ARCHIVE_COPIES.labels("failed" if is_over else "retried").inc()
        _log.warning(
            "archive_copy_failed",
            tenant=row.tenant_id,
            task=row.task_id,
            member=row.member,
            attempt=row.attempts,
            is_over=is_over,
            error=reason,
        )

    async def _delete_unwanted(self, row: ArchiveCopyRow) -> None:
        """Deletes what was written after the lease was lost, if the copy was released meanwhile.

        Its deletion may be over. In any other state, the next attempt writes the same object or has written it.
        """
        async with self._sessions() as session:
            is_wanted = await AllCopies(session).is_wanted(row)
        if not is_wanted:
            await self._transfer.delete(row.object_key)

    async def _end(self, row: ArchiveCopyRow, token: str) -> None:
        """Deletes the object of a copy that is released, has ended, or whose tenant has no archive any more."""
        if not await self._release(row, token):
            return
        try:
            await self._transfer.delete(row.object_key)
        except StoreError as error:
            async with self._sessions.begin() as session:
                locked = await self._lock(session, row, token)
                if locked is not None:
                    locked.lease_token = locked.lease_until = None
                    locked.next_attempt_at = self._clock() + _pause_after(row.attempts)
                    locked.last_error = str(error)
            ARCHIVE_COPIES.labels("not_deleted").inc()
            _log.warning("archive_not_deleted", tenant=row.tenant_id, task=row.task_id, error=str(error))
            return
        async with self._sessions.begin() as session:
            locked = await self._lock(session, row, token)
            if locked is not None:
                await AllCopies(session).remove(locked)
        ARCHIVE_COPIES.labels("deleted").inc()
        _log.info("archive_deleted", tenant=row.tenant_id, task=row.task_id, member=row.member)

    async def _release(self, row: ArchiveCopyRow, token: str) -> bool:
        """Notes that a copy is only to be deleted from now on; returns False when the lease was lost.

        It is committed before the object is deleted: no process copies a released file again or makes a link to it, so
        the deletion does no harm even if the lease ends meanwhile.
        """

        async def write(session: AsyncSession) -> bool:
            locked = await self._lock(session, row, token)
            if locked is not None:
                locked.status = CopyStatus.RELEASED.value
                locked.updated_at = self._clock()
            return locked is not None

        if row.status == CopyStatus.STORED.value:
            return await self._marks.mark_ended(row, write, error=None)
        async with self._sessions.begin() as session:
            return await write(session)

    @staticmethod
    async def _lock(session: AsyncSession, row: ArchiveCopyRow, token: str) -> ArchiveCopyRow | None:
        locked = await AllCopies(session).lock_leased(row, token=token)
        if locked is None:
            LEASE_LOSSES.labels(_JOB).inc()
        return locked


def apply_stored(row: ArchiveCopyRow, copied: Copied, *, days: int | None, now: datetime) -> None:
    """Writes that the store has a file, and when its days are over."""
    row.status = CopyStatus.STORED.value
    row.media_type, row.size_bytes, row.sha256 = copied.media_type, copied.size_bytes, copied.sha256
    row.stored_at = row.updated_at = now
    row.lease_token = row.lease_until = row.last_error = None
    row.attempts = 0
    # The upstream's link is of no use any more, and a secret as long as it works.
    row.source_url = ""
    row.next_attempt_at = None if days is None else now + timedelta(days=days)


def apply_failure(row: ArchiveCopyRow, reason: str, *, retry_at: datetime | None, now: datetime) -> None:
    """Writes that an attempt failed, and when the next one is due; None: there is none."""
    row.lease_token = row.lease_until = None
    row.last_error, row.updated_at, row.next_attempt_at = reason, now, retry_at
    if retry_at is None:
        row.status = CopyStatus.FAILED.value
        row.source_url = ""


def _pause_after(attempts: int) -> timedelta:
    pause = backoff_seconds(attempts, base_seconds=_FIRST_RETRY_SECONDS, max_seconds=_MAX_RETRY_SECONDS)
    return timedelta(seconds=pause * random.uniform(0.8, 1.2))  # noqa: S311 - it spreads load
