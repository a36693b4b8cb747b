"""Lengths and counts are checked before any work on the values."""

from typing import Any

import pytest

from app.urls import MAX_WEB_URL_LENGTH
from tests.support.answers import check_error
from tests.support.gateway import TASKS, Gateway, Tenant
from tests.tasks.bodies import PROMPT, audio, body, image, video

DRY = f"{TASKS}?dry_run=true"


def url_of(length: int) -> str:
    return "https://example.com/".ljust(length, "a")


@pytest.mark.parametrize("item", [image(url=url_of(MAX_WEB_URL_LENGTH)), video(url=url_of(MAX_WEB_URL_LENGTH))])
async def test_a_web_url_of_eight_kibibytes_is_taken(tenant: Tenant, item: dict[str, Any]) -> None:
    assert (await tenant.http.post(DRY, json=body(PROMPT, item))).status_code == 200


@pytest.mark.parametrize("length", [MAX_WEB_URL_LENGTH + 1, 2_000_000])
@pytest.mark.parametrize("make", [image, video, audio])
async def test_a_longer_web_url_is_refused_by_its_length(tenant: Tenant, make: Any, length: int) -> None:
    item = make(url=url_of(length))
    answer = await tenant.http.post(DRY, json=body(PROMPT, item))
    error = check_error(answer, 400, "InvalidParameter.content", f"content[1].{item['type']}.url")
    assert "8192" in error["message"]
    assert len(answer.content) < 2000


async def test_a_longer_callback_url_is_refused_by_its_length(tenant: Tenant) -> None:
    answer = await tenant.http.post(DRY, json=body(PROMPT, callback_url=url_of(2_000_000)))
    assert "2048" in check_error(answer, 400, "InvalidParameter.callback_url", "callback_url")["message"]


@pytest.mark.parametrize(
    ("action", "member", "fields"),
    [
        ("CreateAsset", "URL", {"GroupId": "group-1", "AssetType": "Image"}),
        ("CreateVisualValidateSession", "CallbackURL", {}),
    ],
)
async def test_a_longer_url_of_an_action_is_refused_by_its_length(
    tenant: Tenant, action: str, member: str, fields: dict[str, Any]
) -> None:
    answer = await tenant.action(action, **fields, **{member: url_of(MAX_WEB_URL_LENGTH + 1)})
    assert "8192" in check_error(answer, 400, f"InvalidParameter.{member}", member)["message"]


async def test_an_action_takes_a_hundred_members_an_object(tenant: Tenant) -> None:
    for fields in ({}, {"Filter": {"GroupType": "AIGC"}}):
        many = {f"x{number}": number for number in range(101)}
        inner = {"Filter": {**fields["Filter"], **many}} if fields else many
        answer = await tenant.action("ListAssets", **inner)
        assert "more than 100 members" in check_error(answer, 400, "InvalidParameter")["message"]


async def test_a_task_refers_to_a_hundred_objects_at_most(tenant: Tenant) -> None:
    drafts = [{"draft_task": {"id": "cgt-1"}}] * 101
    answer = await tenant.http.post(DRY, json=body(PROMPT, extra=drafts))
    error = check_error(answer, 400, "InvalidParameter.extra", "extra[100].draft_task")
    assert "at most 100" in error["message"]


async def test_a_query_of_very_many_parameters_costs_no_more_than_its_refusal(gateway: Gateway, tenant: Tenant) -> None:
    many = "&".join(["a"] * 5000)
    assert (await tenant.http.get(f"{TASKS}?{many}")).status_code == 400
    assert (await tenant.http.post(f"/?Action=ListAssets&{many}", json={})).status_code == 400
    unknown = await gateway.anonymous.get(f"/nowhere?Action=ListAssets&{many}")
    assert unknown.status_code == 404
    assert unknown.json()["ResponseMetadata"]["Action"] == ""
    signed = {"Authorization": "HMAC-SHA256 Credential=SGAKaaaaaaaaaaaaaaaa/20260101/cn-beijing/ark/request"}
    assert (await gateway.anonymous.post(f"/?Action=ListAssets&{many}", json={}, headers=signed)).status_code in {
        400,
        401,
    }
