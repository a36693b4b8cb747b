"""LIST of tasks, and the rate limits of the data plane."""

import pytest

from app.sandbox.config import SandboxConfig
from app.sandbox.rate_limits import Limits
from app.sandbox.server import SandboxServer
from tests.sandbox.clients import MODEL, Caller, error_of, text

V15 = "doubao-seedance-1-5-pro-251215"


async def _ids(caller: Caller, query: str = "") -> list[str]:
    response = await caller.ask("GET", query)
    assert response.status_code == 200, response.text
    return [item["id"] for item in response.json()["items"]]


async def test_tasks_are_listed_newest_first_in_pages_of_ten(caller: Caller) -> None:
    made = [await caller.made() for _ in range(12)]
    first = (await caller.ask("GET", "")).json()
    assert [item["id"] for item in first["items"]] == made[:1:-1]
    assert first["total"] == 12
    assert await _ids(caller, "?page_num=2") == made[1::-1]
    assert await _ids(caller, "?page_num=2&page_size=5") == made[6:1:-1]
    assert await _ids(caller, "?") == made[:1:-1]


async def test_an_item_is_the_json_of_get(caller: Caller) -> None:
    done = await caller.finished(return_last_frame=True)
    failed = await caller.finished(text("[fail:InternalServiceError]"))
    assert (await caller.ask("GET", "")).json() == {"items": [failed, done], "total": 2}


async def test_task_ids_filter_and_may_repeat(caller: Caller) -> None:
    made = [await caller.made() for _ in range(3)]
    query = f"?filter.task_ids={made[0]}&filter.task_ids={made[2]}&filter.task_ids=cgt-20260101000000-abcde"
    assert await _ids(caller, query) == [made[2], made[0]]


async def test_status_and_model_filter(caller: Caller) -> None:
    done = (await caller.finished())["id"]
    other = await caller.made(model="ep-20260101-abcde")
    assert await _ids(caller, "?filter.status=succeeded") == [done]
    assert await _ids(caller, "?filter.status=queued") == [other]
    assert await _ids(caller, f"?filter.model={MODEL}") == [done]
    assert await _ids(caller, f"?filter.model={V15}") == [other]
    assert await _ids(caller, "?filter.model=ep-20260101-abcde") == [other]


async def test_flex_tasks_need_the_filter(caller: Caller) -> None:
    plain = await caller.made(model=V15)
    flex = await caller.made(model=V15, service_tier="flex")
    assert await _ids(caller) == [plain]
    assert await _ids(caller, "?filter.service_tier=default") == [plain]
    assert await _ids(caller, "?filter.service_tier=flex") == [flex]
    assert await _ids(caller, f"?filter.task_ids={flex}") == []


async def test_tasks_are_isolated_by_account(caller: Caller, stranger: Caller) -> None:
    mine, theirs = await caller.made(), await stranger.made()
    assert await _ids(caller) == [mine]
    assert await _ids(stranger) == [theirs]


@pytest.mark.parametrize(
    "query", ["?page_num=0", "?page_num=501", "?page_size=501", "?page_size=x", "?page_num=-1", "?filter.status=done"]
)
async def test_wrong_queries_are_400(caller: Caller, query: str) -> None:
    assert error_of(await caller.ask("GET", query))[:2] == (400, "InvalidParameter")


class _Seconds:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def test_rate_limits_are_per_account_and_in_real_time() -> None:
    seconds = _Seconds()
    async with SandboxServer(SandboxConfig(monotonic=seconds, limits=Limits(create_per_minute=3))) as server:
        caller = Caller(server)
        task_id = await caller.made()
        assert (await caller.ask("GET", "")).status_code == 200
        refused = await caller.ask("GET", "")
        assert error_of(refused)[:2] == (429, "AccountRateLimitExceeded")
        assert refused.json()["error"]["type"] == "TooManyRequests"
        caller.advance(3600)
        assert (await caller.ask("GET", "")).status_code == 429
        assert [(await caller.ask("GET", f"/{task_id}")).status_code for _ in range(21)] == [200] * 20 + [429]
        seconds.now += 1
        assert (await caller.ask("GET", "")).status_code == 200
        assert (await caller.ask("GET", f"/{task_id}")).status_code == 200
        await caller.made()
        await caller.made()
        assert error_of(await caller.create())[:2] == (429, "ModelAccountRpmRateLimitExceeded")
        await caller.made(model=V15)
        seconds.now += 60
        await caller.made()
        await caller.http.aclose()


async def test_a_full_queue_is_429() -> None:
    async with SandboxServer(SandboxConfig(limits=Limits(queued_tasks=2))) as server:
        caller = Caller(server)
        await caller.made()
        await caller.made()
        assert error_of(await caller.create())[:2] == (429, "QuotaExceeded")
        await caller.http.aclose()
