"""Lists, filters and counts read the rows that they return, and else indexes only, however they are planned."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.admin.backlog import read_backlog
from app.admin.deletion_guards import count_unfinished, find_dependent
from app.admin.stuck_work import read_stuck_work
from app.admin.summary.attention import read_channel_findings, read_failing_endpoints
from app.admin.tenant_counts import count_of_tenants
from app.assets.admin_repository import AdminAssetRepository, AssetSearch, GroupSearch
from app.assets.lists import AssetLists
from app.assets.models import AssetRow, AssetStatus
from app.assets.repository import AllAssets
from app.assets.schemas import ListAssetGroupsRequest, ListAssetsRequest
from app.audit.repository import AuditedKey, AuditSearch, WholeAuditLog
from app.db.base import utc_now
from app.db.engine import open_engine, session_factory
from app.db.page import PLAN_FOR_VALUES
from app.http.paging import PageRequest, Period
from app.tasks.admin_repository import AdminOrphanRepository, AdminTaskRepository, OrphanSearch, TaskSearch
from app.tasks.lists import TaskLists
from app.tasks.models import TaskStatus
from app.tasks.repository import AllTasks, TaskFilter, TaskRepository
from app.tenants.key_status import KeyStatus
from app.tenants.models import TenantStatus
from app.tenants.repository import AllKeys, AllTenants, KeySearch, TenantSearch
from app.usage.activity import AllActivity
from app.webhooks.models import DeliveryStatus
from app.webhooks.repository import AllDeliveries, DeliverySearch
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
LARGE_TABLES = {
    *("tasks", "assets", "asset_groups", "deliveries", "audit_log", "api_keys", "tenants", "ledger", "orphans"),
}
COUNTED_WHOLE = {"orphans"}
"""Of which there are few."""

# Rows are as wide as real ones; a narrow table is read faster than its index.
_WIDE = "jsonb_build_object('wide', repeat('x', 1000))"
_FILL = f"""
    INSERT INTO channels (id, name, ark_base_url, openapi_url, region, projects, exclusive, models, priority, weight,
                          status, created_at, updated_at)
    SELECT id, id, '', '', '', '{{}}', false, '{{}}', 0, 1, 'active', now(), now()
    FROM (VALUES ('used'), ('suspended'), ('new')) AS channels (id);

    INSERT INTO tenants (id, name, status, metadata, created_at, updated_at)
    SELECT 't' || n, '工作室 ' || n, 'active', {_WIDE}, now() - n * interval '1 second', now()
    FROM generate_series(1, {ROWS}) AS n;

    INSERT INTO api_keys (id, tenant_id, name, public_part, secret_hash, limits, created_at, updated_at)
    SELECT 'k' || n, 't1', 'render ' || n, n::text, '', {_WIDE}, now() - n * interval '1 second', now()
    FROM generate_series(1, {ROWS}) AS n;

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

    INSERT INTO tasks (tenant_id, id, key_id, channel_id, model, upstream_model, service_tier, status, parameters,
                       request_hash, created_at, updated_at, cut_at)
    SELECT 't1', 'unknown' || n, 'k1', 'used', 'm', 'm', 'default', 'failed', {_WIDE}, '', at, now(), at
    FROM generate_series(1, 10) AS n CROSS JOIN LATERAL (SELECT now() - n * interval '2 days' AS at) AS moments;

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

    INSERT INTO deliveries (id, tenant_id, task_id, key_id, url, origin, body, status, attempts, retry_until,
                            created_at, updated_at)
    SELECT 'msg' || n, 't1', 'task' || n, CASE WHEN n % 5000 = 0 THEN 'k2' ELSE 'k1' END, '',
           'https://hooks' || n % 10 || '.example', ({_WIDE})::text,
           CASE WHEN n % 1000 = 0 THEN 'failed' ELSE 'delivered' END, 1, now(), now() - n * interval '1 second', now()
    FROM generate_series(1, {ROWS}) AS n;

    INSERT INTO ledger (kind, tenant_id, key_id, task_id, model, upstream_model, service_tier, status, total_tokens,
                        web_searches, currency, cost_micros, is_estimated, note, created_at, settled_at)
    SELECT 'settlement', 't1', 'k1', 'task' || n, 'm', 'm', 'default', 'succeeded', 1, 0, 'CNY', 1, false,
           ({_WIDE})::text, now() - n * interval '1 minute', now()
    FROM generate_series(1, 2 * {ROWS}) AS n;

    INSERT INTO audit_log (at, actor, actor_id, action, target_type, target_id, tenant_id, detail)
    SELECT now() - n * interval '1 second', CASE WHEN n % 30 = 0 THEN 'key:1' ELSE 'admin' END,
           CASE WHEN n % 30 = 0 THEN 'k1' END, 'key.update', 'key',
           CASE WHEN n % 40 = 0 THEN 'k1' ELSE 'k' || n END, 't1', '{{}}'
    FROM generate_series(1, {ROWS}) AS n;

    INSERT INTO orphans (channel_id, upstream_id, model, service_tier, status, created_at, first_seen_at, last_seen_at)
    SELECT CASE WHEN n % 2 = 0 THEN 'used' ELSE 'suspended' END, 'orphan' || n, 'm', 'default', 'running',
           now() - n * interval '1 minute', now(), now()
    FROM generate_series(1, {ROWS}) AS n;
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


