"""A background job finds what is due by an index: what is not due, or not its own, costs it nothing. So does a GET."""

import json
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from pydantic import SecretStr

from app.archive.due_tenants import MAX_PER_TENANT, DueTenants
from app.archive.due_tenants import WINDOW as WINDOW_OF_COPIES
from app.archive.repository import AllCopies
from app.composition import open_services
from app.core.sealing import generate_key
from app.db.base import utc_now
from app.db.engine import to_dsn
from app.services import Services
from app.settings import Settings
from app.tenants.principal import Principal
from app.webhooks.due_destinations import MAX_ORIGINS, MAX_TENANTS, WINDOW, DueDestinations
from app.webhooks.repository import AllDeliveries
from tests.support.database import as_superuser, own_database
from tests.support.plans import PLAN_MODES, executed_plan, nodes, rows_read, statements_of

pytestmark = pytest.mark.slow

ROWS = 100_000
# A batch of any job, and the orphans that are looked at in one run.
MAX_ROWS = 1500
MAX_BLOCKS = 2500

_SESSION = "SET session_replication_role = replica"  # no foreign keys: only one row of each parent is there
_SUSPENDED = """
    INSERT INTO channels SELECT (channel).* FROM (
        SELECT jsonb_populate_record(
            c, '{"id": "suspended", "name": "other", "status": "suspended", "ark_api_key_sealed": null}'
        ) AS channel
        FROM channels AS c
    ) AS copied
"""
_FILL = f"""
    INSERT INTO tasks (tenant_id, id, upstream_id, key_id, channel_id, model, upstream_model, service_tier, status,
                       parameters, request_hash, created_at, updated_at, sent_at, cut_at, next_poll_at, finished_at)
    SELECT 't' || n % 100, kind || n, CASE WHEN status <> 'unknown' THEN kind || n END, 'k', channel, 'm', 'm',
           'default', status, '{{}}', '', now() - age, now(), now() - age,
           CASE WHEN status = 'unknown' THEN now() END, now() + due, CASE WHEN due IS NULL THEN now() END
    FROM (VALUES ('later', 'active', 'running', interval '2 hours', interval '1 hour', {ROWS}),
                 ('suspended', 'suspended', 'running', interval '2 hours', interval '-1 hour', {ROWS}),
                 ('ended', 'active', 'succeeded', interval '20 days', NULL, {ROWS}),
                 ('sought', 'active', 'unknown', interval '1 minute', interval '1 hour', {ROWS}),
                 ('unsought', 'suspended', 'unknown', interval '1 minute', interval '-1 minute', {ROWS}))
        AS kinds (kind, channel, status, age, due, number)
    CROSS JOIN LATERAL generate_series(1, number) AS n;

    INSERT INTO deliveries (id, tenant_id, task_id, url, origin, body, status, attempts, next_attempt_at, retry_until,
                            created_at, updated_at)
    SELECT kind || n, 't' || n % 100, 'task' || n, '', 'https://' || n || '.example', '', 'pending', 1, now() + due,
           now(), now() - interval '40 days', now()
    FROM (VALUES ('later', interval '1 hour'), ('ended', NULL)) AS kinds (kind, due)
    CROSS JOIN generate_series(1, {ROWS}) AS n;

    INSERT INTO assets (tenant_id, id, group_id, group_type, channel_id, name, url, asset_type, project_name, status,
                        extra, created_at, updated_at, next_poll_at)
    SELECT 't', 'asset' || n, 'g', 'AIGC', 'active', '', '', 'Image', '', 'Processing', '{{}}', now(), now(),
           now() + interval '1 hour'
    FROM generate_series(1, {ROWS}) AS n;

    INSERT INTO asset_groups (tenant_id, id, channel_id, name, description, group_type, project_name, extra,
                              created_at, updated_at, next_poll_at)
    SELECT 't', 'group' || n, 'active', '', '', 'AIGC', '', '{{}}', now(), now(), now() + interval '1 hour'
    FROM generate_series(1, {ROWS}) AS n;

    INSERT INTO asset_create_intents (id, tenant_id, channel_id, kind, name, members, instance_id, started_at, cut_at,
                                      next_search_at)
    SELECT 'intent' || n, 't', 'active', 'CreateAsset', 'n' || n, '{{}}', 'gone', now(), now(),
           now() + interval '1 hour'
    FROM generate_series(1, {ROWS}) AS n;

    INSERT INTO create_attempts (id, tenant_id, key_id, route, body_hash, instance_id, started_at)
    SELECT 'attempt' || n, 't', 'k' || n, 'r', '', 'gone', now() FROM generate_series(1, {ROWS}) AS n;

    INSERT INTO orphans (channel_id, upstream_id, model, service_tier, status, created_at, first_seen_at, last_seen_at)
    SELECT 'active', 'orphan' || n, 'm', 'default', 'running', now(), now(), now() FROM generate_series(1, {ROWS}) AS n;

    INSERT INTO archive_copies (tenant_id, task_id, member, channel_id, source_url, object_key, status, attempts,
                                next_attempt_at, give_up_at, created_at, updated_at)
    SELECT 't' || n % 100, status || n, 'video_url', 'active', '', '', status, 0, now() + due, now(), now(), now()
    FROM (VALUES ('stored', interval '90 days'), ('failed', NULL)) AS kinds (status, due)
    CROSS JOIN generate_series(1, {ROWS}) AS n;
"""


