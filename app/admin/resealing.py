"""Sealing of every stored secret with the newest key, after which the old keys can be thrown away."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.channels.canary import CANARY_ID, reseal_canary
from app.channels.channel_secrets import SECRET_NAMES, apply_secret, open_secrets
from app.channels.models import SealedCanaryRow
from app.channels.repository import ChannelRepository
from app.core.sealing import SealError, SecretBox
from app.tenants.signing_secrets import reseal_signing_keys
from app.webhooks.secrets import reseal_secrets


@dataclass(frozen=True)
class Resealed:
    """How many rows hold sealed secrets.

    Attributes:
        channels: their credentials.
        tenants: what signs their deliveries.
        keys: what their owners sign requests with.
    """

    channels: int
    tenants: int
    keys: int


async def reseal(sessions: async_sessionmaker[AsyncSession], box: SecretBox) -> Resealed:
    """Seals all secrets with the first key of ``box``, in one transaction; returns whose they are.

    Raises:
        SealError: a secret does not open with any of the keys; the text names whose it is, and nothing is changed.
    """
    async with sessions.begin() as session:
        channels = await _reseal_channels(session, box)
        tenants = await reseal_secrets(session, box)
        keys = await reseal_signing_keys(session, box)
        canary = await session.get(SealedCanaryRow, CANARY_ID, with_for_update=True)
        if canary is not None:
            reseal_canary(box, canary)
    return Resealed(channels=channels, tenants=tenants, keys=keys)


async def _reseal_channels(session: AsyncSession, box: SecretBox) -> int:
    rows = await ChannelRepository(session).all(is_locked=True)
    for row in rows:
        try:
            secrets = open_secrets(box, row)
        except SealError as error:
            raise SealError(f"channel {row.name}: {error}") from error
        for name in SECRET_NAMES:
            apply_secret(box, row, name, getattr(secrets, name))
    return len(rows)
