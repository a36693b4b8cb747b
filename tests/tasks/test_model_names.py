"""Names of models: aliases, the account that serves each, and the error for an unknown one."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from app.catalog.model_index import nearest
from app.catalog.model_spec import ModelSpec
from tests.support.answers import check_error
from tests.support.frozen_gateway import ENDPOINT
from tests.support.gateway import FAST, MODEL, TASKS, Gateway, Tenant, get, text

V25 = "doubao-seedance-2-5-260628"
V20 = "doubao-seedance-2-0-260128"
V20_FAST = "doubao-seedance-2-0-fast-260128"
V20_MINI = "doubao-seedance-2-0-mini-260615"
V15 = "doubao-seedance-1-5-pro-251215"
V10 = "doubao-seedance-1-0-pro-250528"
V10_FAST = "doubao-seedance-1-0-pro-fast-251015"
LITE_TEXT = "doubao-seedance-1-0-lite-t2v-250428"
LITE_IMAGE = "doubao-seedance-1-0-lite-i2v-250428"

# BytePlus' ids, and the defaults and samples of published client programs.
SENT_BY_CLIENTS = {
    "dreamina-seedance-2-5-260628": V25,
    "doubao-seedance-2-5": V25,
    "doubao-seedance-2.5": V25,
    "dreamina-seedance-2-0-260128": V20,
    "doubao-seedance-2-0": V20,
    "doubao-seedance-2.0": V20,
    "seedance-2.0": V20,
    "dreamina-seedance-2-0-fast-260128": V20_FAST,
    "doubao-seedance-2.0-fast": V20_FAST,
    "doubao-seedance-2.0-mini": V20_MINI,
    "dreamina-seedance-2-0-mini-260615": V20_MINI,
    "seedance-1-5-pro-251215": V15,
    "doubao-seedance-1.5-pro": V15,
    "seedance-1.5-pro": V15,
    "seedance-1-0-pro-250528": V10,
    "seedance-1.0-pro": V10,
    "seedance-1-0-pro-fast-251015": V10_FAST,
    "seedance-1-0-lite-t2v-250428": LITE_TEXT,
    "seedance-1-0-lite-i2v-250428": LITE_IMAGE,
}


async def dry_run(tenant: Tenant, model: str) -> httpx.Response:
    body = {"model": model, "content": text("a kitten")}
    return await tenant.http.post(TASKS, params={"dry_run": "true"}, json=body)


async def sent_for(tenant: Tenant, model: str) -> str:
    """Returns what the upstream would be sent as the model."""
    response = await dry_run(tenant, model)
    assert response.status_code == 200, response.text
    answer = response.json()
    assert answer["body"]["model"] == answer["upstream_model"]
    return str(answer["upstream_model"])


def named_in(response: httpx.Response) -> list[str]:
    """Returns the models that the answer to an unknown one names."""
    check_error(response, 404, "InvalidEndpointOrModel.NotFound", "model")
    answer = response.json()["error"]["message"].partition(". Request id: ")[0]
    _, _, named = answer.partition("may use: ")
    return named.split(", ") if named else []


async def test_every_spelling_that_clients_send_is_the_model_that_it_means(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    for spelling, dated in SENT_BY_CLIENTS.items():
        answer = (await dry_run(tenant, spelling)).json()
        assert (answer["model"], answer["upstream_model"]) == (dated, dated), spelling
        # The spec's default is of the spec's two names alone.
        assert "generate_audio" not in answer["body"]


async def test_a_task_is_its_models_whatever_the_client_called_it(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    ids = [await tenant.new_task(model=name) for name in ("seedance-2.0", V20, "dreamina-seedance-2-0-260128")]
    by_our_name = await tenant.new_task(model=MODEL)
    other = await tenant.new_task(model="doubao-seedance-2.0-fast")

    assert [(await get(tenant, task_id)).json()["model"] for task_id in ids] == [V20] * 3
    row = await gateway.row(ids[0])
    assert row is not None
    assert (row.model, row.upstream_model) == (V20, V20)
    for spelling, expected in (
        ("dreamina-seedance-2-0-260128", [*ids, by_our_name]),
        ("doubao-seedance-2.0", [*ids, by_our_name]),
        (V20, [*ids, by_our_name]),
        (MODEL, [by_our_name]),
        ("dreamina-seedance-2-0-fast", [other]),
        ("dreamina-seedance-3", []),
    ):
        listed = (await tenant.http.get(TASKS, params={"filter.model": spelling})).json()
        assert ([item["id"] for item in listed["items"]], listed["total"]) == (expected[::-1], len(expected)), spelling
        overseen = await gateway.admin.get("/tasks", params={"tenant": tenant.id, "model": spelling})
        assert [task["upstream_id"] for task in overseen.json()["data"]] == expected[::-1], spelling


async def test_a_spelling_that_an_operator_gives_a_row_later_finds_the_tasks_from_before(
    gateway: Gateway, models: list[dict[str, Any]]
) -> None:
    tenant = await gateway.tenant()
    old = {"name": "old", "upstream_id": V20}
    assert (await gateway.admin.put("/models", json={"data": [*models, old]})).status_code == 200
    task_id = await tenant.new_task(model="old")
    await gateway.admin.put("/models", json={"data": [*models, old | {"name": "new", "aliases": ["old"]}]})

    listed = (await tenant.http.get(TASKS, params={"filter.model": "new"})).json()

    assert [item["id"] for item in listed["items"]] == [task_id]
    assert (await dry_run(tenant, "old")).json()["model"] == "new"


async def test_allowing_any_spelling_allows_the_model(gateway: Gateway) -> None:
    made = await gateway.admin.post("/tenants", json={"name": "t", "allowed_models": ["seedance-2.0", V10, FAST]})
    tenant_id = made.json()["id"]
    spelt = ["dreamina-seedance-2-0-260128", "seedance-1.5-pro", "seedance-1-0-pro"]
    narrow = await gateway.key_of(tenant_id, allowed_models=spelt, allowed_channels=["default"])
    wide = await gateway.key_of(tenant_id, allowed_channels=["default"])

    for key, allowed, refused in (
        (narrow, (V20, "doubao-seedance-2-0", V10), (MODEL, FAST, V15, "seedance-1.5-pro", V20_FAST)),
        (wide, (V20, "doubao-seedance-2-0", V10, FAST), (MODEL, V15, V20_FAST)),
    ):
        for name in allowed:
            assert (await dry_run(key, name)).status_code == 200, name
        for name in refused:
            check_error(await dry_run(key, name), 403, "AccessDenied")

    shown = [(await key.http.get("/api/v3/whoami")).json()["allowed_models"] for key in (narrow, wide)]
    assert shown == [sorted([V20, V10]), sorted([V20, V10, FAST])]


async def test_the_error_for_an_unknown_model_names_the_nearest_that_the_key_may_use(
    gateway: Gateway, models: list[dict[str, Any]]
) -> None:
    free = await gateway.tenant()
    for text_sent, likest in (
        ("doubao-seedence-2", MODEL),
        ("Dreamina-Seedance-2-0-260128", "dreamina-seedance-2-0-260128"),
        ("doubao-seedance-2-0-fast-260129", V20_FAST),
        ("seedence-1.5-pro", "seedance-1.5-pro"),
        ("doubao-seedance-1-0-lite", "doubao-seedance-1-0-lite-t2v"),
    ):
        named = named_in(await dry_run(free, text_sent))
        assert (named[0], len(named)) == (likest, 3), text_sent

    # Many that are liker and that the next keys may not use.
    others = [{"name": f"doubao-seedance-2-1-{number}", "upstream_id": "ep-1"} for number in range(30)]
    assert (await gateway.admin.put("/models", json={"data": [*others, *models]})).status_code == 200
    held = await gateway.tenant(allowed_models=["seedance-1.5-pro", FAST], allowed_channels=["default"])
    for text_sent in ("doubao-seedance-2-1", "dreamina-seedance-2-0-260129", "sora-2", "模型", "x" * 50_000, "a\nb"):
        named = named_in(response := await dry_run(held, text_sent))
        assert {SENT_BY_CLIENTS.get(name, name) for name in named} <= {V15, FAST, "doubao-seedance-1-5-pro"}
        assert 0 < len(named) <= 2
        assert len(response.json()["error"]["message"]) < 400

    nothing = await gateway.tenant(allowed_models=["doubao-seedance-2-1-0"], allowed_channels=["default"])
    assert (await gateway.admin.put("/models", json={"data": models})).status_code == 200
    assert named_in(await dry_run(nothing, "doubao-seedance-2-1")) == []


def test_what_is_compared_and_checked_has_bounds_and_names_come_before_aliases() -> None:
    many = [
        ModelSpec(name=f"model-{number}", upstream_id="ep-1", aliases=tuple(f"other-{number}-{k}" for k in range(32)))
        for number in range(400)
    ]
    assert nearest("model-399", many, lambda _model: True)[0] == "model-399"
    assert nearest("other-0-5", many, lambda _model: True)[0] == "other-0-5"
    assert len(nearest("other-399-5", many, lambda _model: True)) == 3
    assert nearest("model-399" + "x" * 1000, many[7:8], lambda _model: True) == ["model-7"]
    assert nearest("", many, lambda _model: True) == ["model-0", "model-1", "model-2"]

    for served, most in (([], 20), ([0, 1, 2], 3), ([1, 8, 19], 20)):
        checked: list[str] = []

        def is_served(model: ModelSpec, checked: list[str] = checked, served: list[int] = served) -> bool:
            checked.append(model.name)
            return len(checked) - 1 in served

        assert nearest("model-399", many, is_served) == [checked[index] for index in served]
        assert (checked[0], len(checked)) == ("model-399", most)


@pytest_asyncio.fixture
async def regions(gateway: Gateway) -> AsyncIterator[Gateway]:
    """The gateway with accounts of other regions, which come before the others where a key may use several."""
    made = []
    for name, region in (("singapore", "ap-southeast-1"), ("frankfurt", "eu-west-1"), ("unheard-of", "moon-1")):
        address = (gateway.sandbox.ark_base_url, "key")
        models = {"dreamina-seedance-2.0-mini": ENDPOINT, "seedance-1.0-lite-t2v": "ep-lite"}
        fields: dict[str, Any] = {"region": region, "priority": 50, "models": models if name == "frankfurt" else {}}
        made.append(await gateway.add_channel(name, *address, **fields))
    yield gateway
    for channel_id in made:
        assert (await gateway.admin.delete(f"/channels/{channel_id}")).status_code == 204


async def test_a_model_is_offered_to_accounts_whose_region_serves_it_under_its_id_there(regions: Gateway) -> None:
    expectations: dict[str, dict[str, str | None]] = {
        "default": {MODEL: V20, FAST: V20_FAST, V20: V20, "seedance-1.5-pro": V15, V10: V10, LITE_IMAGE: LITE_IMAGE},
        "singapore": {
            MODEL: "dreamina-seedance-2-0-260128",
            FAST: "dreamina-seedance-2-0-fast-260128",
            V20: "dreamina-seedance-2-0-260128",
            "doubao-seedance-2.5": "dreamina-seedance-2-5-260628",
            "doubao-seedance-1-0-pro": "seedance-1-0-pro-250528",
            "seedance-1.5-pro": None,
            LITE_IMAGE: None,
        },
        # What a channel says of a model, by any of its spellings, comes first.
        "frankfurt": {V20: "dreamina-seedance-2-0-260128", V20_MINI: ENDPOINT, LITE_TEXT: "ep-lite", V15: None},
        # Nothing is known about its region, so it is asked.
        "unheard-of": {V20: V20, V15: V15},
    }
    for name, expected in expectations.items():
        tenant = await regions.tenant(name)
        for model, upstream_id in expected.items():
            response = await dry_run(tenant, model)
            if upstream_id is None:
                named = named_in(response)
                assert len(named) == 3
                assert not any("1-5" in each or "1.5" in each or "lite-i2v" in each for each in named)
            else:
                assert response.json()["upstream_model"] == upstream_id, (name, model)
        if name == "singapore":
            assert (await tenant.create_task(model="seedance-1.5-pro")).status_code == 404

    both = await regions.tenant("default", "singapore")
    assert [await sent_for(both, model) for model in (V20, V15)] == ["dreamina-seedance-2-0-260128", V15]
    await both.new_task(model=V15)
    assert [entry.account for entry in regions.received("create_task")] == ["default"]


async def test_a_model_that_only_a_suspended_account_serves_is_there_but_not_now(regions: Gateway) -> None:
    tenant = await regions.tenant("unheard-of", "singapore")
    path = f"/channels/{await regions.channel_id('unheard-of')}"
    assert (await regions.admin.patch(path, json={"status": "suspended"})).status_code == 200
    check_error(await dry_run(tenant, V15), 503, "ServerOverloaded")
    assert await sent_for(tenant, V20) == "dreamina-seedance-2-0-260128"


async def test_a_draft_on_an_account_that_does_not_serve_the_model_is_refused(
    gateway: Gateway, models: list[dict[str, Any]]
) -> None:
    tenant = await gateway.tenant("second")
    draft = await tenant.new_task()
    here = [row | {"regions": {"cn-beijing": None}} if row["name"] == V20 else row for row in models]
    assert (await gateway.admin.put("/models", json={"data": here})).status_code == 200

    final = {"content": [{"type": "draft_task", "draft_task": {"id": draft}}]}

    check_error(await tenant.create_task(model=V20, **final), 400, "InvalidParameter.model", "model")
    fast = await tenant.http.post(TASKS, params={"dry_run": "true"}, json={"model": FAST, **final})
    assert fast.status_code == 200, fast.text


@pytest.mark.parametrize("model", ["", None, 5, ["doubao-seedance-2"]])
async def test_what_is_no_name_is_refused_as_before(gateway: Gateway, model: Any) -> None:
    tenant = await gateway.tenant()
    assert (await tenant.create_task(model=model)).status_code == 400