@pytest_asyncio.fixture(scope="module")
async def url(database_url: str) -> AsyncIterator[str]:
    """A database full of rows that are not due."""
    async with own_database(database_url) as made:
        yield made


@pytest_asyncio.fixture(scope="module")
async def services(url: str) -> AsyncIterator[Services]:
    """The services of one process, and in its database a suspended channel beside its own."""
    settings = Settings(_env_file=None).model_copy(
        update={
            "database_url": SecretStr(url),
            "admin_token": SecretStr("t" * 32),
            "secret_key": SecretStr(generate_key()),
            "ark_base_url": "http://127.0.0.1:1/api/v3",
            "ark_api_key": SecretStr("key"),
            "archive_url": "s3://clips",
            "archive_endpoint": "http://127.0.0.1:1",
            "archive_access_key_id": SecretStr("key"),
            "archive_secret_access_key": SecretStr("secret"),
            "public_url": "http://gateway.example",
        }
    )
    async with open_services(settings) as opened:
        (channel,) = await opened.directory.candidates(None, needs="ark")
        filling = _FILL.replace("'active'", f"'{channel.id}'").strip().removesuffix(";").split(";")
        await as_superuser(url, _SESSION, _SUSPENDED, *filling, "ANALYZE")
        yield opened


async def visited(url: str, statement: str, parameters: Any) -> tuple[int, int]:
    """Executes a statement, and takes it back; returns the rows of tables and the blocks that it touched."""
    connection = await asyncpg.connect(to_dsn(url))
    try:
        await connection.execute("BEGIN")
        explained = await connection.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", *parameters)
        plan = json.loads(explained)[0]["Plan"]
        return round(_rows(plan)), plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    finally:
        await connection.close()


def _rows(plan: dict[str, Any]) -> float:
    return sum(map(rows_read, nodes(plan)))


async def test_what_is_not_due_costs_no_job_anything(url: str, services: Services) -> None:
    services.last_used.note("k", utc_now())
    costs: dict[str, tuple[int, int]] = {}
    for job in [*services.jobs(), *services.recorders()]:
        with statements_of(services.engine) as seen:
            await job.run()
        for statement, parameters in seen:
            rows, blocks = await visited(url, statement, parameters)
            known = costs.get(job.name, (0, 0))
            costs[job.name] = (known[0] + rows, known[1] + blocks)
    explained = "\n".join(f"{name}: {rows} rows, {blocks} blocks" for name, (rows, blocks) in costs.items())
    assert costs.keys() >= {
        "archive",
        "find_due_work",
        "deliver",
        "remove_old_deliveries",
        "poll_tasks",
        "reconcile",
        "recover_asset_creates",
    }
    assert all(rows <= MAX_ROWS and blocks <= MAX_BLOCKS for rows, blocks in costs.values()), explained


