"""Asks the upstream about many tasks with few LIST calls."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog

from app.channels.circuit_breaker import record_success
from app.tasks.context import TasksContext
from app.tasks.models import FINAL_STATUSES, TaskRow
from app.tasks.recovery.account_snapshot import TIERS
from app.tasks.repository import AllTasks
from app.tasks.state import Source, apply_upstream_state
from app.upstream.credentials import ArkAccount
from app.upstream.errors import ForeignResponseError, UpstreamError, UpstreamRejectedError
from app.upstream.rate_limits import RateClass

MAX_SINGLE_GETS = 2
"""Up to this many tasks are asked about by GET, since an account has fewer LIST calls than GETs."""

ROUND_TIMEOUT_SECONDS = 40.0
"""For all LIST calls of one round."""

_MAX_IDS = 100
# How a server, or a proxy before it, refuses a query that is too long.
_TOO_LONG_STATUSES = {400, 413, 414, 431}
# The status may have had another reason, so the shorter limit expires.
_SHORT_LIMIT_LIFETIME = timedelta(hours=1)
_TOKEN_TIMEOUT_SECONDS = 5.0
_CALL_TIMEOUT_SECONDS = 15.0

_log = structlog.get_logger()


class BatchRefresh:
    """Brings the rows of many tasks of one account up to date.

    Only unfinished states are applied from a list: a task that it lacks may exist, and of a finished one it does not
    show everything. Both need a GET.
    """

    def __init__(self, context: TasksContext) -> None:
        self._context = context
        self._short_limits: dict[str, tuple[int, datetime]] = {}

    def max_ids(self, channel_id: str) -> int:
        """Returns how many tasks one LIST may name: 100, or fewer if the channel refused longer queries lately."""
        max_ids, until = self._short_limits.get(channel_id, (_MAX_IDS, None))
        return max_ids if until is None or self._context.clock() < until else _MAX_IDS

    async def refresh(self, channel_id: str, account: ArkAccount, rows: Sequence[TaskRow]) -> list[TaskRow]:
        """Lists tasks in their own service tier, then those that it lacks in the other tier.

        Args:
            channel_id: whose LIST rate is used.
            account: of that channel.
            rows: tasks with upstream ids.

        Returns:
            The tasks that need a GET: listed as finished, not listed, or too few for a LIST. After an error of the
            upstream or a timeout, the tasks that were not reached are among them.
        """
        statuses: dict[str, str] = {}
        try:
            async with asyncio.timeout(ROUND_TIMEOUT_SECONDS):
                for is_own_tier in (True, False):
                    for tier in TIERS:
                        missing = [row for row in rows if row.upstream_id not in statuses]
                        wanted = [row for row in missing if (_tier_of(row) == tier) is is_own_tier]
                        await self._list(channel_id, account, tier, wanted, statuses)
        except (UpstreamError, TimeoutError) as error:
            _log.warning("list_failed", channel=channel_id, error=repr(error))
        return [row for row in rows if statuses.get(str(row.upstream_id)) in {None, *FINAL_STATUSES}]

    async def _list(
        self, channel_id: str, account: ArkAccount, tier: str, rows: Sequence[TaskRow], statuses: dict[str, str]
    ) -> None:
        """Lists tasks of one tier, as many per call as the channel accepts; adds their upstream statuses."""
        left = list(rows)
        while min(len(left), self.max_ids(channel_id)) > MAX_SINGLE_GETS:
            asked = left[: self.max_ids(channel_id)]
            try:
                statuses |= await self._ask(channel_id, account, tier, asked)
            except (UpstreamRejectedError, ForeignResponseError) as error:
                if error.status not in _TOO_LONG_STATUSES:
                    raise
                self._short_limits[channel_id] = (len(asked) // 2, self._context.clock() + _SHORT_LIMIT_LIFETIME)
                _log.warning("list_size_reduced", channel=channel_id, max_ids=len(asked) // 2, error=repr(error))
            else:
                left = left[len(asked) :]

    async def _ask(self, channel_id: str, account: ArkAccount, tier: str, rows: Sequence[TaskRow]) -> dict[str, str]:
        """Makes one call and applies the unfinished states; returns the upstream status of each listed task."""
        if not await self._context.rates.acquire(channel_id, RateClass.LIST, timeout_seconds=_TOKEN_TIMEOUT_SECONDS):
            raise TimeoutError("no LIST call to spare")
        ids = [str(row.upstream_id) for row in rows]
        asked_at = self._context.clock()
        async with asyncio.timeout(_CALL_TIMEOUT_SECONDS):
            page = await self._context.ark.list(account, task_ids=ids, service_tier=tier, page_size=len(ids))
        items = {item["id"]: item for item in page.items if isinstance(item.get("status"), str)}
        unfinished = [
            row for row in rows if items.get(str(row.upstream_id), {}).get("status") not in {None, *FINAL_STATUSES}
        ]
        await self._apply(channel_id, unfinished, items, asked_at=asked_at)
        return {upstream_id: items[upstream_id]["status"] for upstream_id in ids if upstream_id in items}

    async def _apply(
        self, channel_id: str, rows: Sequence[TaskRow], items: dict[str, dict[str, Any]], *, asked_at: datetime
    ) -> None:
        now = self._context.clock()
        async with self._context.sessions.begin() as session:
            for row in await AllTasks(session).lock(rows):
                body = items[str(row.upstream_id)]
                apply_upstream_state(session, row, body, asked_at=asked_at, source=Source.LIST, now=now)
            await record_success(session, channel_id, now=now)


def _tier_of(row: TaskRow) -> str:
    return row.service_tier if row.service_tier in TIERS else TIERS[0]
