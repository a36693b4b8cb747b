"""Listing of tasks: the tenant's own, from the mirror alone, as the SDKs ask for it."""

import pytest
import pytest_asyncio

from app.errors import top_level_field
from tests.support.answers import check_error
from tests.support.gateway import FAST, MODEL, RUNNING, TASKS, Gateway, Tenant, get, text

OLDEST = "doubao-seedance-1-0-pro-250528"
ABSENT = "cgt-20260101000000-abcde"


class Shelf:
    """A tenant's tasks by what they are, in the order of their creation."""

    def __init__(self, tenant: Tenant, tasks: dict[str, str]) -> None:
        self.tenant = tenant
        self.tasks = tasks

    async def shown(self, query: str) -> list[str]:
        """Returns what a query shows, by name."""
        response = await self.tenant.http.get(f"{TASKS}?{query}")
        assert response.status_code == 200, response.text
        names = {task_id: name for name, task_id in self.tasks.items()}
        body = response.json()
        assert body.keys() == {"items", "total"}
        assert body["total"] >= len(body["items"])
        return [names[item["id"]] for item in body["items"]]


@pytest_asyncio.fixture(scope="session")
async def shelf(frozen_gateway: Gateway) -> Shelf:
    """Six tasks in six states, of three models and two tiers, and another tenant's."""
    await frozen_gateway.prepare()
    tenant, other = await frozen_gateway.tenant(), await frozen_gateway.tenant()
    tasks = {
        "succeeded": await tenant.new_task(),
        "failed": await tenant.new_task(model=FAST),
        "flex": await tenant.new_task(model=OLDEST, service_tier="flex", content=text("[queue:1000000]")),
        "running": await tenant.new_task(content=text(RUNNING)),
        "cancelled": await tenant.new_task(content=text("[queue:1000000]")),
    }
    await frozen_gateway.force(tasks["succeeded"], "succeeded")
    await frozen_gateway.force(tasks["failed"], "failed", code="OutputVideoSensitiveContentDetected")
    for name in ("succeeded", "failed", "flex", "running"):
        await get(tenant, tasks[name])
    assert (await tenant.http.delete(f"{TASKS}/{tasks['cancelled']}")).status_code == 200
    await frozen_gateway.fault("create_task", kind="cut", at="after")
    tasks["unknown"] = await tenant.new_task()
    gone = await tenant.new_task()
    await frozen_gateway.force(gone, "failed")
    assert (await tenant.http.delete(f"{TASKS}/{gone}")).status_code == 200
    await other.new_task()
    return Shelf(tenant, tasks)


ALL = ["unknown", "cancelled", "running", "flex", "failed", "succeeded"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ALL),
        ("page_num=&page_size=&filter.status=&filter.model=", ALL),
        ("page_num=1&page_size=500", ALL),
        ("page_num=1&page_size=2", ["unknown", "cancelled"]),
        ("page_num=2&page_size=4", ["failed", "succeeded"]),
        ("page_num=500&page_size=500", []),
        ("filter.status=queued", ["unknown", "flex"]),
        ("filter.status=running", ["running"]),
        ("filter.status=succeeded", ["succeeded"]),
        ("filter.status=failed", ["failed"]),
        ("filter.status=cancelled", ["cancelled"]),
        ("filter.status=expired", []),
        (f"filter.model={FAST}", ["failed"]),
        (f"filter.model={MODEL}", ["unknown", "cancelled", "running", "succeeded"]),
        ("filter.model=doubao-seedance-2-0-fast-260128", ["failed"]),
        ("filter.model=nonsense", []),
        ("filter.service_tier=flex", ["flex"]),
        ("filter.service_tier=default", ["unknown", "cancelled", "running", "failed", "succeeded"]),
        ("filter.status=queued&filter.service_tier=default", ["unknown"]),
    ],
)
async def test_a_query_shows_exactly_what_it_asks_for_newest_first(
    shelf: Shelf, query: str, expected: list[str]
) -> None:
    assert await shelf.shown(query) == expected


async def test_task_ids_are_repeated_and_those_of_nothing_are_ignored(shelf: Shelf) -> None:
    ids = [shelf.tasks["failed"], ABSENT, shelf.tasks["unknown"], ""]
    assert await shelf.shown("&".join(f"filter.task_ids={task_id}" for task_id in ids)) == ["unknown", "failed"]
    body = (await shelf.tenant.http.get(f"{TASKS}?filter.task_ids={ABSENT}")).json()
    assert body == {"items": [], "total": 0}


@pytest.mark.parametrize(
    "written",
    [
        "filter.task_ids={a},{b}",
        "filter.task_ids[]={a}&filter.task_ids[]={b}",
        "filter.task_ids%5B%5D={a}&filter.task_ids%5b%5d={b}",
        "filter.task_ids[0]={a}&filter.task_ids[1]={b}",
        "filter.task_ids[7]={b}&filter.task_ids[7]={a}",
        "filter.task_ids={a}&filter.task_ids[]={b}",
        "filter.task_ids[]={a},{absent}&filter.task_ids[3]={b}",
        "filter.task_ids=+{a}%20,%20{b}+,",
        "filter.task_ids=,{a},,{a}%2C{b}&filter.task_ids=",
        "&&filter%2Etask_ids={a},{b}&",
    ],
)
async def test_task_ids_are_understood_however_a_client_writes_an_array(shelf: Shelf, written: str) -> None:
    ids = {"a": shelf.tasks["failed"], "b": shelf.tasks["unknown"], "absent": ABSENT}
    assert await shelf.shown(written.format(**ids)) == ["unknown", "failed"]


