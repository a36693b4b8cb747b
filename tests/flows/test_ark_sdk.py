"""The official Python SDK for the data plane, as it is installed, with nothing set but the base URL and the key."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
import pytest_asyncio
from structlog.testing import capture_logs
from volcenginesdkarkruntime import Ark
from volcenginesdkarkruntime._exceptions import (
    ArkAPIError,
    ArkAuthenticationError,
    ArkBadRequestError,
    ArkConflictError,
    ArkInternalServerError,
    ArkNotFoundError,
    ArkPermissionDeniedError,
)

from tests.support.driving import count_received, force, received
from tests.support.gateway import TASKS, Gateway, Tenant

CAT: dict[str, Any] = {"model": "doubao-seedance-2", "content": [{"type": "text", "text": "一只猫"}]}

Call = Callable[..., Awaitable[Any]]


class Tasks:
    """``client.content_generation.tasks`` of a blocking client, called from a thread."""

    def __init__(self, client: Any) -> None:
        self._tasks = client.content_generation.tasks

    def __getattr__(self, name: str) -> Call:
        return partial(asyncio.to_thread, getattr(self._tasks, name))


@asynccontextmanager
async def tasks_of(gateway: Gateway, key: str) -> AsyncIterator[Tasks]:
    """The SDK's tasks, for one key."""
    with await asyncio.to_thread(Ark, base_url=f"{gateway.base_url}/api/v3", api_key=key) as client:
        yield Tasks(client)


@pytest_asyncio.fixture(scope="module")
async def tenant(gateway: Gateway) -> Tenant:
    return await gateway.tenant()


@pytest_asyncio.fixture
async def tasks(gateway: Gateway, tenant: Tenant) -> AsyncIterator[Tasks]:
    async with tasks_of(gateway, tenant.key) as opened:
        yield opened


async def test_a_task_goes_from_create_to_delete(gateway: Gateway, tenant: Tenant, tasks: Tasks) -> None:
    tools = [{"type": "web_search"}]
    created = await tasks.create(
        **CAT, resolution="720p", ratio="16:9", duration=5, return_last_frame=True, tools=tools
    )
    assert created.id.startswith("cgt-")
    assert (await tasks.get(task_id=created.id)).status in {"queued", "running"}

    await force(gateway, tenant, created.id, "succeeded")
    task = await tasks.get(task_id=created.id)
    assert (task.id, task.model, task.status) == (created.id, "doubao-seedance-2-0-260128", "succeeded")
    assert (task.resolution, task.ratio, task.duration, task.framespersecond) == ("720p", "16:9", 5, 24)
    assert task.error is None
    assert task.content.video_url.startswith("http")
    assert task.content.last_frame_url.startswith("http")
    assert task.usage.completion_tokens == 108900
    assert task.usage.tool_usage["web_search"] >= 0

    assert await tasks.delete(task_id=created.id) is not None
    with pytest.raises(ArkNotFoundError) as gone:
        await tasks.get(task_id=created.id)
    assert gone.value.code == "NotFound.id"


async def test_the_nulls_that_it_sends_for_what_was_not_set_do_not_go_upstream(gateway: Gateway, tasks: Tasks) -> None:
    created = await tasks.create(**CAT, seed=7)
    sent = received(gateway, created.id)
    assert sent == {**CAT, "model": "doubao-seedance-2-0-260128", "seed": 7, "generate_audio": False}


async def test_lists_are_filtered_and_paged(gateway: Gateway, tasks: Tasks) -> None:
    tenant = await gateway.tenant()
    async with tasks_of(gateway, tenant.key) as mine:
        ids = [(await mine.create(**CAT)).id for _ in range(3)]
        await force(gateway, tenant, ids[0], "failed", code="OutputVideoSensitiveContentDetected")

        everything = await mine.list(page_num=1, page_size=2)
        assert (everything.total, [item.id for item in everything.items]) == (3, ids[:0:-1])
        chosen = await mine.list(task_ids=ids[:2])
        assert {item.id for item in chosen.items} == set(ids[:2])
        failed = await mine.list(status="failed", model="doubao-seedance-2", service_tier="default")
        assert [(item.id, item.error.code) for item in failed.items] == [
            (ids[0], "OutputVideoSensitiveContentDetected")
        ]
        assert (await tasks.list(task_ids=ids)).total == 0


