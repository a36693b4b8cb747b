"""The candidates among the channels, and the age of that information."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import text

from app.channels.channel_secrets import UNREADABLE
from app.channels.directory import ChannelDirectory
from app.core.sealing import SecretBox, generate_key
from app.db.engine import open_engine, session_factory
from app.errors import ServiceUnavailableError
from app.upstream.rate_limits import RateClass, RateLimiter
from tests.support.channel_app import ChannelApp
from tests.support.clock import ManualSeconds

ARK = {"ark_api_key": "ark-key"}
OPENAPI = {"access_key_id": "AKLTplain0000000001", "secret_access_key": "secret"}


@pytest.fixture
def seconds() -> ManualSeconds:
    return ManualSeconds()


@pytest_asyncio.fixture
async def elsewhere(app: ChannelApp, seconds: ManualSeconds) -> AsyncIterator[ChannelDirectory]:
    """The directory of another process."""
    yield ChannelDirectory(app.sessions, app.box, monotonic=seconds)


async def names(directory: ChannelDirectory, allowed: set[str] | None = None) -> list[str]:
    wanted = None if allowed is None else frozenset(allowed)
    return [channel.name for channel in await directory.candidates(wanted, needs="ark")]


async def test_candidates_are_active_and_have_the_credentials_that_are_needed(app: ChannelApp) -> None:
    await app.channel(name="both", **ARK, **OPENAPI)
    await app.channel(name="videos", priority=1, **ARK)
    await app.channel(name="assets", **OPENAPI)
    await app.channel(name="neither")
    await app.channel(name="asleep", status="suspended", **ARK, **OPENAPI)

    assert await names(app.directory) == ["videos", "both"]
    openapi = await app.directory.candidates(None, needs="openapi")
    assert {channel.name for channel in openapi} == {"both", "assets"}


async def test_a_list_of_ids_limits_the_candidates(app: ChannelApp) -> None:
    first = await app.channel(name="first", **ARK)
    second = await app.channel(name="second", **ARK)

    assert await names(app.directory, {first["id"]}) == ["first"]
    assert await names(app.directory, {second["id"], "absent"}) == ["second"]
    assert await names(app.directory, {"second"}) == []
    assert await names(app.directory, set()) == []


async def test_channels_on_one_account_share_its_call_rates(app: ChannelApp) -> None:
    first, twin, other = [
        await app.channel(name=name, **account)
        for name, account in (("first", ARK), ("twin", ARK), ("other", {"ark_api_key": "another-key"}))
    ]
    rates = RateLimiter(app.sessions, owner_of=app.directory.rate_limit_owner)
    assert await app.directory.find(twin["id"]) is not None

    assert await rates.acquire(first["id"], RateClass.LIST)
    assert not await rates.acquire(twin["id"], RateClass.LIST)
    assert await rates.acquire(other["id"], RateClass.LIST)
    assert app.directory.rate_limit_owner("ch_gone") == "ch_gone"


async def test_a_channel_carries_its_accounts(app: ChannelApp) -> None:
    made = await app.channel(
        ark_base_url="http://127.0.0.1:1/api/v3/",
        openapi_url="http://127.0.0.1:2/",
        region="ap-southeast",
        session_token="token",
        models={"doubao-seedance-2": "ep-1"},
        projects=["video", "default"],
        **ARK,
        **OPENAPI,
    )

    channel = await app.directory.find(made["id"])

    assert channel is not None
    assert channel.ark is not None
    assert (channel.ark.base_url, channel.ark.api_key) == ("http://127.0.0.1:1/api/v3", "ark-key")
    assert channel.openapi is not None
    assert (channel.openapi.url, channel.openapi.region) == ("http://127.0.0.1:2", "ap-southeast")
    assert channel.openapi.secrets[1:] == ("secret", "token")
    assert (dict(channel.models), channel.projects) == ({"doubao-seedance-2": "ep-1"}, ("video", "default"))


async def test_a_suspended_channel_is_found_and_a_deleted_one_is_not(app: ChannelApp) -> None:
    asleep = await app.channel(name="asleep", status="suspended", **ARK)
    gone = await app.channel(name="gone", **ARK)
    assert (await app.http.delete(f"/channels/{gone['id']}")).status_code == 204

    found = await app.directory.find(asleep["id"])
    assert found is not None
    assert found.status == "suspended"
    assert await app.directory.find(gone["id"]) is None


async def test_a_change_is_seen_at_once_here_and_within_a_second_elsewhere(
    app: ChannelApp, elsewhere: ChannelDirectory, seconds: ManualSeconds
) -> None:
    made = await app.channel(**ARK)
    assert (await names(app.directory), await names(elsewhere)) == (["main"], ["main"])

    await app.patch(made["id"], status="suspended")

    assert (await names(app.directory), await names(elsewhere)) == ([], ["main"])
    seconds.now += 1
    assert await names(elsewhere) == []


async def test_a_channel_whose_secrets_do_not_open_is_unusable_and_the_others_keep_working(
    app: ChannelApp, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    broken = await app.channel(name="broken", **ARK)
    await app.channel(name="fine", **ARK)
    foreign = SecretBox.from_text(generate_key()).seal("x", row=broken["id"], column="ark_api_key_sealed")
    async with app.sessions.begin() as session:
        await session.execute(
            text("UPDATE channels SET ark_api_key_sealed = :sealed WHERE id = :id"),
            {"sealed": foreign, "id": broken["id"]},
        )
    app.directory.invalidate()

    assert await names(app.directory) == ["fine"]
    found = await app.directory.find(broken["id"])
    assert found is not None
    assert (found.status, found.status_reason, found.ark) == ("suspended", UNREADABLE, None)
    app.directory.invalidate()
    await names(app.directory)
    logged = capfd.readouterr()
    assert (logged.out + logged.err + caplog.text).count("channel_unusable") == 1

    await app.patch(broken["id"], ark_api_key="entered-again")
    assert sorted(await names(app.directory)) == ["broken", "fine"]


async def test_without_its_database_a_request_gets_503() -> None:
    engine = open_engine("postgresql://nobody@127.0.0.1:1/nowhere")
    directory = ChannelDirectory(session_factory(engine), SecretBox.from_text(generate_key()))
    with pytest.raises(ServiceUnavailableError):
        await directory.candidates(None, needs="ark")
    with pytest.raises(ServiceUnavailableError):
        await directory.find("ch_1")
    await engine.dispose()
