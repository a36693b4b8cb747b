"""Asks the upstream about many tasks with few LIST calls."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

import structlog

from app.tasks.context import TasksContext
from app.tasks.models import FINAL_STATUSES, TaskRow
from app.tasks.polling.list_states import apply_list
from app.tasks.recovery.account_snapshot import TIERS
from app.tasks.repository import AllTasks
from app.upstream.credentials import ArkAccount
from app.upstream.errors import ForeignResponseError, UpstreamError, UpstreamRejectedError
from app.upstream.rate_limits import RateClass

MAX_SINGLE_GETS = 2
"""Up to this many tasks are asked about by GET, since an account has fewer LIST calls than GETs."""

_MIN_ROWS = MAX_SINGLE_GETS + 1

CLAIM_DURATION = timedelta(seconds=120)
"""Longer than the LIST calls of one round, the GETs after them and the last GET's timeout together.

A claimed task that was not polled, because the process died or the upstream gave no answer, is due again after it.
"""

DUE_SOON = timedelta(seconds=5)
"""A LIST that is made anyway also names the tasks that are due within this time."""

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


class BatchResult(NamedTuple):
    """What came of the LIST calls for a batch.

    Attributes:
        left: the tasks that need a GET.
        has_failed: whether an error of the upstream or a timeout ended the calls early.
        is_rate_used_up: whether that was a timeout because the account has no LIST left for the moment.
    """

    left: list[TaskRow]
    has_failed: bool = False
    is_rate_used_up: bool = False


class _NoTokenError(TimeoutError):
    """The account has no LIST left for the moment."""


class BatchRefresh:
    """Brings the rows of many tasks of one account up to date.

    Only unfinished states are applied from a list. A task that is missing in the list may exist, and the list does not
    show every field of a finished task: both need a GET.
    """

    def __init__(self, context: TasksContext) -> None:
        self._context = context
        self._short_limits: dict[str, tuple[int, datetime]] = {}

    def max_ids(self, channel_id: str) -> int:
        """Returns how many tasks one LIST may name: 100, or fewer if the channel refused longer queries lately."""
        max_ids, until = self._short_limits.get(channel_id, (_MAX_IDS, None))
        return max_ids if until is None or self._context.clock() < until else _MAX_IDS

    async def refresh(
        self,
        channel_id: str,
        account: ArkAccount,
        rows: Sequence[TaskRow],
        *,
        min_age: timedelta | None = None,
        token_timeout_seconds: float = _TOKEN_TIMEOUT_SECONDS,
        min_rows: int = _MIN_ROWS,
    ) -> BatchResult:
        """Lists tasks in their own service tier, then those that it lacks in the other tier.

        Args:
            channel_id: whose LIST rate is used.
            account: the account of that channel.
            rows: tasks with upstream ids.
            min_age: tasks that were asked about more recently, by any process, are left out; None leaves out none.
            token_timeout_seconds: how long to wait for a token when the LIST rate is used up.
            min_rows: fewer tasks are not worth a LIST.

        Returns:
            The tasks that need a GET: listed as finished, not listed, or too few for a LIST. After an error of the
            upstream or a timeout, the tasks that were not reached are among them.
        """
        error: UpstreamError | TimeoutError | None = None
        listed = _Round(channel_id, account, min_age, token_timeout_seconds)
        try:
            async with asyncio.timeout(ROUND_TIMEOUT_SECONDS):
                for is_own_tier in (True, False):
                    for tier in TIERS:
                        missing = [row for row in rows if row.upstream_id not in listed.statuses]
                        wanted = [row for row in missing if (tier_of(row) == tier) is is_own_tier]
                        if len(wanted) >= (min_rows if is_own_tier else _MIN_ROWS):
                            await self._list(listed, tier, wanted)
        except _NoTokenError as ended_by:
            # Usual where clients and the poller, in several processes, share the rate of an account.
            error = ended_by
            _log.info("list_rate_used_up", channel=channel_id)
        except (UpstreamError, TimeoutError) as ended_by:
            error = ended_by
            _log.warning("list_failed", channel=channel_id, error=repr(error))
        left = [row for row in rows if listed.statuses.get(str(row.upstream_id)) in {None, *FINAL_STATUSES}]
        return BatchResult(left, error is not None, isinstance(error, _NoTokenError))

    async def _list(self, listed: "_Round", tier: str, rows: Sequence[TaskRow]) -> None:
        """Lists tasks of one tier, as many per call as the channel accepts."""
        channel_id, left = listed.channel_id, list(rows)
        while left and self.max_ids(channel_id) > MAX_SINGLE_GETS:
            asked = left[: self.max_ids(channel_id)]
            try:
                await self._ask(listed, tier, asked)
            except (UpstreamRejectedError, ForeignResponseError) as error:
                if error.status not in _TOO_LONG_STATUSES:
                    raise
                self._short_limits[channel_id] = (len(asked) // 2, self._context.clock() + _SHORT_LIMIT_LIFETIME)
                _log.warning("list_size_reduced", channel=channel_id, max_ids=len(asked) // 2, error=repr(error))
            else:
                left = left[len(asked) :]

    async def _ask(self, listed: "_Round", tier: str, rows: Sequence[TaskRow]) -> None:
        """Makes one call and applies the unfinished states; adds the upstream status of each listed task."""
        channel_id = listed.channel_id
        if not await self._context.rates.acquire(
            channel_id, RateClass.LIST, timeout_seconds=listed.token_timeout_seconds
        ):
            raise _NoTokenError("no token for a LIST call")
        rows = await self._claim(listed, rows)
        ids = [str(row.upstream_id) for row in rows]
        if not ids:
            return
        asked_at = self._context.clock()
        async with asyncio.timeout(_CALL_TIMEOUT_SECONDS):
            page = await self._context.ark.list(listed.account, task_ids=ids, service_tier=tier, page_size=len(ids))
        items = {item["id"]: item for item in page.items if isinstance(item.get("status"), str)}
        await apply_list(self._context, channel_id, rows, items, asked_at=asked_at)
        listed.statuses.update(
            {upstream_id: items[upstream_id]["status"] for upstream_id in ids if upstream_id in items}
        )

    async def _claim(self, listed: "_Round", rows: Sequence[TaskRow]) -> Sequence[TaskRow]:
        """Returns the tasks to ask about; the rows of the others have just been refreshed by another process.

        Called after the call has its token, because ``asked_at`` has to be the time of the call.
        """
        if listed.min_age is None:
            return rows
        new = [row for row in rows if row.upstream_id not in listed.claimed]
        async with self._context.sessions.begin() as session:
            ids = await AllTasks(session).claim_polls(new, now=self._context.clock(), min_age=listed.min_age)
        listed.claimed.update(str(row.upstream_id) for row in new if (row.tenant_id, row.id) in ids)
        asked = [row for row in rows if row.upstream_id in listed.claimed]
        listed.statuses.update({str(row.upstream_id): row.status for row in rows if row not in asked})
        return asked


@dataclass
class _Round:
    """The arguments of ``BatchRefresh.refresh``, and what its calls have found so far.

    Attributes:
        claimed: the upstream ids of the tasks that no other process asks about; unused without ``min_age``.
        statuses: the upstream's status of each listed task, by its upstream id.
    """

    channel_id: str
    account: ArkAccount
    min_age: timedelta | None
    token_timeout_seconds: float
    claimed: set[str] = field(default_factory=set)
    statuses: dict[str, str] = field(default_factory=dict)


def tier_of(row: TaskRow) -> str:
    """Returns the service tier under which the upstream lists a task."""
    return row.service_tier if row.service_tier in TIERS else TIERS[0]
