"""What keeps a tenant from being deleted."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.assets.models import CreateIntentRow
from app.assets.repository import CREATE_IS_UNDER_WAY
from app.tasks.models import TaskRow, TaskStatus

_FINAL = [status.value for status in TaskStatus if status.is_final]


async def count_unfinished(session: AsyncSession, tenant_id: str) -> int:
    """Returns how many tasks of a tenant may still cost money, and how many creates of groups and assets are open."""
    tasks = (
        select(func.count())
        .select_from(TaskRow)
        .where(TaskRow.tenant_id == tenant_id, TaskRow.status.not_in(_FINAL), TaskRow.deleted_at.is_(None))
    )
    creates = select(func.count()).where(CreateIntentRow.tenant_id == tenant_id, CREATE_IS_UNDER_WAY)
    return (await session.scalar(tasks) or 0) + (await session.scalar(creates) or 0)