async def test_five_hundred_ids_may_be_named_in_the_longest_spelling(shelf: Shelf) -> None:
    ids = [ABSENT] * 499 + [shelf.tasks["failed"]]
    query = "&".join(f"filter.task_ids%5B{index}%5D={task_id}" for index, task_id in enumerate(ids))
    assert await shelf.shown(query) == ["failed"]
    assert await shelf.shown("filter.task_ids=" + ",".join(ids)) == ["failed"]


async def test_the_spare_id_of_an_accepted_task_finds_it_too(gateway: Gateway, shelf: Shelf) -> None:
    row = await gateway.row(shelf.tasks["running"])
    assert row is not None
    assert await shelf.shown(f"filter.task_ids={row.id}") == ["running"]


async def test_the_pages_make_up_the_whole_and_the_total_is_exact(shelf: Shelf) -> None:
    pages = [await shelf.shown(f"page_num={number}&page_size=1") for number in range(1, len(ALL) + 2)]
    assert [name for page in pages for name in page] == ALL
    body = (await shelf.tenant.http.get(f"{TASKS}?page_num=3&page_size=1")).json()
    assert body["total"] == len(ALL)


async def test_the_list_asks_the_upstream_nothing(gateway: Gateway, shelf: Shelf) -> None:
    gateway.clock.advance(60)
    await shelf.shown("")
    assert not gateway.received("get_task")
    assert not gateway.received("list_tasks")


async def test_a_failed_item_tells_why_where_each_sdk_reads_it(shelf: Shelf) -> None:
    items = (await shelf.tenant.http.get(f"{TASKS}?page_size=500")).json()["items"]
    by_id = {item["id"]: item for item in items}
    failed = by_id[shelf.tasks["failed"]]
    assert failed["failure_reason"] == failed["error"]
    assert failed["error"]["code"] == "OutputVideoSensitiveContentDetected"
    assert [item["id"] for item in items if "failure_reason" in item] == [failed["id"]]


async def test_an_item_is_what_get_shows(gateway: Gateway, shelf: Shelf) -> None:
    items = (await shelf.tenant.http.get(TASKS)).json()["items"]
    for item in items:
        if item["status"] == "succeeded":
            assert (await get(shelf.tenant, item["id"])).json() == item


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("page_num=0", "page_num"),
        ("page_num=501", "page_num"),
        ("page_num=-1", "page_num"),
        ("page_num=1.0", "page_num"),
        ("page_num=one", "page_num"),
        ("page_num=1&page_num=2", "page_num"),
        ("page_num=1&page_num=1", "page_num"),
        ("page_num=&page_num=1", "page_num"),
        ("page_num=%D9%A1", "page_num"),
        ("page_num=99999999999999999999", "page_num"),
        ("page_size=0", "page_size"),
        ("page_size=501", "page_size"),
        ("page_size=1e1", "page_size"),
        ("page_size=+5", "page_size"),
        ("filter.status=done", "filter.status"),
        ("filter.status=submitting", "filter.status"),
        ("filter.status=queued&filter.status=failed", "filter.status"),
        ("filter.model=%00", "filter.model"),
        ("filter.service_tier=a%00b", "filter.service_tier"),
        ("filter.task_ids=a&filter.task_ids=%00", "filter.task_ids"),
        ("&".join(["filter.task_ids=x"] * 501), "filter.task_ids"),
        ("filter.task_ids=x" + ",x" * 500, "filter.task_ids"),
        ("filter.task_ids=", "filter.task_ids"),
        ("filter.task_ids[]=,%20,", "filter.task_ids"),
        ("filter.task_ids[x]=y", "filter.task_ids[x]"),
        ("filter.task_ids[0][1]=y", "filter.task_ids[0][1]"),
        ("filter.status[]=failed", "filter.status[]"),
        ("filter[status]=failed", "filter[status]"),
        ("filter.statuses=failed", "filter.statuses"),
        ("filter[task_ids][]=x", "filter[task_ids][]"),
        ("status=failed", "status"),
        ("limit=1", "limit"),
    ],
)
async def test_what_is_out_of_bounds_is_named(shelf: Shelf, query: str, param: str) -> None:
    response = await shelf.tenant.http.get(f"{TASKS}?{query}")
    check_error(response, 400, f"InvalidParameter.{top_level_field(param)}", param)


@pytest.mark.parametrize(
    "query",
    ["filter.model=%ff", "filter.model=%ed%a0%80", "%ff=1", "&".join(["x=1"] * 601), "filter.model=" + "x" * 32 * 1024],
    ids=["bytes", "surrogate", "name", "many", "long"],
)
async def test_a_query_that_is_no_text_is_refused(shelf: Shelf, query: str) -> None:
    check_error(await shelf.tenant.http.get(f"{TASKS}?{query}"), 400, "InvalidParameter")
