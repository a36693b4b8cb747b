"""Use cases of the operator for any tenant's task: show, look at its clip, refresh, cancel, resolve."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.log import Actor, Target, record
from app.channels.probe import explain
from app.errors import ConflictError, ServiceUnavailableError
from app.http.paging import PageRequest
from app.tasks.admin_repository import (
    AdminOrphanRepository,
    AdminTaskRepository,
    OrphanSearch,
    OrphanWithCandidates,
    TaskDetail,
    TaskSearch,
    TaskWithChannel,
)
from app.tasks.archived import show
from app.tasks.context import TasksContext
from app.tasks.deletion import TaskDeletion
from app.tasks.models import TaskRow, TaskStatus
from app.tasks.polling.refresh import TaskRefresh
from app.tasks.recovery.attribution import Attribution
from app.tasks.responses import unknown_task
from app.upstream.errors import UpstreamError
from app.upstream.rate_limits import RateClass

_TOKEN_TIMEOUT_SECONDS = 2.0


class TaskAdminService:
    """Administers the tasks of all tenants. Every method takes the upstream's id or our own."""

    def __init__(
        self, context: TasksContext, refresh: TaskRefresh, deletion: TaskDeletion, attribution: Attribution
    ) -> None:
        self._context = context
        self._refresh = refresh
        self._deletion = deletion
        self._attribution = attribution

    async def page(self, page: PageRequest, wanted: TaskSearch) -> Sequence[TaskWithChannel]:
        """Returns tasks newest first, one more than asked when there are more; the upstream is not asked.

        Raises:
            InvalidParameterError: 400, the cursor is not of this list.
        """
        async with self._context.sessions() as session:
            return await AdminTaskRepository(session).page(page, wanted)

    async def get(self, task_id: str) -> TaskDetail:
        """Returns a task with its history and what it cost; the upstream is not asked.

        Raises:
            NotFoundError: 404.
        """
        async with self._context.sessions() as session:
            tasks = AdminTaskRepository(session)
            found = await tasks.find(task_id)
            if found is None:
                raise unknown_task()
            return await tasks.detail(found)

    def shown(self, row: TaskRow) -> dict[str, Any]:
        """Returns the body of a GET of a task, as its tenant sees it."""
        return show(row, self._context.links, self._context.clock())

    async def look(self, actor: Actor, task_id: str) -> TaskRow:
        """Returns a task whose clip is going to be shown to the operator, which the audit log records.

        Raises:
            NotFoundError: 404.
        """
        async with self._context.sessions.begin() as session:
            found = await AdminTaskRepository(session).find(task_id)
            if found is None:
                raise unknown_task()
            target = Target("task", found.row.id, found.row.tenant_id)
            record(session, actor, "task.look", target, at=self._context.clock())
        return found.row

    async def orphans(self, page: PageRequest, wanted: OrphanSearch) -> Sequence[OrphanWithCandidates]:
        """Returns upstream tasks without an owner, newest first, one more than asked when there are more.

        Raises:
            InvalidParameterError: 400, the cursor is not of this list.
        """
        async with self._context.sessions() as session:
            return await AdminOrphanRepository(session, grace=self._context.grace).page(page, wanted)

    async def refresh(self, task_id: str) -> None:
        """Requests a task from the upstream and applies the answer; a finished task is left unchanged.

        Raises:
            NotFoundError: 404.
            ConflictError: 409, the upstream's id is not known.
            ServiceUnavailableError: 503, the upstream could not be asked; nothing was changed.
        """
        row = await self._find(task_id)
        if TaskStatus(row.status).is_final:
            return
        if row.upstream_id is None:
            raise ConflictError(
                "InvalidAction", "It is not known which upstream task this is, so none can be asked about."
            )
        account = await self._refresh.account_of(row)
        if account is None:
            raise ServiceUnavailableError("The channel of this task is not active, so the upstream cannot be asked.")
        if not await self._context.rates.acquire(
            str(row.channel_id), RateClass.INTERACTIVE_GET, timeout_seconds=_TOKEN_TIMEOUT_SECONDS
        ):
            raise ServiceUnavailableError("The upstream account is busy. Please try again.")
        try:
            await self._refresh.refresh(row, account)
        except UpstreamError as error:
            raise ServiceUnavailableError(f"The task is as it was, because {explain(error)}.") from error

    async def cancel(self, actor: Actor, task_id: str) -> None:
        """Cancels a queued task as its tenant's DELETE would; writes the audit row ``task.cancel``.

        Raises:
            NotFoundError: 404.
            ConflictError: 409, it is running or finished, or the upstream's id is not known.
            ServiceUnavailableError: 503, the upstream could not be asked; nothing was changed.
        """
        row = await self._find(task_id)

        def audit(session: AsyncSession) -> None:
            target = Target("task", row.id, row.tenant_id)
            record(session, actor, "task.cancel", target, at=self._context.clock(), upstream_id=row.upstream_id)

        await self._deletion.cancel(row, record=audit)

    async def resolve(self, actor: Actor, task_id: str, *, upstream_id: str | None) -> None:
        """Resolves an unknown outcome: the create made this upstream task, or none.

        Raises:
            NotFoundError: 404.
            InvalidParameterError: 400, the task's channel does not know ``upstream_id``.
            ConflictError: 409, the outcome is not unknown, or another task owns ``upstream_id``.
            ServiceUnavailableError: 503, the upstream could not be asked.
        """
        await self._attribution.resolve(actor, (await self._find(task_id)).id, upstream_id=upstream_id)

    async def _find(self, task_id: str) -> TaskRow:
        async with self._context.sessions() as session:
            found = await AdminTaskRepository(session).find(task_id)
        if found is None:
            raise unknown_task()
        return found.row
