"""Deleting: a queued task is cancelled, a finished one removed, nothing that was paid is forgotten."""

import asyncio
from typing import Any

import pytest

from app.tasks.repository import TaskRepository
from app.tasks.state import Source, apply_no_task
from app.upstream.rate_limits import RateClass
from tests.support.answers import check_error
from tests.support.gateway import ENDLESS, HELD, RUNNING, TASKS, Gateway, get, text
from tests.support.timeouts import until
from tests.usage.test_ledger import settled


async def test_a_queued_task_is_cancelled_and_stays_readable(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(content=text(ENDLESS))
    response = await tenant.http.delete(f"{TASKS}/{task_id}")
    assert (response.status_code, response.json()) == (200, {})
    shown = (await get(tenant, task_id)).json()
    assert (shown["status"], shown["error"]) == ("cancelled", None)
    gateway.clock.advance(3 * 86_400)
    assert (await get(tenant, task_id)).json()["status"] == "cancelled"
    assert len(gateway.received("get_task")) == 1


@pytest.mark.parametrize("status", ["succeeded", "failed", "expired"])
async def test_a_finished_task_is_removed_and_its_usage_kept_even_if_it_was_never_polled(
    gateway: Gateway, status: str
) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(duration=5, resolution="720p")
    await gateway.force(task_id, status)
    response = await tenant.http.delete(f"{TASKS}/{task_id}")
    assert (response.status_code, response.json()) == (200, {})
    check_error(await tenant.http.get(f"{TASKS}/{task_id}"), 404, "NotFound.id", "id")
    check_error(await tenant.http.delete(f"{TASKS}/{task_id}"), 404, "NotFound.id", "id")
    row = await gateway.row(task_id)
    assert row is not None
    assert (row.status, row.deleted_at is not None, row.next_poll_at) == (status, True, None)
    assert bool(row.total_tokens) is (status == "succeeded")
    assert row.snapshot is not None
    assert row.snapshot.get("usage", {}).get("total_tokens") == row.total_tokens


async def test_a_cancelled_task_can_be_removed(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(content=text(ENDLESS))
    for _ in range(2):
        assert (await tenant.http.delete(f"{TASKS}/{task_id}")).status_code == 200
    assert (await tenant.http.get(f"{TASKS}/{task_id}")).status_code == 404


async def test_a_key_that_may_not_use_the_channel_sees_the_task_but_cannot_delete_it(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(content=text(ENDLESS))
    limited = await gateway.key_of(tenant.id, allowed_channels=["second"])
    check_error(await limited.http.delete(f"{TASKS}/{task_id}"), 403, "AccessDenied")
    await gateway.force(task_id, "running")
    assert (await get(limited, task_id)).json()["status"] == "queued", "no account is called for a key that may not"
    assert not gateway.received("get_task")
    assert not gateway.received("delete_task")
    assert (await get(tenant, task_id)).json()["status"] == "running"
    assert (await get(limited, task_id)).json()["status"] == "running"


async def test_a_running_task_cannot_be_deleted(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(content=text(RUNNING))
    refused = await tenant.http.delete(f"{TASKS}/{task_id}")
    error = check_error(refused, 409, "InvalidAction.RunningTaskDeletion")
    assert error["message"].startswith(f"Cannot delete task `{task_id}` because it is currently running.")
    assert refused.headers["x-should-retry"] == "false"
    assert (await get(tenant, task_id)).json()["status"] == "running"


async def test_a_refusal_names_the_task_by_the_id_that_its_client_got(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(content=text(RUNNING))
    async with gateway.sessions.begin() as session:
        row = await TaskRepository(session, tenant.id).find(task_id, is_locked=True)
        assert row is not None
        row.is_spare_id_public = True
        spare_id = row.id
    refused = await tenant.http.delete(f"{TASKS}/{spare_id}")
    error = check_error(refused, 409, "InvalidAction.RunningTaskDeletion")
    assert error["message"].startswith(f"Cannot delete task `{spare_id}` because it is currently running.")


async def test_a_task_that_started_running_in_between_is_the_upstreams_409(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(content=text(ENDLESS))
    await gateway.fault("delete_task", kind="error", status=409, code="InvalidAction.RunningTaskDeletion", message="no")
    refused = await tenant.http.delete(f"{TASKS}/{task_id}")
    assert (refused.status_code, refused.headers["x-should-retry"]) == (409, "false")
    assert refused.json()["error"]["code"] == "InvalidAction.RunningTaskDeletion"
    assert (await get(tenant, task_id)).json()["status"] == "queued"


@pytest.mark.parametrize("status", ["queued", "succeeded"])
async def test_what_the_upstream_does_not_know_any_more_counts_as_deleted(gateway: Gateway, status: str) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(content=text(ENDLESS))
    if status == "succeeded":
        await gateway.force(task_id, status)
    await get(tenant, task_id)
    await gateway.fault("get_task", times=None, kind="error", status=404, code="NotFound.ID")
    await gateway.fault("delete_task", times=None, kind="error", status=404, code="NotFound.ID")
    assert (await tenant.http.delete(f"{TASKS}/{task_id}")).status_code == 200
    shown = await tenant.http.get(f"{TASKS}/{task_id}")
    assert shown.status_code == 404 if status == "succeeded" else shown.json()["status"] == "cancelled"


async def test_a_finished_task_can_be_deleted_after_the_upstream_has_forgotten_it(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task()
    await gateway.force(task_id, "succeeded")
    await get(tenant, task_id)
    gateway.clock.advance(8 * 86_400)
    assert (await tenant.http.delete(f"{TASKS}/{task_id}")).status_code == 200
    assert (await tenant.http.get(f"{TASKS}/{task_id}")).status_code == 404


@pytest.mark.parametrize("operation", ["get_task", "delete_task"])
@pytest.mark.parametrize(
    ("effect", "status", "code"),
    [
        ({"kind": "error", "status": 500, "code": "InternalServiceError"}, 503, "ServiceUnavailable"),
        ({"kind": "cut"}, 503, "ServiceUnavailable"),
        ({"kind": "garbage"}, 503, "ServiceUnavailable"),
        ({"kind": "throttle", "status": 429}, 429, "AccountRateLimitExceeded"),
        ({"kind": "error", "status": 401, "code": "AuthenticationError"}, 502, "InternalServiceError"),
    ],
    ids=["500", "cut", "garbage", "429", "401"],
)
async def test_an_upstream_in_trouble_changes_nothing(
    gateway: Gateway, operation: str, effect: dict[str, Any], status: int, code: str
) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(content=text(ENDLESS))
    await gateway.fault(operation, times=None, **effect)
    refused = await tenant.http.delete(f"{TASKS}/{task_id}")
    assert (refused.status_code, refused.json()["error"]["code"]) == (status, code)
    assert ("retry-after" in refused.headers) is (status != 502)
    row = await gateway.row(task_id)
    assert row is not None
    assert (row.status, row.deleted_at) == ("queued", None)
    await gateway.prepare()
    assert (await tenant.http.delete(f"{TASKS}/{task_id}")).status_code == 200


async def test_a_task_on_a_suspended_channel_cannot_be_deleted_for_now(gateway: Gateway) -> None:
    tenant = await gateway.tenant("second")
    task_id = await tenant.new_task(content=text(ENDLESS))
    async with gateway.suspended("second"):
        check_error(await tenant.http.delete(f"{TASKS}/{task_id}"), 503, "ServiceUnavailable")
    assert not gateway.received("delete_task")


async def test_a_body_that_asks_for_a_dry_run_is_refused_and_nothing_is_cancelled(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(content=text(ENDLESS))
    url, headers = f"{TASKS}/{task_id}", {"Content-Type": "application/json"}
    for content, param in (
        (b'{"dry_run": true}', "dry_run"),
        (b'\xef\xbb\xbf{"a": 1, "DryRun": false}', "DryRun"),
        (b'{"dry_run": true, "dry_run": null}', "dry_run"),
        (b'{"extra_body": {"dry_run": 1}}', "extra_body.dry_run"),
    ):
        refused = await tenant.http.request("DELETE", url, content=content, headers=headers)
        check_error(refused, 400, f"InvalidParameter.{param.partition('.')[0]}", param)
        # As a form, the type that curl sends by default.
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        assert (await tenant.http.request("DELETE", url, content=content, headers=form)).status_code == 400
    assert (await get(tenant, task_id)).json()["status"] == "queued"
    assert not gateway.received("delete_task")


@pytest.mark.parametrize(
    "content",
    [b"{}", b"", b"not json", b"[1]", b"\xff", b'{"dry_run": null}', b'{"a": 1, "a": 2}', b"{" + b" " * 100_000],
    ids=lambda content: content[:20].decode(errors="replace"),
)
async def test_a_body_is_ignored(gateway: Gateway, content: bytes) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(content=text(ENDLESS))
    headers = {"Content-Type": "application/json"}
    response = await tenant.http.request("DELETE", f"{TASKS}/{task_id}", content=content, headers=headers)
    assert (response.status_code, response.json()) == (200, {})
    assert response.headers["content-type"] == "application/json"


async def test_an_answer_from_before_the_cancellation_does_not_undo_it(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(content=text(ENDLESS))
    await gateway.fault("get_task", **HELD)
    looking = asyncio.create_task(get(tenant, task_id))
    await until(lambda: gateway.received("get_task") and gateway.received("get_task")[0].has_effect)
    assert (await tenant.http.delete(f"{TASKS}/{task_id}")).status_code == 200
    assert not looking.done()
    await gateway.release()
    assert (await looking).json()["status"] == "cancelled"
    row = await gateway.row(task_id)
    assert row is not None
    assert (row.status, row.next_poll_at) == ("cancelled", None)


@pytest.mark.parametrize("has_ended", [True, False])
async def test_a_task_that_ends_before_a_slow_delete_arrives_is_not_called_free(
    gateway: Gateway, *, has_ended: bool
) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(content=text(ENDLESS))
    await gateway.fault("delete_task", **{**HELD, "at": "before"})
    deleting = asyncio.create_task(tenant.http.delete(f"{TASKS}/{task_id}"))
    await until(lambda: gateway.received("delete_task"))
    if has_ended:
        await gateway.force(task_id, "succeeded")
    gateway.clock.advance(6)
    await gateway.release()
    assert (await deleting).status_code == 200
    assert (await get(tenant, task_id)).json()["status"] == "cancelled"
    row = await settled(gateway, tenant)
    assert (row.total_tokens != 0, row.is_estimated) == (has_ended, has_ended)


async def test_a_poll_under_way_does_not_restore_a_deleted_task(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(content=text(ENDLESS))
    await gateway.fault("get_task", **HELD)
    looking = asyncio.create_task(get(tenant, task_id))
    await until(lambda: gateway.received("get_task") and gateway.received("get_task")[0].has_effect)
    for _ in range(2):
        assert (await tenant.http.delete(f"{TASKS}/{task_id}")).status_code == 200
    await gateway.release()
    # It began while the task was there, and its answer came when the task was gone.
    with pytest.raises(AssertionError, match=r"NotFound\.id"):
        await looking
    assert (await tenant.http.get(f"{TASKS}/{task_id}")).status_code == 404
    row = await gateway.row(task_id)
    assert row is not None
    assert row.status == "cancelled"


@pytest.mark.parametrize("at", ["before", "after"])
async def test_a_delete_of_a_queued_task_whose_answer_was_cut_is_repeated_without_harm(
    gateway: Gateway, at: str
) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(content=text(ENDLESS))
    await gateway.fault("delete_task", kind="cut", at=at)
    check_error(await tenant.http.delete(f"{TASKS}/{task_id}"), 503, "ServiceUnavailable")
    assert (await tenant.http.delete(f"{TASKS}/{task_id}")).status_code == 200
    assert (await get(tenant, task_id)).json()["status"] == "cancelled"
    assert len(gateway.received("delete_task")) == (1 if at == "after" else 2)


async def test_a_cancellation_whose_answer_was_cut_is_found_by_the_next_poll(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(content=text(ENDLESS))
    await gateway.fault("delete_task", kind="cut", at="after")
    assert (await tenant.http.delete(f"{TASKS}/{task_id}")).status_code == 503
    gateway.clock.advance(3)
    assert (await get(tenant, task_id)).json()["status"] == "cancelled"


@pytest.mark.parametrize("at", ["before", "after"])
async def test_a_removal_whose_answer_was_cut_is_repeated_and_the_usage_kept(gateway: Gateway, at: str) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task()
    await gateway.force(task_id, "succeeded")
    await gateway.fault("delete_task", kind="cut", at=at)
    check_error(await tenant.http.delete(f"{TASKS}/{task_id}"), 503, "ServiceUnavailable")
    assert (await get(tenant, task_id)).json()["status"] == "succeeded"
    assert (await tenant.http.delete(f"{TASKS}/{task_id}")).status_code == 200
    row = await gateway.row(task_id)
    assert row is not None
    assert (row.status, bool(row.total_tokens), row.deleted_at is not None) == ("succeeded", True, True)


async def test_a_finished_task_of_a_deleted_channel_can_be_removed(gateway: Gateway) -> None:
    channel_id = await gateway.add_channel("short-lived", gateway.sandbox.ark_base_url, "sandbox-ark-key")
    tenant = await gateway.tenant("short-lived")
    task_id = await tenant.new_task()
    await gateway.force(task_id, "succeeded")
    await get(tenant, task_id)
    gone = await gateway.admin.delete(f"/channels/{channel_id}")
    assert gone.is_success, gone.text
    assert (await tenant.http.delete(f"{TASKS}/{task_id}")).status_code == 200
    assert (await tenant.http.get(f"{TASKS}/{task_id}")).status_code == 404
    assert not gateway.received("delete_task")


async def test_what_the_upstream_must_have_forgotten_can_be_removed_though_its_channel_is_suspended(
    gateway: Gateway,
) -> None:
    tenant = await gateway.tenant("second")
    task_id = await tenant.new_task()
    await gateway.force(task_id, "succeeded")
    await get(tenant, task_id)
    async with gateway.suspended("second"):
        check_error(await tenant.http.delete(f"{TASKS}/{task_id}"), 503, "ServiceUnavailable")
        gateway.clock.advance(8 * 86_400)
        assert (await tenant.http.delete(f"{TASKS}/{task_id}")).status_code == 200
    assert (await tenant.http.get(f"{TASKS}/{task_id}")).status_code == 404


async def test_a_task_of_unknown_outcome_cannot_be_deleted_until_it_has_ended(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    await gateway.fault("create_task", kind="cut", at="before")
    task_id = await tenant.new_task(content=text(ENDLESS))
    refused = await tenant.http.delete(f"{TASKS}/{task_id}")
    check_error(refused, 409, "InvalidAction")
    assert refused.headers["x-should-retry"] == "false"
    async with gateway.sessions.begin() as session:
        row = await TaskRepository(session, tenant.id).find(task_id, is_locked=True)
        assert row is not None
        apply_no_task(session, row, source=Source.RECONCILER, now=gateway.clock())
    assert (await tenant.http.delete(f"{TASKS}/{task_id}")).status_code == 200
    assert (await tenant.http.get(f"{TASKS}/{task_id}")).status_code == 404
    assert not gateway.received("delete_task")


async def test_deletes_beyond_the_accounts_rate_do_not_reach_the_upstream(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.tasks.deletion._TOKEN_TIMEOUT_SECONDS", 0.1)
    tenant = await gateway.tenant()
    task_id = await tenant.new_task()
    await gateway.force(task_id, "succeeded")
    await get(tenant, task_id)
    await gateway.use_up(RateClass.DELETE)
    refused = await tenant.http.delete(f"{TASKS}/{task_id}")
    check_error(refused, 503, "ServiceUnavailable")
    assert not gateway.received("delete_task")
