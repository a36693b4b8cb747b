"""What keeps a tenant from being deleted."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.tasks.models import TaskRow, TaskStatus

_FINAL = [status.value for status in TaskStatus if status.is_final]


async def count_unfinished_tasks(session: AsyncSession, tenant_id: str) -> int:
    """Returns how many tasks of a tenant are not in a final state; they may still cost money."""
    query = (
        select(func.count())
        .select_from(TaskRow)
        .where(TaskRow.tenant_id == tenant_id, TaskRow.status.not_in(_FINAL), TaskRow.deleted_at.is_(None))
    )
    return await session.scalar(query) or 0
