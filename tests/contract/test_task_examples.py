"""The spec's task examples, as they stand there, get the documented answers."""

import asyncio
import re
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.contract import examples
from tests.support.answers import check_shape
from tests.support.driving import act, force, received, until
from tests.support.gateway import TASKS, Gateway, Tenant
from tests.support.plain import PLAIN

_ID = re.compile(r"cgt-\d{14}-[a-z0-9]{5}")

# The spec's "Success Response" but for what an example must ask for, and with ``expires_at``.
SUCCEEDED: dict[str, Any] = {
    "id": str,
    "model": str,
    "status": str,
    "error": None,
    "created_at": int,
    "updated_at": int,
    "content": {"video_url": str, "expires_at": int},
    "seed": int,
    "resolution": str,
    "ratio": str,
    "duration": int,
    "framespersecond": int,
    "generate_audio": bool,
    "service_tier": str,
    "execution_expires_after": int,
    "usage": {"completion_tokens": int, "total_tokens": int},
}
# What the upstream says beyond the spec about this model; it is passed on.
BEYOND = {"priority": int}
ON_SUCCESS = {"content", "seed", "resolution", "ratio", "duration", "framespersecond", "generate_audio", "usage"}
UNFINISHED = {name: kind for name, kind in SUCCEEDED.items() if name not in ON_SUCCESS}
FRAME = {"content": {"video_url": str, "last_frame_url": str, "expires_at": int}}
SEARCH = {"usage": {**SUCCEEDED["usage"], "tool_usage": {"web_search": int}}, "tools": [{"type": str}]}
ASKED_FOR: dict[str, dict[str, Any]] = {"reference to video": FRAME, "web search": SEARCH}


