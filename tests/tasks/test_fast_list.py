"""The list of tasks without the framework: the same answer as by the route, and never one from before."""

from typing import Any

import httpx
import pytest

from app.errors import top_level_field
from app.http.request_scope import RequestScope
from tests.support.answers import check_error
from tests.support.gateway import ENDLESS, MODEL, RUNNING, TASKS, Gateway, Tenant, get, text
from tests.support.logs import written

QUERIES = [
    "",
    "?page_size=2",
    "?page_num=2&page_size=1",
    "?page_num=100",
    "?filter.status=failed",
    "?filter.status=queued&filter.service_tier=default",
    f"?filter.model={MODEL}",
    "?filter.model=none",
    "?filter.task_ids=none&filter.task_ids=cgt-1,cgt-2",
    "?page_size=",
]


@pytest.fixture
def routed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of the requests that reach the framework."""
    seen: list[str] = []
    handle = RequestScope.__call__

    async def note(self: RequestScope, scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["path"])
        await handle(self, scope, receive, send)

    monkeypatch.setattr(RequestScope, "__call__", note)
    return seen


async def filled(gateway: Gateway) -> tuple[Tenant, list[str]]:
    """Returns a tenant, and its tasks: one that failed and two that run."""
    tenant = await gateway.tenant()
    task_ids = [await tenant.new_task(content=text(each)) for each in (ENDLESS, RUNNING, RUNNING)]
    await gateway.force(task_ids[0], "failed", code="OutputVideoSensitiveContentDetected")
    for task_id in task_ids:
        await get(tenant, task_id)
    return tenant, task_ids


def shown(answer: httpx.Response) -> tuple[Any, ...]:
    """Returns what two answers of the same list have in common."""
    headers = {name: value for name, value in answer.headers.items() if name not in {"date", "x-request-id"}}
    return answer.status_code, list(headers.items()), answer.content


@pytest.mark.parametrize("query", QUERIES)
async def test_both_paths_answer_with_the_same_bytes(gateway: Gateway, routed: list[str], query: str) -> None:
    tenant, _ = await filled(gateway)
    routed.clear()
    fast = await tenant.http.get(TASKS + query)
    assert routed == []
    # The route has this kind of credential to itself.
    answer = await gateway.anonymous.get(TASKS + query, headers={"X-Api-Key": tenant.key})
    assert len(routed) == 1
    assert shown(fast) == shown(answer)
    assert fast.status_code == 200


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("?page_num=0", "page_num"),
        ("?x=1", "x"),
        ("?filter.status=x", "filter.status"),
        ("?page_num=1&page_num=2", "page_num"),
    ],
)
async def test_a_mistake_is_reported_by_the_route(gateway: Gateway, routed: list[str], query: str, param: str) -> None:
    tenant, _ = await filled(gateway)
    routed.clear()
    code = f"InvalidParameter.{top_level_field(param)}"
    check_error(await tenant.http.get(TASKS + query), 400, code, param)
    assert len(routed) == 1


async def test_both_paths_log_the_same_line(gateway: Gateway) -> None:
    tenant, _ = await filled(gateway)
    with written() as log:
        await tenant.http.get(TASKS)
        await gateway.anonymous.get(TASKS, headers={"X-Api-Key": tenant.key})
        lines = log.requests()
    for line in lines:
        for name in ("request_id", "timestamp", "milliseconds"):
            line.pop(name)
    assert lines[0] == lines[1]
    assert (lines[0]["path"], lines[0]["tenant"]) == (TASKS, tenant.id)


async def test_a_list_shows_each_change_at_once(gateway: Gateway, routed: list[str]) -> None:
    tenant, task_ids = await filled(gateway)
    routed.clear()
    items = (await tenant.http.get(TASKS)).json()["items"]
    assert [item["status"] for item in items] == ["running", "running", "failed"]
    await gateway.force(task_ids[2], "succeeded")
    gateway.clock.advance(3)
    await get(tenant, task_ids[2])
    assert (await tenant.http.get(TASKS)).json()["items"][0]["status"] == "succeeded"
    assert (await tenant.http.delete(f"{TASKS}/{task_ids[2]}")).status_code == 200
    page = (await tenant.http.get(TASKS)).json()
    assert ([item["id"] for item in page["items"]], page["total"]) == ([task_ids[1], task_ids[0]], 2)


async def test_no_tenant_sees_what_is_another_ones(gateway: Gateway, routed: list[str]) -> None:
    (owner, task_ids), stranger = await filled(gateway), await gateway.tenant()
    await stranger.http.get("/api/v3/whoami")
    routed.clear()
    for query in ("", f"?filter.task_ids={','.join(task_ids)}"):
        assert len((await owner.http.get(TASKS + query)).json()["items"]) == 3
        assert (await stranger.http.get(TASKS + query)).json() == {"items": [], "total": 0}
    assert routed == []
