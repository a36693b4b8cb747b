"""The channel that the environment configures."""

from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.channels.channel import Channel, Plane
from app.channels.channel_secrets import is_bound, open_secrets
from app.channels.default_channel import ensure_default_channel
from app.settings import Settings
from tests.support.channel_app import ChannelApp, running_channel_app
from tests.support.starting_line import start_together


class Verifier:
    """Stands in for the upstream: returns preset results and records the questions."""

    def __init__(self, failure: str | None = None) -> None:
        self.failure = failure
        self.asked: list[frozenset[Plane]] = []

    async def __call__(self, channel: Channel, planes: frozenset[Plane]) -> str | None:
        self.asked.append(planes)
        return self.failure


def settings(**changes: Any) -> Settings:
    described = {
        "ark_api_key": SecretStr("env-ark-key"),
        "access_key_id": SecretStr("AKLTenv00000000001"),
        "secret_access_key": SecretStr("env-secret"),
    }
    return Settings(_env_file=None).model_copy(update={**described, **changes})


async def default_row(app: ChannelApp) -> dict[str, Any]:
    async with app.sessions() as session:
        rows = (await session.execute(text("SELECT * FROM channels WHERE name = 'default'"))).mappings().all()
    assert len(rows) == 1
    return dict(rows[0])


async def test_without_credentials_in_the_environment_nothing_is_made(app: ChannelApp) -> None:
    empty = settings(ark_api_key=None, access_key_id=None, secret_access_key=None)
    assert await ensure_default_channel(empty, app.channels, verify=None) is None
    assert (await app.http.get("/channels")).json()["data"] == []


async def test_the_default_channel_is_made_as_the_environment_says(app: ChannelApp) -> None:
    described = settings(ark_exclusive="on", region="ap-southeast", session_token=SecretStr("env-token"))
    verifier = Verifier("never asked")

    row = await ensure_default_channel(described, app.channels, verify=verifier)

    assert row is not None
    channel = await app.directory.find(row.id)
    assert channel is not None
    assert (channel.name, channel.status, channel.exclusive) == ("default", "active", True)
    assert channel.ark is not None
    assert channel.ark.api_key == "env-ark-key"
    assert channel.openapi is not None
    assert channel.openapi.region == "ap-southeast"
    assert verifier.asked == []
    assert (await app.audit())[0][0] == "channel.create"


async def test_an_unchanged_environment_writes_nothing_and_makes_no_call(app: ChannelApp) -> None:
    await ensure_default_channel(settings(), app.channels, verify=None)
    before = await default_row(app)
    verifier = Verifier("would suspend")

    await ensure_default_channel(settings(), app.channels, verify=verifier)

    assert await default_row(app) == before
    assert verifier.asked == []
    assert len(await app.audit()) == 1


async def test_secrets_of_the_previous_version_are_bound_to_the_environments_addresses(app: ChannelApp) -> None:
    row = await ensure_default_channel(settings(), app.channels, verify=None)
    assert row is not None
    async with app.sessions.begin() as session:
        for name, secret in (("ark_api_key", "env-ark-key"), ("secret_access_key", "env-secret")):
            column = f"{name}_sealed"
            sealed = app.box.seal(secret, row=row.id, column=column)
            await session.execute(text(f"UPDATE channels SET {column} = :sealed"), {"sealed": sealed})
    assert not is_bound(await app.channels.get(row.id))
    verifier = Verifier("would suspend")

    for _ in range(2):
        await ensure_default_channel(settings(), app.channels, verify=verifier)

    kept = await app.channels.get(row.id)
    assert (is_bound(kept), kept.status, verifier.asked) == (True, "active", [])
    assert open_secrets(app.box, kept).secret_access_key == "env-secret"
    written = {"fields": ["ark_api_key", "secret_access_key"], "status": "active", "status_reason": None}
    assert (await app.audit())[1:] == [("channel.update", written)]