async def test_each_error_arrives_as_its_class_with_code_and_param(
    gateway: Gateway, tenant: Tenant, tasks: Tasks
) -> None:
    running = await tenant.new_task()
    await force(gateway, tenant, running, "running")
    limited_key = (await gateway.key_of(tenant.id, allowed_models=["doubao-seedance-2-fast"])).key
    async with tasks_of(gateway, "sg-wrong") as strangers, tasks_of(gateway, limited_key) as limited:
        cases: list[tuple[type[ArkAPIError], Call, str, str | None]] = [
            (ArkBadRequestError, partial(tasks.create, **CAT, duration=4), "InvalidParameter.duration", "duration"),
            (ArkAuthenticationError, partial(strangers.create, **CAT), "AuthenticationError", None),
            (ArkPermissionDeniedError, partial(limited.create, **CAT), "AccessDenied", None),
            (ArkNotFoundError, partial(tasks.get, task_id="cgt-20260101000000-zzzzz"), "NotFound.id", "id"),
            (ArkConflictError, partial(tasks.delete, task_id=running), "InvalidAction.RunningTaskDeletion", None),
        ]
        for expected, call, code, param in cases:
            with pytest.raises(expected) as caught:
                await call()
            assert type(caught.value) is expected
            assert (caught.value.code, caught.value.param) == (code, param)


async def test_deleting_a_running_task_is_asked_once(gateway: Gateway, tenant: Tenant, tasks: Tasks) -> None:
    task_id = await tenant.new_task()
    await force(gateway, tenant, task_id, "running")
    with capture_logs() as lines, pytest.raises(ArkConflictError):
        await tasks.delete(task_id=task_id)
    assert requests_of(lines) == [("DELETE", f"{TASKS}/{task_id}", 409)]


async def test_a_create_that_our_account_cannot_pay_is_asked_once(gateway: Gateway, tasks: Tasks) -> None:
    await fault(gateway, kind="error", status=403, code="AccountOverdueError")
    with capture_logs() as lines, pytest.raises(ArkInternalServerError) as caught:
        await tasks.create(**CAT)
    assert caught.value.code == "InternalServiceError"
    assert requests_of(lines) == [("POST", TASKS, 502)]


async def test_a_throttled_create_is_repeated_and_makes_one_task(gateway: Gateway, tasks: Tasks) -> None:
    before = await tasks.list()
    await fault(gateway, kind="throttle", status=429)
    with capture_logs() as lines:
        await tasks.create(**CAT)
    assert requests_of(lines) == [("POST", TASKS, 429), ("POST", TASKS, 200)]
    assert (await tasks.list()).total == before.total + 1


async def test_a_create_of_unknown_outcome_is_not_repeated(gateway: Gateway, tasks: Tasks) -> None:
    before = count_received(gateway, "create_task")
    await fault(gateway, kind="cut", at="after")
    created = await tasks.create(**CAT)
    assert (await tasks.get(task_id=created.id)).status == "queued"
    assert count_received(gateway, "create_task") == before + 1


async def test_the_request_id_that_it_shows_is_the_one_it_sent(tasks: Tasks) -> None:
    with pytest.raises(ArkNotFoundError) as caught:
        await tasks.get(task_id="cgt-20260101000000-zzzzz", extra_headers={"X-Client-Request-Id": "mine-1"})
    assert caught.value.request_id == "mine-1"


async def fault(gateway: Gateway, **effect: Any) -> None:
    """Scripts a fault for the next create upstream."""
    made = await gateway.control.post("/faults", json={"operation": "create_task", "times": 1, "effect": effect})
    assert made.status_code == 201, made.text


def requests_of(lines: list[Any]) -> list[tuple[str, str, int]]:
    """Returns what the gateway answered, by its own access log."""
    return [(line["method"], line["path"], line["status"]) for line in lines if line["event"] == "request"]
