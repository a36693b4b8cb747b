"""Use cases that show video tasks: get and list."""

from dataclasses import dataclass, replace
from typing import Any

from app.catalog.service import ModelCatalog
from app.tasks.context import TasksContext
from app.tasks.freshness import freshness_of
from app.tasks.lists import TaskLists
from app.tasks.models import TaskRow, TaskStatus
from app.tasks.polling.client_refresh import ClientRefresh
from app.tasks.ready_answers import ReadyAnswers, is_constant
from app.tasks.repository import TaskFilter, TaskWithMessage, load_task
from app.tasks.responses import to_task
from app.tenants.principal import Principal
from app.webhooks.report import report


@dataclass(frozen=True)
class TaskView:
    """One task for a client.

    Attributes:
        body: its JSON.
        stale_seconds: its age when it is stale.
        channel_id: the id of its channel.
        ready_position: for ``ReadyAnswers.put``; None when the answer may change.
    """

    body: dict[str, Any]
    stale_seconds: int | None
    channel_id: str | None
    ready_position: int | None


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
        sessions = self._context.sessions
        position = self._ready_answers.position()
        found = await load_task(sessions, principal.tenant_id, task_id)
        if await self._refresh_if_due(principal, found.row):
            position = self._ready_answers.position()
            found = await load_task(sessions, principal.tenant_id, task_id)
        return TaskView(
            _show(found),
            freshness_of(found.row).stale_seconds(self._context.clock()),
            channel_id=found.row.channel_id,
            ready_position=position if is_constant(found.row) else None,
        )

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
        return await TaskLists(self._context.reads, principal.tenant_id).page(
            wanted, page_num=page_num, page_size=page_size
        )

    async def _refresh_if_due(self, principal: Principal, row: TaskRow) -> bool:
        """Returns whether the row may have changed."""
        is_due = freshness_of(row).is_call_due(self._context.clock()) and self.may_call(principal, row)
        return is_due and await self._client_refresh.refresh(row)


def _show(found: TaskWithMessage) -> dict[str, Any]:
    body = to_task(found.row)
    if found.row.callback_url is not None:
        body["callback"] = report(found.newest_message, is_ended=TaskStatus(found.row.status).is_final)
    return body
