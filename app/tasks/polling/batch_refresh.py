"""Asking the upstream about many tasks with few calls."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.channels.circuit_breaker import record_success
from app.tasks.models import FINAL_STATUSES, TaskRow
from app.tasks.recovery.account_snapshot import TIERS
from app.tasks.repository import AllTasks
from app.tasks.state import Source, apply_upstream_state
from app.upstream.ark import ArkClient
from app.upstream.credentials import ArkAccount
from app.upstream.errors import ForeignResponseError, UpstreamError, UpstreamRejectedError
from app.upstream.rate_limits import RateClass, RateLimiter

FEW = 2
"""So many tasks are asked about one by one: LIST calls are scarcer than GETs."""

ROUND_SECONDS = 40.0
"""What a round of lists may take at most."""

_MOST_IDS = 100
# What a server, or a proxy before it, says to a query that is too long for it.
_TOO_LONG = {400, 413, 414, 431}
# It may have said so for another reason, which must not make the lists short for ever.
_SHORT_FOR = timedelta(hours=1)
_TOKEN_TIMEOUT_SECONDS = 5.0
_CALL_SECONDS = 15.0

_log = structlog.get_logger()


class BatchRefresh:
    """Brings the mirrors of many tasks of one account to the upstream's state.

    A list proves little: neither that an absent task is gone, nor all that there is to know of a finished one. So only
    unfinished states are applied from it; the rest needs a GET.
    """

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        ark: ArkClient,
        rates: RateLimiter,
        clock: Callable[[], datetime],
    ) -> None:
        self._sessions = sessions
        self._ark = ark
        self._rates = rates
        self._clock = clock
        self._most_ids: dict[str, tuple[int, datetime]] = {}

    def most_ids(self, channel_id: str) -> int:
        """Returns how many tasks one LIST may name: 100, or what the channel was found to bear in the last hour."""
        most_ids, until = self._most_ids.get(channel_id, (_MOST_IDS, None))
        return most_ids if until is None or self._clock() < until else _MOST_IDS

    async def look(self, channel_id: str, account: ArkAccount, rows: Sequence[TaskRow]) -> list[TaskRow]:
        """Lists tasks in each service tier that they have, and those missing there in the other tier.

        Args:
            channel_id: whose LIST budget is used.
            account: of that channel.
            rows: tasks with upstream ids.

        Returns:
            Those about which only a GET can tell: listed as finished, not listed, or too few to be worth a LIST. When
            the upstream or the budget gave no list, those that were not listed so far are among them.
        """
        words: dict[str, str] = {}
        try:
            async with asyncio.timeout(ROUND_SECONDS):
                for is_own_tier in (True, False):
                    for tier in TIERS:
                        missing = [row for row in rows if row.upstream_id not in words]
                        wanted = [row for row in missing if (_tier_of(row) == tier) is is_own_tier]
                        await self._list(channel_id, account, tier, wanted, words)
        except (UpstreamError, TimeoutError) as error:
            _log.warning("list_failed", channel=channel_id, error=repr(error))
        return [row for row in rows if words.get(str(row.upstream_id)) in {None, *FINAL_STATUSES}]

    async def _list(
        self, channel_id: str, account: ArkAccount, tier: str, rows: Sequence[TaskRow], words: dict[str, str]
    ) -> None:
        """Asks one tier about tasks, as many at once as the channel bears; adds the upstream's word about each."""
        left = list(rows)
        while min(len(left), self.most_ids(channel_id)) > FEW:
            asked = left[: self.most_ids(channel_id)]
            try:
                words |= await self._ask(channel_id, account, tier, asked)
            except (UpstreamRejectedError, ForeignResponseError) as error:
                if error.status not in _TOO_LONG:
                    raise
                self._most_ids[channel_id] = (len(asked) // 2, self._clock() + _SHORT_FOR)
                _log.warning("list_shortened", channel=channel_id, most_ids=len(asked) // 2, error=repr(error))
            else:
                left = left[len(asked) :]

    async def _ask(self, channel_id: str, account: ArkAccount, tier: str, rows: Sequence[TaskRow]) -> dict[str, str]:
        """Makes one call and applies what it tells of unfinished tasks; returns the upstream's word about each."""
        if not await self._rates.acquire(channel_id, RateClass.LIST, timeout_seconds=_TOKEN_TIMEOUT_SECONDS):
            raise TimeoutError("no LIST call to spare")
        ids = [str(row.upstream_id) for row in rows]
        asked_at = self._clock()
        async with asyncio.timeout(_CALL_SECONDS):
            page = await self._ark.list(account, task_ids=ids, service_tier=tier, page_size=len(ids))
        items = {item["id"]: item for item in page.items if isinstance(item.get("status"), str)}
        unfinished = [
            row for row in rows if items.get(str(row.upstream_id), {}).get("status") not in {None, *FINAL_STATUSES}
        ]
        await self._apply(channel_id, unfinished, items, asked_at=asked_at)
        return {upstream_id: items[upstream_id]["status"] for upstream_id in ids if upstream_id in items}

    async def _apply(
        self, channel_id: str, rows: Sequence[TaskRow], items: dict[str, dict[str, Any]], *, asked_at: datetime
    ) -> None:
        now = self._clock()
        async with self._sessions.begin() as session:
            for row in await AllTasks(session).lock(rows):
                body = items[str(row.upstream_id)]
                apply_upstream_state(session, row, body, asked_at=asked_at, source=Source.LIST, now=now)
            await record_success(session, channel_id, now=now)


def _tier_of(row: TaskRow) -> str:
    return row.service_tier if row.service_tier in TIERS else TIERS[0]
