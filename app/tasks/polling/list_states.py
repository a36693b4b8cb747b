"""Writes what a LIST shows of unfinished tasks into their rows."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app.channels.circuit_breaker import record_success
from app.tasks.context import TasksContext
from app.tasks.models import FINAL_STATUSES, TaskRow
from app.tasks.repository import AllTasks
from app.tasks.state import Source, apply_upstream_state, is_unchanged


async def apply_list(
    context: TasksContext,
    channel_id: str,
    rows: Sequence[TaskRow],
    items: Mapping[str, dict[str, Any]],
    *,
    asked_at: datetime,
) -> None:
    """Applies the unfinished states among the items of one LIST.

    Most tasks are as they were at the last poll: for these one statement writes the time of the poll. The others, and
    those that were changed since their row was read, are then locked and changed one by one, in a transaction of their
    own: each transaction locks its rows in one order, so that none waits for another that waits for it.

    Args:
        context: the context of the package.
        channel_id: whose circuit breaker the answer closes.
        rows: the tasks that were asked about, as they were before the call.
        items: the upstream's JSON of tasks, by their upstream ids.
        asked_at: when the upstream was asked.
    """
    pricing = await context.pricing.current()
    now = context.clock()
    unfinished = [
        row for row in rows if items.get(str(row.upstream_id), {}).get("status") not in {None, *FINAL_STATUSES}
    ]
    same = [row for row in unfinished if is_unchanged(row, items[str(row.upstream_id)])]
    async with context.sessions.begin() as session:
        written = await AllTasks(session).touch(same, polled_at=asked_at, now=now)
    async with context.sessions.begin() as session:
        for row in await AllTasks(session).lock([row for row in unfinished if (row.tenant_id, row.id) not in written]):
            body = items[str(row.upstream_id)]
            apply_upstream_state(session, row, body, pricing=pricing, asked_at=asked_at, source=Source.LIST, now=now)
        await record_success(session, channel_id, now=now)
