"""What a create sends upstream, and what it refuses to send."""

import asyncio
import re
from typing import Any

import pytest

from app.tasks.models import TaskStatus
from tests.support.answers import check_error
from tests.support.frozen_gateway import ENDPOINT
from tests.support.gateway import FAST, HELD, MODEL, SPARE_ID, TASKS, Gateway, Tenant, get, text

DATED = "doubao-seedance-2-0-260128"
DATED_FAST = "doubao-seedance-2-0-fast-260128"
OLDEST = "doubao-seedance-1-0-pro-250528"
UPSTREAM_ID = re.compile(r"cgt-\d{14}-[a-z0-9]{5}")

KITTEN = text("a kitten")
ESTIMATE = {"upstream_model", "tokens_max", "is_exact", "currency", "price_micros", "price", "unpriced"}
NOTHING_ELSE = {"model": DATED, "content": KITTEN, "generate_audio": False}

_UNSET = [
    "safety_identifier",
    "callback_url",
    "return_last_frame",
    "service_tier",
    "execution_expires_after",
    "priority",
    "generate_audio",
    "draft",
    "camera_fixed",
    "watermark",
    "seed",
    "resolution",
    "ratio",
    "duration",
    "frames",
    "tools",
    "output_format",
    "omni_reference_task_type",
]
# Every parameter that volcengine-python-sdk sends for a text-to-video task of which nothing else is set.
FROM_PYTHON_SDK = {"model": MODEL, "content": KITTEN, **dict.fromkeys(_UNSET)}

ARRIVES = [
    pytest.param(FROM_PYTHON_SDK, NOTHING_ELSE, id="nulls mean absent"),
    pytest.param(
        {"model": MODEL, "content": [{"type": "text", "text": "a kitten", "role": None, "image_url": None}]},
        NOTHING_ELSE,
        id="nulls in an item mean absent",
    ),
    pytest.param({"model": FAST, "content": KITTEN}, {**NOTHING_ELSE, "model": DATED_FAST}, id="the fast model"),
    pytest.param({"model": DATED, "content": KITTEN}, {"model": DATED, "content": KITTEN}, id="the upstream's sound"),
    pytest.param(
        {"model": DATED, "content": KITTEN, "generate_audio": None},
        {"model": DATED, "content": KITTEN},
        id="null of a dated id",
    ),
    pytest.param(
        {"model": OLDEST, "content": KITTEN}, {"model": OLDEST, "content": KITTEN}, id="a model that makes no sound"
    ),
    pytest.param(
        {"model": MODEL, "content": KITTEN, "generate_audio": True},
        {**NOTHING_ELSE, "generate_audio": True},
        id="sound that is asked for",
    ),
    pytest.param(
        {"model": MODEL, "content": KITTEN, "duration": 5.0, "seed": 7.0},
        {**NOTHING_ELSE, "duration": 5, "seed": 7},
        id="5.0 is sent as 5",
    ),
    pytest.param(
        {"model": MODEL, "content": KITTEN, "new_field": {"deep": [1, None, {"x": "好"}]}, "priority": 3},
        {**NOTHING_ELSE, "new_field": {"deep": [1, None, {"x": "好"}]}, "priority": 3},
        id="unknown fields as they are",
    ),
]


@pytest.mark.parametrize(("sent", "arrives"), ARRIVES)
async def test_the_upstream_gets_what_the_client_sent_and_no_invented_defaults(
    gateway: Gateway, sent: dict[str, Any], arrives: dict[str, Any]
) -> None:
    tenant = await gateway.tenant()
    response = await tenant.http.post(TASKS, json=sent)
    assert response.status_code == 200, response.text
    assert response.json().keys() == {"id"}
    assert UPSTREAM_ID.fullmatch(response.json()["id"])
    assert gateway.sent_body() == arrives
    assert '"duration":5.' not in (gateway.received("create_task")[-1].body or "")


