"""Counts of what tenants have, for one page of them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.admin.deletion_guards import IS_UNFINISHED
from app.admin.schemas import TenantCounts
from app.tasks.models import TaskRow
from app.tenants.repository import AllKeys


async def count_of_tenants(
    session: AsyncSession, tenant_ids: Sequence[str], *, now: datetime
) -> dict[str, TenantCounts]:
    """Returns the counts of each tenant.

    The cost depends on the number of all unfinished tasks and of these tenants' keys, not on the tasks that have ended.
    """
    unfinished = (
        select(TaskRow.tenant_id, func.count())
        .where(IS_UNFINISHED, TaskRow.tenant_id.in_(tenant_ids), TaskRow.deleted_at.is_(None))
        .group_by(TaskRow.tenant_id)
    )
    keys = await AllKeys(session).count_working(tenant_ids, now=now)
    tasks = {tenant_id: count for tenant_id, count in await session.execute(unfinished)}  # noqa: C416 - a row is no pair to mypy
    return {
        tenant_id: TenantCounts(working_keys=keys.get(tenant_id, 0), unfinished_tasks=tasks.get(tenant_id, 0))
        for tenant_id in tenant_ids
    }
