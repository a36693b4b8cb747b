"""Sealing of every stored secret with the newest key, after which the old keys can be thrown away."""

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.channels.canary import CANARY_ID, reseal_canary
from app.channels.models import SealedCanaryRow
from app.channels.repository import ChannelRepository
from app.channels.sealing import SECRET_NAMES, apply_secret, open_secrets
from app.crypto import SealError, SecretBox


async def reseal(sessions: async_sessionmaker[AsyncSession], box: SecretBox) -> int:
    """Seals all secrets with the first key of ``box``, in one transaction; returns how many channels there are.

    Raises:
        SealError: a secret does not open with any of the keys; the text names its channel, and nothing is changed.
    """
    async with sessions.begin() as session:
        rows = await ChannelRepository(session).all(is_locked=True)
        for row in rows:
            try:
                secrets = open_secrets(box, row)
            except SealError as error:
                raise SealError(f"channel {row.name}: {error}") from error
            for name in SECRET_NAMES:
                apply_secret(box, row, name, getattr(secrets, name))
        canary = await session.get(SealedCanaryRow, CANARY_ID, with_for_update=True)
        if canary is not None:
            reseal_canary(box, canary)
    return len(rows)
