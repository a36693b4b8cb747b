"""Lists, filters and counts read the rows that they return, and else indexes only, however they are planned."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.admin.backlog import read_backlog
from app.admin.deletion_guards import count_unfinished, find_dependent
from app.assets.lists import AssetLists
from app.assets.models import AssetRow
from app.assets.repository import AllAssets
from app.assets.schemas import ListAssetGroupsRequest, ListAssetsRequest
from app.audit.repository import WholeAuditLog
from app.db.base import utc_now
from app.db.engine import open_engine, session_factory
from app.db.page import PLAN_FOR_VALUES
from app.http.paging import PageRequest
from app.tasks.admin_repository import AdminTaskRepository, TaskSearch
from app.tasks.lists import TaskLists
from app.tasks.models import TaskStatus
from app.tasks.repository import AllTasks, TaskFilter
from app.tenants.repository import AllKeys, AllTenants
from app.webhooks.models import DeliveryStatus
from app.webhooks.repository import AllDeliveries
from tests.devdb.children import query
from tests.support.database import as_superuser, own_database
from tests.support.plans import PLAN_MODES, PlanMode, SessionReads, executed_plan, nodes, rows_read, statements_of
from tests.support.timeouts import HANG_SECONDS

pytestmark = pytest.mark.costs

ROWS = 20_000
UNFINISHED = 2000
PAGE = 50
# A page, and as many entries of channels or groups; the unfinished tasks are read whole where they are counted.
MAX_ROWS = 3 * PAGE
LARGE_TABLES = {"tasks", "assets", "asset_groups", "deliveries", "audit_log", "api_keys", "tenants"}

# Rows are as wide as real ones; a narrow table is read faster than its index.
_WIDE = "jsonb_build_object('wide', repeat('x', 1000))"
_FILL = f"""
    INSERT INTO channels (id, name, ark_base_url, openapi_url, region, projects, exclusive, models, priority, weight,
                          status, created_at, updated_at)
    SELECT id, id, '', '', '', '{{}}', false, '{{}}', 0, 1, 'active', now(), now()
    FROM (VALUES ('used'), ('suspended'), ('new')) AS channels (id);

    INSERT INTO tenants (id, name, status, metadata, created_at, updated_at)
    SELECT 't' || n, '', 'active', '{{}}', now() - n * interval '1 second', now() FROM generate_series(1, {ROWS}) AS n;

    INSERT INTO api_keys (id, tenant_id, name, public_part, secret_hash, created_at, updated_at)
    SELECT 'k' || n, 't1', '', n::text, '', now() - n * interval '1 second', now() FROM generate_series(1, {ROWS}) AS n;

    INSERT INTO tasks (tenant_id, id, upstream_id, key_id, channel_id, model, upstream_model, service_tier, status,
                       parameters, request_hash, created_at, updated_at, finished_at)
    SELECT 't' || n % 2, 'task' || n, 'up' || n, 'k1', 'used', 'm', 'm', 'default',
           CASE WHEN n % 2000 < 2 THEN 'failed' ELSE 'succeeded' END, {_WIDE}, '', now() - n * interval '1 minute',
           now(), now()
    FROM generate_series(1, 2 * {ROWS}) AS n;

    INSERT INTO tasks (tenant_id, id, upstream_id, key_id, channel_id, model, upstream_model, service_tier, status,
                       parameters, request_hash, created_at, updated_at, next_poll_at)
    SELECT 't' || n % 2, channel || n, channel || n, 'k1', channel, 'm', 'm', 'default', 'running', {_WIDE}, '',
           now() - age, now(), now() + due
    FROM (VALUES ('used', interval '1 hour', interval '-1 minute'),
                 ('suspended', interval '90 days', interval '-80 days')) AS kinds (channel, age, due)
    CROSS JOIN generate_series(1, {UNFINISHED}) AS n;

    INSERT INTO asset_groups (tenant_id, id, channel_id, name, description, group_type, project_name, extra,
                              created_at, updated_at)
    SELECT 't1', 'group' || n, 'used', '人物 ' || n, '', 'AIGC', 'default', {_WIDE}, now() - n * interval '1 second',
           now()
    FROM generate_series(1, {ROWS}) AS n;

    INSERT INTO assets (tenant_id, id, group_id, group_type, channel_id, name, url, asset_type, project_name, status,
                        extra, created_at, updated_at)
    SELECT 't1', 'asset' || n, 'group' || n % 1000, 'AIGC', 'used', '城市夜景 ' || n, '', 'Image', 'default',
           CASE WHEN n % 1000 = 0 THEN 'Failed' ELSE 'Active' END, {_WIDE}, now() - n * interval '1 second', now()
    FROM generate_series(1, {ROWS}) AS n;

    INSERT INTO deliveries (id, tenant_id, task_id, url, origin, body, status, attempts, retry_until, created_at,
                            updated_at)
    SELECT 'msg' || n, 't1', 'task' || n, '', '', '', CASE WHEN n % 1000 = 0 THEN 'failed' ELSE 'delivered' END, 1,
           now(), now() - n * interval '1 second', now()
    FROM generate_series(1, {ROWS}) AS n;

    INSERT INTO audit_log (at, actor, action, target_type, target_id, tenant_id, detail)
    SELECT now(), 'admin', 'key.update', 'key', 'k' || n, 't1', '{{}}' FROM generate_series(1, {ROWS}) AS n;