def _videos(after: str | None = None, *, is_descending: bool = True) -> Call:
    return lambda session: TaskRepository(session, "t1").following(after, limit=PAGE, is_descending=is_descending)


def _assets(*, page: int = 1, sort_by: str = "CreateTime", **filter_: Any) -> Call:
    body = {"Filter": {"GroupType": "AIGC", **filter_}, "PageNumber": page, "PageSize": PAGE, "SortBy": sort_by}
    return lambda session: AssetLists(SessionReads(session), "t1").assets(ListAssetsRequest.model_validate(body))


def _groups(*, page: int = 1, **filter_: Any) -> Call:
    body = {"Filter": {"GroupType": "AIGC", **filter_}, "PageNumber": page, "PageSize": PAGE}
    return lambda session: AssetLists(SessionReads(session), "t1").groups(ListAssetGroupsRequest.model_validate(body))


def _search(**wanted: Any) -> Call:
    return lambda session: AdminTaskRepository(session).page(_FIRST, TaskSearch(**wanted))


def _deliveries(status: DeliveryStatus | None = None, **wanted: Any) -> Call:
    return lambda session: AllDeliveries(session).page(_FIRST, DeliverySearch(status=status, **wanted))


def _every_asset(**wanted: Any) -> Call:
    return lambda session: AdminAssetRepository(session).assets(_FIRST, AssetSearch(**wanted))


def _every_group(**wanted: Any) -> Call:
    return lambda session: AdminAssetRepository(session).groups(_FIRST, GroupSearch(**wanted))


def _failing_to(origin: str) -> Call:
    return lambda session: AllDeliveries(session).failing_to(
        origin, None, status=DeliveryStatus.FAILED, after=None, limit=PAGE
    )


def _audit(**wanted: Any) -> Call:
    return lambda session: WholeAuditLog(session).page(_FIRST, AuditSearch(**wanted))


def _audit_of_key(key_id: str, *, rotated_from: str | None = None, **wanted: Any) -> Call:
    return _audit(key=AuditedKey(key_id, rotated_from, utc_now()), **wanted)


def _orphans(**wanted: Any) -> Call:
    return lambda session: AdminOrphanRepository(session, grace=timedelta(minutes=10)).page(
        _FIRST, OrphanSearch(**wanted)
    )


def _keys(**wanted: Any) -> Call:
    return lambda session: AllKeys(session).page(_FIRST, KeySearch(**wanted), now=utc_now())


def _tenants(**wanted: Any) -> Call:
    return lambda session: AllTenants(session).page(_FIRST, TenantSearch(**wanted))


