"""Tasks of all tenants over the admin API."""

from typing import Any

import httpx
import pytest
from sqlalchemy import text as sql

from app.upstream.rate_limits import RateClass
from tests.support.gateway import ENDLESS, FAST, MODEL, RUNNING, TASKS, Gateway, Tenant, get, text

SECRET_PROMPT = "nobody else may read this"


async def ok(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def show(gateway: Gateway, task_id: str) -> dict[str, Any]:
    return await ok(await gateway.admin.get(f"/tasks/{task_id}"))


async def act(gateway: Gateway, task_id: str, verb: str, **body: Any) -> httpx.Response:
    return await gateway.admin.post(f"/tasks/{task_id}/{verb}", json=body or None)


async def listed(gateway: Gateway, **query: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = (await ok(await gateway.admin.get("/tasks", params=query)))["data"]
    return rows


async def audited(gateway: Gateway, task_id: str) -> list[tuple[str, dict[str, Any]]]:
    rows = (await ok(await gateway.admin.get("/audit", params={"target": task_id})))["data"]
    return [(row["action"], row["detail"]) for row in rows]


async def lost_create(gateway: Gateway, tenant: Tenant, **fields: Any) -> tuple[str, str]:
    """Creates a task whose answer is lost; returns our id and the upstream's."""
    await gateway.fault("create_task", kind="cut", at="after")
    task_id = await tenant.new_task(**fields)
    return task_id, str(gateway.received("create_task")[-1].resource_id)


def check_refused(answer: httpx.Response, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), answer.text


async def test_the_list_finds_a_task_by_either_of_its_ids(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task()
    await tenant.new_task()
    spare_id = (await gateway.written(task_id)).id
    (row,) = await listed(gateway, id=task_id)
    assert row["id"] == task_id
    assert await listed(gateway, id=spare_id) == [row]
    assert await listed(gateway, id=spare_id, tenant=tenant.id) == [row]
    assert await listed(gateway, id=task_id, tenant="other") == await listed(gateway, id="none") == []


async def test_a_task_is_shown_by_either_id_with_tenant_channel_times_and_history(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(content=text(f"{SECRET_PROMPT} {ENDLESS}"), duration=5, seed=7)
    row = await gateway.written(task_id)

    shown = await show(gateway, task_id)

    assert await show(gateway, row.id) == shown
    assert {name: shown[name] for name in shown if not name.endswith("_at")} == {
        "id": task_id,
        "spare_id": row.id,
        "upstream_id": task_id,
        "claimed_upstream_id": None,
        "tenant_id": tenant.id,
        "key_id": tenant.key_id,
        "channel_id": await gateway.channel_id("default"),
        "channel_name": "default",
        "model": MODEL,
        "upstream_model": row.upstream_model,
        "service_tier": "default",
        "status": "queued",
        "error": None,
        "total_tokens": None,
        "parameters": {"duration": 5, "seed": 7},
        "callback_origin": None,
        "history": [{"at": shown["history"][0]["at"], "status": "queued", "source": "create", "detail": None}],
        "ledger": [],
        "copies": [],
    }
    assert {name for name in shown if name.endswith("_at")} == {
        "created_at", "updated_at", "sent_at", "cut_at", "absent_at", "asked_at", "polled_at", "next_poll_at",
        "finished_at", "deleted_at",
    }  # fmt: skip
    assert SECRET_PROMPT not in str(shown)


async def test_only_the_origin_of_a_callback_url_is_shown(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task()
    async with gateway.sessions.begin() as session:
        change = "UPDATE tasks SET callback_url = 'https://hooks.example.com:8443/t/secret?k=v' WHERE upstream_id = :id"
        await session.execute(sql(change), {"id": task_id})

    answer = await gateway.admin.get(f"/tasks/{task_id}")

    assert answer.json()["callback_origin"] == "https://hooks.example.com:8443"
    assert "secret" not in answer.text


async def test_a_create_of_unknown_outcome_differs_from_a_queued_task(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    queued = await tenant.new_task()
    unknown, _ = await lost_create(gateway, tenant)

    assert [task["id"] for task in await listed(gateway, tenant=tenant.id)] == [unknown, queued]
    assert [task["id"] for task in await listed(gateway, tenant=tenant.id, status="unknown")] == [unknown]
    assert [task["id"] for task in await listed(gateway, tenant=tenant.id, status="queued")] == [queued]
    assert await listed(gateway, tenant=tenant.id, status="submitting") == []
    shown = await show(gateway, unknown)
    assert (shown["status"], shown["upstream_id"]) == ("unknown", None)
    assert shown["cut_at"] is not None
    assert [event["status"] for event in shown["history"]] == ["unknown"]
    assert (await get(tenant, unknown)).json()["status"] == "queued"


async def test_tasks_are_found_by_tenant_model_and_channel(gateway: Gateway) -> None:
    tenant, other = await gateway.tenant(), await gateway.tenant("second")
    one = await tenant.new_task()
    fast = await tenant.new_task(model=FAST)
    elsewhere = await other.new_task()
    second = await gateway.channel_id("second")

    assert [task["id"] for task in await listed(gateway, tenant=tenant.id)] == [fast, one]
    assert [task["id"] for task in await listed(gateway, tenant=tenant.id, model=FAST)] == [fast]
    upstream_model = (await show(gateway, one))["upstream_model"]
    assert [task["id"] for task in await listed(gateway, tenant=tenant.id, model=upstream_model)] == [one]
    for channel in ("second", second):
        found = await listed(gateway, channel=channel)
        assert elsewhere in [task["id"] for task in found]
        assert {task["channel_id"] for task in found} == {second}
    for query in ({"tenant": "tenant_none"}, {"channel": "none"}, {"model": "none"}):
        assert await listed(gateway, **query) == []
    assert elsewhere in [task["id"] for task in await listed(gateway, limit="100")]


async def test_pages_hold_every_task_once_and_continue_after_a_deleted_one(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    ids = [await tenant.new_task() for _ in range(5)][::-1]
    query = {"tenant": tenant.id, "limit": "2"}

    first = await ok(await gateway.admin.get("/tasks", params=query))
    async with gateway.sessions.begin() as session:
        await session.execute(sql("DELETE FROM tasks WHERE upstream_id = :id"), {"id": ids[1]})
    second = await ok(await gateway.admin.get("/tasks", params={**query, "after": first["next_cursor"]}))
    third = await ok(await gateway.admin.get("/tasks", params={**query, "after": second["next_cursor"]}))

    assert [[task["id"] for task in page["data"]] for page in (first, second, third)] == [ids[:2], ids[2:4], ids[4:]]
    assert [page["has_more"] for page in (first, second, third)] == [True, True, False]


@pytest.mark.parametrize("path", ["/tasks", "/orphans"])
@pytest.mark.parametrize(
    "after", ["none of ours", "", "2026-01-01T00:00:00+00:00", "MjAyNg", "MDAwMS0wMS0wMVQwMDowMDowMCsyMzo1OSBhIGI"]
)
async def test_a_text_that_is_no_cursor_is_a_400(gateway: Gateway, path: str, after: str) -> None:
    check_refused(await gateway.admin.get(path, params={"after": after}), 400, "InvalidParameter.after")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status", "done"),
        ("status", ""),
        ("limit", "0"),
        ("key", ""),
        ("from", "yesterday"),
        ("to", "2026-01-01T00:00:00"),
        ("q", "a"),
    ],
)
async def test_a_wrong_query_is_refused_by_name(gateway: Gateway, name: str, value: str) -> None:
    answer = await gateway.admin.get("/tasks", params={name: value})
    check_refused(answer, 400, f"InvalidParameter.{name}")


async def test_tasks_are_found_by_their_key_and_by_the_time_of_their_creation(gateway: Gateway) -> None:
    first = await gateway.tenant()
    second = await gateway.key_of(first.id)
    ids = [await each.new_task() for each in (first, second, first)]
    times = [(await show(gateway, task_id))["created_at"] for task_id in ids]

    async def found(**query: str) -> list[str]:
        return [task["id"] for task in await listed(gateway, tenant=first.id, **query)]

    assert await found(key=first.key_id) == [ids[2], ids[0]]
    assert await found(key=second.key_id, status="queued") == [ids[1]]
    assert await found(key=second.key_id, status="failed") == []
    assert await found(key=(await gateway.tenant()).key_id) == []
    assert await found(key="none") == []
    assert await found(**{"from": times[1]}) == [ids[2], ids[1]]
    assert await found(**{"from": times[0], "to": times[2]}) == [ids[1], ids[0]]
    assert await found(key=first.key_id, to=times[2]) == [ids[0]]
    page = await ok(await gateway.admin.get("/tasks", params={"key": first.key_id, "limit": "1"}))
    rest = await ok(
        await gateway.admin.get("/tasks", params={"key": first.key_id, "after": page["next_cursor"], "limit": "1"})
    )
    assert [task["id"] for task in page["data"] + rest["data"]] == [ids[2], ids[0]]
    assert rest["has_more"] is False


async def test_a_refresh_calls_the_upstream_once_and_at_once(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(content=text(ENDLESS))
    await gateway.force(task_id, "running")
    assert (await show(gateway, task_id))["status"] == "queued"

    assert (await ok(await act(gateway, task_id, "refresh")))["status"] == "running"
    await gateway.force(task_id, "failed", code="OutputVideoSensitiveContentDetected", message="no")
    shown = await ok(await act(gateway, (await gateway.written(task_id)).id, "refresh"))
    again = await ok(await act(gateway, task_id, "refresh"))

    assert (shown["status"], shown["error"]["code"]) == ("failed", "OutputVideoSensitiveContentDetected")
    assert [event["status"] for event in shown["history"]] == ["queued", "running", "failed"]
    assert again == shown
    assert len(gateway.received("get_task")) == 2


async def test_a_task_shows_what_the_ledger_says_of_it(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(content=text("a kitten"))
    await gateway.force(task_id, "succeeded")
    ended = await ok(await act(gateway, task_id, "refresh"))
    correction = {"task_id": task_id, "total_tokens": ended["total_tokens"] - 100, "note": "billed too much"}
    answer = await gateway.admin.post("/usage/corrections", json=correction)
    assert answer.status_code == 201, answer.text

    shown = await show(gateway, task_id)

    settlement, corrected = shown["ledger"]
    assert (settlement["kind"], settlement["status"]) == ("settlement", "succeeded")
    assert settlement["total_tokens"] == shown["total_tokens"] > 0
    assert (corrected["kind"], corrected["total_tokens"], corrected["note"]) == ("correction", -100, "billed too much")


async def test_a_refresh_that_the_upstream_does_not_answer_changes_nothing_and_says_why(gateway: Gateway) -> None:
    task_id = await (await gateway.tenant()).new_task()
    before = await show(gateway, task_id)
    await gateway.fault("get_task", kind="error", status=500, code="InternalServiceError")

    answer = await act(gateway, task_id, "refresh")

    check_refused(answer, 503, "ServiceUnavailable")
    assert "500" in answer.json()["error"]["message"]
    after = await show(gateway, task_id)
    assert {**after, "asked_at": None} == {**before, "asked_at": None}


async def test_a_refresh_keeps_within_the_accounts_budget_of_queries(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.tasks.admin_service._TOKEN_TIMEOUT_SECONDS", 0.1)
    task_id = await (await gateway.tenant()).new_task()
    await gateway.use_up(RateClass.INTERACTIVE_GET)
    check_refused(await act(gateway, task_id, "refresh"), 503, "ServiceUnavailable")
    assert gateway.received("get_task") == []
    await gateway.prepare()
    await ok(await act(gateway, task_id, "refresh"))


async def test_a_task_without_an_upstream_id_can_neither_be_refreshed_nor_cancelled(gateway: Gateway) -> None:
    task_id, _ = await lost_create(gateway, await gateway.tenant())

    check_refused(await act(gateway, task_id, "refresh"), 409, "InvalidAction")
    check_refused(await act(gateway, task_id, "cancel"), 409, "InvalidAction")
    assert await audited(gateway, task_id) == []


async def test_the_operator_cancels_a_queued_task_as_its_tenant_would(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(content=text(ENDLESS))

    shown = await ok(await act(gateway, task_id, "cancel"))

    assert shown["status"] == "cancelled"
    assert (shown["history"][-1]["status"], shown["history"][-1]["source"]) == ("cancelled", "operator")
    assert len(gateway.received("delete_task")) == 1
    assert (await get(tenant, task_id)).json()["status"] == "cancelled"
    for either in (shown["spare_id"], task_id):
        assert await audited(gateway, either) == [("task.cancel", {"upstream_id": task_id})]


async def test_a_running_task_is_not_cancelled_and_one_that_is_over_is_not_removed(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    running = await tenant.new_task(content=text(RUNNING))
    await gateway.force(running, "running")
    over = await tenant.new_task()
    await gateway.force(over, "expired")

    check_refused(await act(gateway, running, "cancel"), 409, "InvalidAction.RunningTaskDeletion")
    check_refused(await act(gateway, over, "cancel"), 409, "InvalidAction")

    assert gateway.received("delete_task") == []
    assert (await get(tenant, over)).json()["status"] == "expired"
    for task_id in (running, over):
        assert await audited(gateway, (await gateway.written(task_id)).id) == []


async def test_the_operator_names_the_upstream_task_of_a_lost_create(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id, upstream_id = await lost_create(gateway, tenant, content=text(ENDLESS))

    shown = await ok(await act(gateway, task_id, "resolve", upstream_id=upstream_id))

    assert (shown["id"], shown["spare_id"], shown["upstream_id"]) == (task_id, task_id, upstream_id)
    assert (shown["status"], shown["history"][-1]["source"]) == ("queued", "operator")
    assert await audited(gateway, task_id) == [("task.resolve", {"upstream_id": upstream_id})]
    await gateway.force(upstream_id, "running")
    assert (await ok(await act(gateway, upstream_id, "refresh")))["status"] == "running"
    assert (await get(tenant, task_id)).json()["status"] == "running"
    check_refused(await act(gateway, task_id, "resolve", absent=True), 409, "InvalidAction")


async def test_the_operator_declares_a_lost_create_absent(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id, upstream_id = await lost_create(gateway, tenant)

    shown = await ok(await act(gateway, task_id, "resolve", absent=True))

    assert (shown["status"], shown["error"]["code"], shown["upstream_id"]) == ("failed", "OutcomeUnknown", None)
    assert await audited(gateway, task_id) == [("task.resolve", {"absent": True})]
    result = (await get(tenant, task_id)).json()
    assert (result["status"], result["error"]["code"]) == ("failed", "OutcomeUnknown")
    check_refused(await act(gateway, task_id, "resolve", upstream_id=upstream_id), 409, "InvalidAction")


async def test_a_lost_create_gets_no_owned_and_no_unknown_task(gateway: Gateway) -> None:
    tenant, other = await gateway.tenant(), await gateway.tenant()
    owned = await other.new_task()
    task_id, _ = await lost_create(gateway, tenant)

    check_refused(await act(gateway, task_id, "resolve", upstream_id=owned), 409, "UpstreamIdOwned")
    absent = await act(gateway, task_id, "resolve", upstream_id="cgt-20260101000000-aaaaa")
    check_refused(absent, 400, "InvalidParameter.upstream_id")
    assert (await show(gateway, task_id))["status"] == "unknown"
    assert await audited(gateway, task_id) == []
    assert (await show(gateway, owned))["tenant_id"] == other.id


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"upstream_id": "cgt-1", "absent": True},
        {"absent": False},
        {"upstream_id": ""},
        {"upstream_id": None},
        {"upstream_id": 5},
        {"absent": True, "tenant": "x"},
    ],
)
async def test_a_resolution_that_does_not_say_which_is_a_400(gateway: Gateway, body: dict[str, Any]) -> None:
    answer = await gateway.admin.post("/tasks/cgt-20260101000000-aaaaa/resolve", json=body)
    assert answer.status_code == 400, answer.text


async def test_a_deleted_task_is_still_shown_to_the_operator(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task()
    await gateway.force(task_id, "expired")
    assert (await tenant.http.delete(f"{TASKS}/{task_id}")).status_code == 200

    shown = await show(gateway, task_id)

    assert (shown["status"], shown["deleted_at"] is None) == ("expired", False)
    assert [task["id"] for task in await listed(gateway, tenant=tenant.id)] == [task_id]


async def test_an_unfinished_task_prevents_the_deletion_of_its_tenant_and_channel(gateway: Gateway) -> None:
    tenant = await gateway.tenant("second")
    task_id, _ = await lost_create(gateway, tenant)
    second = await gateway.channel_id("second")

    for path in (f"/tenants/{tenant.id}", f"/channels/{second}"):
        check_refused(await gateway.admin.delete(path), 409, "InvalidAction")
        async with gateway.sessions.begin() as session:
            await session.execute(sql("UPDATE tasks SET status = 'submitting' WHERE id = :id"), {"id": task_id})
        check_refused(await gateway.admin.delete(path), 409, "InvalidAction")
        async with gateway.sessions.begin() as session:
            await session.execute(sql("UPDATE tasks SET status = 'unknown' WHERE id = :id"), {"id": task_id})
    await ok(await act(gateway, task_id, "resolve", absent=True))
    assert (await gateway.admin.delete(f"/tenants/{tenant.id}")).status_code == 204
