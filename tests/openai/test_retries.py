"""A create that an SDK sends again is paid once, although each of its tries has other bytes."""

import asyncio
from typing import Any

import httpx
import pytest

from app.catalog.service import ModelCatalog
from app.core.strict_json import to_json_bytes
from app.db.engine import DatabaseUnavailableError
from app.tasks.service import TaskService
from tests.openai.driving import PROMPT, VIDEOS, Part, check_refused, multipart, new_video, post_form
from tests.openai.pictures import png
from tests.support.gateway import HELD, MODEL, TASKS, Gateway, Tenant, text

PICTURE, OTHER = png(1600, 900), png(1600, 901)
FORM: list[Part] = [("model", MODEL), ("prompt", "a kitten"), ("input_reference", PICTURE)]
RETRY = {"x-stainless-retry-count": "1"}


async def leave(gateway: Gateway, tenant: Tenant, parts: list[Part]) -> None:
    """Sends a create and leaves when it has arrived upstream, which holds its answer."""
    await gateway.fault("create_task", **HELD)
    posting = asyncio.create_task(post_form(tenant, parts))
    await gateway.arrival("create_task")
    posting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await posting
    await gateway.until_abandoned(tenant)


async def made(gateway: Gateway, tenant: Tenant) -> int:
    assert len(gateway.received("create_task")) == len(await gateway.rows_of(tenant))
    return len(await gateway.rows_of(tenant))


async def test_a_form_with_a_new_boundary_gets_the_video_of_the_lost_try(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    await leave(gateway, tenant, FORM)
    posting = asyncio.create_task(post_form(tenant, FORM))
    await gateway.until_claimed(tenant)
    await gateway.release()
    answer = await posting
    assert answer.status_code == 200, answer.text
    assert answer.json()["id"] == gateway.received("create_task")[0].resource_id
    assert (answer.json()["seconds"], answer.json()["model"]) == ("4", MODEL)
    assert await made(gateway, tenant) == 1


async def test_a_marked_retry_of_a_form_gets_the_video_that_was_answered(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    first = (await post_form(tenant, FORM)).json()["id"]
    assert (await post_form(tenant, FORM, **RETRY)).json()["id"] == first
    assert await made(gateway, tenant) == 1
    assert (await post_form(tenant, FORM)).json()["id"] != first


@pytest.mark.parametrize(
    "other",
    [
        [*FORM[:2], ("input_reference", OTHER)],
        [*FORM[:1], ("prompt", "a kitten "), *FORM[2:]],
        [*FORM, ("seconds", "4")],
        [*FORM[:2], ("images[]", PICTURE)],
    ],
    ids=["another file", "another text", "one field more", "another name"],
)
async def test_another_form_is_a_create_of_its_own(gateway: Gateway, other: list[Part]) -> None:
    tenant = await gateway.tenant()
    first = (await post_form(tenant, FORM)).json()["id"]
    assert (await post_form(tenant, other, **RETRY)).json()["id"] != first
    assert await made(gateway, tenant) == 2


async def test_equal_values_are_one_create_however_they_are_spelled(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    spelled: list[dict[str, Any]] = [
        {"content": to_json_bytes({**PROMPT, "images": ["https://example.com/a.png"]})},
        {
            "content": b'{"images": ["https:\\/\\/example.com\\/a.png"], "prompt":"a kitten","model":"%b"}'
            % MODEL.encode()
        },
        {"data": {**PROMPT, "images[]": "https://example.com/a.png"}},
        {"data": {**PROMPT, "images[0]": "https://example.com/a.png"}},
    ]
    ids = {(await tenant.http.post(VIDEOS, headers=RETRY, **each)).json()["id"] for each in spelled}
    body, headers = multipart([*PROMPT.items(), ("images[]", "https://example.com/a.png")])
    ids.add((await tenant.http.post(VIDEOS, content=body, headers={**headers, **RETRY})).json()["id"])
    assert len(ids) == await made(gateway, tenant) == 1


async def test_a_create_of_the_other_dialect_is_no_retry_of_it(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    video = await new_video(tenant)
    body = {"model": MODEL, "content": text("a kitten"), "duration": 5}
    native = await tenant.http.post(TASKS, json=body, headers=RETRY)
    assert native.status_code == 200, native.text
    assert native.json()["id"] != video["id"]


async def test_an_idempotency_key_identifies_what_a_form_says(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    key = {"Idempotency-Key": "k-1"}
    first = await post_form(tenant, FORM, **key)
    assert first.status_code == 200, first.text
    again = await post_form(tenant, FORM, **key)
    assert again.json()["id"] == first.json()["id"]
    other = await post_form(tenant, [*FORM[:2], ("input_reference", OTHER)], **key)
    check_refused(other, 409, "IdempotencyConflict")
    assert other.headers["x-should-retry"] == "false"
    native = await tenant.http.post(TASKS, json={"model": MODEL, "content": text("a")}, headers=key)
    assert native.status_code == 409
    assert "/v1/videos" in native.json()["error"]["message"]
    native_key = {"Idempotency-Key": "k-2"}
    assert (
        await tenant.http.post(TASKS, json={"model": MODEL, "content": text("a")}, headers=native_key)
    ).status_code == 200
    check_refused(await post_form(tenant, FORM, **native_key), 409, "IdempotencyConflict")
    assert await made(gateway, tenant) == 2


async def test_creates_at_once_with_one_key_make_one_video(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    answers = await asyncio.gather(*(post_form(tenant, FORM, **{"Idempotency-Key": "k"}) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["id"] for answer in answers}) == await made(gateway, tenant) == 1


async def test_a_refused_create_can_be_sent_again(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    await gateway.fault("create_task", kind="error", status=400, code="InputImageSensitiveContentDetected")
    refused = await post_form(tenant, FORM)
    check_refused(refused, 400, "InputImageSensitiveContentDetected", refused.json()["error"]["param"])
    answer: httpx.Response = await post_form(tenant, FORM, **RETRY)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("headers", [{"Idempotency-Key": "k"}, RETRY], ids=["a key", "a marked retry"])
async def test_a_repeated_create_of_a_deleted_video_gets_its_id_and_what_was_asked_for(
    gateway: Gateway, headers: dict[str, str]
) -> None:
    tenant = await gateway.tenant()
    form: list[Part] = [*FORM, ("seconds", "5"), ("size", "1920x1080")]
    first = (await post_form(tenant, form, **headers)).json()
    assert (await tenant.http.delete(f"{VIDEOS}/{first['id']}")).status_code == 200
    again = await post_form(tenant, form, **headers)
    assert again.status_code == 200, again.text
    assert again.json() == first
    assert await made(gateway, tenant) == 1


async def test_a_repeated_create_is_answered_although_the_video_cannot_be_read_and_its_model_is_gone(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = await gateway.tenant()
    first = (await post_form(tenant, FORM)).json()
    monkeypatch.setattr(TaskService, "stored", _away)
    again = await post_form(tenant, FORM, **RETRY)
    assert (again.status_code, again.json()) == (200, first)
    monkeypatch.setattr(ModelCatalog, "index", _away)
    again = await post_form(tenant, FORM, **RETRY)
    assert again.status_code == 200, again.text
    assert (again.json()["id"], again.json()["model"], again.json()["status"]) == (first["id"], MODEL, "queued")
    assert await made(gateway, tenant) == 1


async def _away(*_: object) -> None:
    raise DatabaseUnavailableError
