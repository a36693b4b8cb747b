"""What lives on a channel, whosever it is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.assets.models import AssetGroupRow, AssetRow, CreateIntentRow
from app.assets.repository import CREATE_IS_UNDER_WAY
from app.tasks.models import TaskRow, TaskStatus

_FINAL = [status.value for status in TaskStatus if status.is_final]
# A cancelled task vanishes upstream a day later, and one that the upstream does not know ends here as expired.
_NOT_KEPT_UPSTREAM = [TaskStatus.CANCELLED.value, TaskStatus.EXPIRED.value]


@dataclass(frozen=True)
class LiveObject:
    """Something that the upstream should know.

    Attributes:
        id: the upstream's id.
        created_at: when it was made.
        project_name: the project that holds an asset or group; None for a task.
    """

    id: str
    created_at: datetime
    project_name: str | None = None


class ChannelContents:
    """The rows of all tenants that live on one channel, for the operator."""

    def __init__(self, session: AsyncSession, channel_id: str) -> None:
        self._session = session
        self._channel_id = channel_id

    async def newest_task(self, *, created_after: datetime) -> LiveObject | None:
        """Returns the newest task that the upstream must still have and nobody deleted, or None."""
        query = (
            select(TaskRow.upstream_id, TaskRow.created_at)
            .where(
                TaskRow.channel_id == self._channel_id,
                TaskRow.upstream_id.is_not(None),
                TaskRow.deleted_at.is_(None),
                TaskRow.created_at > created_after,
                TaskRow.status.not_in(_NOT_KEPT_UPSTREAM),
            )
            .order_by(TaskRow.created_at.desc())
        )
        return await self._first(query)

    async def newest_asset(self) -> LiveObject | None:
        """Returns the newest asset that is neither deleted nor missing upstream, or None."""
        query = (
            select(AssetRow.id, AssetRow.created_at, AssetRow.project_name)
            .where(
                AssetRow.channel_id == self._channel_id,
                AssetRow.deleted_at.is_(None),
                AssetRow.missing_since.is_(None),
            )
            .order_by(AssetRow.created_at.desc())
        )
        return await self._first(query)

    async def newest_group(self) -> LiveObject | None:
        """Returns the newest asset group that is neither deleted nor missing upstream, or None."""
        query = (
            select(AssetGroupRow.id, AssetGroupRow.created_at, AssetGroupRow.project_name)
            .where(
                AssetGroupRow.channel_id == self._channel_id,
                AssetGroupRow.deleted_at.is_(None),
                AssetGroupRow.missing_since.is_(None),
            )
            .order_by(AssetGroupRow.created_at.desc())
        )
        return await self._first(query)

    async def _first(self, query: Select[*tuple[Any, ...]]) -> LiveObject | None:
        row = (await self._session.execute(query.limit(1))).first()
        return None if row is None else LiveObject(*row)


async def find_dependent(session: AsyncSession, channel_id: str) -> str | None:
    """Says what keeps a channel from being deleted, such as ``3 unfinished tasks``; None: nothing does."""
    tasks = select(func.count()).where(
        TaskRow.channel_id == channel_id, TaskRow.status.not_in(_FINAL), TaskRow.deleted_at.is_(None)
    )
    groups = select(func.count()).where(AssetGroupRow.channel_id == channel_id, AssetGroupRow.deleted_at.is_(None))
    assets = select(func.count()).where(AssetRow.channel_id == channel_id, AssetRow.deleted_at.is_(None))
    creates = select(func.count()).where(CreateIntentRow.channel_id == channel_id, CREATE_IS_UNDER_WAY)
    counted = {
        "unfinished tasks": tasks,
        "asset groups": groups,
        "assets": assets,
        "creates of assets under way": creates,
    }
    found = [f"{count} {name}" for name, query in counted.items() if (count := await session.scalar(query))]
    return " and ".join(found) or None
