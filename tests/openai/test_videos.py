"""A video from create to deletion, in this dialect and seen from the other."""

from typing import Any

import pytest

from app.tasks.models import TaskStatus
from tests.openai.driving import PROMPT, VIDEOS, check_refused, new_video
from tests.support.budgets import FIXED_MICROS, new_budget
from tests.support.gateway import ENDLESS, FAST, MODEL, RUNNING, SPARE_ID, TASKS, Gateway, Tenant, get, text

MEMBERS = {
    *("id", "object", "model", "status", "progress", "created_at", "completed_at", "expires_at", "error", "prompt"),
    *("remixed_from_video_id", "seconds", "size", "usage", "metadata"),
}


async def shown(tenant: Tenant, video_id: str) -> dict[str, Any]:
    answer = await tenant.http.get(f"{VIDEOS}/{video_id}")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    assert body.keys() == MEMBERS
    assert ("openai-poll-after-ms" in answer.headers) is (body["status"] in {"queued", "in_progress"})
    return body


async def test_a_video_goes_from_create_to_its_content(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    answer = await tenant.http.post(VIDEOS, json={**PROMPT, "seconds": "5", "size": "1280x720"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["openai-poll-after-ms"] == "5000"
    created = answer.json()
    assert created.keys() == MEMBERS
    assert (created["object"], created["model"], created["status"], created["progress"]) == (
        "video",
        MODEL,
        "queued",
        0,
    )
    assert (created["seconds"], created["size"], created["prompt"]) == ("5", "1280x720", None)
    assert gateway.sent_body() == {
        "model": "doubao-seedance-2-0-260128",
        "content": text("a kitten"),
        "duration": 5,
        "resolution": "720p",
        "ratio": "16:9",
        "generate_audio": False,
    }
    await gateway.force(created["id"], "succeeded")
    gateway.clock.advance(5)
    done = await shown(tenant, created["id"])
    assert (done["status"], done["progress"], done["seconds"], done["size"]) == ("completed", 100, "5", "1280x720")
    assert done["created_at"] == created["created_at"]
    assert done["expires_at"] == done["completed_at"] + 86_400
    assert done["usage"]["total_tokens"] == 108_900
    native = (await get(tenant, created["id"])).json()
    assert done["metadata"] == {
        "url": native["content"]["video_url"],
        "last_frame_url": None,
        "resolution": "720p",
        "ratio": "16:9",
    }


async def test_both_dialects_show_the_same_tasks(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    native_id = await tenant.new_task(duration=7, resolution="480p", ratio="9:16")
    video = await new_video(tenant)
    assert {each["id"] for each in (await tenant.http.get(TASKS)).json()["items"]} == {native_id, video["id"]}
    assert {each["id"] for each in (await tenant.http.get(VIDEOS)).json()["data"]} == {native_id, video["id"]}
    of_native = await shown(tenant, native_id)
    assert (of_native["seconds"], of_native["size"]) == ("7", "496x864")
    assert (await get(tenant, video["id"])).json()["status"] == "queued"
    row = await gateway.row(video["id"])
    assert row is not None
    assert "kitten" not in str({name: value for name, value in vars(row).items() if not name.startswith("_")})


@pytest.mark.parametrize(
    ("status", "status_shown", "code"),
    [
        ("running", "in_progress", None),
        ("succeeded", "completed", None),
        ("failed", "failed", "InternalServiceError"),
        ("expired", "failed", "expired"),
        ("cancelled", "failed", "cancelled"),
    ],
)
async def test_every_state_has_a_word_that_the_sdks_know(
    gateway: Gateway, status: str, status_shown: str, code: str | None
) -> None:
    tenant = await gateway.tenant()
    video = await new_video(tenant)
    await gateway.force(video["id"], status)
    gateway.clock.advance(5)
    found = await shown(tenant, video["id"])
    assert found["status"] == status_shown
    assert (found["error"] is not None) is (status_shown == "failed")
    if code is not None and status != "failed":
        assert found["error"]["code"] == code
        assert found["error"]["message"]
    assert (found["completed_at"] is not None) is (status == "succeeded")


async def test_a_create_of_unknown_outcome_is_queued_and_its_object_complete(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    await gateway.fault("create_task", kind="error", at="after", status=500, code="InternalServiceError")
    video = await new_video(tenant)
    assert SPARE_ID.fullmatch(video["id"])
    assert (await shown(tenant, video["id"]))["status"] == "queued"
    row = await gateway.row(video["id"])
    assert row is not None
    assert row.status == TaskStatus.UNKNOWN


async def test_progress_grows_by_time_and_never_falls(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    video = await new_video(tenant, prompt=RUNNING)
    seen = [video["progress"]]
    for _ in range(30):
        gateway.clock.advance(20)
        await gateway.refill()
        seen.append((await shown(tenant, video["id"]))["progress"])
    assert seen == sorted(seen)
    assert (seen[0], seen[-1] > 50, max(seen) < 100) == (0, True, True)
    await gateway.force(video["id"], "failed")
    gateway.clock.advance(5)
    failed = await shown(tenant, video["id"])
    assert seen[-1] <= failed["progress"] < 100
    gateway.clock.advance(1000)
    assert (await shown(tenant, video["id"]))["progress"] == failed["progress"]
    assert [each["progress"] for each in (await tenant.http.get(VIDEOS)).json()["data"]] == [failed["progress"]]


@pytest.mark.parametrize(("status", "waited_seconds"), [("failed", 300), ("expired", 172_800), ("cancelled", 300)])
async def test_a_video_that_was_never_seen_running_ends_with_the_progress_of_a_queued_one(
    gateway: Gateway, status: str, waited_seconds: int
) -> None:
    tenant = await gateway.tenant()
    video = await new_video(tenant, prompt=ENDLESS)
    gateway.clock.advance(waited_seconds)
    await gateway.force(video["id"], status)
    ended = await shown(tenant, video["id"])
    assert (ended["status"], ended["progress"]) == ("failed", 0)
    assert [each["progress"] for each in (await tenant.http.get(VIDEOS)).json()["data"]] == [0]


async def test_a_list_is_paged_by_the_last_id_in_both_orders(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    ids = []
    for _ in range(5):
        ids.append((await new_video(tenant))["id"])
        gateway.clock.advance(1)
    for order, expected in (("desc", ids[::-1]), ("asc", ids)):
        found: list[str] = []
        after = None
        for number in range(3):
            query = {"limit": "2", "order": order} | ({"after": after} if after else {})
            page = (await tenant.http.get(VIDEOS, params=query)).json()
            assert page.keys() == {"object", "data", "first_id", "last_id", "has_more"}
            found += [each["id"] for each in page["data"]]
            assert (page["object"], page["first_id"], page["last_id"]) == ("list", found[2 * number], found[-1])
            assert page["has_more"] is (number < 2)
            after = page["last_id"]
        assert found == expected
    empty = (await (await gateway.tenant()).http.get(VIDEOS)).json()
    assert empty == {"object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False}


async def test_a_list_goes_on_after_a_video_that_was_deleted_meanwhile(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    ids = []
    for _ in range(3):
        ids.append((await new_video(tenant))["id"])
        gateway.clock.advance(1)
    assert (await tenant.http.delete(f"{VIDEOS}/{ids[2]}")).status_code == 200
    page = (await tenant.http.get(VIDEOS, params={"after": ids[2]})).json()
    assert [each["id"] for each in page["data"]] == [ids[1], ids[0]]


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"limit": "x"}, "limit"),
        ({"order": "up"}, "order"),
        ({"after": "cgt-20260101000000-zzzzz"}, "after"),
        ({"after": "x\0"}, "after"),
        ({"page": "1"}, "page"),
    ],
)
async def test_a_malformed_list_is_refused(gateway: Gateway, query: dict[str, str], param: str) -> None:
    tenant = await gateway.tenant()
    check_refused(await tenant.http.get(VIDEOS, params=query), 400, f"InvalidParameter.{param}", param)


async def test_a_queued_video_is_cancelled_and_removed_by_one_deletion(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    video = await new_video(tenant, prompt=ENDLESS)
    answer = await tenant.http.delete(f"{VIDEOS}/{video['id']}")
    assert (answer.status_code, answer.json()) == (200, {"id": video["id"], "object": "video.deleted", "deleted": True})
    check_refused(await tenant.http.get(f"{VIDEOS}/{video['id']}"), 404, "NotFound.id", "id")
    check_refused(await tenant.http.delete(f"{VIDEOS}/{video['id']}"), 404, "NotFound.id", "id")
    assert (await tenant.http.get(f"{TASKS}/{video['id']}")).status_code == 404
    assert len(gateway.received("delete_task")) == 1
    row = await gateway.row(video["id"])
    assert row is not None
    assert (row.status, row.total_tokens, row.deleted_at is not None) == ("cancelled", None, True)


async def test_a_finished_video_is_removed_and_a_running_one_refused(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    done, running = await new_video(tenant), await new_video(tenant, prompt=RUNNING)
    await gateway.force(done["id"], "succeeded")
    await gateway.force(running["id"], "running")
    assert (await tenant.http.delete(f"{VIDEOS}/{done['id']}")).json()["deleted"] is True
    answer = await tenant.http.delete(f"{VIDEOS}/{running['id']}")
    check_refused(answer, 409, "InvalidAction.RunningTaskDeletion")
    assert answer.headers["x-should-retry"] == "false"
    assert (await tenant.http.get(f"{VIDEOS}/{done['id']}")).status_code == 404


async def test_content_is_where_the_upstream_keeps_it_once_there_is_some(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    video = await new_video(tenant, metadata={"return_last_frame": True})
    content = f"{VIDEOS}/{video['id']}/content"
    check_refused(await tenant.http.get(content), 400, "video_not_ready")
    await gateway.force(video["id"], "succeeded")
    gateway.clock.advance(5)
    links = (await shown(tenant, video["id"]))["metadata"]
    answer = await tenant.http.get(content)
    assert (answer.status_code, answer.headers["location"]) == (302, links["url"])
    assert answer.headers["cache-control"] == "no-store"
    downloaded = await gateway.anonymous.get(answer.headers["location"])
    assert (downloaded.status_code, downloaded.content[4:8]) == (200, b"ftyp")
    thumbnail = await tenant.http.get(content, params={"variant": "thumbnail"})
    assert thumbnail.headers["location"] == links["last_frame_url"]
    check_refused(
        await tenant.http.get(content, params={"variant": "spritesheet"}), 400, "InvalidParameter.variant", "variant"
    )
    check_refused(await tenant.http.get(content, params={"variant": "x"}), 400, "InvalidParameter.variant", "variant")
    head = await tenant.http.head(content)
    assert (head.status_code, head.headers["content-type"]) == (200, "video/mp4")
    assert "content-length" not in head.headers
    assert "location" not in head.headers
    gateway.clock.advance(86_400)
    check_refused(await tenant.http.get(content), 410, "video_expired")


async def test_a_video_without_a_last_frame_has_no_thumbnail_and_a_failed_one_no_content(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    done, failed = await new_video(tenant), await new_video(tenant)
    await gateway.force(done["id"], "succeeded")
    await gateway.force(failed["id"], "failed")
    gateway.clock.advance(5)
    answer = await tenant.http.get(f"{VIDEOS}/{done['id']}/content", params={"variant": "thumbnail"})
    check_refused(answer, 400, "InvalidParameter.variant", "variant")
    check_refused(await tenant.http.get(f"{VIDEOS}/{failed['id']}/content"), 404, "video_not_available")
    check_refused(await tenant.http.get(f"{VIDEOS}/cgt-20260101000000-zzzzz/content"), 404, "NotFound.id", "id")


@pytest.mark.parametrize("path", ["{id}/remix", "edits", "extensions"])
async def test_what_is_not_supported_names_the_way_that_there_is(gateway: Gateway, path: str) -> None:
    tenant = await gateway.tenant()
    video = await new_video(tenant)
    url = f"{VIDEOS}/{path.format(id=video['id'])}"
    answer = await tenant.http.post(url, json={"prompt": "another"})
    check_refused(answer, 400, "unsupported_operation")
    assert TASKS in answer.json()["error"]["message"]
    check_refused(await gateway.anonymous.post(url, json={}), 401, "AuthenticationError")


async def test_paths_that_there_are_not_are_refused_in_this_dialect(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    check_refused(await tenant.http.post(f"{VIDEOS}/characters", json={}), 404, "NotFound")
    check_refused(await tenant.http.get(f"{VIDEOS}/characters/c-1"), 404, "NotFound")
    check_refused(await tenant.http.get("/v1/chat/completions"), 404, "NotFound")
    check_refused(await tenant.http.put(VIDEOS, json={}), 405, "MethodNotAllowed")
    check_refused(await gateway.anonymous.get(VIDEOS), 401, "AuthenticationError")
    wrong = await gateway.anonymous.get("/api/v3/videos")
    assert "`/v1/videos`" in wrong.json()["error"]["message"]


async def test_a_dry_run_makes_nothing_and_tells_the_cost(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    answer = await tenant.http.post(
        VIDEOS, params={"dry_run": "true"}, json={**PROMPT, "model": FAST, "size": "1024x1792"}
    )
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["dry_run"], body["model"], body["body"]["resolution"], body["body"]["ratio"]) == (
        True,
        FAST,
        "720p",
        "9:16",
    )
    assert body["estimate"]["tokens_max"] == 87_300
    assert gateway.received("create_task") == []
    assert await gateway.rows_of(tenant) == []
    refused = await tenant.http.post(VIDEOS, params={"dry_run": "true"}, json={**PROMPT, "seconds": "99"})
    check_refused(refused, 400, "InvalidParameter.seconds", "seconds")
    check_refused(await tenant.http.post(VIDEOS, json={**PROMPT, "dry_run": True}), 400, "unknown_parameter", "dry_run")


async def test_an_asset_that_is_not_the_tenants_is_refused_by_the_clients_own_field(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    answer = await tenant.http.post(VIDEOS, json={**PROMPT, "input_reference": {"file_id": "asset-20260101-none"}})
    assert answer.status_code == 400
    assert answer.json()["error"]["param"].startswith("input_reference")
    unknown = await tenant.http.post(VIDEOS, json={**PROMPT, "model": "doubao-seedance-22"})
    check_refused(unknown, 404, "InvalidEndpointOrModel.NotFound", "model")
    assert "doubao-seedance-2" in unknown.json()["error"]["message"]
    limited = await gateway.key_of(tenant.id, allowed_models=[FAST])
    check_refused(await limited.http.post(VIDEOS, json=PROMPT), 403, "AccessDenied")


async def test_limits_and_permissions_are_the_native_ones(gateway: Gateway) -> None:
    tenant = await gateway.tenant(limits={"create_rpm": 1})
    await new_video(tenant)
    for answer in (await tenant.http.post(VIDEOS, json=PROMPT), await tenant.create_task()):
        assert answer.status_code == 429
    check_refused(await tenant.http.post(VIDEOS, json=PROMPT), 429, "RateLimitExceeded")
    permissions = ["tasks", "read"]
    limited = await gateway.tenant(permissions=permissions)
    denied = await limited.http.post(
        VIDEOS, json={**PROMPT, "model": "doubao-seedance-2-0-260128", "size": "3840x2160"}
    )
    check_refused(denied, 403, "AccessDenied", "size")


async def test_a_budget_and_a_cap_of_unfinished_tasks_hold_in_both_dialects(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    await new_budget(gateway, tenant, FIXED_MICROS)
    fixed = {"seconds": "5", "size": "1280x720"}
    video = await new_video(tenant, **fixed)
    check_refused(await tenant.http.post(VIDEOS, json={**PROMPT, **fixed}), 403, "AccountOverdueError")
    assert (await tenant.create_task(duration=5, resolution="720p", ratio="16:9")).status_code == 403
    await gateway.force(video["id"], "failed")
    gateway.clock.advance(5)
    assert (await shown(tenant, video["id"]))["status"] == "failed"
    await new_video(tenant, **fixed)
    capped = await gateway.tenant(limits={"unfinished_tasks": 1})
    await new_video(capped, prompt=ENDLESS)
    refused = await capped.http.post(VIDEOS, json=PROMPT)
    check_refused(refused, 429, "QuotaExceeded")
    assert "retry-after" in refused.headers


async def test_a_callback_url_is_told_of_a_video_in_the_native_form(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    url = "https://example.com/hook"
    video = await new_video(tenant, metadata={"callback_url": url})
    row = await gateway.row(video["id"])
    assert row is not None
    assert row.callback_url == url
    assert "callback_url" not in gateway.sent_body()
    assert (await get(tenant, video["id"])).json()["callback"]["state"] == "pending"
