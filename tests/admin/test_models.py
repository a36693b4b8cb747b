"""The model catalog over the admin API."""

import asyncio
import re
from typing import Any

import pytest
import pytest_asyncio

from app.catalog.default_models import DEFAULT_MODELS
from app.catalog.model_spec import ModelSpec
from app.catalog.service import seed_models
from tests.support.channel_app import ChannelApp

A = {"name": "a", "upstream_id": "b"}
C = {"name": "c", "upstream_id": "d"}


@pytest_asyncio.fixture(autouse=True)
async def fresh_models(app: ChannelApp) -> None:
    """The models of a fresh installation."""
    await seed_models(app.sessions, DEFAULT_MODELS)


async def test_the_catalog_is_shown_in_order_and_can_be_sent_back(app: ChannelApp) -> None:
    shown = (await app.http.get("/models")).json()
    assert shown == {"data": [model.to_json() for model in DEFAULT_MODELS], "has_more": False, "next_cursor": None}

    put = await app.http.put("/models", json=shown)

    assert (put.status_code, put.json()) == (200, shown)
    assert (await app.http.get("/models")).json() == shown
    assert await app.audit() == [("models.replace", {"added": [], "removed": [], "changed": []})]


async def test_a_new_list_replaces_the_whole_catalog_at_once(app: ChannelApp) -> None:
    kept = DEFAULT_MODELS[0].to_json() | {"duration_max": 10}
    added = {
        "name": "house-model",
        "upstream_id": "ep-20260101-abcde",
        "aliases": ["house.model", DEFAULT_MODELS[1].name],
        "regions": {"cn-beijing": "ep-20260101-abcde", "eu-west-1": None},
    }

    put = await app.http.put("/models", json={"data": [added, kept]})

    assert [model["name"] for model in put.json()["data"]] == ["house-model", kept["name"]]
    assert put.json()["data"][0] == ModelSpec.from_json(added).to_json()
    assert put.json()["data"][1] == kept
    index = await app.catalog.index()
    assert [model.name for model in index.models] == ["house-model", kept["name"]]
    found = index.find("house-model")
    assert found is not None
    assert (found.upstream_id, found.regions) == ("ep-20260101-abcde", added["regions"])
    assert index.find("house.model") == index.find(DEFAULT_MODELS[1].name) == found
    assert index.find(DEFAULT_MODELS[2].name) is None
    assert await app.audit() == [
        (
            "models.replace",
            {
                "added": ["house-model"],
                "removed": sorted(model.name for model in DEFAULT_MODELS[1:]),
                "changed": [kept["name"]],
            },
        )
    ]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"data": []}, "data"),
        ({"data": {}}, "data"),
        ({"data": ["a"]}, "data[0]"),
        ({"data": [{"name": "a"}]}, "data[0].upstream_id"),
        ({"data": [A | {"name": "a b"}]}, "data[0].name"),
        ({"data": [A | {"ratio": 1}]}, "data[0]"),
        ({"data": [A | {"ratios": []}]}, "data[0].ratios"),
        ({"data": [A, C | {"duration_min": 99}]}, "data[1].duration_min"),
        ({"data": [A, A | {"upstream_id": "c"}]}, "data[1].name"),
        ({"data": [A | {"aliases": ["c"]}, C]}, "data[1].name"),
        ({"data": [A | {"aliases": ["d"]}, C | {"aliases": ["e", "d"]}]}, "data[1].aliases.1"),
        ({"data": [A | {"aliases": ["a"]}]}, "data[0].aliases.0"),
        ({"data": [A | {"regions": {"cn beijing": "c"}}]}, "data[0].regions.cn beijing"),
        ({"data": [A], "has_more": True}, "has_more"),
        ({"data": [A], "models": []}, "models"),
    ],
)
async def test_a_wrong_list_is_refused_and_changes_nothing(app: ChannelApp, body: dict[str, Any], param: str) -> None:
    answer = await app.http.put("/models", json=body)
    assert answer.status_code == 400, answer.text
    code = f"InvalidParameter.{re.split('[.[]', param)[0]}"
    assert (answer.json()["error"]["code"], answer.json()["error"]["param"]) == (code, param)
    assert len((await app.http.get("/models")).json()["data"]) == len(DEFAULT_MODELS)
    assert await app.audit() == []


async def test_a_list_is_needed(app: ChannelApp) -> None:
    for body in ({}, {"data": None}):
        answer = await app.http.put("/models", json=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "MissingParameter.data")


async def test_replacements_at_the_same_time_leave_one_whole_list(app: ChannelApp) -> None:
    lists = [[{"name": f"{kind}-{number}", "upstream_id": "ep"} for number in range(5)] for kind in "abcd"]
    answers = await asyncio.gather(*(app.http.put("/models", json={"data": models}) for models in lists))
    assert [answer.status_code for answer in answers] == [200] * 4
    names = [model["name"] for model in (await app.http.get("/models")).json()["data"]]
    assert names in [[model["name"] for model in models] for models in lists]
