"""Use cases that show video tasks: get and list."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from app.catalog.service import ModelCatalog
from app.tasks.archived import show, usable_until
from app.tasks.context import TasksContext
from app.tasks.freshness import freshness_of
from app.tasks.lists import TaskLists
from app.tasks.models import TaskRow, TaskStatus
from app.tasks.polling.client_refresh import ClientRefresh
from app.tasks.ready_answers import ReadyAnswers, is_constant
from app.tasks.repository import TaskFilter, TaskRepository, TaskWithMessage, load_task
from app.tenants.principal import Principal
from app.webhooks.report import report

_ENDED_WITHOUT_VIDEO = (TaskStatus.FAILED, TaskStatus.EXPIRED)


@dataclass(frozen=True)
class TaskView:
    """One task for a client.

    Attributes:
        body: its JSON.
        stale_seconds: its age when it is stale.
        channel_id: the id of its channel.
        ready_position: for ``ReadyAnswers.put``; None when the answer may change.
        usable_until: until when the answer may be kept; None: for good.
    """

    body: dict[str, Any]
    stale_seconds: int | None
    channel_id: str | None
    ready_position: int | None
    usable_until: datetime | None


class TaskService:
    """Video tasks of any tenant; every method takes the principal on whose behalf it acts."""

    def __init__(
        self,
        context: TasksContext,
        catalog: ModelCatalog,
        client_refresh: ClientRefresh,
        ready_answers: ReadyAnswers,
    ) -> None:
        self._context = context
        self._catalog = catalog
        self._client_refresh = client_refresh
        self._ready_answers = ready_answers

    async def get(self, principal: Principal, task_id: str) -> TaskView:
        """Returns a task, refreshed if that is due and the account has a call left.

        If it has a ``callback_url``, the body has the state of the newest message to it. All keys of a tenant see the
        same tasks; a key that may not use the task's channel gets the stored state, and no call is made.

        Raises:
            NotFoundError: 404, no such task of this tenant.
        """
        found, position = await self.refreshed(principal, task_id)
        now = self._context.clock()
        return TaskView(
            self._show(found, now),
            freshness_of(found.row).stale_seconds(now),
            channel_id=found.row.channel_id,
            ready_position=position if is_constant(found.row) else None,
            usable_until=usable_until(found.row, self._context.links, now),
        )

    async def refreshed(self, principal: Principal, task_id: str) -> tuple[TaskWithMessage, int | None]:
        """Returns a task's row, refreshed as for ``get``, and the position of memory before it was read.

        Raises:
            NotFoundError: 404, no such task of this tenant.
        """
        sessions = self._context.sessions
        position = self._ready_answers.position()
        found = await load_task(sessions, principal.tenant_id, task_id)
        if await self._refresh_if_due(principal, found.row):
            position = self._ready_answers.position()
            found = await load_task(sessions, principal.tenant_id, task_id)
        return found, position

    async def stored(self, principal: Principal, task_id: str) -> TaskRow:
        """Returns a task's row as stored; the upstream is not asked.

        Raises:
            NotFoundError: 404, no such task of this tenant.
        """
        return (await load_task(self._context.sessions, principal.tenant_id, task_id)).row

    def body_of(self, row: TaskRow) -> dict[str, Any]:
        """Returns what a GET shows of a task, but for its callback."""
        return show(row, self._context.links, self._context.clock())

    async def following(
        self, principal: Principal, after: str | None, *, limit: int, is_descending: bool
    ) -> tuple[Sequence[TaskRow], bool]:
        """Returns tasks that follow another one in the order of their creation, and whether there are more.

        Args:
            principal: the caller.
            after: the id of that task, which may be deleted by now; None: from the beginning.
            limit: the largest number of tasks.
            is_descending: whether the newest come first.

        Raises:
            NotFoundError: 404, the tenant has never had such a task.
        """
        async with self._context.sessions.begin() as session:
            rows = await TaskRepository(session, principal.tenant_id).following(
                after, limit=limit + 1, is_descending=is_descending
            )
        return rows[:limit], len(rows) > limit

    async def seen_running(self, principal: Principal, rows: Sequence[TaskRow]) -> frozenset[str]:
        """Returns which of these tasks of the tenant run, or were seen running before they ended without a video.

        By their spare ids. Reads the history only of those that have ended so.
        """
        running = {row.id for row in rows if row.status == TaskStatus.RUNNING}
        ended = [row.id for row in rows if row.status in _ENDED_WITHOUT_VIDEO]
        if not ended:
            return frozenset(running)
        async with self._context.sessions.begin() as session:
            return frozenset(running | await TaskRepository(session, principal.tenant_id).seen_running(ended))

    @staticmethod
    def may_call(principal: Principal, row: TaskRow) -> bool:
        """Says whether the upstream may be asked about a task on behalf of a principal."""
        return principal.allowed_channels is None or row.channel_id in principal.allowed_channels

    async def refresh(self, row: TaskRow) -> None:
        """Asks the upstream about a task, as ``get`` does, together with all others that want that."""
        await self._client_refresh.refresh(row)

    async def page(self, principal: Principal, wanted: TaskFilter, *, page_num: int, page_size: int) -> bytes:
        """Returns the JSON of one page of the tenant's tasks as stored; the upstream is not asked.

        A model in the filter matches under all of its names.
        """
        if wanted.models:
            index = await self._catalog.index()
            wanted = replace(wanted, models=index.spellings_of_all(wanted.models))
        context = self._context
        return await TaskLists(context.reads, principal.tenant_id).page(
            wanted, page_num=page_num, page_size=page_size, links=context.links, now=context.clock()
        )

    async def _refresh_if_due(self, principal: Principal, row: TaskRow) -> bool:
        """Returns whether the row may have changed."""
        is_due = freshness_of(row).is_call_due(self._context.clock()) and self.may_call(principal, row)
        return is_due and await self._client_refresh.refresh(row)

    def _show(self, found: TaskWithMessage, now: datetime) -> dict[str, Any]:
        body = show(found.row, self._context.links, now)
        if found.row.callback_url is not None:
            body["callback"] = report(found.newest_message, is_ended=TaskStatus(found.row.status).is_final)
        return body
