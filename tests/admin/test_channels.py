"""Channels over the admin API."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text, update

from app.channels.models import ChannelHealthRow, ChannelRow
from app.channels.rules import DEFAULT_REGION
from app.channels.schemas import DEFAULT_ARK_BASE_URL, DEFAULT_OPENAPI_URL
from app.db.base import utc_now
from app.settings import Settings
from app.upstream.models import RateLimitRow
from app.upstream.rate_limits import RateClass
from tests.support.channel_app import ChannelApp
from tests.support.channel_contents import add_asset, add_group, add_task

PAIR = {"access_key_id": "AKLTplain0000000001", "secret_access_key": "secret"}


async def test_a_new_channel_has_the_documented_shape_and_defaults(app: ChannelApp) -> None:
    made = await app.channel(ark_api_key="key")
    created_at = made.pop("created_at")
    assert datetime.fromisoformat(created_at).tzinfo is not None
    assert made.pop("updated_at") == created_at
    assert made.pop("id").startswith("ch_")
    assert made == {
        "name": "main",
        "ark_base_url": "https://ark.cn-beijing.volces.com/api/v3",
        "openapi_url": "https://open.volcengineapi.com",
        "region": "cn-beijing",
        "exclusive": False,
        "correlate": "off",
        "models": {},
        "projects": ["default"],
        "media_hosts": [],
        "priority": 0,
        "weight": 1,
        "status": "active",
        "status_reason": None,
        "has_ark_api_key": True,
        "has_access_key": False,
        "has_session_token": False,
        "health": {
            "is_breaker_open": False,
            "breaker_opened_at": None,
            "breaker_reason": None,
            "unknown_outcomes": 0,
            "rates_used": dict.fromkeys((rate_class.value[0] for rate_class in RateClass), 0.0),
            "faults": [],
        },
    }


def test_the_defaults_are_those_of_the_environment() -> None:
    fields = Settings.model_fields
    assert [fields[name].default for name in ("ark_base_url", "openapi_url", "region")] == [
        DEFAULT_ARK_BASE_URL,
        DEFAULT_OPENAPI_URL,
        DEFAULT_REGION,
    ]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"name": None}, "MissingParameter.name"),
        ({"name": ""}, "InvalidParameter.name"),
        ({"name": "two words"}, "InvalidParameter.name"),
        ({"name": "ch_1"}, "InvalidParameter.name"),
        ({"name": "a" * 65}, "InvalidParameter.name"),
        ({"ark_base_url": "ark.example.com"}, "InvalidParameter.ark_base_url"),
        ({"ark_base_url": "https://user:pass@host"}, "InvalidParameter.ark_base_url"),
        ({"openapi_url": "https://host/?Action=x"}, "InvalidParameter.openapi_url"),
        ({"openapi_url": None}, "MissingParameter.openapi_url"),
        ({"ark_api_key": ""}, "MissingParameter.ark_api_key"),
        ({"ark_api_key": "a b"}, "InvalidParameter.ark_api_key"),
        ({"ark_api_key": 1}, "InvalidParameter.ark_api_key"),
        ({"access_key_id": "AK"}, "MissingParameter.secret_access_key"),
        ({"secret_access_key": "sk"}, "MissingParameter.access_key_id"),
        ({"session_token": "token"}, "InvalidParameter.session_token"),
        ({"region": "CN Beijing"}, "InvalidParameter.region"),
        ({"exclusive": 1}, "InvalidParameter.exclusive"),
        ({"correlate": "on"}, "InvalidParameter.correlate"),
        ({"correlate": None}, "MissingParameter.correlate"),
        ({"models": {"a": 1}}, "InvalidParameter.models"),
        ({"models": {"a b": "ep-1"}}, "InvalidParameter.models"),
        ({"models": ["a"]}, "InvalidParameter.models"),
        ({"projects": []}, "MissingParameter.projects"),
        ({"projects": ["two words"]}, "InvalidParameter.projects"),
        ({"priority": 1001}, "InvalidParameter.priority"),
        ({"weight": 0}, "InvalidParameter.weight"),
        ({"weight": 1.5}, "InvalidParameter.weight"),
        ({"status": "paused"}, "InvalidParameter.status"),
        ({"id": "ch_mine"}, "InvalidParameter.id"),
        ({"status_reason": "mine"}, "InvalidParameter.status_reason"),
    ],
)
async def test_a_wrong_field_is_refused_by_name_on_create_and_on_change(
    app: ChannelApp, fields: dict[str, Any], code: str
) -> None:
    made = await app.channel(name="other")
    for answer in (
        await app.http.post("/channels", json={"name": "main", **fields}),
        await app.http.patch(f"/channels/{made['id']}", json=fields),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
    assert len((await app.http.get("/channels")).json()["data"]) == 1
    assert (await app.http.get(f"/channels/{made['id']}")).json() == made


async def test_a_name_is_unique_until_its_channel_is_deleted(app: ChannelApp) -> None:
    first = await app.channel(name="main")
    second = await app.channel(name="second")
    for answer in (
        await app.http.post("/channels", json={"name": "main"}),
        await app.http.patch(f"/channels/{second['id']}", json={"name": "main"}),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "Conflict")
        assert answer.json()["error"]["param"] == "name"
    assert (await app.http.delete(f"/channels/{first['id']}")).status_code == 204
    assert (await app.patch(second["id"], name="main"))["name"] == "main"


async def test_the_environments_channel_keeps_its_name(app: ChannelApp) -> None:
    """The next start would create a second one."""
    made = await app.channel(name="default")
    refused = await app.http.patch(f"/channels/{made['id']}", json={"name": "other", "weight": 2})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "InvalidParameter.name")
    assert (await app.http.get(f"/channels/{made['id']}")).json() == made

    assert (await app.patch(made["id"], name="default", weight=2))["weight"] == 2
    other = await app.channel(name="other")
    assert (await app.patch(other["id"], name="renamed"))["name"] == "renamed"


async def test_lists_come_newest_first_in_pages(app: ChannelApp) -> None:
    made = [(await app.channel(name=f"c{number}"))["id"] for number in range(5)]
    first = (await app.http.get("/channels?limit=2")).json()
    second = (await app.http.get(f"/channels?limit=2&after={first['next_cursor']}")).json()
    third = (await app.http.get(f"/channels?limit=2&after={second['next_cursor']}")).json()
    assert [row["id"] for page in (first, second, third) for row in page["data"]] == made[::-1]
    assert [page["has_more"] for page in (first, second, third)] == [True, True, False]
    assert third["next_cursor"] is None
    wrong = await app.http.get("/channels?after=bm90aGluZw")
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (400, "InvalidParameter.after")


async def test_channels_are_found_by_part_of_their_name_their_id_and_their_state(app: ChannelApp) -> None:
    made = await app.channel(name="北京-A_100")
    other = await app.channel(name="shanghai", status="suspended")
    for query, expected in (
        ({"q": "北京"}, [made]),
        ({"q": "a_100"}, [made]),
        ({"q": "a-100"}, []),
        ({"q": "%"}, []),
        ({"q": other["id"]}, [other]),
        ({"status": "active"}, [made]),
        ({"status": "suspended"}, [other]),
        ({"status": "active", "q": "shanghai"}, []),
    ):
        found = (await app.http.get("/channels", params=query)).json()["data"]
        assert [row["id"] for row in found] == [row["id"] for row in expected], query
    for name, value in (("q", ""), ("status", "deleted")):
        wrong = await app.http.get("/channels", params={name: value})
        assert (wrong.status_code, wrong.json()["error"]["code"]) == (400, f"InvalidParameter.{name}")


async def test_a_deleted_channel_is_404_on_every_route(app: ChannelApp) -> None:
    gone = (await app.channel())["id"]
    assert (await app.http.delete(f"/channels/{gone}")).status_code == 204
    answers = [
        await app.http.get(f"/channels/{gone}"),
        await app.http.patch(f"/channels/{gone}", json={"weight": 2}),
        await app.http.delete(f"/channels/{gone}"),
        await app.http.post(f"/channels/{gone}/check"),
    ]
    assert [answer.status_code for answer in answers] == [404] * 4


async def test_a_change_leaves_what_was_not_sent(app: ChannelApp) -> None:
    made = await app.channel(ark_api_key="key", **PAIR, session_token="token", weight=3, models={"a": "ep-1"})

    changed = await app.patch(made["id"], priority=9)

    assert {name for name in made if made[name] != changed[name]} == {"priority", "updated_at"}
    channel = await app.channels.open(made["id"])
    assert channel.ark is not None
    assert channel.ark.api_key == "key"
    assert channel.openapi is not None
    assert channel.openapi.secrets[1:] == ("secret", "token")


async def test_how_outcomes_are_correlated_is_the_operators_choice(app: ChannelApp) -> None:
    made = await app.channel(correlate="safety_identifier")
    assert made["correlate"] == "safety_identifier"
    assert (await app.channels.open(made["id"])).correlate == "safety_identifier"

    assert (await app.patch(made["id"], correlate="off"))["correlate"] == "off"
    assert (await app.channels.open(made["id"])).correlate == "off"


async def test_null_clears_a_secret_and_a_new_pair_drops_the_old_session_token(app: ChannelApp) -> None:
    made = await app.channel(ark_api_key="key", **PAIR, session_token="token")

    assert (await app.patch(made["id"], ark_api_key=None))["has_ark_api_key"] is False
    assert (await app.patch(made["id"], session_token=None))["has_session_token"] is False
    assert (await app.patch(made["id"], session_token="token-2"))["has_session_token"] is True
    renewed = await app.patch(made["id"], access_key_id="AK2", secret_access_key="secret-2")
    assert (renewed["has_access_key"], renewed["has_session_token"]) == (True, False)
    cleared = await app.patch(made["id"], access_key_id=None, secret_access_key=None)
    assert cleared["has_access_key"] is False
    assert (await app.channels.open(made["id"])).openapi is None


async def test_half_a_key_pair_can_neither_be_set_nor_cleared(app: ChannelApp) -> None:
    made = await app.channel(**PAIR)
    for fields in (
        {"access_key_id": None},
        {"secret_access_key": None},
        {"access_key_id": "AK2", "secret_access_key": None},
        {"access_key_id": None, "secret_access_key": "secret-2"},
        {"secret_access_key": "secret-2"},
    ):
        answer = await app.http.patch(f"/channels/{made['id']}", json=fields)
        assert answer.status_code == 400
        assert answer.json()["error"]["code"].startswith("MissingParameter.")
    assert (await app.channels.open(made["id"])).openapi is not None


async def test_every_change_is_audited_by_field_names_alone(app: ChannelApp) -> None:
    made = await app.channel(ark_api_key="key-1", **PAIR)
    await app.patch(made["id"], ark_api_key="key-2", weight=5)
    await app.patch(made["id"], status="suspended")
    await app.patch(made["id"], weight=5, ark_api_key="key-2", status="suspended")
    await app.http.delete(f"/channels/{made['id']}")

    assert await app.audit() == [
        ("channel.create", {"name": "main", "secrets": ["ark_api_key", "access_key_id", "secret_access_key"]}),
        ("channel.update", {"fields": ["ark_api_key", "weight"], "status": "active", "status_reason": None}),
        ("channel.update", {"fields": ["status"], "status": "suspended", "status_reason": None}),
        ("channel.delete", {"name": "main"}),
    ]
    rows = (await app.http.get(f"/audit?target={made['id']}")).json()["data"]
    assert {(row["actor"], row["address"], row["target_type"]) for row in rows} == {("admin", "192.0.2.1", "channel")}


async def test_a_change_that_changes_nothing_is_not_written(app: ChannelApp) -> None:
    made = await app.channel(ark_api_key="key", models={"a": "ep-1"})
    assert await app.patch(made["id"], ark_api_key="key", models={"a": "ep-1"}, status="active") == made
    assert await app.patch(made["id"]) == made
    assert len(await app.audit()) == 1


async def test_changes_at_the_same_time_are_all_kept(app: ChannelApp) -> None:
    made = await app.channel()
    changes = [{"weight": 2}, {"priority": 3}, {"exclusive": True}]
    answers = await asyncio.gather(*(app.http.patch(f"/channels/{made['id']}", json=fields) for fields in changes))
    assert [answer.status_code for answer in answers] == [200] * 3
    kept = (await app.http.get(f"/channels/{made['id']}")).json()
    assert (kept["weight"], kept["priority"], kept["exclusive"]) == (2, 3, True)


async def test_a_channel_with_unfinished_tasks_groups_or_assets_is_not_deleted(app: ChannelApp) -> None:
    made = await app.channel(ark_api_key="key")
    now = datetime.now(UTC)
    async with app.sessions.begin() as session:
        await add_task(session, made["id"], "cgt-1", status="running", created_at=now)
        await add_task(session, made["id"], "cgt-2", status="succeeded", created_at=now)
        await add_group(session, made["id"], "group-1", created_at=now)
        await add_asset(session, made["id"], "asset-1", group_id="group-1", created_at=now)

    refused = await app.http.delete(f"/channels/{made['id']}")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "InvalidAction")
    assert "1 unfinished tasks and 1 asset groups and 1 assets" in refused.json()["error"]["message"]
    assert (await app.http.get(f"/channels/{made['id']}")).json() == made

    async with app.sessions.begin() as session:
        for statement in (
            "UPDATE assets SET deleted_at = now()",
            "UPDATE asset_groups SET deleted_at = now()",
            "UPDATE tasks SET status = 'failed'",
        ):
            await session.execute(text(statement))
    assert (await app.http.delete(f"/channels/{made['id']}")).status_code == 204


async def test_deleting_a_channel_forgets_its_secrets_and_keeps_its_row(app: ChannelApp) -> None:
    made = await app.channel(ark_api_key="key", **PAIR)
    assert (await app.http.delete(f"/channels/{made['id']}")).status_code == 204
    async with app.sessions() as session:
        row = await session.get(ChannelRow, made["id"])
    assert row is not None
    assert row.deleted_at is not None
    assert (row.ark_api_key_sealed, row.access_key_id_sealed, row.secret_access_key_sealed) == (None, None, None)
    assert await app.directory.candidates(None, needs="ark") == []


async def test_the_health_of_a_channel_is_that_of_all_processes(app: ChannelApp) -> None:
    made = await app.channel(ark_api_key="key")
    async with app.sessions.begin() as session:
        now = utc_now()
        session.add(ChannelHealthRow(channel_id=made["id"], unknowns=5, opened_at=now, updated_at=now))
        # Nothing is left of one, and all of the other.
        for rate_class, tokens in ((RateClass.DELETE, -1e7), (RateClass.LIST, 1.0)):
            session.add(RateLimitRow(channel_id=made["id"], kind=rate_class.value[0], tokens=tokens, refilled_at=now))

    (listed,) = (await app.http.get("/channels")).json()["data"]
    health = listed["health"]
    assert (health["is_breaker_open"], health["breaker_reason"], health["unknown_outcomes"]) == (
        True,
        "unknown_outcomes",
        5,
    )
    assert datetime.fromisoformat(health["breaker_opened_at"]) == now
    used = {name: share for name, share in health["rates_used"].items() if share}
    assert used == {"delete": 1.0}
    async with app.sessions.begin() as session:
        await session.execute(update(ChannelHealthRow).values(unknowns=0))
    shown = (await app.http.get(f"/channels/{made['id']}")).json()["health"]
    assert shown["breaker_reason"] == "not_the_upstream"