async def post(tenant: Tenant, text: str) -> httpx.Response:
    """Sends an example with the headers that it documents."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {tenant.key}"}
    return await tenant.http.post(TASKS, content=text.encode(), headers=headers)


@pytest_asyncio.fixture(scope="module")
async def succeeded(gateway: Gateway, tenant: Tenant) -> dict[str, dict[str, Any]]:
    """Every example, created and finished: its name → what the query answers."""
    bodies = {}
    for name, text in examples.TASKS.items():
        created = await post(tenant, text)
        assert created.status_code == 200, created.text
        bodies[name] = await force(gateway, tenant, created.json()["id"], "succeeded")
    return bodies


@pytest.mark.parametrize("name", examples.TASKS)
async def test_a_create_example_is_answered_with_the_id_alone(tenant: Tenant, name: str) -> None:
    created = await post(tenant, examples.TASKS[name])
    assert created.status_code == 200
    assert created.headers["content-type"] == "application/json"
    check_shape(created.json(), {"id": str})
    assert _ID.fullmatch(created.json()["id"])


@pytest.mark.parametrize("name", examples.TASKS)
async def test_a_finished_example_has_the_documented_fields(succeeded: dict[str, dict[str, Any]], name: str) -> None:
    body = succeeded[name]
    check_shape(body, {**SUCCEEDED, **BEYOND, **ASKED_FOR.get(name, {})})
    assert body["model"] == "doubao-seedance-2-0-260128"
    assert (body["status"], body["resolution"], body["ratio"], body["duration"]) == ("succeeded", "720p", "16:9", 5)
    assert (body["framespersecond"], body["service_tier"], body["execution_expires_after"]) == (24, "default", 172800)
    assert body["generate_audio"] is ('"generate_audio": true' in examples.TASKS[name])
    assert body["usage"]["completion_tokens"] == body["usage"]["total_tokens"] > 0
    assert body["created_at"] <= body["updated_at"]


async def test_the_urls_lead_to_a_video_and_a_picture(succeeded: dict[str, dict[str, Any]]) -> None:
    content = succeeded["reference to video"]["content"]
    async with httpx.AsyncClient(verify=PLAIN) as client:
        video, frame = await asyncio.gather(client.get(content["video_url"]), client.get(content["last_frame_url"]))
    assert video.content[4:8] == b"ftyp"
    assert frame.content.startswith(b"\x89PNG")


async def test_what_the_spec_calls_a_default_is_sent_as_such(gateway: Gateway, tenant: Tenant) -> None:
    created = await post(tenant, examples.WEB_SEARCH)
    sent = received(gateway, created.json()["id"])
    assert sent["generate_audio"] is False
    assert sent.keys() - {"generate_audio"} == {"model", "content", "resolution", "ratio", "duration", "tools"}


async def test_no_tool_usage_unless_a_tool_was_given(succeeded: dict[str, dict[str, Any]]) -> None:
    assert "tool_usage" not in succeeded["text to video"]["usage"]
    assert "last_frame_url" not in succeeded["text to video"]["content"]


@pytest.mark.parametrize("status", ["queued", "running", "expired"])
async def test_a_task_without_a_result_has_the_minimal_fields(gateway: Gateway, tenant: Tenant, status: str) -> None:
    body = await force(gateway, tenant, await tenant.new_task(), status)
    check_shape(body, UNFINISHED)
    assert body["status"] == status


async def test_a_failed_task_says_why(gateway: Gateway, tenant: Tenant) -> None:
    task_id = await tenant.new_task()
    body = await force(gateway, tenant, task_id, "failed", code="OutputVideoSensitiveContentDetected")
    check_shape(body, {**UNFINISHED, "error": {"code": str, "message": str}})
    assert body["error"]["code"] == "OutputVideoSensitiveContentDetected"
    listed = (await tenant.http.get(TASKS, params={"filter.task_ids": task_id})).json()
    assert listed == {"items": [{**body, "failure_reason": body["error"]}], "total": 1}


async def test_numbers_that_arrive_as_strings_are_shown_and_counted_as_integers(
    gateway: Gateway, tenant: Tenant
) -> None:
    search = {"tools": [{"type": "web_search"}]}
    task_id = await tenant.new_task(content=[{"type": "text", "text": "a cat [numbers:strings]"}], **search)
    body = await force(gateway, tenant, task_id, "succeeded")
    check_shape(body, {**SUCCEEDED, **BEYOND, **SEARCH})
    listed = (await tenant.http.get(TASKS, params={"filter.task_ids": task_id})).json()
    assert listed == {"items": [body], "total": 1}
    stored = (await gateway.admin.get(f"/tasks/{task_id}")).json()
    assert stored["total_tokens"] == body["usage"]["total_tokens"] > 0


async def test_a_queued_task_that_is_deleted_is_cancelled(tenant: Tenant) -> None:
    created = await tenant.create_task(content=[{"type": "text", "text": "waits [queue:100000]"}])
    task_id = created.json()["id"]
    deleted = await tenant.http.delete(f"{TASKS}/{task_id}")
    assert (deleted.status_code, deleted.json()) == (200, {})
    check_shape(await until(tenant, task_id, "cancelled"), UNFINISHED)


async def test_a_per_frame_model_answers_frames_in_place_of_duration(gateway: Gateway, tenant: Tenant) -> None:
    task_id = await tenant.new_task(model="doubao-seedance-1-0-pro-250528", frames=121)
    body = await force(gateway, tenant, task_id, "succeeded")
    shape = {name: kind for name, kind in SUCCEEDED.items() if name not in {"duration", "generate_audio"}}
    check_shape(body, {**shape, "frames": int})
    assert body["frames"] == 121


async def test_an_asset_is_used_as_the_spec_shows_it(gateway: Gateway, tenant: Tenant, assets: dict[str, str]) -> None:
    item = examples.USE_OF_AN_ASSET.replace("{id}", assets["image_url"])
    created = await post(tenant, f'{{"model": "doubao-seedance-2", "content": [{item}]}}')
    assert created.status_code == 200, created.text
    sent = received(gateway, created.json()["id"])
    assert sent["content"][0]["image_url"]["url"] == f"asset://{assets['image_url']}"
    shown = await act(tenant, "GetAsset", Id=assets["image_url"])
    assert "LastInferenceTime" in shown
