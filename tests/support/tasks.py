"""Rows of tasks, for tests of features that only need tasks to exist."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.db.base import utc_now
from app.ids import new_id
from app.tasks.models import TaskRow, TaskStatus


async def add_task(
    sessions: async_sessionmaker[AsyncSession],
    key: dict[str, Any],
    status: TaskStatus,
    *,
    is_deleted: bool = False,
) -> None:
    """Adds a task in a state to the tenant of a key."""
    now = utc_now()
    async with sessions.begin() as session:
        session.add(
            TaskRow(
                tenant_id=key["tenant_id"],
                id=new_id("task"),
                key_id=key["id"],
                model="m",
                upstream_model="m",
                service_tier="default",
                status=status.value,
                parameters={},
                request_hash=b"",
                created_at=now,
                updated_at=now,
                deleted_at=now if is_deleted else None,
            )
        )