"""

_IS_VACUUMED = f"""
    SELECT bool_and(relallvisible = relpages AND relpages > 0) FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relname IN ({", ".join(f"'{name}'" for name in LARGE_TABLES)})
"""

Call = Callable[[AsyncSession], Awaitable[Any]]


def _tasks(*, page_num: int = 1, **wanted: Any) -> Call:
    return lambda session: TaskLists(SessionReads(session), "t1").page(
        TaskFilter(**wanted), page_num=page_num, page_size=PAGE
    )


def _assets(*, page: int = 1, sort_by: str = "CreateTime", **filter_: Any) -> Call:
    body = {"Filter": {"GroupType": "AIGC", **filter_}, "PageNumber": page, "PageSize": PAGE, "SortBy": sort_by}
    return lambda session: AssetLists(SessionReads(session), "t1").assets(ListAssetsRequest.model_validate(body))


def _groups(*, page: int = 1, **filter_: Any) -> Call:
    body = {"Filter": {"GroupType": "AIGC", **filter_}, "PageNumber": page, "PageSize": PAGE}
    return lambda session: AssetLists(SessionReads(session), "t1").groups(ListAssetGroupsRequest.model_validate(body))


def _search(**wanted: Any) -> Call:
    return lambda session: AdminTaskRepository(session).page(_FIRST, TaskSearch(**wanted))


def _deliveries(status: DeliveryStatus) -> Call:
    return lambda session: AllDeliveries(session).page(_FIRST, status=status)


def _audit(**wanted: Any) -> Call:
    return lambda session: WholeAuditLog(session).page(_FIRST, **wanted)


def _due(channel_id: str) -> Call:
    return lambda session: AllTasks(session).claim_due(
        channel_id, "default", due_before=utc_now(), until=utc_now(), limit=PAGE
    )


def _due_before(age: timedelta) -> Call:
    return lambda session: AllTasks(session).lock_due(now=utc_now(), created_before=utc_now() - age, limit=PAGE)


_FIRST = PageRequest(limit=PAGE, after=None)
IN_ORDER: dict[str, Call] = {
    "tasks": _tasks(),
    "tasks, a deep page": _tasks(page_num=300),
    "tasks of a status": _tasks(status=TaskStatus.FAILED),
    "tasks of a status that none has": _tasks(status=TaskStatus.EXPIRED),
    "tasks of a model that none has": _tasks(models=("none", "other")),
    "tasks of a tier that none has": _tasks(service_tier="flex"),
    "tasks by id": _tasks(task_ids=("task1", "up3", "used5")),
    "assets": _assets(),
    "assets, a deep page": _assets(page=300),
    "assets by name": _assets(Name="夜景 77"),
    "assets by a name that none has": _assets(Name="海滩"),
    "assets of a status": _assets(Statuses=["Failed"]),
    "assets of a group": _assets(GroupIds=["group7"]),
    "groups": _groups(),
    "groups, a deep page": _groups(page=300),
    "groups by name": _groups(Name="人物 77"),
    "every tenant's tasks": _search(),
    "every tenant's tasks of a status": _search(status=TaskStatus.FAILED),
    "every tenant's tasks of a status that none has": _search(status=TaskStatus.EXPIRED),
    "every tenant's tasks of the usual status": _search(status=TaskStatus.SUCCEEDED),
    "tasks of a channel by name": _search(channel="used"),
    "tasks of a channel that has none": _search(channel="new"),
    "tasks of no channel": _search(channel="none"),
    "every tenant's tasks of the usual model": _search(models=("m",)),
    "every tenant's tasks of a model that none has": _search(models=("none",)),
    "number of due tasks of a channel": lambda session: AllTasks(session).count_due("used", now=utc_now(), limit=PAGE),
    "due tasks of a channel": _due("used"),
    "due tasks of a channel that has none": _due("new"),
    "due tasks that the upstream deletes": _due_before(timedelta(days=7)),
    "due tasks that the upstream deletes, when there are none": _due_before(timedelta(days=365)),
    "due assets": lambda session: AllAssets(session).claim_due(
        AssetRow, now=utc_now(), lease=timedelta(minutes=1), limit=PAGE
    ),
    "keys": lambda session: AllKeys(session).page(_FIRST),
    "tenants": lambda session: AllTenants(session).page(_FIRST),
    "deliveries": _deliveries(DeliveryStatus.DELIVERED),
    "deliveries of a status": _deliveries(DeliveryStatus.FAILED),
    "deliveries of a status that none has": _deliveries(DeliveryStatus.PENDING),
    "changes of a target": _audit(target_id="k7"),
    "changes of no target": _audit(target_id="none"),
    "changes of a kind": _audit(action="key.update"),
    "changes of a kind that never happened": _audit(action="key.revoke"),
}
"""Calls that sort no more than they return."""

COUNTED: dict[str, Call] = {
    "assets by time of update": _assets(sort_by="UpdateTime"),
    "assets by group": _assets(sort_by="GroupId"),
    "unfinished work of a tenant": lambda session: count_unfinished(session, "t1"),
    "contents of a channel": lambda session: find_dependent(session, "used"),
    "contents of a channel that has none": lambda session: find_dependent(session, "new"),
    "backlog": lambda session: read_backlog(session, now=utc_now()),
}
"""Calls that go through all entries of an index, or all unfinished tasks."""


@pytest_asyncio.fixture(scope="module")
async def url(database_url: str) -> AsyncIterator[str]:
    """A database with large tables."""
    async with own_database(database_url) as made:
        filling = _FILL.strip().removesuffix(";").split(";")
        await as_superuser(made, "SET session_replication_role = replica", *filling)
        async with asyncio.timeout(HANG_SECONDS):
            while not await query(made, _IS_VACUUMED):
                # An analysis by the server itself, which begins at any time, keeps a vacuum from completing.
                await as_superuser(made, "VACUUM ANALYZE")
        yield made


@pytest_asyncio.fixture(scope="module")
async def engine(url: str) -> AsyncIterator[AsyncEngine]:
    opened = open_engine(url, pool_size=1)
    yield opened
    await opened.dispose()


async def plans_of(url: str, engine: AsyncEngine, call: Call, mode: PlanMode) -> list[dict[str, Any]]:
    """Makes a call, takes it back, and returns the nodes of the plans of its statements."""
    with statements_of(engine) as seen:
        async with session_factory(engine)() as session:
            await call(session)
    found: list[dict[str, Any]] = []
    for statement, parameters in seen:
        if statement == PLAN_FOR_VALUES.text:
            mode = "force_custom_plan"
        else:
            found += nodes(await executed_plan(url, statement, parameters, mode))
    return found


def from_rows(node: dict[str, Any]) -> float:
    """Returns how many rows of a large table a node read, entries of indexes excluded."""
    if node.get("Relation Name") not in LARGE_TABLES:
        return 0
    return node["Heap Fetches"] if node["Node Type"] == "Index Only Scan" else rows_read(node)


@pytest.mark.parametrize("mode", PLAN_MODES)
@pytest.mark.parametrize("name", IN_ORDER)
async def test_a_list_reads_and_sorts_no_more_rows_than_it_returns(
    url: str, engine: AsyncEngine, name: str, mode: PlanMode
) -> None:
    plan = await plans_of(url, engine, IN_ORDER[name], mode)
    assert [node for node in plan if node["Node Type"] == "Seq Scan" and node["Relation Name"] in LARGE_TABLES] == []
    assert sum(map(from_rows, plan)) <= MAX_ROWS, plan
    sorted_rows = [node["Actual Rows"] for node in plan if "Sort Key" in node]
    sorted_rows += [child["Actual Rows"] for node in plan if node["Node Type"] == "Sort" for child in node["Plans"]]
    assert all(count <= MAX_ROWS for count in sorted_rows), plan


@pytest.mark.parametrize("mode", PLAN_MODES)
@pytest.mark.parametrize("name", COUNTED)
async def test_a_count_reads_an_index_or_the_unfinished_tasks(
    url: str, engine: AsyncEngine, name: str, mode: PlanMode
) -> None:
    plan = await plans_of(url, engine, COUNTED[name], mode)
    assert [node for node in plan if node["Node Type"] == "Seq Scan" and node["Relation Name"] in LARGE_TABLES] == []
    assert sum(map(from_rows, plan)) <= 3 * UNFINISHED + MAX_ROWS, plan
