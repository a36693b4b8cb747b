"""The state machine, the JSON of each status, and DELETE."""

from typing import Any

import pytest

from app.sandbox.config import SandboxConfig
from app.sandbox.rate_limits import Limits
from app.sandbox.server import SandboxServer
from tests.sandbox.clients import MODEL, VIDEO, Caller, error_of, image, text, video

V25 = "doubao-seedance-2-5-260628"
V15 = "doubao-seedance-1-5-pro-251215"
V10 = "doubao-seedance-1-0-pro-250528"
MINIMAL = {"id", "model", "status", "created_at", "updated_at", "service_tier", "execution_expires_after"}
DAY = 86_400


async def test_a_task_is_queued_then_running_then_succeeded(caller: Caller) -> None:
    task_id = await caller.made()
    queued = await caller.task(task_id)
    assert queued["status"] == "queued"
    assert queued["updated_at"] == queued["created_at"]
    caller.advance(5)
    running = await caller.task(task_id)
    assert running["status"] == "running"
    assert running["updated_at"] - running["created_at"] in {3, 4}
    caller.advance(600)
    assert (await caller.task(task_id))["status"] == "succeeded"


async def test_unfinished_tasks_have_the_minimal_members_only(caller: Caller) -> None:
    task_id = await caller.made(seed=5, ratio="1:1", tools=[{"type": "web_search"}])
    queued = await caller.task(task_id)
    assert set(queued) == MINIMAL
    assert (queued["service_tier"], queued["execution_expires_after"]) == ("default", 172_800)
    caller.advance(5)
    assert set(await caller.task(task_id)) == MINIMAL


async def test_a_succeeded_task_has_all_members_and_no_error(caller: Caller) -> None:
    task = await caller.finished(
        seed=5,
        ratio="1:1",
        tools=[{"type": "web_search"}],
        safety_identifier="hash",
        return_last_frame=True,
        execution_expires_after=7200,
        priority=3,
    )
    shown = {name: value for name, value in task.items() if name not in {"id", "created_at", "updated_at", "content"}}
    assert shown == {
        "model": MODEL,
        "status": "succeeded",
        "usage": {"completion_tokens": 108_900, "total_tokens": 108_900, "tool_usage": {"web_search": 1}},
        "seed": 5,
        "resolution": "720p",
        "ratio": "1:1",
        "duration": 5,
        "framespersecond": 24,
        "generate_audio": True,
        "service_tier": "default",
        "execution_expires_after": 7200,
        "tools": [{"type": "web_search"}],
        "safety_identifier": "hash",
        "priority": 3,
    }
    assert set(task["content"]) == {"video_url", "last_frame_url"}


async def test_frames_replace_duration(caller: Caller) -> None:
    task = await caller.finished(model=V10, frames=121, duration=7, ratio="16:9")
    assert task["frames"] == 121
    assert not {"duration", "generate_audio", "priority"} & set(task)
    assert task["usage"]["total_tokens"] == 246_840


