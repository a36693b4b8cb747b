"""``secrets reseal``: seals all stored secrets with the first sealing key, so that the other keys can be removed."""

import asyncio
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.channels.canary import CANARY_ID, check_canary, reseal_canary
from app.channels.channel_secrets import SECRET_NAMES, apply_secret, open_secrets
from app.channels.models import SealedCanaryRow
from app.channels.repository import ChannelRepository
from app.cli.database import opened_database
from app.cli.exit_codes import MISCONFIGURED, SCHEMA_OUTDATED, say, stop
from app.cli.friendly_errors import friendly_errors
from app.cli.process_settings import read_settings
from app.core.sealing import SealError, SecretBox
from app.db.engine import open_engine, session_factory
from app.db.schema_version import schema_state
from app.tenants.key_service import reseal_signing_keys
from app.webhooks.secrets import reseal_secrets


@dataclass(frozen=True)
class Resealed:
    """How many rows hold sealed secrets: credentials, secrets that sign deliveries, secrets of signing keys."""

    channels: int
    tenants: int
    keys: int


def reseal_all() -> None:
    """Reseals the secrets of the configured or embedded database, and prints how many there are."""
    settings = read_settings()
    if settings.secret_key is None:
        stop("SEEDGATE_SECRET_KEY is required: the new key, a comma, the old one", MISCONFIGURED)
    with friendly_errors(), opened_database(settings) as database:
        box = SecretBox.from_text(settings.secret_key.get_secret_value())
        done = asyncio.run(_reseal(database.url, box))
    message = f"The secrets of {done.channels} channels, {done.tenants} tenants and {done.keys} keys"
    say(f"{message} are sealed with key {box.sealing_key_id}.")


async def reseal(sessions: async_sessionmaker[AsyncSession], box: SecretBox) -> Resealed:
    """Seals all secrets with the first key of ``box``, in one transaction.

    Raises:
        SealError: a secret does not open with any of the keys; the text names its owner, and nothing is changed.
    """
    async with sessions.begin() as session:
        channels = await _reseal_channels(session, box)
        tenants = await reseal_secrets(session, box)
        keys = await reseal_signing_keys(session, box)
        canary = await session.get(SealedCanaryRow, CANARY_ID, with_for_update=True)
        if canary is not None:
            reseal_canary(box, canary)
    return Resealed(channels=channels, tenants=tenants, keys=keys)


async def _reseal(url: str, box: SecretBox) -> Resealed:
    engine = open_engine(url)
    try:
        if not (await schema_state(engine)).is_current:
            stop("the database schema is outdated: run `seedgate migrate`", SCHEMA_OUTDATED)
        sessions = session_factory(engine)
        await check_canary(sessions, box)
        return await reseal(sessions, box)
    finally:
        await engine.dispose()


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