def _ago(**age: float) -> Period:
    """The period that ends this long ago."""
    return Period(ends_at=utc_now() - timedelta(**age))


def _due(channel_id: str) -> Call:
    return lambda session: AllTasks(session).claim_due(
        channel_id, "default", due_before=utc_now(), until=utc_now(), limit=PAGE
    )


def _due_before(age: timedelta) -> Call:
    return lambda session: AllTasks(session).lock_due(now=utc_now(), created_before=utc_now() - age, limit=PAGE)


def _bounds(step: timedelta, number: int) -> list[datetime]:
    return [utc_now() - step * ago for ago in range(number, -1, -1)]


_FIRST = PageRequest(limit=PAGE, after=None)
IN_ORDER: dict[str, Call] = {
    "tasks": _tasks(),
    "tasks, a deep page": _tasks(page_num=300),
    "tasks of a status": _tasks(status=TaskStatus.FAILED),
    "tasks of a status that none has": _tasks(status=TaskStatus.EXPIRED),
    "tasks of a model that none has": _tasks(models=("none", "other")),
    "tasks of a tier that none has": _tasks(service_tier="flex"),
    "videos": _videos(),
    "videos after one": _videos("task15001"),
    "videos after one by its upstream id, oldest first": _videos("up15001", is_descending=False),
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
    "every tenant's task of an id": _search(task_id="task1"),
    "every tenant's task of an upstream id": _search(task_id="up3"),
    "every tenant's task of an id that none has": _search(task_id="none"),
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
    "tasks of a key": _search(key_id="k1"),
    "tasks of a key that made none": _search(key_id="k2"),
    "tasks of a key and a status that none has": _search(key_id="k1", status=TaskStatus.EXPIRED),
    "tasks of no key": _search(key_id="none"),
    "old tasks": _search(period=_ago(days=20)),
    "old tasks of a key": _search(key_id="k1", period=_ago(days=20)),
    "old tasks of a status": _search(status=TaskStatus.FAILED, period=_ago(days=20)),
    "keys": _keys(),
    "keys by name": _keys(text="render 77"),
    "keys by a name that none has": _keys(text="海滩"),
    "keys by public part": _keys(text="4711"),
    "keys of a status that none has": _keys(status=KeyStatus.REVOKED),
    "keys of a tenant by a name that none has": _keys(tenant_id="t1", text="海滩"),
    "old keys": _keys(period=_ago(hours=5)),
    "tenants": _tenants(),
    "tenants by name": _tenants(text="工作室 77"),
    "tenants by a name that none has": _tenants(text="海滩"),
    "tenants of a status that none has": _tenants(status=TenantStatus.SUSPENDED),
    "old tenants": _tenants(period=_ago(hours=5)),
    "every tenant's deliveries": _deliveries(),
    "deliveries": _deliveries(DeliveryStatus.DELIVERED),
    "deliveries to an endpoint": _deliveries(origin="https://hooks7.example"),
    "deliveries to an endpoint that has none": _deliveries(origin="https://none.example"),
    "failed deliveries to an endpoint": _deliveries(DeliveryStatus.FAILED, origin="https://hooks0.example"),
    "failed deliveries to an endpoint that has none": _deliveries(DeliveryStatus.FAILED, origin="https://none.example"),
    "a tenant's deliveries to an endpoint that has none": _deliveries(tenant_id="t1", origin="https://none.example"),
    "what an endpoint has not accepted": _failing_to("https://hooks0.example"),
    "what an endpoint has not accepted, when there is nothing": _failing_to("https://none.example"),
    "every tenant's assets": _every_asset(),
    "every tenant's assets of a status": _every_asset(status=AssetStatus.FAILED),
    "every tenant's assets of a status that none has": _every_asset(status=AssetStatus.PROCESSING),
    "every tenant's assets by a name that none has": _every_asset(text="海滩"),
    "assets of a tenant that has none": _every_asset(tenant_id="t2"),
    "every tenant's assets of a group": _every_asset(group_id="group7"),
    "old assets": _every_asset(period=_ago(hours=5)),
    "every tenant's groups": _every_group(),
    "every tenant's groups by a name that none has": _every_group(text="海滩"),
    "groups of a tenant that has none": _every_group(tenant_id="t2"),
    "old deliveries": _deliveries(period=_ago(hours=5)),
    "deliveries of a status": _deliveries(DeliveryStatus.FAILED),
    "deliveries of a status that none has": _deliveries(DeliveryStatus.PENDING),
    "deliveries of a key": _deliveries(key_id="k1"),
    "deliveries of a key that has few": _deliveries(key_id="k2"),
    "deliveries of a key that has none": _deliveries(key_id="none"),
    "deliveries of a key and a status": _deliveries(DeliveryStatus.FAILED, key_id="k1"),
    "deliveries of a key and a status that none has": _deliveries(DeliveryStatus.PENDING, key_id="k1"),
    "deliveries of a key to an endpoint that has none": _deliveries(key_id="k1", origin="https://none.example"),
    "deliveries of a key of another tenant": _deliveries(key_id="k1", tenant_id="t2"),
    "old deliveries of a key": _deliveries(key_id="k1", period=_ago(hours=5)),
    "orphans": _orphans(),
    "an orphan by its id": _orphans(upstream_id="orphan7"),
    "an orphan by an id that none has": _orphans(upstream_id="none"),
    "orphans of a create": _orphans(task_id="unknown7"),
    "orphans of a task that is known": _orphans(task_id="task7"),
    "changes of a target": _audit(target_id="k7"),
    "changes of no target": _audit(target_id="none"),
    "changes of a kind": _audit(action="key.update"),
    "changes of a kind that never happened": _audit(action="key.revoke"),
    "changes by an admin": _audit(actor="admin"),
    "changes by no admin": _audit(actor="none"),
    "changes of and by a key": _audit_of_key("k1"),
    "changes of a key that has few": _audit_of_key("k7", rotated_from="k1"),
    "changes of no key": _audit_of_key("none"),
    "old changes of and by a key": _audit_of_key("k1", period=_ago(hours=5)),
    "old changes": _audit(period=_ago(hours=5)),
    "old changes by an admin": _audit(actor="admin", period=_ago(hours=5)),
}
"""Calls that sort no more than they return."""

