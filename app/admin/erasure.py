"""Removes the content of deleted tenants, in small steps: here at once, upstream as fast as the accounts allow.

``DELETE /admin/v1/tenants/{id}?erase=true`` asks for it.
"""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.archive.repository import AllCopies
from app.assets.erasure import AssetErasure
from app.audit.log import Actor, record
from app.tasks.retention import TaskRetention
from app.tenants.changes import target_of
from app.tenants.models import TenantRow
from app.webhooks.repository import remove_messages

KEPT = (
    "usage and its cost",
    "the audit log",
    "the id and the name of the tenant and of its keys",
    "at the upstream: its own records of the tasks for seven days, and their clips for one day",
)
"""What stays after an erasure, for the operator."""

_ACTOR = Actor("erasure", None)

_log = structlog.get_logger()


class TenantErasure:
    """Erases the tenants whose erasure was requested. Any number of processes may run one."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        clock: Callable[[], datetime],
        *,
        tasks: TaskRetention,
        assets: AssetErasure,
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._tasks = tasks
        self._assets = assets

    async def run_once(self) -> None:
        """Removes what there is to remove; a tenant with objects left upstream continues in the next run."""
        wanted = select(TenantRow.id).where(TenantRow.erase_requested_at.is_not(None), TenantRow.erased_at.is_(None))
        async with self._sessions() as session:
            tenant_ids = (await session.scalars(wanted)).all()
        for tenant_id in tenant_ids:
            try:
                await self._erase(tenant_id)
            except Exception as error:  # noqa: BLE001 - one tenant's error must not stop the others
                _log.warning("erasure_failed", tenant=tenant_id, error=repr(error))

    async def _erase(self, tenant_id: str) -> None:
        while await self._tasks.remove_of(tenant_id, now=self._clock()):
            pass
        await self._assets.erase(tenant_id)
        async with self._sessions.begin() as session:
            copies = await AllCopies(session).count_of(tenant_id)
            if copies:
                # Without the archive that they are in, they cannot be deleted, and the erasure is not done.
                _log.info("erasure_waits_for_copies", tenant=tenant_id, copies=copies)
            await remove_messages(session, tenant_id)
            row = await session.get_one(TenantRow, tenant_id, with_for_update=True)
            row.details = {}
            if row.erased_at is not None or copies:
                return
            left = await self._assets.conclude(session, tenant_id)
            if left is None:
                return
            row.erased_at = self._clock()
            detail = {"left_upstream": [asdict(each) for each in left]} if left else {}
            record(session, _ACTOR, "tenant.erased", target_of(row), at=row.erased_at, **detail)
        if left:
            _log.warning("erasure_incomplete_upstream", tenant=tenant_id, channels=[each.channel_id for each in left])
