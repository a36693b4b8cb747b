"""Row locks that keep a tenant and a channel from being deleted while something is created for them."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.channels.models import ChannelRow
from app.errors import NoChannelError
from app.tenants.models import TenantRow


async def lock_owners(session: AsyncSession, tenant_id: str, channel_id: str) -> None:
    """Keeps a tenant and a channel from being deleted until the transaction ends.

    A deletion that waits for the lock sees what the transaction has written.

    Raises:
        NoChannelError: 503, one of them is deleted.
    """
    query = (
        select(TenantRow.id)
        .join(ChannelRow, ChannelRow.id == channel_id)
        .where(TenantRow.id == tenant_id, TenantRow.deleted_at.is_(None), ChannelRow.deleted_at.is_(None))
        .with_for_update(read=True, key_share=True)
    )
    if await session.scalar(query) is None:
        raise NoChannelError
