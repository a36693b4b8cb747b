"""Reading of an account's whole list of tasks.

Only a complete list proves that something is not there. The upstream lists page by page and shows one service tier at a
time, while tasks come and go; so a list counts as complete when every page of every tier was read and no fewer tasks
were found than the upstream ever said there are.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from app.tasks.correlation import TAG_FIELD
from app.tasks.state import total_tokens_of
from app.upstream.ark import ArkClient, TaskPage, is_usable_id
from app.upstream.credentials import ArkAccount
from app.upstream.errors import UpstreamError
from app.upstream.integers import to_integer
from app.upstream.rate_limits import RateClass, RateLimiter

TIERS = ("default", "flex")
_PAGE_SIZE = 500
_MOST_PAGES = 500
# What was made while the pages were read stands on the first one, as far as the newest come first.
_MOST_REREADS = 3
_CALL_SECONDS = 20.0
_TOKEN_TIMEOUT_SECONDS = 10.0
PAGE_SECONDS = _CALL_SECONDS + _TOKEN_TIMEOUT_SECONDS
"""What one page may take at most."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ListedTask:
    """What a list tells of one upstream task.

    Attributes:
        id: the upstream's.
        model: as the upstream calls it.
        service_tier: under which it was listed.
        status: the upstream's word.
        created_at: on the upstream's clock; None when it is not told.
        tag: the ``safety_identifier`` that is echoed, or None; a successful task alone carries it.
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
        is_complete: whether an id that is missing was not there when the reading began.
        offset: how far the upstream's clock is ahead of ours; None when it did not tell the time.
        has_answered: whether the upstream gave a page at all.
        error: what ended the reading early; None also when every page was read and a task is missing all the same.
    """

    started_at: datetime
    tasks: dict[str, ListedTask] = field(default_factory=dict)
    is_complete: bool = False
    offset: timedelta | None = None
    has_answered: bool = False
    error: UpstreamError | TimeoutError | None = None


class SnapshotReader:
    """Reads lists within the one LIST call a second that an account allows."""

    def __init__(self, ark: ArkClient, rates: RateLimiter, clock: Callable[[], datetime]) -> None:
        self._ark = ark
        self._rates = rates
        self._clock = clock

    async def read(
        self, channel_id: str, account: ArkAccount, *, before_page: Callable[[], Awaitable[None]]
    ) -> AccountSnapshot:
        """Reads every page of every tier, unfiltered by model, so that no alias hides a task.

        Args:
            channel_id: whose budget is used.
            account: whose tasks.
            before_page: called before each call; what it raises ends the reading.

        Returns:
            What could be read. It is incomplete when the upstream or the budget did not give a page, when tasks went
            missing between two pages, or when there are more than the upstream's 500 pages can show.
        """
        found = AccountSnapshot(started_at=self._clock())
        try:
            parts = [await self._read_tier(channel_id, account, tier, found, before_page) for tier in TIERS]
        except (UpstreamError, TimeoutError) as error:
            _log.warning("list_failed", channel=channel_id, error=repr(error))
            found.error = error
            return found
        found.is_complete = all(parts)
        return found

    async def probe(self, channel_id: str, account: ArkAccount) -> bool:
        """Asks for the smallest list there is; returns whether the upstream gave it."""
        try:
            await self._page(channel_id, account, TIERS[0], page_num=1, page_size=1)
        except (UpstreamError, TimeoutError) as error:
            _log.info("probe_failed", channel=channel_id, error=repr(error))
            return False
        return True

    async def _read_tier(
        self,
        channel_id: str,
        account: ArkAccount,
        tier: str,
        found: AccountSnapshot,
        before_page: Callable[[], Awaitable[None]],
    ) -> bool:
        """Adds one tier to ``found``; returns whether it is complete."""
        ids: set[str] = set()
        largest_total = page_num = 0
        rereads = 0
        while True:
            page_num += 1
            await before_page()
            page = await self._page(channel_id, account, tier, page_num=page_num, page_size=_PAGE_SIZE)
            found.has_answered = True
            if found.offset is None and page.answered_at is not None:
                found.offset = page.answered_at - self._clock()
            for item in page.items:
                if is_usable_id(item["id"]):
                    found.tasks[item["id"]] = to_listed(item, tier)
            ids.update(item["id"] for item in page.items)
            largest_total = max(largest_total, page.total)
            if len(ids) >= largest_total:
                return True
            is_last = len(page.items) < _PAGE_SIZE or page_num == _MOST_PAGES or rereads > 0
            if is_last and rereads == _MOST_REREADS:
                _log.warning("list_incomplete", channel=channel_id, tier=tier, found=len(ids), total=largest_total)
                return False
            if is_last:
                rereads += 1
                page_num = 0

    async def _page(
        self, channel_id: str, account: ArkAccount, tier: str, *, page_num: int, page_size: int
    ) -> TaskPage:
        if not await self._rates.acquire(channel_id, RateClass.LIST, timeout_seconds=_TOKEN_TIMEOUT_SECONDS):
            raise TimeoutError("no LIST call to spare")
        async with asyncio.timeout(_CALL_SECONDS):
            return await self._ark.list(account, service_tier=tier, page_num=page_num, page_size=page_size)


def to_listed(item: dict[str, Any], tier: str) -> ListedTask:
    """Returns what a task object of the upstream, from whichever answer, tells of its task."""
    created_at, tag = item.get("created_at"), item.get(TAG_FIELD)
    return ListedTask(
        id=item["id"],
        model=_to_text(item.get("model")),
        service_tier=tier,
        status=_to_text(item.get("status")),
        created_at=_to_moment(created_at),
        tag=tag if isinstance(tag, str) else None,
        total_tokens=total_tokens_of(item),
    )


def _to_moment(value: Any) -> datetime | None:
    seconds = value if isinstance(value, float) else to_integer(value)
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _to_text(value: Any) -> str:
    """Returns what the database can hold of a word of the upstream; an unusable one is empty."""
    return value.replace("\0", "")[:128] if isinstance(value, str) else ""
