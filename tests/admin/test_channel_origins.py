"""A channel's secrets are sent only to the origin for which they were given."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.audit.log import Actor
from app.channels.channel import Channel, Plane
from app.channels.channel_secrets import SECRET_NAMES, UNREADABLE, apply_secret, is_bound
from app.channels.schemas import ChannelPatch
from app.cli.reseal import reseal
from app.core.sealing import SealError
from app.errors import ConflictError
from app.upstream.destinations import DestinationRules
from tests.support.channel_app import ChannelApp, running_channel_app
from tests.support.listener import Listener, listening

ARK = {"ark_api_key": "stored-ark-key"}
PAIR = {
    "access_key_id": "AKLTstored0000000001",
    "secret_access_key": "stored-secret-key",
    "session_token": "stored-token",
}
NEW_PAIR = {"access_key_id": "AKLTnew000000000001", "secret_access_key": "new-secret-key", "session_token": "new-token"}
LEADING_NOWHERE = (
    "http://user@127.0.0.1:{port}",
    "http://user:word@127.0.0.1:{port}/api",
    "http://:word@127.0.0.1:{port}",
    "ftp://127.0.0.1:{port}",
    "127.0.0.1:{port}",
    "http://127.0.0.1.:x{port}",
    "",
)
NOT_PUBLIC = (
    *("http://ark.example.com/api/v3", "https://169.254.169.254/latest", "http://169.254.169.254", "https://127.1"),
    *("https://0xa9fea9fe", "https://10.0.0.1:8443", "https://[::ffff:169.254.169.254]", "https://[fd00:ec2::254]"),
)
SENT = ("stored-ark-key", "AKLTstored0000000001", "stored-token")


@pytest_asyncio.fixture
async def servers() -> AsyncIterator[tuple[Listener, Listener]]:
    """The server that the channel leads to, and another one."""
    async with listening(count=2) as (ours, other):
        yield ours, other


async def make(app: ChannelApp, server: Listener) -> str:
    """Makes a channel that leads to a server and has every secret; returns its id."""
    made = await app.channel(ark_base_url=server.ark_base_url, openapi_url=server.origin, **ARK, **PAIR)
    server.requests.clear()  # a list is requested from the URLs of a new channel
    return str(made["id"])


async def check(app: ChannelApp, channel_id: str) -> dict[str, Any]:
    answer = await app.http.post(f"/channels/{channel_id}/check")
    assert answer.status_code == 200, answer.text
    checked: dict[str, Any] = answer.json()
    return checked


async def set_by_hand(app: ChannelApp, column: str, value: str) -> None:
    """Writes a column of every channel in the database directly."""
    async with app.sessions.begin() as session:
        await session.execute(text(f"UPDATE channels SET {column} = :value"), {"value": value})
    app.directory.invalidate()


async def seal_as_the_previous_version(app: ChannelApp, channel_id: str) -> None:
    """Seals every secret of a channel for its row and column alone."""
    for name, secret in (ARK | PAIR).items():
        column = f"{name}_sealed"
        await set_by_hand(app, column, app.box.seal(secret, row=channel_id, column=column))


async def test_a_check_sends_the_secrets_to_the_origin_that_they_were_given_for(
    app: ChannelApp, servers: tuple[Listener, Listener]
) -> None:
    await check(app, await make(app, servers[0]))
    assert all(secret in servers[0].received for secret in SENT)
    assert "stored-secret-key" not in servers[0].received


@pytest.mark.parametrize("wanted", [{}, {"status": "active"}], ids=["plain", "activating"])
async def test_another_origin_without_its_key_drops_the_key_and_suspends(
    app: ChannelApp, servers: tuple[Listener, Listener], wanted: dict[str, Any]
) -> None:
    ours, other = servers
    channel_id = await make(app, ours)

    changed = await app.patch(channel_id, ark_base_url=other.ark_base_url, **wanted)

    assert (changed["status"], changed["has_ark_api_key"], changed["has_access_key"]) == ("suspended", False, True)
    assert changed["status_reason"] == (
        "its ark_base_url was changed to another origin without the ark_api_key, which was dropped: send it again"
    )
    action, detail = (await app.audit())[-1]
    assert (action, detail["fields"]) == ("channel.update", ["ark_api_key", "ark_base_url", "status"])
    activated = await app.patch(channel_id, status="active")
    assert (activated["status"], activated["has_ark_api_key"]) == ("active", False)
    assert "No ark_api_key is set" in (await check(app, channel_id))["ark"]["detail"]
    await app.patch(channel_id, ark_base_url=ours.ark_base_url)
    await check(app, channel_id)
    assert other.requests == []
    assert "stored-ark-key" not in ours.received


async def test_another_origin_without_its_pair_drops_pair_and_token_and_suspends(
    app: ChannelApp, servers: tuple[Listener, Listener]
) -> None:
    ours, other = servers
    channel_id = await make(app, ours)

    changed = await app.patch(channel_id, openapi_url=other.origin)

    assert (changed["status"], changed["has_ark_api_key"]) == ("suspended", True)
    assert (changed["has_access_key"], changed["has_session_token"]) == (False, False)
    assert "without the access key pair" in changed["status_reason"]
    assert (await check(app, channel_id))["ark"]["ok"] is True
    assert other.requests == []


async def test_another_origin_with_its_secrets_gets_these_and_no_others(
    app: ChannelApp, servers: tuple[Listener, Listener]
) -> None:
    ours, other = servers
    channel_id = await make(app, ours)
    pair = {name: secret for name, secret in NEW_PAIR.items() if name != "session_token"}

    changed = await app.patch(
        channel_id, ark_base_url=other.ark_base_url, ark_api_key="new-ark-key", openapi_url=other.origin, **pair
    )

    assert (changed["status"], changed["has_session_token"]) == ("active", False)
    assert all(result["ok"] for result in (await check(app, channel_id)).values())
    assert "new-ark-key" in other.received
    assert "stored" not in other.received
    assert ours.requests == []


async def test_the_same_secrets_may_be_given_for_another_origin(
    app: ChannelApp, servers: tuple[Listener, Listener]
) -> None:
    ours, other = servers
    channel_id = await make(app, ours)
    await app.patch(channel_id, ark_base_url=other.ark_base_url, openapi_url=other.origin, **ARK, **PAIR)
    assert all(result["ok"] for result in (await check(app, channel_id)).values())
    assert all(secret in other.received for secret in SENT)


async def test_a_session_token_alone_does_not_go_along(app: ChannelApp, servers: tuple[Listener, Listener]) -> None:
    ours, other = servers
    channel_id = await make(app, ours)
    refused = await app.http.patch(
        f"/channels/{channel_id}", json={"openapi_url": other.origin, "session_token": "new-token"}
    )
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "InvalidParameter.session_token")
    await check(app, channel_id)
    assert other.requests == []


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "2130706433", "0x7f.0.0.1", "127.0.0.1.", "[::ffff:127.0.0.1]"])
async def test_another_spelling_or_path_of_the_same_origin_keeps_the_secrets(
    app: ChannelApp, servers: tuple[Listener, Listener], host: str
) -> None:
    channel_id = await make(app, servers[0])
    url = f"HTTP://{host}:{servers[0].port}"
    changed = await app.patch(channel_id, ark_base_url=f"{url}/api/v4", openapi_url=f"{url}/open/")
    assert (changed["status"], changed["has_ark_api_key"], changed["has_session_token"]) == ("active", True, True)
    assert changed["ark_base_url"] == f"{servers[0].origin}/api/v4"
    assert all(result["ok"] for result in (await check(app, channel_id)).values())


@pytest.mark.parametrize("host", ["localhost", "[::1]", "127.0.0.2"])
async def test_a_name_or_address_that_may_be_the_same_server_is_another_origin(
    app: ChannelApp, servers: tuple[Listener, Listener], host: str
) -> None:
    channel_id = await make(app, servers[0])
    changed = await app.patch(channel_id, ark_base_url=f"http://{host}:{servers[0].port}/api/v3")
    assert (changed["status"], changed["has_ark_api_key"]) == ("suspended", False)


async def test_an_operators_suspension_stays_the_operators(app: ChannelApp, servers: tuple[Listener, Listener]) -> None:
    ours, other = servers
    channel_id = await make(app, ours)
    await app.patch(channel_id, status="suspended")
    moved = await app.patch(channel_id, ark_base_url=other.ark_base_url)
    assert (moved["status"], moved["status_reason"], moved["has_ark_api_key"]) == ("suspended", None, False)
    given = await app.patch(channel_id, ark_api_key="new-ark-key")
    assert (given["status"], given["status_reason"]) == ("suspended", None)


async def test_a_name_that_is_used_again_brings_no_secrets_back(
    app: ChannelApp, servers: tuple[Listener, Listener]
) -> None:
    ours, other = servers
    channel_id = await make(app, ours)
    assert (await app.http.delete(f"/channels/{channel_id}")).status_code == 204
    made = await app.channel(ark_base_url=other.ark_base_url, openapi_url=other.origin)
    await check(app, made["id"])
    assert other.requests == []


async def test_a_redirect_is_not_followed(app: ChannelApp, servers: tuple[Listener, Listener]) -> None:
    ours, other = servers
    channel_id = await make(app, ours)
    ours.redirect_to = other.origin
    results = await check(app, channel_id)
    assert not any(result["ok"] for result in results.values())
    assert (len(ours.requests), other.requests) == (2, [])


async def test_credentials_that_cross_a_move_of_their_url_are_refused(
    app: ChannelApp, servers: tuple[Listener, Listener]
) -> None:
    """They were meant for the origin that the channel had at that time."""
    ours, other = servers
    channel_id = await make(app, ours)

    async def verify(_channel: Channel, _planes: frozenset[Plane]) -> str | None:
        await app.patch(channel_id, ark_base_url=other.ark_base_url)
        return None

    given = ChannelPatch.model_validate({"ark_api_key": "new-ark-key"})
    with pytest.raises(ConflictError, match="ark_base_url was changed meanwhile"):
        await app.channels.update(Actor("test", None), channel_id, given, verify=verify)
    assert (await app.http.get(f"/channels/{channel_id}")).json()["has_ark_api_key"] is False
    await check(app, channel_id)
    assert other.requests == []


async def test_a_move_that_crosses_new_credentials_drops_these(
    app: ChannelApp, servers: tuple[Listener, Listener]
) -> None:
    ours, other = servers
    made = await app.channel(ark_base_url=ours.ark_base_url, openapi_url=ours.origin)
    has_crossed = False

    async def verify(_channel: Channel, _planes: frozenset[Plane]) -> str | None:
        nonlocal has_crossed
        if not has_crossed:
            has_crossed = True
            await app.patch(made["id"], **ARK)
        return None

    moving = ChannelPatch.model_validate({"ark_base_url": other.ark_base_url, "openapi_url": other.origin, **NEW_PAIR})
    row = await app.channels.update(Actor("test", None), made["id"], moving, verify=verify)
    assert has_crossed
    assert (row.status, row.ark_api_key_sealed) == ("suspended", None)
    await check(app, made["id"])
    assert "stored" not in other.received


@pytest.mark.parametrize("column", ["ark_base_url", "openapi_url"])
async def test_a_url_that_is_changed_in_the_database_opens_no_secret(
    app: ChannelApp, servers: tuple[Listener, Listener], column: str
) -> None:
    ours, other = servers
    channel_id = await make(app, ours)
    await set_by_hand(app, column, other.ark_base_url)

    results = await check(app, channel_id)
    assert {result["detail"] for result in results.values()} == {f"The channel is unusable: {UNREADABLE}."}
    with pytest.raises(SealError, match="channel main"):
        await reseal(app.sessions, app.box)
    back = await app.patch(channel_id, ark_base_url=ours.ark_base_url, openapi_url=ours.origin)
    assert (back["has_ark_api_key"], back["has_access_key"]) == (column == "openapi_url", column == "ark_base_url")
    await check(app, channel_id)
    assert other.requests == []


@pytest.mark.parametrize(
    ("spelling", "sealed_by"),
    [*((spelling, "this version") for spelling in LEADING_NOWHERE), (LEADING_NOWHERE[0], "the previous version")],
)
async def test_a_url_without_an_origin_opens_no_secret_and_takes_none(
    app: ChannelApp, servers: tuple[Listener, Listener], spelling: str, sealed_by: str
) -> None:
    """A secret sealed for no server would open for every other URL without one."""
    ours, other = servers
    channel_id = await make(app, ours)
    for url in ("ark_base_url", "openapi_url"):
        await set_by_hand(app, url, spelling.format(port=ours.port))
    if sealed_by == "the previous version":
        await seal_as_the_previous_version(app, channel_id)
    sealed = await app.channels.get(channel_id)

    for given, url in (
        (NEW_PAIR, "openapi_url"),
        (NEW_PAIR | {"ark_base_url": ours.ark_base_url}, "openapi_url"),
        ({"ark_api_key": "new-ark-key"}, "ark_base_url"),
        ({"ark_api_key": "new-ark-key", "status": "active"}, "ark_base_url"),
    ):
        refused = await app.http.patch(f"/channels/{channel_id}", json=given)
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, f"MissingParameter.{url}")
    with pytest.raises(SealError, match=r"channel main: .*its ark_base_url leads to no server"):
        await reseal(app.sessions, app.box)
    for name in SECRET_NAMES:
        with pytest.raises(SealError, match="leads to no server"):
            apply_secret(app.box, sealed, name, "new")
        assert getattr(await app.channels.get(channel_id), f"{name}_sealed") == getattr(sealed, f"{name}_sealed")

    for url in ("ark_base_url", "openapi_url"):
        await set_by_hand(app, url, spelling.format(port=other.port))
    for changes in ({"weight": 2}, {"status": "active"}):
        await app.patch(channel_id, **changes)
        assert not any(result["ok"] for result in (await check(app, channel_id)).values())
    assert [server.requests for server in servers] == [[], []]
    moved = await app.patch(channel_id, ark_base_url=ours.ark_base_url, openapi_url=ours.origin, **ARK, **PAIR)
    assert moved["has_ark_api_key"] is True
    assert all(result["ok"] for result in (await check(app, channel_id)).values())
    assert other.requests == []


async def test_a_secret_beside_a_url_without_an_origin_can_be_cleared_and_its_channel_deleted(
    app: ChannelApp, servers: tuple[Listener, Listener]
) -> None:
    channel_id = await make(app, servers[0])
    await set_by_hand(app, "ark_base_url", "http://user@ark.example.com")
    assert (await app.patch(channel_id, ark_api_key=None))["has_ark_api_key"] is False
    assert (await check(app, channel_id))["openapi"]["ok"] is True
    assert (await app.http.delete(f"/channels/{channel_id}")).status_code == 204


async def test_secrets_of_a_version_before_open_and_are_bound_by_reseal(
    app: ChannelApp, servers: tuple[Listener, Listener]
) -> None:
    ours, other = servers
    channel_id = await make(app, ours)
    await seal_as_the_previous_version(app, channel_id)
    assert not is_bound(await app.channels.get(channel_id))
    assert all(result["ok"] for result in (await check(app, channel_id)).values())

    await reseal(app.sessions, app.box)

    row = await app.channels.get(channel_id)
    assert is_bound(row)
    assert all(getattr(row, f"{name}_sealed") is not None for name in SECRET_NAMES)
    assert all(result["ok"] for result in (await check(app, channel_id)).values())
    assert other.requests == []


@pytest.mark.parametrize("field", ["ark_base_url", "openapi_url"])
async def test_a_channel_leads_to_public_https_alone_unless_more_is_allowed(
    engine: AsyncEngine, clean_database: None, field: str
) -> None:
    async with running_channel_app(engine, destinations=DestinationRules()) as app:
        made = await app.channel(name="other", **ARK, **PAIR)
        for url in NOT_PUBLIC:
            for answer in (
                await app.http.post("/channels", json={"name": "main", field: url, **ARK, **PAIR}),
                await app.http.patch(f"/channels/{made['id']}", json={field: url, **ARK, **PAIR}),
                await app.http.patch(f"/channels/{made['id']}", json={field: url}),
            ):
                assert (answer.status_code, answer.json()["error"]["code"]) == (400, f"InvalidParameter.{field}"), url
                assert "SEEDGATE_CHANNEL_ALLOW" in answer.json()["error"]["message"]
        assert (await app.http.get("/channels")).json()["data"] == [made]


async def test_a_stored_channel_that_is_no_longer_allowed_is_sent_nothing(
    app: ChannelApp, engine: AsyncEngine, servers: tuple[Listener, Listener]
) -> None:
    channel_id = await make(app, servers[0])
    async with running_channel_app(engine, box=app.box, destinations=DestinationRules()) as strict:
        results = await check(strict, channel_id)
        assert not any(result["ok"] for result in results.values())
        for result in results.values():
            assert result["detail"].startswith(f"Nothing was sent: {servers[0].origin} may not be called: ")
        assert (await strict.patch(channel_id, weight=2))["weight"] == 2
    assert servers[0].requests == []
