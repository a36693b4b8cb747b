"""Upstream secrets are sealed for their row and column, and never returned."""

import pytest
from sqlalchemy import text, update

from app.channels.channel_secrets import SECRET_NAMES, ChannelSecrets, open_secrets
from app.channels.models import ChannelRow
from app.core.sealing import SealError
from tests.support.channel_app import ChannelApp, everything_stored

SECRETS = {
    "ark_api_key": "plain-ark-key-1",
    "access_key_id": "AKLTplain0000000001",
    "secret_access_key": "plain-secret-key-1",
    "session_token": "plain-session-token-1",
}


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


def test_secrets_are_not_in_the_repr() -> None:
    assert "plain" not in repr(ChannelSecrets(**SECRETS))