async def test_the_upstream_receives_our_request_id(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    response = await tenant.create_task()
    assert gateway.received("create_task")[-1].client_request_id == response.headers["x-request-id"]


async def test_a_channel_may_use_an_endpoint_of_its_own_for_a_model(gateway: Gateway) -> None:
    tenant = await gateway.tenant("second")
    task_id = await tenant.new_task()
    assert gateway.sent_body()["model"] == ENDPOINT
    row = await gateway.row(task_id)
    assert row is not None
    assert (row.model, row.upstream_model) == (MODEL, ENDPOINT)


async def test_only_short_known_parameters_are_kept_in_the_mirror(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(huge="x" * 10_000, resolution="720p", watermark=True, reasoning_effort="y" * 300)
    row = await gateway.row(task_id)
    assert row is not None
    assert row.parameters == {"resolution": "720p", "watermark": True}
    assert gateway.sent_body()["huge"] == "x" * 10_000


async def test_a_callback_url_is_kept_with_the_task_and_not_sent_upstream(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(callback_url="https://Example.com:443/hook?a=b")
    row = await gateway.row(task_id)
    assert row is not None
    assert row.callback_url == "https://example.com/hook?a=b"
    assert "callback_url" not in gateway.sent_body()
    assert "callback_url" not in row.parameters


async def test_a_key_is_held_to_its_models(gateway: Gateway) -> None:
    tenant = await gateway.tenant(allowed_models=[FAST], allowed_channels=["default"])
    check_error(await tenant.create_task(), 403, "AccessDenied")
    check_error(await tenant.create_task(model="nonsense"), 404, "InvalidEndpointOrModel.NotFound", "model")
    assert not gateway.received("create_task")
    await tenant.new_task(model=FAST)


async def test_a_key_is_held_to_its_channels(gateway: Gateway) -> None:
    gone = await gateway.add_channel("elsewhere", "http://127.0.0.1:1/api/v3", "key")
    held_to_it = await gateway.tenant("elsewhere")
    assert (await gateway.admin.delete(f"/channels/{gone}")).status_code == 204
    check_error(await held_to_it.create_task(), 403, "AccessDenied")
    await (await gateway.tenant("second")).new_task()
    assert [entry.account for entry in gateway.received("create_task")] == ["second"]


async def test_a_draft_on_a_channel_that_the_key_may_not_use_is_refused(gateway: Gateway) -> None:
    owner = await gateway.tenant("second")
    draft = await owner.new_task()
    restricted = await gateway.key_of(owner.id, allowed_channels=["default"])
    response = await restricted.create_task(content=[{"type": "draft_task", "draft_task": {"id": draft}}])
    check_error(response, 403, "AccessDenied")


@pytest.mark.usefixtures("models")
async def test_the_default_of_a_row_is_the_operators_and_a_dry_run_tells_what_is_sent(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    rows: list[dict[str, Any]] = [
        {"name": MODEL, "upstream_id": DATED},
        {"name": "quiet", "upstream_id": DATED, "generate_audio_default": False},
        {"name": "loud", "upstream_id": DATED, "generate_audio_default": True},
        {"name": "plain", "upstream_id": DATED},
    ]
    put = await gateway.admin.put("/models", json={"data": rows})
    assert [row["generate_audio_default"] for row in put.json()["data"]] == [False, False, True, None]

    for row, shown in zip(rows, put.json()["data"], strict=True):
        body = {"model": row["name"], "content": KITTEN}
        default = shown["generate_audio_default"]
        dry = (await tenant.http.post(TASKS, params={"dry_run": "true"}, json=body)).json()
        await tenant.http.post(TASKS, json=body)
        added = {} if default is None else {"generate_audio": default}
        assert dry["body"] == gateway.sent_body() == {**body, "model": DATED, **added}


async def test_a_create_is_the_same_create_whatever_default_its_model_has_since(
    gateway: Gateway, models: list[dict[str, Any]]
) -> None:
    tenant = await gateway.tenant()
    body = {"model": DATED, "content": KITTEN}
    made = []
    for default in (None, True, False):
        rows = [row | {"generate_audio_default": default} if row["name"] == DATED else row for row in models]
        assert (await gateway.admin.put("/models", json={"data": rows})).status_code == 200
        made.append((await tenant.http.post(TASKS, json=body, headers={"Idempotency-Key": "one"})).json())
    assert made == [made[0]] * 3
    assert len(gateway.received("create_task")) == 1


@pytest.mark.parametrize("dry_run", ["true", "false"])
async def test_a_dry_run_stores_and_sends_nothing(gateway: Gateway, dry_run: str) -> None:
    tenant = await gateway.tenant()
    body = {"model": MODEL, "content": KITTEN, "duration": 5, "seed": None}
    response = await tenant.http.post(TASKS, params={"dry_run": dry_run}, json=body)
    assert response.status_code == 200
    if dry_run == "false":
        assert response.json().keys() == {"id"}
        return
    answer = response.json()
    assert answer.pop("estimate").keys() == ESTIMATE
    assert answer == {
        "dry_run": True,
        "model": MODEL,
        "upstream_model": DATED,
        "body": {**NOTHING_ELSE, "duration": 5},
        "alternatives": [],
    }
    assert not gateway.received("create_task")
    assert await gateway.rows_of(tenant) == []


async def test_a_dry_run_refuses_what_a_create_refuses(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    for body in ({"model": MODEL, "content": []}, {"model": MODEL, "content": KITTEN, "duration": 99}):
        dry = await tenant.http.post(TASKS, params={"dry_run": "true"}, json=body)
        real = await tenant.http.post(TASKS, json=body)
        assert dry.status_code == real.status_code == 400
        assert dry.json()["error"]["code"] == real.json()["error"]["code"]


@pytest.mark.parametrize("query", ["dryrun=true", "dry_run=True", "dry_run=yes", "dry_run=true&dry_run=false"])
async def test_a_dry_run_that_is_misspelt_does_not_spend_money(gateway: Gateway, query: str) -> None:
    tenant = await gateway.tenant()
    response = await tenant.http.post(f"{TASKS}?{query}", json={"model": MODEL, "content": KITTEN})
    name = query.partition("=")[0]
    check_error(response, 400, f"InvalidParameter.{name}", name)
    assert not gateway.received("create_task")


async def test_a_task_whose_create_is_under_way_shows_as_queued_and_keeps_both_ids(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    await gateway.fault("create_task", **{**HELD, "at": "before"})
    creating = asyncio.create_task(tenant.new_task(service_tier="flex", model=OLDEST))
    await gateway.arrival("create_task")
    listed = await _only_item(tenant)
    assert SPARE_ID.fullmatch(listed["id"])
    shown = (await get(tenant, listed["id"])).json()
    assert shown == listed
    assert (shown["status"], shown["error"], shown["service_tier"], shown["model"]) == ("queued", None, "flex", OLDEST)
    assert not creating.done()
    refused = await tenant.http.delete(f"{TASKS}/{listed['id']}")
    check_error(refused, 409, "InvalidAction")
    assert refused.headers["x-should-retry"] == "false"
    await gateway.release()
    task_id = await creating
    assert (await get(tenant, task_id)).json()["id"] == (await get(tenant, listed["id"])).json()["id"] == task_id
    row = await gateway.row(task_id)
    assert row is not None
    assert row.status == TaskStatus.QUEUED


async def _only_item(tenant: Tenant) -> dict[str, Any]:
    listed = (await tenant.http.get(TASKS)).json()
    assert listed["total"] == 1
    item: dict[str, Any] = listed["items"][0]
    return item