@pytest.mark.parametrize(
    ("fields", "tokens"),
    [
        ({"ratio": "16:9"}, 108_900),
        ({"ratio": "16:9", "duration": 8}, 173_700),
        ({"ratio": "16:9", "duration": 4, "model": "doubao-seedance-2-0-fast-260128"}, 87_300),
        ({"ratio": "16:9", "resolution": "1080p"}, 245_025),
        ({"ratio": "16:9", "resolution": "480p"}, 50_638),
        ({"ratio": "16:9", "resolution": "480p", "model": V25, "duration": 5}, 854 * 480 * 121 // 1024),
        ({"ratio": "21:9", "resolution": "4k"}, 4398 * 1886 * 121 // 1024),
        ({"ratio": "16:9", "resolution": "1080p", "model": V10}, 246_840),
        ({"ratio": "16:9", "model": V15, "generate_audio": False}, 108_900),
        ({"model": V15, "draft": True, "ratio": "16:9"}, int(50_638.5 * 0.6)),
        ({"model": V15, "draft": True, "ratio": "16:9", "generate_audio": False}, int(50_638.5 * 0.7)),
    ],
)
async def test_tokens_follow_the_formula(caller: Caller, fields: dict[str, Any], tokens: int) -> None:
    assert (await caller.finished(**fields))["usage"]["total_tokens"] == tokens


@pytest.mark.parametrize(
    ("fields", "seconds", "tokens"),
    [
        ({"duration": 5}, 10, 324_000),
        ({"duration": 5}, 2, 194_400),
        ({"duration": 5}, 4, 194_400),
        ({"duration": 30, "model": V25}, 30, 1_296_900),
    ],
)
async def test_video_input_is_billed_with_a_minimum(
    caller: Caller, fields: dict[str, Any], seconds: int, tokens: int
) -> None:
    task = await caller.finished(video(f"{VIDEO}?seconds={seconds}"), ratio="16:9", **fields)
    assert task["usage"]["total_tokens"] == tokens


@pytest.mark.parametrize(
    ("content", "ratio"),
    [
        ([text()], "16:9"),
        ([image(url="https://example.com/a.png?width=800&height=1400")], "9:16"),
        ([image("first_frame", "https://example.com/a.png?width=900&height=900"), image("last_frame")], "1:1"),
        ([image("reference_image"), video(f"{VIDEO}?width=2000&height=860")], "21:9"),
    ],
)
async def test_an_adaptive_ratio_is_resolved(caller: Caller, content: list[dict[str, Any]], ratio: str) -> None:
    assert (await caller.finished(*content))["ratio"] == ratio


async def test_minus_one_is_replaced_by_the_chosen_duration_and_seed(caller: Caller) -> None:
    task = await caller.finished(model=V25, duration=-1, seed=-1)
    assert task["duration"] == 5
    assert task["seed"] >= 0


async def test_a_failed_task_has_code_and_message_and_is_not_billed(caller: Caller) -> None:
    task = await caller.finished(text("a cat [fail:OutputVideoSensitiveContentDetected]"))
    assert set(task) == MINIMAL | {"error"}
    assert task["status"] == "failed"
    assert task["error"] == {
        "code": "OutputVideoSensitiveContentDetected",
        "message": "The request failed because the output video may contain sensitive information.",
    }
    assert (await caller.ledger())["billed_tokens"] == 0


async def test_a_task_that_does_not_finish_in_time_expires(caller: Caller) -> None:
    task_id = await caller.made(text("[run:9000]"), execution_expires_after=3600)
    caller.advance(3599)
    assert (await caller.task(task_id))["status"] == "running"
    caller.advance(2)
    expired = await caller.task(task_id)
    assert expired["status"] == "expired"
    assert expired["updated_at"] - expired["created_at"] == 3600
    caller.advance(9000)
    assert (await caller.task(task_id))["status"] == "expired"


async def test_tasks_are_not_found_after_seven_days(caller: Caller) -> None:
    task_id = await caller.made()
    caller.advance(7 * DAY - 60)
    assert (await caller.task(task_id))["status"] == "succeeded"
    caller.advance(61)
    assert error_of(await caller.ask("GET", f"/{task_id}"))[:2] == (404, "NotFound.ID")
    assert (await caller.ask("GET", "")).json() == {"items": [], "total": 0}


async def test_unknown_and_foreign_tasks_are_not_found(caller: Caller, stranger: Caller) -> None:
    task_id = await caller.made()
    unknown = await stranger.ask("GET", "/cgt-20260101000000-abcde")
    foreign = await stranger.ask("GET", f"/{task_id}")
    expected = (404, "NotFound.ID", "The specified content generation task is not found")
    assert error_of(unknown) == error_of(foreign) == expected
    assert error_of(await stranger.ask("DELETE", f"/{task_id}")) == expected
    assert error_of(await caller.ask("GET", "/nonsense"))[:2] == (400, "InvalidParameter")


async def test_a_queued_task_is_cancelled_and_readable_for_a_day(caller: Caller) -> None:
    task_id = await caller.made()
    response = await caller.ask("DELETE", f"/{task_id}", json={})
    assert (response.status_code, response.json()) == (200, {})
    caller.advance(DAY - 60)
    assert (await caller.task(task_id))["status"] == "cancelled"
    assert error_of(await caller.ask("DELETE", f"/{task_id}"))[0] == 409
    caller.advance(61)
    assert (await caller.ask("GET", f"/{task_id}")).status_code == 404
    assert (await caller.ledger())["billed_tokens"] == 0


async def test_a_running_task_cannot_be_deleted_and_is_billed(caller: Caller) -> None:
    task_id = await caller.made()
    caller.advance(5)
    response = await caller.ask("DELETE", f"/{task_id}")
    assert error_of(response) == (
        409,
        "InvalidAction.RunningTaskDeletion",
        f"Cannot delete task `{task_id}` because it is currently running.",
    )
    caller.advance(600)
    assert (await caller.ledger())["billed_tokens"] == 108_900


@pytest.mark.parametrize("prompt", ["a cat", "[fail:OutputImageSensitiveContentDetected]", "[run:9000]"])
async def test_a_finished_task_can_be_deleted(caller: Caller, prompt: str) -> None:
    task = await caller.finished(text(prompt), execution_expires_after=3600)
    assert task["status"] in {"succeeded", "failed", "expired"}
    assert (await caller.ask("DELETE", f"/{task['id']}")).json() == {}
    assert (await caller.ask("GET", f"/{task['id']}")).status_code == 404
    assert (await caller.ask("DELETE", f"/{task['id']}")).status_code == 404


async def test_a_deleted_task_remains_billed(caller: Caller) -> None:
    task = await caller.finished()
    await caller.ask("DELETE", f"/{task['id']}")
    ledger = await caller.ledger()
    assert ledger["billed_tokens_by_account"] == {"default": 108_900}
    assert ledger["tasks"][0]["deleted_at"] is not None


async def test_tasks_above_the_concurrency_limit_wait_in_order_of_priority(caller: Caller) -> None:
    async with SandboxServer(SandboxConfig(limits=Limits(concurrency=1))) as server:
        guest = Caller(server)
        first = await guest.made()
        guest.advance(5)
        assert (await guest.task(first))["status"] == "running"
        plain, urgent = await guest.made(), await guest.made(priority=9)
        guest.advance(5)
        assert {(await guest.task(task_id))["status"] for task_id in (plain, urgent)} == {"queued"}
        guest.advance(170)
        states = [(await guest.task(task_id))["status"] for task_id in (first, plain, urgent)]
        assert states == ["succeeded", "queued", "running"]
        await guest.control("POST", "/settings", limits="off")
        assert (await guest.task(plain))["status"] == "running"
        await guest.http.aclose()


async def test_the_time_scale_applies_to_work_and_not_to_expiry(caller: Caller) -> None:
    async with SandboxServer(SandboxConfig(time_scale=1000, limits=None)) as server:
        guest = Caller(server)
        task_id = await guest.made(execution_expires_after=3600)
        guest.advance(1)
        shown = await guest.task(task_id)
        assert (shown["status"], shown["execution_expires_after"]) == ("succeeded", 3600)
        await guest.http.aclose()


async def test_a_sandbox_whose_tasks_have_all_ended_sleeps_until_the_next_one(caller: Caller) -> None:
    def pause() -> float | None:
        return caller.server.store.seconds_to_next_event(caller.server.store.clock.now())

    assert pause() is None
    for ends in ("by itself", "cancelled", "forced"):
        task_id = await caller.made()
        assert pause() is not None
        if ends == "cancelled":
            await caller.ask("DELETE", f"/{task_id}")
        elif ends == "forced":
            await caller.control("POST", f"/tasks/{task_id}", status="failed")
        else:
            await caller.control("POST", "/clock", advance_seconds=600)
        assert pause() is None, ends
