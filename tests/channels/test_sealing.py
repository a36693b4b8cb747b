"""Upstream secrets are sealed for their row and column, and never come back out."""

from typing import NamedTuple

import pytest
from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from app.channels.canary import check_canary
from app.channels.models import ChannelRow
from app.channels.resealing import Resealed, reseal
from app.channels.sealing import SECRET_NAMES, ChannelSecrets, open_secrets
from app.crypto import SealError, SecretBox, generate_key
from app.db.base import utc_now
from app.db.engine import session_factory
from app.ids import new_id
from app.tenants.models import TenantRow, TenantStatus
from app.webhooks.secrets import secret_of
from tests.support.channel_app import ChannelApp, everything_stored, running_channel_app

SECRETS = {
    "ark_api_key": "plain-ark-key-1",
    "access_key_id": "AKLTplain0000000001",
    "secret_access_key": "plain-secret-key-1",
    "session_token": "plain-session-token-1",
}


class TenantWithSecret(NamedTuple):
    id: str
    secret: str


async def add_webhook_secret(sessions: async_sessionmaker[AsyncSession], box: SecretBox) -> TenantWithSecret:
    """Makes a tenant whose deliveries are signed."""
    now = utc_now()
    row = TenantRow(
        id=new_id("tenant"), name="t", status=TenantStatus.ACTIVE, details={}, created_at=now, updated_at=now
    )
    async with sessions.begin() as session:
        session.add(row)
        await session.flush()
        return TenantWithSecret(row.id, await secret_of(session, box, row.id, now=now))


async def test_no_secret_is_stored_in_the_clear_or_shown(app: ChannelApp) -> None:
    made = await app.http.post("/channels", json={"name": "main", **SECRETS})
    channel_id = made.json()["id"]
    answers = [
        made,
        await app.http.get(f"/channels/{channel_id}"),
        await app.http.get("/channels"),
        await app.http.patch(f"/channels/{channel_id}", json={**SECRETS, "weight": 2}),
        await app.http.patch(f"/channels/{channel_id}", json={"secret_access_key": SECRETS["secret_access_key"]}),
        await app.http.post("/channels", json={"name": "main", **SECRETS}),
        await app.http.post("/channels", json={"name": "other", **SECRETS, "unknown": 1}),
        await app.http.post("/channels", json={"name": "other", "ark_api_key": "plain-ark-key-1 "}),
        await app.http.get("/audit"),
    ]
    assert [answer.status_code for answer in answers] == [201, 200, 200, 200, 400, 409, 400, 400, 200]

    stored = await everything_stored(app.sessions)
    assert "main" in stored
    for secret in SECRETS.values():
        assert secret not in stored
        assert all(secret not in answer.text for answer in answers)
    shown = answers[1].json()
    assert (shown["has_ark_api_key"], shown["has_access_key"], shown["has_session_token"]) == (True, True, True)
    assert not [name for name in shown if name in SECRETS or "sealed" in name]


@pytest.mark.parametrize("column", [f"{name}_sealed" for name in SECRET_NAMES])
async def test_a_sealed_value_copied_to_another_row_does_not_open(app: ChannelApp, column: str) -> None:
    first = await app.channel(name="first", **SECRETS)
    second = await app.channel(name="second", **SECRETS)
    async with app.sessions.begin() as session:
        sealed = await session.scalar(text(f"SELECT {column} FROM channels WHERE id = :id"), {"id": first["id"]})
        await session.execute(
            text(f"UPDATE channels SET {column} = :sealed WHERE id = :id"), {"sealed": sealed, "id": second["id"]}
        )

    with pytest.raises(SealError):
        open_secrets(app.box, await app.channels.get(second["id"]))
    assert open_secrets(app.box, await app.channels.get(first["id"])).ark_api_key == SECRETS["ark_api_key"]


async def test_a_sealed_value_copied_to_another_column_does_not_open(app: ChannelApp) -> None:
    channel = await app.channel(**SECRETS)
    async with app.sessions.begin() as session:
        await session.execute(update(ChannelRow).values(ark_api_key_sealed=ChannelRow.secret_access_key_sealed))

    with pytest.raises(SealError):
        open_secrets(app.box, await app.channels.get(channel["id"]))


async def test_resealing_makes_the_old_key_unnecessary(engine: AsyncEngine, clean_database: None) -> None:
    old, new = generate_key(), generate_key()
    sessions = session_factory(engine)
    await check_canary(sessions, SecretBox.from_text(old))
    async with running_channel_app(engine, box=SecretBox.from_text(old)) as app:
        channel = await app.channel(**SECRETS)
    both, only_new = SecretBox.from_text(f"{new},{old}"), SecretBox.from_text(new)

    async with running_channel_app(engine, box=both) as app:
        assert (await app.channels.open(channel["id"])).ark is not None

    tenant = await add_webhook_secret(sessions, SecretBox.from_text(old))

    assert await reseal(sessions, both) == Resealed(channels=1, tenants=1)

    await check_canary(sessions, only_new)
    async with running_channel_app(engine, box=only_new) as app:
        secrets = open_secrets(only_new, await app.channels.get(channel["id"]))
    assert {name: getattr(secrets, name) for name in SECRET_NAMES} == SECRETS
    async with sessions.begin() as session:
        assert await secret_of(session, only_new, tenant.id, now=utc_now()) == tenant.secret
    with pytest.raises(SealError):
        await check_canary(sessions, SecretBox.from_text(old))


async def test_resealing_without_the_old_key_changes_nothing_and_names_the_channel(app: ChannelApp) -> None:
    await app.channel(name="main", **SECRETS)
    before = await everything_stored(app.sessions)

    with pytest.raises(SealError, match="channel main"):
        await reseal(app.sessions, SecretBox.from_text(generate_key()))

    assert await everything_stored(app.sessions) == before


async def test_resealing_without_the_key_of_a_webhook_secret_changes_nothing_and_names_the_tenant(
    app: ChannelApp,
) -> None:
    await app.channel(name="main", **SECRETS)
    tenant = await add_webhook_secret(app.sessions, SecretBox.from_text(generate_key()))
    before = await everything_stored(app.sessions)

    with pytest.raises(SealError, match=f"webhook secret of tenant {tenant.id}"):
        await reseal(app.sessions, app.box)

    assert await everything_stored(app.sessions) == before


def test_secrets_are_not_in_the_repr() -> None:
    assert "plain" not in repr(ChannelSecrets(**SECRETS))
