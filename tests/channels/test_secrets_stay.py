"""No combination of admin calls makes the gateway send a stored secret to an origin that it was not given for."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.channels.wandering import NAMES, SERVERS, Gateway, new_secret, wandering
from tests.support.database import own_database

Step = Callable[[Gateway], Awaitable[None]]

# An example consists of many calls, so a few of them take as long as many examples of another property.
_EXAMPLES = max(10, settings.default.max_examples // 3)  # type: ignore[union-attr]  # conftest loads a profile
_HOSTS = ("127.0.0.1", "127.1", "0x7f000001", "localhost", "[::ffff:127.0.0.1]")
# URLs as they are written into the database by hand; no check of the gateway has seen them.
_BY_HAND = (
    *("http://{host}:{port}",) * 3,
    *("http://u@{host}:{port}", "http://{host}:x@{host}:{port}", "ftp://{host}:{port}", "{host}:{port}", ""),
)
# Kinds of secrets by field.
_KINDS = {"ark_api_key": "key", "access_key_id": "id", "secret_access_key": "secret", "session_token": "token"}

_ALL = frozenset({"ark_api_key", "pair", "session_token"})

servers = st.integers(0, SERVERS - 1)
hosts = st.sampled_from(_HOSTS)
places = st.tuples(servers, hosts)
channels = st.integers(0, len(NAMES) - 1)
# Which secrets are sent again, which are cleared; a pair is sent or cleared as one, most of the time.
secrets = st.frozensets(st.sampled_from(["ark_api_key", "pair", "session_token", "access_key_id"]), max_size=3)
statuses = st.sampled_from([None, None, "active", "suspended"])


@pytest_asyncio.fixture(scope="module")
async def gateway(database_url: str) -> AsyncIterator[Gateway]:
    """A gateway on a database of its own."""
    async with own_database(database_url) as url, wandering(url) as running:
        yield running


def _url(gateway: Gateway, place: tuple[int, str], path: str) -> str:
    number, host = place
    return f"http://{host}:{gateway.servers[number].port}{path}"


def _secrets(chosen: frozenset[str], cleared: frozenset[str] = frozenset()) -> dict[str, Any]:
    def fields(words: frozenset[str]) -> set[str]:
        pair = {"access_key_id", "secret_access_key"} if "pair" in words else set()
        return set(words - {"pair"}) | pair

    return dict.fromkeys(fields(cleared)) | {name: new_secret(_KINDS[name]) for name in fields(chosen)}


def _change(
    gateway: Gateway,
    ark: tuple[int, str] | None,
    openapi: tuple[int, str] | None,
    fields: dict[str, Any],
) -> dict[str, Any]:
    urls = {}
    if ark is not None:
        urls["ark_base_url"] = _url(gateway, ark, "/api/v3")
    if openapi is not None:
        urls["openapi_url"] = _url(gateway, openapi, "")
    return urls | fields


@st.composite
def creates(draw: st.DrawFn, *, is_whole: bool = False) -> Step:
    name, ark, openapi = draw(channels), draw(places), draw(places)
    chosen = _ALL if is_whole else draw(secrets)

    async def step(gateway: Gateway) -> None:
        await gateway.create({"name": NAMES[name], **_change(gateway, ark, openapi, _secrets(chosen))})

    return step


@st.composite
def bodies(draw: st.DrawFn) -> Callable[[Gateway], dict[str, Any]]:
    ark, openapi = draw(st.none() | places), draw(st.none() | places)
    chosen, cleared, status = draw(secrets), draw(secrets), draw(statuses)
    others = {"status": status} if status else {}
    others |= draw(st.sampled_from([{}, {"region": "eu"}, {"weight": 2}, {"projects": ["p"]}]))
    return lambda gateway: _change(gateway, ark, openapi, _secrets(chosen, cleared) | others)


@st.composite
def patches(draw: st.DrawFn) -> Step:
    body = draw(bodies())
    return _on_channel(draw(channels), lambda gateway, channel: gateway.patch(channel, body(gateway)))


@st.composite
def pairs_of_patches(draw: st.DrawFn) -> Step:
    one, other = draw(bodies()), draw(bodies())
    return _on_channel(
        draw(channels), lambda gateway, channel: gateway.patch_twice(channel, one(gateway), other(gateway))
    )


@st.composite
def seeds(draw: st.DrawFn) -> Step:
    ark, openapi, chosen = draw(places), draw(places), draw(secrets) - {"session_token", "access_key_id"}

    async def step(gateway: Gateway) -> None:
        await gateway.seed(_change(gateway, ark, openapi, _secrets(chosen)))

    return step


@st.composite
def edits_by_hand(draw: st.DrawFn) -> Step:
    url, (server, host) = draw(st.sampled_from(["ark_base_url", "openapi_url"])), draw(places)
    spelling = draw(st.sampled_from(_BY_HAND))

    def edited(gateway: Gateway) -> str:
        return spelling.format(host=host, port=gateway.servers[server].port)

    return _on_channel(draw(channels), lambda gateway, channel: gateway.edit_by_hand(channel, url, edited(gateway)))


def _on_channel(number: int, act: Callable[[Gateway, dict[str, Any]], Awaitable[None]]) -> Step:
    async def step(gateway: Gateway) -> None:
        found = await gateway.channels()
        if found:
            await act(gateway, found[number % len(found)])

    return step


def _simple(act: Callable[[Gateway, dict[str, Any]], Awaitable[None]]) -> st.SearchStrategy[Step]:
    return channels.map(lambda number: _on_channel(number, act))


async def _use(gateway: Gateway) -> None:
    await gateway.use()


steps = st.one_of(
    creates(),
    patches(),
    patches(),
    pairs_of_patches(),
    seeds(),
    edits_by_hand(),
    _simple(Gateway.check),
    _simple(Gateway.delete),
    st.just(_use),
    st.just(Gateway.reseal),
)


async def _tell(gateway: Gateway, story: list[Step]) -> None:
    """Does every step; after each of them all channels are tried, so that no leak stays unseen."""
    await gateway.clear()
    for step in story:
        await step(gateway)
        for channel in await gateway.channels():
            await gateway.check(channel)
        gateway.examine()


@settings(max_examples=_EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(beginning=creates(is_whole=True), story=st.lists(steps, min_size=3, max_size=8))
async def test_no_secret_arrives_where_it_was_not_given_for(
    gateway: Gateway, beginning: Step, story: list[Step]
) -> None:
    await _tell(gateway, [beginning, *story])


async def test_every_kind_of_secret_that_is_sent_at_all_is_seen_to_arrive(gateway: Gateway) -> None:
    """Otherwise the property above would hold for a gateway that sends nothing."""
    await gateway.clear()
    everything = _secrets(_ALL)
    await gateway.create({"name": "one", **_change(gateway, (0, "127.0.0.1"), (1, "127.1"), everything)})
    await gateway.use()
    received = [server.received for server in gateway.servers]
    assert [everything["ark_api_key"] in each for each in received] == [True, False, False]
    assert [everything["access_key_id"] in each for each in received] == [False, True, False]
    assert [everything["session_token"] in each for each in received] == [False, True, False]
    gateway.examine()
    assert gateway.arrived > 3
