"""Deleting a task: cancel it while it is queued, remove it when it is over."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.channels.errors import to_client_error
from app.errors import ConflictError, SeedgateError, ServiceUnavailableError
from app.tasks.models import TaskRow, TaskStatus
from app.tasks.polling.refresh import TaskRefresh
from app.tasks.repository import TaskRepository, load_task
from app.tasks.responses import public_id
from app.tasks.state import Source, apply_cancellation, retention_cutoff
from app.tenants.principal import Principal
from app.upstream.ark import ArkClient
from app.upstream.credentials import ArkAccount
from app.upstream.errors import UpstreamError, UpstreamRejectedError
from app.upstream.rate_limits import RateClass, RateLimiter

_TOKEN_TIMEOUT_SECONDS = 2.0


class TaskDeletion:
    """Deletes tasks upstream and turns their rows into tombstones."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        looker: TaskRefresh,
        ark: ArkClient,
        rates: RateLimiter,
        clock: Callable[[], datetime],
    ) -> None:
        self._sessions = sessions
        self._looker = looker
        self._ark = ark
        self._rates = rates
        self._clock = clock

    async def delete(self, principal: Principal, task_id: str) -> None:
        """Cancels a queued task, removes a finished one.

        The mirror is first brought to the upstream's state, so that the usage of a task that has just finished
        is not lost with the upstream's record of it. For the same reason a task that is found running is
        refused here, in the upstream's words, instead of being sent a delete that would reach it when finished.

        A delete whose answer was lost can be repeated: a task that it cancelled is found so and left as it is, and one
        that it removed is not found any more, which counts as done.

        Raises:
            NotFoundError: 404, no such task of this tenant.
            AccessDeniedError: 403, the key may not use the task's channel.
            ConflictError: 409, it is running, or has no upstream id yet.
            ServiceUnavailableError: 503, the upstream could not be asked, or its answer was lost.
        """
        row = (await load_task(self._sessions, principal.tenant_id, task_id)).row
        is_unfinished = not TaskStatus(row.status).is_final
        if is_unfinished or await self._is_kept_upstream(row, principal.allowed_channels):
            account = await self._account_of(row, principal.allowed_channels)
            row = await self._up_to_date(row, account)
            if is_unfinished and row.status == TaskStatus.CANCELLED.value:
                return
            await self._delete_upstream(row, account)
        await self._apply(row, source=Source.DELETE)

    async def cancel(self, row: TaskRow, *, record: Callable[[AsyncSession], None]) -> None:
        """Cancels a queued task of any tenant at the operator's word, by the same rules as its own tenant's delete.

        Args:
            row: the task.
            record: adds the audit row to the transaction of the change.

        Raises:
            ConflictError: 409, it is over or running, or has no upstream id yet.
            ServiceUnavailableError: 503, the upstream could not be asked; nothing was changed.
        """
        _check_unfinished(row)
        account = await self._account_of(row)
        row = await self._up_to_date(row, account)
        _check_unfinished(row)
        await self._delete_upstream(row, account)
        await self._apply(row, source=Source.OPERATOR, record=record)

    async def _is_kept_upstream(self, row: TaskRow, allowed: frozenset[str] | None) -> bool:
        """Whether the upstream may still have a finished task, and we a channel to reach it by."""
        await self._looker.account_of(row, allowed)
        is_remembered = row.upstream_id is not None and row.created_at >= retention_cutoff(self._clock())
        return is_remembered and await self._looker.has_channel(row)

    async def _account_of(self, row: TaskRow, allowed: frozenset[str] | None = None) -> ArkAccount:
        if row.upstream_id is None:
            raise ConflictError(
                "InvalidAction", f"Cannot delete task `{public_id(row)}` because its submission is not concluded."
            )
        account = await self._looker.account_of(row, allowed)
        if account is None:
            raise ServiceUnavailableError("The upstream channel of this task is not available. Please try again.")
        return account

    async def _up_to_date(self, row: TaskRow, account: ArkAccount) -> TaskRow:
        """Returns the row as the upstream sees the task now, unless it is running, which is refused."""
        if not TaskStatus(row.status).is_final:
            await self._look(row, account)
            row = (await load_task(self._sessions, row.tenant_id, row.id)).row
        if row.status == TaskStatus.RUNNING.value:
            raise ConflictError(
                "InvalidAction.RunningTaskDeletion",
                f"Cannot delete task `{public_id(row)}` because it is currently running.",
            )
        return row

    async def _look(self, row: TaskRow, account: ArkAccount) -> None:
        await self._take(row, RateClass.INTERACTIVE_GET)
        try:
            await self._looker.look(row, account)
        except UpstreamError as error:
            raise _to_error(error) from error

    async def _delete_upstream(self, row: TaskRow, account: ArkAccount) -> None:
        await self._take(row, RateClass.DELETE)
        try:
            await self._ark.delete(account, str(row.upstream_id))
        except UpstreamRejectedError as error:
            # The upstream refuses to delete a cancelled task, which it forgets by itself a day later.
            if error.is_not_found or row.status == TaskStatus.CANCELLED.value:
                return
            raise _to_error(error) from error
        except UpstreamError as error:
            raise _to_error(error) from error

    async def _take(self, row: TaskRow, kind: RateClass) -> None:
        if not await self._rates.acquire(str(row.channel_id), kind, timeout_seconds=_TOKEN_TIMEOUT_SECONDS):
            raise ServiceUnavailableError("The upstream is busy. Please try again.")

    async def _apply(
        self, deleted: TaskRow, *, source: Source, record: Callable[[AsyncSession], None] | None = None
    ) -> None:
        now = self._clock()
        async with self._sessions.begin() as session:
            row = await TaskRepository(session, deleted.tenant_id).find(deleted.id, is_locked=True)
            if row is None:
                return
            if TaskStatus(deleted.status).is_final:
                row.deleted_at = now
                row.next_look_at = None
            else:
                apply_cancellation(session, row, source=source, now=now)
            if record is not None:
                record(session)


def _check_unfinished(row: TaskRow) -> None:
    if TaskStatus(row.status).is_final:
        raise ConflictError("InvalidAction", f"The task is {row.status} already.")


def _to_error(error: UpstreamError) -> SeedgateError:
    if isinstance(error, UpstreamRejectedError):
        refusal = to_client_error(error)
        refusal.is_retry_refused = True
        return refusal
    return to_client_error(error)
