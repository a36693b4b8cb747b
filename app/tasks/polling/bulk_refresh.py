"""Reads the unfinished tasks of an account page by page, when a LIST that names them would take too many calls.

A LIST that names tasks brings 100 of them, a page of all of them 500. What a page lacks has probably ended, or has
moved to a page that was read before; it becomes due, and a LIST that names it decides. Pages show the newest tasks
first; in another order more tasks become due than have ended.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

import structlog

from app.core.leases import Lease, Leases
from app.tasks.context import TasksContext
from app.tasks.polling.list_states import apply_list
from app.tasks.recovery.account_snapshot import TIERS
from app.tasks.repository import AllTasks
from app.upstream.ark import TaskPage, is_usable_id
from app.upstream.credentials import ArkAccount
from app.upstream.errors import UpstreamError
from app.upstream.rate_limits import RateClass

MIN_DUE = 500
"""From so many due tasks of a channel on, pages cost fewer calls than names."""

_STATUSES = ("queued", "running")  # in this order: a task that moves from one to the other is not missed
_PAGE_SIZE = 500
_PAGES_BETWEEN_POLLS = 5
_MAX_PAGES = 100
# An account that others use, too, may have so many tasks that names cost fewer calls.
_MAX_FOREIGN_SHARE = 3
_TOKEN_TIMEOUT_SECONDS = 10.0
_CALL_TIMEOUT_SECONDS = 20.0
_LEASE_SECONDS = 60.0

_log = structlog.get_logger()


@dataclass(frozen=True)
class _Shown:
    """A page that was read.

    Attributes:
        page_num: its number, from 1.
        oldest: when the oldest task was created that it or a page before it shows.
        newest: the same of the pages before it; None of the first one.
    """

    page_num: int
    oldest: datetime | None
    newest: datetime | None


class Reading(Enum):
    """The outcome of a request to read all pages; ``ELSEWHERE``: another process reads them."""

    NOT_NEEDED = auto()
    DONE = auto()
    FAILED = auto()
    ELSEWHERE = auto()


class _TooManyTasksError(Exception):
    """The account has far more unfinished tasks than the channel."""


class BulkRefresh:
    """Brings the rows of thousands of unfinished tasks of one account up to date."""

    def __init__(self, context: TasksContext) -> None:
        self._context = context
        self._leases = Leases(context.sessions)

    async def refresh(
        self,
        channel_id: str,
        account: ArkAccount,
        *,
        started_at: datetime,
        poll_due: Callable[[str], Awaitable[object]],
    ) -> Reading:
        """Reads all pages if 500 tasks of the channel or more are due.

        The tasks that no page showed are due afterwards, before all others.

        Args:
            channel_id: whose LIST rate is used.
            account: the account of that channel.
            started_at: the present moment.
            poll_due: called with a service tier now and then, so that ended tasks need not wait for the last page.
        """
        async with self._context.sessions() as session:
            count = await AllTasks(session).count_due(channel_id, now=started_at, limit=MIN_DUE)
        if count < MIN_DUE:
            return Reading.NOT_NEEDED
        lease = await self._leases.claim("bulk", channel_id, seconds=_LEASE_SECONDS)
        if lease is None:
            return Reading.ELSEWHERE
        try:
            for tier in TIERS:
                for status in _STATUSES:
                    async for shown in self._read(lease, account, tier, status):
                        if status == _STATUSES[-1]:
                            await self._make_due(channel_id, tier, started_at, shown)
                        if shown.page_num % _PAGES_BETWEEN_POLLS == 0:
                            await poll_due(tier)
                await self._make_due(channel_id, tier, started_at, None)
        except _TooManyTasksError as error:
            _log.info("bulk_list_not_worth_it", channel=channel_id, reason=str(error))
            return Reading.FAILED
        except (UpstreamError, TimeoutError) as error:
            _log.warning("bulk_list_failed", channel=channel_id, error=repr(error))
            return Reading.FAILED
        finally:
            await self._leases.release(lease)
        return Reading.DONE

    async def is_under_way(self, channel_id: str) -> bool:
        """Says whether a process reads the pages of a channel at the moment."""
        return await self._leases.is_held("bulk", channel_id)

    async def _read(self, lease: Lease, account: ArkAccount, tier: str, status: str) -> AsyncIterator[_Shown]:
        """Reads and applies the pages of one tier and status.

        Raises:
            UpstreamError: a page could not be read.
            TimeoutError: the same, the LIST rate is used up, or another process has taken over.
        """
        channel_id, newest = lease.subject, None
        async with self._context.sessions() as session:
            expected = await AllTasks(session).count_unfinished(channel_id, tier)
        if not expected:
            return
        for page_num in range(1, _MAX_PAGES + 1):
            if not await self._leases.extend(lease):
                raise TimeoutError("another process reads the account")
            asked_at, page = await self._page(channel_id, account, tier, status, page_num)
            if page.total > max(expected, _PAGE_SIZE) * _MAX_FOREIGN_SHARE:
                raise _TooManyTasksError(f"{page.total} tasks are {status}, {expected} of the channel")
            # The database cannot compare every text with an id.
            usable = [item for item in page.items if is_usable_id(item["id"]) and isinstance(item.get("status"), str)]
            items = {item["id"]: item for item in usable}
            async with self._context.sessions() as session:
                rows = await AllTasks(session).with_upstream_ids(channel_id, list(items))
            await apply_list(self._context, channel_id, rows, items, asked_at=asked_at)
            oldest = min((row.created_at for row in rows), default=newest)
            yield _Shown(page_num, oldest, newest)
            newest = oldest
            if len(page.items) < _PAGE_SIZE:
                return

    async def _make_due(self, channel_id: str, tier: str, started_at: datetime, shown: _Shown | None) -> None:
        """Makes the tasks due that pages lack: those that are as old as a page's tasks, or all of them."""
        async with self._context.sessions.begin() as session:
            await AllTasks(session).make_due(
                channel_id,
                tier,
                polled_before=started_at,
                now=self._context.clock(),
                created_after=shown.oldest if shown else None,
                created_until=shown.newest if shown else None,
            )

    async def _page(
        self, channel_id: str, account: ArkAccount, tier: str, status: str, page_num: int
    ) -> tuple[datetime, TaskPage]:
        """Returns a page, and when it was asked for."""
        if not await self._context.rates.acquire(channel_id, RateClass.LIST, timeout_seconds=_TOKEN_TIMEOUT_SECONDS):
            raise TimeoutError("no token for a LIST call")
        asked_at = self._context.clock()
        async with asyncio.timeout(_CALL_TIMEOUT_SECONDS):
            page = await self._context.ark.list(
                account, status=status, service_tier=tier, page_num=page_num, page_size=_PAGE_SIZE
            )
        return asked_at, page
