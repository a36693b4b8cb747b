"""Use cases that show video tasks: get and list."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.catalog.service import ModelCatalog
from app.tasks.models import TaskRow, TaskStatus
from app.tasks.polling.refresh import TaskRefresh
from app.tasks.repository import TaskFilter, TaskRepository, TaskWithMessage, load_task
from app.tasks.responses import to_list_item, to_task
from app.tenants.principal import Principal
from app.webhooks.report import report

_STALE_AFTER = timedelta(seconds=15)


@dataclass(frozen=True)
class TaskView:
    """A task's wire form, and its age when it is stale."""

    body: dict[str, Any]
    stale_seconds: int | None


class TaskService:
    """Video tasks of any tenant; every method takes the principal on whose behalf it acts."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        catalog: ModelCatalog,
        looker: TaskRefresh,
        clock: Callable[[], datetime],
    ) -> None:
        self._sessions = sessions
        self._catalog = catalog
        self._looker = looker
        self._clock = clock

    async def get(self, principal: Principal, task_id: str) -> TaskView:
        """Returns a task, brought up to date with the upstream when that is due and affordable.

        With a ``callback_url``, its wire form tells what became of the newest message there.

        All keys of a tenant see the same tasks. A key that may not use the task's channel is shown the mirror, since no
        account is called on behalf of a key that may not use it.

        Raises:
            NotFoundError: 404, no such task of this tenant.
        """
        found = await load_task(self._sessions, principal.tenant_id, task_id)
        if await self._is_changed(principal, found.row):
            found = await load_task(self._sessions, principal.tenant_id, task_id)
        return TaskView(_show(found), self._stale_seconds(found.row))

    async def page(self, principal: Principal, wanted: TaskFilter, *, page_num: int, page_size: int) -> dict[str, Any]:
        """Returns one page of the tenant's tasks from the mirror; the upstream is not asked.

        A model that the filter names stands for all that it is called.
        """
        index = await self._catalog.index()
        wanted = replace(wanted, models=index.spellings_of_all(wanted.models))
        async with self._sessions.begin() as session:
            tasks = TaskRepository(session, principal.tenant_id)
            rows, total = await tasks.page(wanted, page_num=page_num, page_size=page_size)
        return {"items": [to_list_item(row) for row in rows], "total": total}

    async def _is_changed(self, principal: Principal, row: TaskRow) -> bool:
        """Has the upstream asked about a task if that is due and allowed; says whether the row may have changed."""
        return _may_call(principal, row) and self._looker.is_due(row) and await self._looker.refresh(row)

    def _stale_seconds(self, row: TaskRow) -> int | None:
        """Returns the age of what is shown, when it is old or the upstream did not answer the last question."""
        seen_at = row.looked_at or row.created_at
        age = self._clock() - seen_at
        is_answered = row.asked_at is None or row.asked_at <= seen_at
        if TaskStatus(row.status).is_final or (is_answered and age <= _STALE_AFTER):
            return None
        return max(int(age.total_seconds()), 0)


def _show(found: TaskWithMessage) -> dict[str, Any]:
    body = to_task(found.row)
    if found.row.callback_url is not None:
        body["callback"] = report(found.newest_message, is_ended=TaskStatus(found.row.status).is_final)
    return body


def _may_call(principal: Principal, row: TaskRow) -> bool:
    return principal.allowed_channels is None or row.channel_id in principal.allowed_channels
