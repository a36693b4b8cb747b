"""All stored secrets are sealed with a new key, in one transaction."""

from dataclasses import dataclass

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from app.audit.log import Actor
from app.channels.canary import check_canary
from app.channels.channel_secrets import SECRET_NAMES, apply_secret, open_secrets
from app.channels.models import ChannelRow
from app.cli.reseal import Resealed, reseal
from app.core.sealing import SealError, SecretBox, generate_key
from app.db.base import utc_now
from app.db.engine import session_factory
from app.tenants.key_service import KeyService
from app.tenants.service import TenantService
from app.tenants.stored_key import load_signers
from app.webhooks.secrets import secret_of
from tests.support.channel_app import everything_stored

ACTOR = Actor("test", None)
CHANNEL_SECRETS = {name: f"plain {name}" for name in SECRET_NAMES}
SEALED_COLUMNS = text(
    "SELECT table_name, column_name FROM information_schema.columns"
    " WHERE table_schema = 'public' AND column_name LIKE '%sealed'"
)

Sessions = async_sessionmaker[AsyncSession]


@dataclass
class Sealed:
    """One secret of each kind, in the clear."""

    channel_id: str
    tenant_id: str
    key_id: str
    access_key_id: str
    secret_access_key: str
    webhook_secret: str


@pytest.fixture
def sessions(engine: AsyncEngine, clean_database: None) -> Sessions:
    return session_factory(engine)


async def seal_everything(sessions: Sessions, box: SecretBox) -> Sealed:
    await check_canary(sessions, box)
    tenants, keys = TenantService(sessions, utc_now), KeyService(sessions, utc_now, box)
    tenant = await tenants.create_tenant(ACTOR, name="t")
    key = (await keys.create(ACTOR, tenant.id, name="k")).row
    pair = await keys.issue_signing_key(ACTOR, key.id)
    urls = {"ark_base_url": "https://ark.example.com/api/v3", "openapi_url": "https://open.example.com"}
    channel = ChannelRow(id="ch_1", name="main", **urls, region="", projects=[])
    channel.exclusive, channel.models, channel.priority, channel.weight, channel.status = False, {}, 0, 1, "active"
    for name, secret in CHANNEL_SECRETS.items():
        apply_secret(box, channel, name, secret)
    async with sessions.begin() as session:
        session.add(channel)
        webhook_secret = await secret_of(session, box, tenant.id, now=utc_now())
    return Sealed(channel.id, tenant.id, key.id, str(pair.row.access_key_id), pair.secret, webhook_secret)


async def sealing_keys(sessions: Sessions) -> dict[str, set[str]]:
    """Returns the ids of the sealing keys of each sealed column."""
    found = {}
    async with sessions() as session:
        for table, column in (await session.execute(SEALED_COLUMNS)).all():
            values = await session.scalars(text(f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL"))
            found[f"{table}.{column}"] = {value.split(":")[1] for value in values}
    return found


async def test_every_sealed_column_of_the_schema_is_resealed(sessions: Sessions) -> None:
    old, new = generate_key(), generate_key()
    await seal_everything(sessions, SecretBox.from_text(old))
    before = await sealing_keys(sessions)
    both = SecretBox.from_text(f"{new},{old}")

    assert await reseal(sessions, both) == Resealed(channels=1, tenants=1, keys=1)

    assert len(before) >= len(SECRET_NAMES) + 3
    assert set(map(tuple, before.values())) == {(SecretBox.from_text(old).sealing_key_id,)}
    assert set(map(tuple, (await sealing_keys(sessions)).values())) == {(both.sealing_key_id,)}


async def test_afterwards_the_old_key_is_not_needed(sessions: Sessions) -> None:
    old, new = generate_key(), generate_key()
    sealed = await seal_everything(sessions, SecretBox.from_text(old))
    only_new = SecretBox.from_text(new)

    await reseal(sessions, SecretBox.from_text(f"{new},{old}"))

    await check_canary(sessions, only_new)
    async with sessions.begin() as session:
        channel = await session.get_one(ChannelRow, sealed.channel_id)
        secrets = open_secrets(only_new, channel)
        signer = (await load_signers(session, [sealed.access_key_id], box=only_new))[sealed.access_key_id]
        webhook_secret = await secret_of(session, only_new, sealed.tenant_id, now=utc_now())
    assert {name: getattr(secrets, name) for name in SECRET_NAMES} == CHANNEL_SECRETS
    assert signer.secret_access_key == sealed.secret_access_key
    assert webhook_secret == sealed.webhook_secret
    with pytest.raises(SealError):
        await check_canary(sessions, SecretBox.from_text(old))


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        ("UPDATE channels SET ark_api_key_sealed = 'v1:00000000:'", "channel main"),
        ("UPDATE webhook_secrets SET secret_sealed = 'v1:00000000:'", "webhook secret of tenant {tenant_id}"),
        ("UPDATE api_keys SET secret_access_key_sealed = 'v1:00000000:'", "signing key of API key {key_id}"),
    ],
)
async def test_a_secret_that_does_not_open_is_named_and_nothing_is_changed(
    sessions: Sessions, spoil: str, told: str
) -> None:
    old, new = generate_key(), generate_key()
    sealed = await seal_everything(sessions, SecretBox.from_text(old))
    async with sessions.begin() as session:
        await session.execute(text(spoil))
    before = await everything_stored(sessions)

    with pytest.raises(SealError, match=told.format(**vars(sealed))):
        await reseal(sessions, SecretBox.from_text(f"{new},{old}"))

    assert await everything_stored(sessions) == before
