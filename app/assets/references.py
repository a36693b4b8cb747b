"""Whose are the assets that a task refers to, and where do they live."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from app.assets.models import AssetStatus
from app.assets.repository import AssetRepository


@dataclass(frozen=True)
class ResolvedAsset:
    """An asset of the asking tenant.

    Attributes:
        id: the upstream's id.
        channel_id: the only channel on which a task can use it.
        status: as last known.
    """

    id: str
    channel_id: str
    status: AssetStatus


async def resolve_assets(session: AsyncSession, tenant_id: str, asset_ids: Iterable[str]) -> dict[str, ResolvedAsset]:
    """Returns those of the assets that the tenant owns and has not deleted; the others are simply absent."""
    wanted = set(asset_ids)
    if not wanted:
        return {}
    rows = await AssetRepository(session, tenant_id).find_assets(wanted)
    return {row.id: ResolvedAsset(row.id, row.channel_id, AssetStatus(row.status)) for row in rows}
