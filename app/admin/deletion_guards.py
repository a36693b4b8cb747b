"""What prevents the deletion of a tenant or a channel: unfinished tasks, open creates, stored objects."""

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.assets.models import AssetGroupRow, AssetRow, CreateIntentRow
from app.assets.repository import CREATE_IS_UNDER_WAY
from app.tasks.models import TaskRow, TaskStatus
from app.tasks.repository import has_status

IS_UNFINISHED = has_status([status for status in TaskStatus if not status.is_final])
"""The condition that a task may still cost money."""


async def count_unfinished(session: AsyncSession, tenant_id: str) -> int:
    """Returns the number of a tenant's tasks that may still cost money, plus its open creates of groups and assets."""
    tasks = _count(TaskRow.tenant_id == tenant_id, IS_UNFINISHED, TaskRow.deleted_at.is_(None))
    creates = _count(CreateIntentRow.tenant_id == tenant_id, CREATE_IS_UNDER_WAY)
    return (await session.scalar(tasks) or 0) + (await session.scalar(creates) or 0)


async def find_dependent(session: AsyncSession, channel_id: str) -> str | None:
    """Returns what prevents the deletion of a channel, such as ``3 unfinished tasks``, or None."""
    counted = {
        "unfinished tasks": _count(TaskRow.channel_id == channel_id, IS_UNFINISHED, TaskRow.deleted_at.is_(None)),
        "asset groups": _count(AssetGroupRow.channel_id == channel_id, AssetGroupRow.deleted_at.is_(None)),
        "assets": _count(AssetRow.channel_id == channel_id, AssetRow.deleted_at.is_(None)),
        "creates of assets under way": _count(CreateIntentRow.channel_id == channel_id, CREATE_IS_UNDER_WAY),
    }
    found = [f"{count} {name}" for name, query in counted.items() if (count := await session.scalar(query))]
    return " and ".join(found) or None


def _count(*conditions: ColumnElement[bool]) -> Select[int]:
    return select(func.count()).where(*conditions)
