"""The list of orphans: upstream tasks without an owner that a create of unknown outcome may have made.

It is for the operator only; tenants never see it.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.tasks.models import OrphanRow, TaskRow
from app.tasks.recovery.account_snapshot import ListedTask, to_listed
from app.tasks.recovery.repository import AllIntents
from app.tasks.responses import to_tier

_BATCH = 1000
# A complete list may lack a task for a moment, but not for a day.
_GONE_AFTER = timedelta(days=1)
# The upstream forgets a task after seven days.
_FORGOTTEN_AFTER = timedelta(days=8)


OrphanKey = tuple[str, str]
"""A channel and an upstream id."""

FIRST: OrphanKey = ("", "")
"""A position before all orphans."""


class Orphans:
    """Writes the list of orphans, in the transaction of ``session``."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def ids_of(self, channel_id: str) -> set[str]:
        """Returns the upstream ids of a channel's orphans."""
        query = select(OrphanRow.upstream_id).where(OrphanRow.channel_id == channel_id)
        return set(await self._session.scalars(query))

    async def note(self, channel_id: str, found: Iterable[ListedTask], *, now: datetime) -> None:
        """Adds upstream tasks that have no owner at this moment, or updates their rows."""
        rows = [
            {
                "channel_id": channel_id,
                "upstream_id": task.id,
                "model": task.model,
                "service_tier": task.service_tier,
                "status": task.status,
                "created_at": task.created_at or now,
                "first_seen_at": now,
                "last_seen_at": now,
            }
            for task in sorted(found, key=lambda task: task.id)
        ]
        for start in range(0, len(rows), _BATCH):
            statement = insert(OrphanRow).values(rows[start : start + _BATCH])
            changed = {name: statement.excluded[name] for name in ("model", "status", "last_seen_at")}
            keys = [OrphanRow.channel_id, OrphanRow.upstream_id]
            await self._session.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed))

    async def remove(self, upstream_id: str) -> None:
        """Removes an upstream task that has an owner now."""
        await self._session.execute(delete(OrphanRow).where(OrphanRow.upstream_id == upstream_id))

    async def remove_owned(self, after: OrphanKey, *, limit: int) -> OrphanKey:
        """Removes orphans that were given an owner by other means, such as the create's own late answer.

        Args:
            after: the position that the last call returned; ``FIRST`` for the first.
            limit: how many are checked: other clients of the account may cause any number of orphans.

        Returns:
            Where the next call begins.
        """
        key = (OrphanRow.channel_id, OrphanRow.upstream_id)
        query = select(*key).where(tuple_(*key) > after).order_by(*key).limit(limit)
        checked = (await self._session.execute(query)).all()
        owned = await AllIntents(self._session).owned({upstream_id for _, upstream_id in checked})
        if owned:
            await self._session.execute(delete(OrphanRow).where(OrphanRow.upstream_id.in_(owned)))
        return (checked[-1].channel_id, checked[-1].upstream_id) if len(checked) == limit else FIRST

    async def remove_forgotten(self, *, now: datetime) -> None:
        """Removes orphans that the upstream no longer keeps."""
        await self._session.execute(delete(OrphanRow).where(OrphanRow.created_at < now - _FORGOTTEN_AFTER))

    async def remove_gone(self, channel_id: str, *, now: datetime) -> None:
        """Removes a channel's orphans that were in no list for a day; called after a complete list."""
        is_gone = OrphanRow.last_seen_at < now - _GONE_AFTER
        await self._session.execute(delete(OrphanRow).where(OrphanRow.channel_id == channel_id, is_gone))


async def keep_as_orphan(session: AsyncSession, row: TaskRow, task: dict[str, Any], *, now: datetime) -> None:
    """Lists a paid task as an orphan, because its intent has ended without it or was given another task.

    Args:
        session: the session of the open transaction.
        row: the intent.
        task: the upstream's JSON of it.
        now: the present moment.
    """
    found = to_listed(task, to_tier(task.get("service_tier")) or row.service_tier)
    await Orphans(session).note(str(row.channel_id), [found], now=now)