COUNTED: dict[str, Call] = {
    "assets by time of update": _assets(sort_by="UpdateTime"),
    "assets by group": _assets(sort_by="GroupId"),
    "unfinished work of a tenant": lambda session: count_unfinished(session, "t1"),
    "contents of a channel": lambda session: find_dependent(session, "used"),
    "contents of a channel that has none": lambda session: find_dependent(session, "new"),
    "counts of tenants": lambda session: count_of_tenants(session, ["t0", "t1"], now=utc_now()),
    "failing endpoints": lambda session: read_failing_endpoints(session, now=utc_now()),
    "channels that need a human": lambda session: read_channel_findings(session, now=utc_now()),
    "stuck work": lambda session: read_stuck_work(session, now=utc_now()),
    "what is spent": lambda session: AllActivity(session).spent(
        today=utc_now() - timedelta(hours=12), month=utc_now() - timedelta(days=15)
    ),
    "points of hours": lambda session: AllActivity(session).points(_bounds(timedelta(hours=1), 24)),
    "points of days": lambda session: AllActivity(session).points(_bounds(timedelta(days=1), 20)),
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
    plan = [
        node
        for node in await plans_of(url, engine, COUNTED[name], mode)
        if node.get("Relation Name") not in COUNTED_WHOLE
    ]
    assert [node for node in plan if node["Node Type"] == "Seq Scan" and node["Relation Name"] in LARGE_TABLES] == []
    assert sum(map(from_rows, plan)) <= 3 * UNFINISHED + MAX_ROWS, plan
