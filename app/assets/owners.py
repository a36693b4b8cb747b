"""Keeping a tenant and a channel from being deleted under what is being made for them."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.channels.models import ChannelRow
from app.tenants.models import TenantRow


async def hold_owners(session: AsyncSession, tenant_id: str, channel_id: str) -> bool:
    """Keeps a tenant and a channel from being deleted until the transaction ends; False: one of them is deleted."""
    query = (
        select(TenantRow.id)
        .join(ChannelRow, ChannelRow.id == channel_id)
        .where(TenantRow.id == tenant_id, TenantRow.deleted_at.is_(None), ChannelRow.deleted_at.is_(None))
        .with_for_update(read=True, key_share=True)
    )
    return await session.scalar(query) is not None
