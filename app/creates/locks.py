"""Row locks that keep a tenant and a channel from being deleted while something is created for them.

They also tell when the transactions that write its intents have ended.
"""

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


async def wait_for_open_intents(session: AsyncSession, tenant_id: str) -> None:
    """Waits until every transaction in which a tenant's intents have been written so far has ended.

    A server continues with a commit although its client no longer waits for the answer, and what it writes cannot be
    seen until then. All these transactions hold the lock of ``lock_owners``. End this one soon: it keeps the tenant's
    creates waiting.
    """
    await session.execute(select(TenantRow.id).where(TenantRow.id == tenant_id).with_for_update())
