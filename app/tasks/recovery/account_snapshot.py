"""Reads an account's complete list of tasks.

Only a complete list proves that a task does not exist. The upstream lists page by page and one service tier at a time,
while tasks are created and removed. A list is complete when every page of every tier was read and the number of tasks
reached the largest total that the upstream reported.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from app.tasks.context import TasksContext
from app.tasks.correlation import TAG_FIELD
from app.tasks.responses import to_integer
from app.tasks.settlement import total_tokens_of
from app.upstream.ark import TaskPage, is_usable_id
from app.upstream.credentials import ArkAccount
from app.upstream.errors import UpstreamError
from app.upstream.rate_limits import RateClass

TIERS = ("default", "flex")
_PAGE_SIZE = 500
_MAX_PAGES = 500
# Tasks created while the pages were read are on the first one if the newest come first.
_MAX_REREADS = 3
_CALL_TIMEOUT_SECONDS = 20.0
_TOKEN_TIMEOUT_SECONDS = 10.0
PAGE_TIMEOUT_SECONDS = _CALL_TIMEOUT_SECONDS + _TOKEN_TIMEOUT_SECONDS
"""For one page at the usual pace."""
# Of the clocks of several gateways, as in ``attribution_rules``.
_SINCE_MARGIN = timedelta(seconds=60)

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Pace:
    """How a reading shares the account's LIST rate with others.

    Attributes:
        token_timeout_seconds: how long it waits for a call before it gives up.
        pause_seconds: how long it leaves the rate to others before each further page.
    """

    token_timeout_seconds: float = _TOKEN_TIMEOUT_SECONDS
    pause_seconds: float = 0.0


USUAL_PACE = Pace()


@dataclass(frozen=True, slots=True)
class ListedTask:
    """An upstream task as a list shows it.

    Attributes:
        id: the upstream's.
        model: as the upstream calls it.
        service_tier: under which it was listed.
        status: the upstream's word.
        created_at: on the upstream's clock; None when it is missing or unreadable.
        tag: the echoed ``safety_identifier``, or None; only successful tasks have it.
        total_tokens: what is billed for it, or None.
    """

    id: str
    model: str
    service_tier: str
    status: str
    created_at: datetime | None
    tag: str | None
    total_tokens: int | None = None


@dataclass
class AccountSnapshot:
    """What was read of an account's list.

    Attributes:
        started_at: when the reading began, on our clock.
        tasks: by id.
        is_complete: whether a task that is missing did not exist when the reading began.
        offset: how far the upstream's clock is ahead of ours; None when its answers have no ``Date``.
        has_answered: whether at least one page was read.
        error: what ended the reading early; None also when every page was read but the totals do not agree.
    """

    started_at: datetime
    tasks: dict[str, ListedTask] = field(default_factory=dict)
    is_complete: bool = False
    offset: timedelta | None = None
    has_answered: bool = False
    error: UpstreamError | TimeoutError | None = None


class SnapshotReader:
    """Reads lists within the one LIST call a second that an account allows."""

    def __init__(self, context: TasksContext) -> None:
        self._context = context

    async def read(
        self,
        channel_id: str,
        account: ArkAccount,
        *,
        before_page: Callable[[], Awaitable[None]] | None = None,
        since: datetime | None = None,
        pace: Pace = USUAL_PACE,
    ) -> AccountSnapshot:
        """Reads every page of every tier, of all models.

        Args:
            channel_id: whose LIST rate is used.
            account: whose tasks.
            before_page: called before each call; its exception ends the reading.
            since: on our clock; older tasks are left out, and pages that can only hold older ones are not read.
            pace: how fast the pages are read.

        Returns:
            What could be read. It is incomplete after an error or a timeout, when tasks were removed between two
            pages, or when the account has more than 500 pages.
        """
        found = AccountSnapshot(started_at=self._context.clock())
        try:
            wanted = _Wanted(channel_id, account, before_page, since, pace)
            parts = [await self._read_tier(wanted, tier, found) for tier in TIERS]
        except (UpstreamError, TimeoutError) as error:
            _log.warning("list_failed", channel=channel_id, error=repr(error))
            found.error = error
            return found
        found.is_complete = all(parts)
        return found

    async def probe(self, channel_id: str, account: ArkAccount) -> bool:
        """Asks for a list of one task; returns whether the upstream answered."""
        try:
            await self._page(_Wanted(channel_id, account), TIERS[0], page_num=1, page_size=1)
        except (UpstreamError, TimeoutError) as error:
            _log.info("probe_failed", channel=channel_id, error=repr(error))
            return False
        return True

    async def _read_tier(self, wanted: "_Wanted", tier: str, found: AccountSnapshot) -> bool:
        """Adds one tier to ``found``; returns whether it is complete."""
        ids: set[str] = set()
        order = _Order()
        largest_total = page_num = 0
        rereads = 0
        while True:
            page_num += 1
            if wanted.before_page is not None:
                await wanted.before_page()
            if page_num > 1:
                await asyncio.sleep(wanted.pace.pause_seconds)
            page = await self._page(wanted, tier, page_num=page_num, page_size=_PAGE_SIZE)
            found.has_answered = True
            if found.offset is None and page.answered_at is not None:
                found.offset = page.answered_at - self._context.clock()
            tasks = [to_listed(item, tier) for item in page.items]
            recent = [task for task in tasks if not _is_before(task, wanted.since, found.offset)]
            found.tasks.update((task.id, task) for task in recent if is_usable_id(task.id))
            ids.update(task.id for task in tasks)
            largest_total = max(largest_total, page.total)
            order.add(tasks, page.total)
            if len(ids) >= largest_total or (tasks and not recent and order.is_newest_first):
                return True
            is_last = len(page.items) < _PAGE_SIZE or page_num == _MAX_PAGES or rereads > 0
            if is_last and rereads == _MAX_REREADS:
                _log.warning(
                    "list_incomplete", channel=wanted.channel_id, tier=tier, found=len(ids), total=largest_total
                )
                return False
            if is_last:
                rereads += 1
                page_num = 0

    async def _page(self, wanted: "_Wanted", tier: str, *, page_num: int, page_size: int) -> TaskPage:
        if not await self._context.rates.acquire(
            wanted.channel_id, RateClass.LIST, timeout_seconds=wanted.pace.token_timeout_seconds
        ):
            raise TimeoutError("no token for a LIST call")
        async with asyncio.timeout(_CALL_TIMEOUT_SECONDS):
            return await self._context.ark.list(
                wanted.account, service_tier=tier, page_num=page_num, page_size=page_size
            )


@dataclass(frozen=True)
class _Wanted:
    """The arguments of ``SnapshotReader.read``."""

    channel_id: str
    account: ArkAccount
    before_page: Callable[[], Awaitable[None]] | None = None
    since: datetime | None = None
    pace: Pace = USUAL_PACE


@dataclass
class _Order:
    """Whether pages show the newest tasks first and none can have moved to a page that had been read before.

    A new task moves others to later pages. A removed one moves them to earlier pages, and the total becomes smaller.
    """

    is_newest_first: bool = True
    _oldest: datetime | None = None
    _total: int = 0

    def add(self, tasks: Sequence[ListedTask], total: int) -> None:
        """Adds the next page, with the total that it states."""
        self.is_newest_first &= total >= self._total
        self._total = total
        for task in tasks:
            if task.created_at is None or (self._oldest is not None and task.created_at > self._oldest):
                self.is_newest_first = False
            self._oldest = task.created_at


def _is_before(task: ListedTask, since: datetime | None, offset: timedelta | None) -> bool:
    """Returns whether a task is certainly older than a time of our clock."""
    if since is None or offset is None or task.created_at is None:
        return False
    return task.created_at - offset < since - _SINCE_MARGIN


def to_listed(item: dict[str, Any], tier: str) -> ListedTask:
    """Returns a task from the upstream's JSON of it, whatever the call."""
    tag = item.get(TAG_FIELD)
    return ListedTask(
        id=item["id"],
        model=_to_text(item.get("model")),
        service_tier=tier,
        status=_to_text(item.get("status")),
        created_at=_to_datetime(item.get("created_at")),
        tag=tag if isinstance(tag, str) else None,
        total_tokens=total_tokens_of(item),
    )


def _to_datetime(value: Any) -> datetime | None:
    seconds = value if isinstance(value, float) else to_integer(value)
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _to_text(value: Any) -> str:
    """Returns a text that the database can store; anything else than a text becomes empty."""
    return value.replace("\0", "")[:128] if isinstance(value, str) else ""