async def test_what_else_was_set_on_the_channel_belongs_to_the_database(app: ChannelApp) -> None:
    row = await ensure_default_channel(settings(), app.channels, verify=None)
    assert row is not None
    await app.patch(row.id, priority=7, exclusive=True, models={"a": "ep-1"}, projects=["p"], status="suspended")

    await ensure_default_channel(settings(ark_api_key=SecretStr("env-ark-key-2")), app.channels, verify=Verifier())

    kept = await default_row(app)
    assert (kept["priority"], kept["exclusive"], kept["models"], kept["projects"]) == (7, True, {"a": "ep-1"}, ["p"])
    assert (kept["status"], kept["status_reason"]) == ("suspended", None)
    assert open_secrets(app.box, await app.channels.get(row.id)).ark_api_key == "env-ark-key-2"


async def test_changed_credentials_are_verified_and_a_failure_suspends_until_they_are_mended(app: ChannelApp) -> None:
    await ensure_default_channel(settings(), app.channels, verify=None)
    changed = settings(ark_api_key=SecretStr("of-another-account"))

    verifier = Verifier("its newest task is unknown")
    await ensure_default_channel(changed, app.channels, verify=verifier)
    assert verifier.asked == [{"ark"}]
    row = await default_row(app)
    assert (row["status"], row["status_reason"]) == ("suspended", "its newest task is unknown")

    await ensure_default_channel(changed, app.channels, verify=verifier)
    assert len(verifier.asked) == 1

    mended = Verifier()
    await ensure_default_channel(settings(), app.channels, verify=mended)
    assert mended.asked == [{"ark", "openapi"}]
    row = await default_row(app)
    assert (row["status"], row["status_reason"]) == ("active", None)


async def test_a_credential_that_the_environment_no_longer_names_is_removed(app: ChannelApp) -> None:
    await ensure_default_channel(settings(session_token=SecretStr("env-token")), app.channels, verify=None)

    await ensure_default_channel(settings(access_key_id=None, secret_access_key=None), app.channels, verify=Verifier())

    row = await default_row(app)
    assert row["ark_api_key_sealed"] is not None
    assert [row[f"{name}_sealed"] for name in ("access_key_id", "secret_access_key", "session_token")] == [None] * 3


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ark_base_url", "ark.example.com"),
        ("ark_base_url", "https://ark.example.com/api/v3/contents/generations/tasks"),
        ("openapi_url", "https://user:secret-word@host/"),
        ("region", "CN Beijing"),
        ("ark_api_key", SecretStr("secret-word with blanks")),
    ],
)
async def test_a_setting_that_cannot_be_right_stops_the_start_by_name(app: ChannelApp, name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"SEEDGATE_{name.upper()}: ") as caught:
        await ensure_default_channel(settings(**{name: value}), app.channels, verify=None)
    assert "secret-word" not in str(caught.value)


async def test_processes_that_start_at_once_make_one_channel(engine: AsyncEngine, clean_database: None) -> None:
    async with running_channel_app(engine) as app, running_channel_app(engine, box=app.box) as other:
        starts = [ensure_default_channel(settings(), each.channels, verify=Verifier()) for each in (app, other) * 3]
        rows = await start_together(app.sessions, "channels", starts)
        assert {row.id for row in rows} == {(await default_row(app))["id"]}
        assert [action for action, _ in await app.audit()] == ["channel.create"]

        changed = settings(ark_api_key=SecretStr("env-ark-key-2"))
        starts = [ensure_default_channel(changed, each.channels, verify=Verifier()) for each in (app, other) * 3]
        rows = await start_together(app.sessions, "channels", starts)
        assert {row.status for row in rows} == {"active"}
        assert [action for action, _ in await app.audit()] == ["channel.create", "channel.update"]
        channel = await app.directory.find((await default_row(app))["id"])
        assert channel is not None
        assert channel.ark is not None
        assert channel.ark.api_key == "env-ark-key-2"
