"""Asks about tasks by GET, one task a call, within an account's rate limit."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import structlog

from app.tasks.context import TasksContext
from app.tasks.models import TaskRow
from app.tasks.polling.refresh import TaskRefresh
from app.tasks.repository import AllTasks
from app.upstream.credentials import ArkAccount
from app.upstream.rate_limits import RateClass

GET_TIMEOUT_SECONDS = 20.0
_MAX_CONCURRENT = 4
# After so many failures no further calls are made.
_MAX_FAILURES = 3
_PAUSE_AFTER_FAILURES = timedelta(seconds=5)

_log = structlog.get_logger()


class SingleGets:
    """Brings the rows of tasks up to date, for which a list is not enough."""

    def __init__(self, context: TasksContext, refresh: TaskRefresh) -> None:
        self._context = context
        self._refresh = refresh

    async def run(
        self,
        channel_id: str,
        account: ArkAccount,
        rows: Sequence[TaskRow],
        rate_class: RateClass,
        *,
        timeout_seconds: float,
        unused_of: RateClass | None = None,
    ) -> None:
        """Asks about as many tasks as the rate limit allows in a time; the others become due for the poller.

        Calls of ``rate_class`` are made, and those that ``unused_of`` leaves unused.
        A task whose call fails is due again when it was before: after the lease of the poller that claimed it.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_seconds
        failed: list[TaskRow] = []
        left = list(rows)

        async def work() -> None:
            while left and len(failed) < _MAX_FAILURES:
                row, seconds_left = left.pop(0), deadline - loop.time()
                if seconds_left < 0 or not await self._context.rates.acquire(
                    channel_id, rate_class, timeout_seconds=seconds_left, unused_of=unused_of
                ):
                    left.append(row)
                    return
                if not await self._get(row, account):
                    failed.append(row)

        async with asyncio.TaskGroup() as group:
            for _ in range(min(len(rows), _MAX_CONCURRENT)):
                group.create_task(work())
        if left:
            pause = _PAUSE_AFTER_FAILURES if len(failed) >= _MAX_FAILURES else timedelta()
            async with self._context.sessions.begin() as session:
                await AllTasks(session).release(left, due_at=self._context.clock() + pause)

    async def _get(self, row: TaskRow, account: ArkAccount) -> bool:
        """Returns False when the upstream gave no usable answer."""
        try:
            async with asyncio.timeout(GET_TIMEOUT_SECONDS):
                await self._refresh.refresh(row, account)
        except Exception as error:  # noqa: BLE001 - an error of one task must not stop the others
            _log.warning("poll_failed", task=row.upstream_id, channel=row.channel_id, error=repr(error))
            return False
        return True