async def test_asking_what_is_due_reads_an_entry_of_each_index_however_it_is_planned(
    url: str, services: Services
) -> None:
    services.jobs()
    with statements_of(services.engine) as seen:
        await services.due_work.find()
    ((statement, parameters),) = seen
    statistics = "DELETE FROM pg_statistic WHERE starelid IN ('tasks'::regclass, 'asset_create_intents'::regclass)"
    for preparing in ("ANALYZE", statistics):
        await as_superuser(url, preparing)
        for mode in PLAN_MODES:
            plan = await executed_plan(url, statement, parameters, mode)
            assert _rows(plan) <= 20, (preparing, mode, plan)
            assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] <= 100, (preparing, mode)


async def test_a_backlog_to_a_hundred_thousand_origins_costs_a_walk_and_no_more(url: str, services: Services) -> None:
    await as_superuser(url, "UPDATE deliveries SET next_attempt_at = now() - interval '1 hour' WHERE id LIKE 'later%'")
    destinations = DueDestinations()
    with statements_of(services.engine) as seen:
        for _ in range(3):
            async with services.sessions.begin() as session:
                found = await destinations.find(session, now=utc_now(), most=8)
            assert WINDOW <= len(found) <= WINDOW + MAX_TENANTS * MAX_ORIGINS
        slots = {destination: 8 for destination, _ in found[-8:]}
        async with services.sessions.begin() as session:
            claimed = await AllDeliveries(session).claim(slots, now=utc_now(), token="t", until=utc_now())
        assert len(claimed) == len(slots)
    for statement, parameters in seen:
        rows, _ = await visited(url, statement, parameters)
        assert rows <= 3 * MAX_TENANTS * MAX_ORIGINS
    assert rows <= 4 * len(slots), "the claim is the last statement"


async def test_a_backlog_of_copies_costs_a_walk_and_no_more_however_it_is_planned(url: str, services: Services) -> None:
    due = "UPDATE archive_copies SET next_attempt_at = now() - interval '1 hour', tenant_id = 't1' WHERE task_id LIKE "
    await as_superuser(url, _SESSION, f"{due} 'stored%'", "ANALYZE archive_copies")
    walk, places = DueTenants(), {"t1": 3, "t2": 1}
    with statements_of(services.engine) as seen:
        async with services.sessions.begin() as session:
            assert await walk.find(session, now=utc_now()) == {"t1": MAX_PER_TENANT}
            claimed = await AllCopies(session).claim(places, now=utc_now(), token="t", until=utc_now())
            assert [row.tenant_id for row in claimed] == ["t1"] * 3
            await session.rollback()
    for statistics in (
        "ANALYZE archive_copies",
        "DELETE FROM pg_statistic WHERE starelid = 'archive_copies'::regclass",
    ):
        await as_superuser(url, statistics)
        for statement, parameters in seen:
            for mode in PLAN_MODES:
                plan = await executed_plan(url, statement, parameters, mode)
                assert _rows(plan) <= 2 * (WINDOW_OF_COPIES + MAX_TENANTS), (statement, statistics, mode, plan)


async def test_a_task_and_its_newest_message_are_found_by_one_statement_and_few_rows(
    url: str, services: Services
) -> None:
    await as_superuser(
        url,
        _SESSION,
        "UPDATE tasks SET callback_url = 'https://hooks.example/' WHERE id = 'ended7'",
        f"""
        INSERT INTO deliveries (id, tenant_id, task_id, url, origin, body, status, attempts, retry_until, created_at,
                                updated_at)
        SELECT 'msg' || n, 't7', 'ended' || (n % {ROWS}), '', '', '',
               CASE WHEN n > {ROWS} THEN 'failed' ELSE 'delivered' END, 1, now(), now() + n * interval '1 second', now()
        FROM generate_series(1, 2 * {ROWS}) AS n
        """,
    )
    principal = Principal("t7", "t", "k", "k", (), None)
    failed = {"state": "failed", "last_error": None}
    for statistics in ("ANALYZE deliveries", "DELETE FROM pg_statistic WHERE starelid = 'deliveries'::regclass"):
        await as_superuser(url, statistics)
        for task_id, callback in (("ended7", failed), ("ended107", None)):
            with statements_of(services.engine) as seen:
                view = await services.tasks.get(principal, task_id)
            assert view.body.get("callback") == callback
            ((statement, parameters),) = seen
            rows, blocks = await visited(url, statement, parameters)
            assert rows <= 3
            assert blocks <= 30
