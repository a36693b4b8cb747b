"""Deletes tasks: a queued task is cancelled, a finished one removed."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.archive.outbox import release_copies
from app.channels.client_errors import to_client_error
from app.errors import ConflictError, NotFoundError, SeedgateError, ServiceUnavailableError
from app.tasks.context import TasksContext
from app.tasks.models import TaskRow, TaskStatus
from app.tasks.polling.refresh import TaskRefresh
from app.tasks.ready_answers import ReadyAnswers
from app.tasks.repository import TaskRepository, load_task
from app.tasks.responses import public_id
from app.tasks.state import Source, apply_cancellation, retention_cutoff
from app.tenants.principal import Principal
from app.upstream.credentials import ArkAccount
from app.upstream.errors import UpstreamError, UpstreamRejectedError
from app.upstream.rate_limits import RateClass

_TOKEN_TIMEOUT_SECONDS = 2.0
# No queued task begins and ends in less.
_SHORTEST_TASK = timedelta(seconds=5)


class TaskDeletion:
    """Deletes tasks upstream and marks their rows as deleted; their copies in the archive are deleted soon after."""

    def __init__(self, context: TasksContext, refresh: TaskRefresh, ready_answers: ReadyAnswers) -> None:
        self._context = context
        self._refresh = refresh
        self._ready_answers = ready_answers

    async def delete(self, principal: Principal, task_id: str) -> None:
        """Cancels a queued task, removes a finished one.

        The task is refreshed first: once the upstream has removed it, the usage of a task that has just finished could
        not be read any more. A task that is found running is refused without a call, in the upstream's words, because
        it might finish before the DELETE arrives and would then be removed.

        Between the refresh and a slow DELETE a queued task may end: it was removed then, not cancelled. When that is
        possible the upstream is asked once more, and what the task may have cost is estimated.

        A DELETE whose answer was lost can be repeated: a task that it cancelled is left as it is, and a removed one is
        not found upstream, which counts as done. When this returns, no process shows a removed task any more.

        Raises:
            NotFoundError: 404, no such task of this tenant.
            AccessDeniedError: 403, the key may not use the task's channel.
            ConflictError: 409, it is running, or has no upstream id yet.
            ServiceUnavailableError: 503, the upstream could not be asked, or its answer was lost.
        """
        row, is_erased = (await load_task(self._context.sessions, principal.tenant_id, task_id)).row, False
        is_unfinished = not TaskStatus(row.status).is_final
        if is_unfinished or await self._is_kept_upstream(row, principal.allowed_channels):
            account = await self._account_of(row, principal.allowed_channels)
            row = await self._refreshed(row, account)
            if is_unfinished and row.status == TaskStatus.CANCELLED.value:
                return
            is_erased = await self._delete_upstream(row, account)
        await self._apply(row, source=Source.DELETE, is_erased=is_erased)

    async def remove(self, principal: Principal, task_id: str) -> None:
        """Removes a task; a queued one is cancelled first.

        Raises:
            SeedgateError: as ``delete``.
        """
        await self.delete(principal, task_id)
        try:
            row = (await load_task(self._context.sessions, principal.tenant_id, task_id)).row
        except NotFoundError:
            return
        if TaskStatus(row.status).is_final:
            # It is cancelled: the upstream refuses to delete it, and forgets it by itself a day later.
            await self._apply(row, source=Source.DELETE, is_erased=False)

    async def cancel(self, row: TaskRow, *, record: Callable[[AsyncSession], None]) -> None:
        """Cancels a queued task of any tenant for the operator, by the same rules as ``delete``.

        ``record`` adds the audit row to the transaction of the change.

        Raises:
            ConflictError: 409, it is over or running, or has no upstream id yet.
            ServiceUnavailableError: 503, the upstream could not be asked; nothing was changed.
        """
        _check_unfinished(row)
        account = await self._account_of(row)
        row = await self._refreshed(row, account)
        _check_unfinished(row)
        is_erased = await self._delete_upstream(row, account)
        await self._apply(row, source=Source.OPERATOR, is_erased=is_erased, record=record)

    async def _is_kept_upstream(self, row: TaskRow, allowed: frozenset[str] | None) -> bool:
        """Says whether the upstream may still have a finished task, and its channel exists.

        Raises:
            AccessDeniedError: 403, the key may not use the channel.
        """
        await self._refresh.account_of(row, allowed)
        is_kept = row.upstream_id is not None and row.created_at >= retention_cutoff(self._context.clock())
        return is_kept and await self._refresh.has_channel(row)

    async def _account_of(self, row: TaskRow, allowed: frozenset[str] | None = None) -> ArkAccount:
        if row.upstream_id is None:
            raise ConflictError(
                "InvalidAction", f"Cannot delete task `{public_id(row)}` because its submission is not concluded."
            )
        account = await self._refresh.account_of(row, allowed)
        if account is None:
            raise ServiceUnavailableError("The upstream channel of this task is not available. Please try again.")
        return account

    async def _refreshed(self, row: TaskRow, account: ArkAccount) -> TaskRow:
        """Returns the task's refreshed row; a running task is refused."""
        if not TaskStatus(row.status).is_final:
            await self._acquire(row, RateClass.INTERACTIVE_GET)
            try:
                await self._refresh.refresh(row, account)
            except UpstreamError as error:
                raise _to_error(error) from error
            row = (await load_task(self._context.sessions, row.tenant_id, row.id)).row
        if row.status == TaskStatus.RUNNING.value:
            raise ConflictError(
                "InvalidAction.RunningTaskDeletion",
                f"Cannot delete task `{public_id(row)}` because it is currently running.",
            )
        return row

    async def _delete_upstream(self, row: TaskRow, account: ArkAccount) -> bool:
        """Deletes a task upstream; returns whether it is gone there although it was not seen to have ended."""
        await self._acquire(row, RateClass.DELETE)
        try:
            await self._context.ark.delete(account, str(row.upstream_id))
        except UpstreamError as error:
            # The upstream refuses to delete a cancelled task, and removes it by itself a day later.
            if isinstance(error, UpstreamRejectedError) and (
                error.is_not_found or row.status == TaskStatus.CANCELLED.value
            ):
                return error.is_not_found
            raise _to_error(error) from error
        return not TaskStatus(row.status).is_final and self._may_have_ended(row) and await self._is_gone(row, account)

    def _may_have_ended(self, row: TaskRow) -> bool:
        """Says whether an unfinished task may have ended since the upstream was last asked about it."""
        return row.polled_at is None or self._context.clock() - row.polled_at >= _SHORTEST_TASK

    async def _is_gone(self, row: TaskRow, account: ArkAccount) -> bool:
        """Asks whether a task was removed instead of cancelled; without an answer it may have been."""
        try:
            await self._acquire(row, RateClass.INTERACTIVE_GET)
            await self._context.ark.get(account, str(row.upstream_id))
        except (UpstreamError, ServiceUnavailableError):
            return True
        return False

    async def _acquire(self, row: TaskRow, rate_class: RateClass) -> None:
        if not await self._context.rates.acquire(
            str(row.channel_id), rate_class, timeout_seconds=_TOKEN_TIMEOUT_SECONDS
        ):
            raise ServiceUnavailableError("The upstream is busy. Please try again.")

    async def _apply(
        self,
        deleted: TaskRow,
        *,
        source: Source,
        is_erased: bool,
        record: Callable[[AsyncSession], None] | None = None,
    ) -> None:
        pricing = await self._context.pricing.current()
        now = self._context.clock()
        async with self._ready_answers.deletion() as deletion, self._context.sessions.begin() as session:
            row = await TaskRepository(session, deleted.tenant_id).find(deleted.id, is_locked=True)
            if row is None:
                return
            if TaskStatus(deleted.status).is_final:
                row.deleted_at = now
                row.next_poll_at = None
                await deletion.announce(session, row)
                await release_copies(session, row.tenant_id, [row.id], now=now)
            else:
                apply_cancellation(session, row, pricing=pricing, source=source, now=now, is_erased=is_erased)
            if record is not None:
                record(session)


def _check_unfinished(row: TaskRow) -> None:
    if TaskStatus(row.status).is_final:
        raise ConflictError("InvalidAction", f"The task is {row.status} already.")


def _to_error(error: UpstreamError) -> SeedgateError:
    client_error = to_client_error(error)
    if isinstance(error, UpstreamRejectedError):
        client_error.is_retry_refused = True
    return client_error
