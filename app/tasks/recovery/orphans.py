"""The list of upstream tasks that nobody owns and that a create of unknown outcome may have made.

It is the operator's alone: nothing of it is ever shown to a tenant.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.tasks.models import OrphanRow
from app.tasks.recovery.account_snapshot import ListedTask
from app.tasks.recovery.repository import AllIntents

_BATCH = 1000
# A complete list may lack a task for a moment, after a day it has lacked it for good.
_GONE_AFTER = timedelta(days=1)
# The upstream forgets a task after seven days.
_FORGOTTEN_AFTER = timedelta(days=8)


OrphanKey = tuple[str, str]
"""A channel and an upstream id."""

FIRST: OrphanKey = ("", "")
"""Before every orphan."""


class Orphans:
    """Writes the list of orphans, in the transaction of ``session``."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def ids_of(self, channel_id: str) -> set[str]:
        """Returns the upstream ids of a channel's orphans."""
        query = select(OrphanRow.upstream_id).where(OrphanRow.channel_id == channel_id)
        return set(await self._session.scalars(query))

    async def note(self, channel_id: str, found: Iterable[ListedTask], *, now: datetime) -> None:
        """Adds upstream tasks, or brings them up to date; nobody owns them at this moment."""
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
        """Removes one that has found its owner."""
        await self._session.execute(delete(OrphanRow).where(OrphanRow.upstream_id == upstream_id))

    async def remove_owned(self, after: OrphanKey, *, limit: int) -> OrphanKey:
        """Removes those that found their owner on another way, such as the create's own late answer.

        Args:
            after: where the last call ended; ``FIRST`` begins anew.
            limit: how many are looked at: the account of others may bring any number of them.

        Returns:
            Where the next call goes on.
        """
        key = (OrphanRow.channel_id, OrphanRow.upstream_id)
        query = select(*key).where(tuple_(*key) > after).order_by(*key).limit(limit)
        looked_at = (await self._session.execute(query)).all()
        owned = await AllIntents(self._session).owned({upstream_id for _, upstream_id in looked_at})
        if owned:
            await self._session.execute(delete(OrphanRow).where(OrphanRow.upstream_id.in_(owned)))
        return (looked_at[-1].channel_id, looked_at[-1].upstream_id) if len(looked_at) == limit else FIRST

    async def remove_forgotten(self, *, now: datetime) -> None:
        """Removes those that the upstream itself has certainly forgotten."""
        await self._session.execute(delete(OrphanRow).where(OrphanRow.created_at < now - _FORGOTTEN_AFTER))

    async def remove_gone(self, channel_id: str, *, now: datetime) -> None:
        """Removes those of a channel that complete lists have lacked for a day; called after a complete one."""
        is_gone = OrphanRow.last_seen_at < now - _GONE_AFTER
        await self._session.execute(delete(OrphanRow).where(OrphanRow.channel_id == channel_id, is_gone))
