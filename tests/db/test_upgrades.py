"""What migrations make of the rows that the version before has written."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from alembic import command
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, async_sessionmaker

from app.catalog.default_models import DEFAULT_MODELS
from app.catalog.model_list import check_distinct
from app.catalog.model_spec import ModelSpec
from app.catalog.service import ModelCatalog
from app.db.engine import open_engine
from app.db.schema import alembic_config
from tests.support.database import empty_database

TENANT = text("""
    INSERT INTO tenants (id, name, status, metadata, created_at, updated_at)
    VALUES (:id, '', 'active', '{}', now(), now())
""")


@asynccontextmanager
async def database_at(database_url: str, revision: str) -> AsyncIterator[AsyncConnection]:
    """Makes a database whose schema has a revision; yields a connection of its owner's."""
    async with empty_database(database_url) as url:
        engine = open_engine(url, pool_size=1)
        async with engine.connect() as connection:
            await upgrade(connection, revision)
            yield connection
        await engine.dispose()


async def upgrade(connection: AsyncConnection, revision: str) -> None:
    """Brings the schema forward to a revision."""
    await connection.run_sync(lambda sync: command.upgrade(alembic_config(sync), revision))


async def downgrade(connection: AsyncConnection, revision: str) -> None:
    """Takes the schema back to a revision."""
    await connection.run_sync(lambda sync: command.downgrade(alembic_config(sync), revision))


async def rows(connection: AsyncConnection, query: str) -> list[tuple[Any, ...]]:
    """Returns the rows of a query."""
    return [tuple(row) for row in await connection.execute(text(query))]


CHANNELS_AND_LISTS = (
    """
    INSERT INTO channels (id, name, ark_base_url, openapi_url, region, projects, exclusive, models, priority, weight,
                          status, created_at, updated_at, deleted_at)
    SELECT id, name, '', '', '', '{}', false, '{}', 0, 1, 'active', now(), now(), deleted_at
    FROM (VALUES ('ch_1', 'one', NULL), ('ch_2', 'two', NULL), ('ch_3', 'gone', now())) AS c (id, name, deleted_at)
""",
    """
    INSERT INTO tenants (id, name, status, allowed_channels, metadata, created_at, updated_at)
    VALUES ('t1', '', 'active', '{two,ch_1,misspelt,gone,one}', '{}', now(), now()),
           ('t2', '', 'active', NULL, '{}', now(), now())
""",
    """
    INSERT INTO api_keys (id, tenant_id, name, public_part, secret_hash, allowed_channels, created_at, updated_at)
    VALUES ('k1', 't1', '', 'p1', '', '{one}', now(), now()), ('k2', 't1', '', 'p2', '', NULL, now(), now())
""",
)


async def test_names_in_lists_of_channels_become_ids_in_their_order(database_url: str) -> None:
    async with database_at(database_url, "0001") as connection:
        for statement in CHANNELS_AND_LISTS:
            await connection.execute(text(statement))
        await upgrade(connection, "0002")
        tenants = await rows(connection, "SELECT allowed_channels FROM tenants ORDER BY id")
        keys = await rows(connection, "SELECT allowed_channels FROM api_keys ORDER BY id")
    # A name that belongs to no channel allowed nothing before, and still allows nothing.
    assert tenants == [(["ch_2", "ch_1", "misspelt", "gone", "ch_1"],), (None,)]
    assert keys == [(["ch_1"],), (None,)]


KEY = text("""
    INSERT INTO api_keys (id, tenant_id, name, public_part, secret_hash, created_at, updated_at)
    VALUES (:id, 't1', '', :id, '', now(), now())
""")
NEW_COLUMNS = """
    SELECT column_name FROM information_schema.columns
    WHERE column_name LIKE '%access_key%' AND table_name IN ('tenants', 'api_keys')
"""


async def test_keys_still_work_as_access_key_ids_and_none_has_a_pair(database_url: str) -> None:
    async with database_at(database_url, "0002") as connection:
        await connection.execute(TENANT, {"id": "t1"})
        await connection.execute(KEY, [{"id": "k1"}, {"id": "k2"}])
        await upgrade(connection, "0003")
        # The column has a default for statements that do not name it.
        await connection.execute(TENANT, {"id": "t2"})
        assert await rows(connection, "SELECT allow_key_as_access_key_id FROM tenants") == [(True,)] * 2
        assert (
            await rows(connection, "SELECT access_key_id, secret_access_key_sealed FROM api_keys") == [(None, None)] * 2
        )
        await downgrade(connection, "0002")
        assert await rows(connection, NEW_COLUMNS) == []
        await upgrade(connection, "0003")


# Each new key was made a moment after the one before; "newer" was made in the grace of "rotated". An operator has
# shortened the life of "new short" since, and the grace of "leaked" is over.
ROTATED_KEYS = """
    INSERT INTO api_keys (id, tenant_id, name, public_part, secret_hash, expires_at, rotated_from, created_at,
                          updated_at)
    VALUES ('plain', 't', '', '1', '', '2130-01-01Z', NULL, '2026-01-01Z', now()),
           ('rotated', 't', '', '2', '', '2126-02-01Z', NULL, '2026-01-01Z', now()),
           ('new', 't', '', '3', '', '2131-01-01Z', 'rotated', '2026-01-02Z', now()),
           ('newer', 't', '', '4', '', '2126-02-01Z', 'rotated', '2026-01-03Z', now()),
           ('endless', 't', '', '5', '', '2126-02-02Z', NULL, '2026-01-01Z', now()),
           ('new endless', 't', '', '6', '', NULL, 'endless', '2026-01-02Z', now()),
           ('outliving', 't', '', '7', '', '2126-02-03Z', NULL, '2026-01-01Z', now()),
           ('new short', 't', '', '8', '', '2026-01-03Z', 'outliving', '2026-01-02Z', now()),
           ('leaked', 't', '', '9', '', '2026-01-02Z', NULL, '2026-01-01Z', now()),
           ('new secret', 't', '', '91', '', NULL, 'leaked', '2026-01-02Z', now())
"""
ENDS = "SELECT id, to_char(expires_at, 'YYYY-MM-DD'), {grace} FROM api_keys ORDER BY public_part"
GRACE = "to_char(grace_ends_at, 'YYYY-MM-DD')"
BEFORE = [
    ("plain", "2130-01-01", None),
    ("rotated", "2126-02-01", None),
    ("new", "2131-01-01", None),
    ("newer", "2126-02-01", None),
    ("endless", "2126-02-02", None),
    ("new endless", None, None),
    ("outliving", "2126-02-03", None),
    ("new short", "2026-01-03", None),
    ("leaked", "2026-01-02", None),
    ("new secret", None, None),
]
AFTER = [
    ("plain", "2130-01-01", None),
    ("rotated", "2131-01-01", "2126-02-01"),
    ("new", "2131-01-01", None),
    ("newer", "2126-02-01", None),
    ("endless", None, "2126-02-02"),
    ("new endless", None, None),
    ("outliving", "2126-02-03", "2126-02-03"),
    ("new short", "2026-01-03", None),
    ("leaked", "2026-01-02", "2026-01-02"),
    ("new secret", None, None),
]


async def test_the_grace_of_a_rotated_key_moves_beside_its_own_end_and_no_key_stops_or_works_again(
    database_url: str,
) -> None:
    async with database_at(database_url, "0004") as connection:
        await connection.execute(text("SET TIME ZONE 'UTC'"))
        await connection.execute(TENANT, {"id": "t"})
        await connection.execute(text(ROTATED_KEYS))
        await upgrade(connection, "0005")
        assert await rows(connection, ENDS.format(grace=GRACE)) == AFTER
        await downgrade(connection, "0004")
        assert await rows(connection, ENDS.format(grace="NULL")) == BEFORE


INSERT_MODEL = text("INSERT INTO models (name, spec, position, updated_at) VALUES (:name, :spec, :position, now())")
NEW_MEMBERS = ("aliases", "regions", "generate_audio_default")
OLD_MODELS = [
    {name: value for name, value in each.to_json().items() if name not in NEW_MEMBERS} for each in DEFAULT_MODELS
]
BYTEPLUS = {"name": "dreamina-seedance-2-0-260128", "upstream_id": "dreamina-seedance-2-0-260128"}


async def migrated(connection: AsyncConnection, models: list[dict[str, Any]]) -> list[ModelSpec]:
    """Returns what the new version reads of models that the version before wrote; the way back restores them."""
    await connection.execute(text("DELETE FROM models"))
    for position, spec in enumerate(models):
        await connection.execute(INSERT_MODEL, {"name": spec["name"], "spec": json.dumps(spec), "position": position})
    await upgrade(connection, "0006")
    read = list(await ModelCatalog(async_sessionmaker(connection)).stored())
    await downgrade(connection, "0005")
    left = await connection.scalars(text("SELECT spec FROM models ORDER BY position"))
    assert list(left) == models
    return read


async def test_seeded_models_become_those_of_a_fresh_installation_and_what_the_operator_has_changed_stays(
    database_url: str,
) -> None:
    by_name = {spec["name"]: spec for spec in OLD_MODELS}
    endpoint = by_name["doubao-seedance-2-0-260128"] | {"upstream_id": "ep-1", "duration_max": 10}
    house = {"name": "doubao-seedance-2.5", "upstream_id": "ep-2"}
    models = [house, BYTEPLUS, endpoint, by_name["doubao-seedance-2-5-260628"]]

    async with database_at(database_url, "0005") as connection:
        seeded = await migrated(connection, OLD_MODELS)
        read = await migrated(connection, models)

    assert seeded == list(DEFAULT_MODELS)
    check_distinct(read)
    found = {spec.name: spec for spec in read}
    assert [spec.name for spec in read] == [spec["name"] for spec in models]
    for own in (house, BYTEPLUS):
        assert found[own["name"]] == ModelSpec.from_json(own)
    kept = found["doubao-seedance-2-0-260128"]
    assert (kept.upstream_id, kept.duration_max, kept.regions) == ("ep-1", 10, {})
    assert "doubao-seedance-2.0" in kept.aliases
    assert BYTEPLUS["name"] not in kept.aliases
    assert house["name"] not in found["doubao-seedance-2-5-260628"].aliases
    assert found["doubao-seedance-2-5-260628"].regions["eu-west-1"] == "dreamina-seedance-2-5-260628"


AT = "'2026-01-01Z'"
POLLED_ROWS = (
    """
    INSERT INTO channels (id, name, ark_base_url, openapi_url, region, projects, exclusive, models, priority, weight,
                          status, created_at, updated_at)
    VALUES ('c', 'c', '', '', '', '{}', false, '{}', 0, 1, 'active', now(), now())
    """,
    f"""
    INSERT INTO tasks (tenant_id, id, key_id, channel_id, model, upstream_model, service_tier, status, parameters,
                       request_hash, created_at, updated_at, looked_at, next_look_at)
    VALUES ('t1', 'task', 'k', 'c', '', '', '', 'queued', '{{}}', '', now(), now(), {AT}, {AT})
    """,
    """
    INSERT INTO task_events (tenant_id, task_id, at, status, source)
    VALUES ('t1', 'task', now(), 'queued', 'create'), ('t1', 'task', now(), 'running', 'look')
    """,
    f"""
    INSERT INTO asset_groups (tenant_id, id, channel_id, name, description, group_type, project_name, extra, created_at,
                              updated_at, looked_at, next_look_at)
    VALUES ('t1', 'group', 'c', '', '', 'AIGC', '', '{{}}', now(), now(), {AT}, {AT})
    """,
    f"""
    INSERT INTO assets (tenant_id, id, group_id, channel_id, name, url, asset_type, status, project_name, extra,
                        created_at, updated_at, looked_at, next_look_at)
    VALUES ('t1', 'asset', 'group', 'c', '', '', '', '', '', '{{}}', now(), now(), {AT}, {AT})
    """,
    f"""
    INSERT INTO asset_create_intents (id, tenant_id, kind, name, started_at, next_look_at)
    VALUES ('intent', 't1', '', '', now(), {AT})
    """,
    f"""
    INSERT INTO create_attempts (id, tenant_id, key_id, route, body_hash, instance_id, started_at, lost_at)
    VALUES ('attempt', 't1', 'k', '', '', '', now(), {AT})
    """,
)
TIMES = """
    SELECT to_char(at, 'YYYY-MM-DD') FROM (
        SELECT polled_at AS at FROM tasks UNION ALL SELECT next_poll_at FROM tasks
        UNION ALL SELECT polled_at FROM asset_groups UNION ALL SELECT next_poll_at FROM asset_groups
        UNION ALL SELECT polled_at FROM assets UNION ALL SELECT next_poll_at FROM assets
        UNION ALL SELECT next_search_at FROM asset_create_intents UNION ALL SELECT abandoned_at FROM create_attempts
    ) AS times
"""
SOURCES = "SELECT source FROM task_events ORDER BY id"
OLD_NAMES = """
    SELECT attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
     WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND (attname LIKE '%look%' OR attname LIKE 'lost%')
    UNION ALL
    SELECT relname FROM pg_class WHERE relname LIKE '%\\_look\\_%' OR relname LIKE '%\\_lanes'
"""


async def test_due_times_and_history_keep_their_values_under_the_new_names(database_url: str) -> None:
    async with database_at(database_url, "0010") as connection:
        await connection.execute(text("SET TIME ZONE 'UTC'"))
        await connection.execute(TENANT, {"id": "t1"})
        await connection.execute(KEY, {"id": "k"})
        for statement in POLLED_ROWS:
            await connection.execute(text(statement))
        await upgrade(connection, "0011")
        assert await rows(connection, TIMES) == [("2026-01-01",)] * 8
        assert await rows(connection, SOURCES) == [("create",), ("poll",)]
        assert await rows(connection, OLD_NAMES) == []
        await downgrade(connection, "0010")
        assert await rows(connection, SOURCES) == [("create",), ("look",)]


ASSETS_BY_TYPE = (
    """
    INSERT INTO channels (id, name, ark_base_url, openapi_url, region, projects, exclusive, models, priority, weight,
                          status, created_at, updated_at)
    VALUES ('c', 'c', '', '', '', '{}', false, '{}', 0, 1, 'active', now(), now())
    """,
    """
    INSERT INTO asset_groups (tenant_id, id, channel_id, name, description, group_type, project_name, extra, created_at,
                              updated_at)
    SELECT 't1', type, 'c', repeat('组', 4096), '', type, '', '{}', now(), now()
    FROM unnest(ARRAY['AIGC', 'LivenessFace']) AS types (type)
    """,
    # Names that do not shrink when they are compressed.
    """
    INSERT INTO assets (tenant_id, id, group_id, channel_id, name, url, asset_type, status, project_name, extra,
                        created_at, updated_at, deleted_at)
    SELECT 't1', 'asset' || n, CASE WHEN n = 2 THEN 'LivenessFace' ELSE 'AIGC' END, 'c',
           (SELECT string_agg(md5(i::text), '') FROM generate_series(1, 128) AS i), '', '', '', '', '{}', now(), now(),
           CASE WHEN n = 3 THEN now() END
    FROM generate_series(1, 3) AS n
    """,
)


async def test_assets_get_the_type_of_their_group_and_overlong_names_are_cut(database_url: str) -> None:
    async with database_at(database_url, "0011") as connection:
        await connection.execute(TENANT, {"id": "t1"})
        for statement in ASSETS_BY_TYPE:
            await connection.execute(text(statement))
        await upgrade(connection, "0012")
        types = await rows(connection, "SELECT group_type FROM assets ORDER BY id")
        assert types == [("AIGC",), ("LivenessFace",), ("AIGC",)]
        names = "SELECT DISTINCT length(name) FROM (SELECT name FROM assets UNION SELECT name FROM asset_groups) AS n"
        assert await rows(connection, names) == [(128,)]
        await downgrade(connection, "0011")


ENDED_TASKS = (
    """
    INSERT INTO channels (id, name, ark_base_url, openapi_url, region, projects, exclusive, models, priority, weight,
                          status, created_at, updated_at)
    VALUES ('c', 'c', '', '', '', '{}', false, '{}', 0, 1, 'active', now(), now())
    """,
    """
    INSERT INTO tasks (tenant_id, id, upstream_id, key_id, channel_id, model, upstream_model, service_tier, status,
                       parameters, snapshot, total_tokens, request_hash, created_at, updated_at, finished_at,
                       deleted_at)
    SELECT 't1', id, upstream_id, 'k', 'c', '', '', 'default', status, '{"resolution": "480p"}', snapshot::jsonb,
           total_tokens, '', now(), now(), now(), deleted_at
    FROM (VALUES
        ('1', 'u1', 'succeeded', '{"resolution": "720p", "generate_audio": true, "service_tier": "flex",
                                   "usage": {"tool_usage": {"web_search": "2"}}}', 9, NULL),
        ('2', 'u2', 'succeeded', '{"resolution": 5, "generate_audio": "yes"}', NULL, NULL),
        ('3', 'u3', 'failed', '{}', 7, now()),
        ('4', NULL, 'failed', NULL, NULL, NULL),
        ('5', 'u5', 'expired', '{"status": "expired"}', NULL, NULL),
        ('6', 'u6', 'expired', '{"status": "running"}', NULL, NULL),
        ('7', NULL, 'expired', NULL, NULL, NULL),
        ('8', 'u8', 'cancelled', NULL, NULL, NULL),
        ('9', 'u9', 'running', '{"status": "running"}', NULL, NULL)
    ) AS ended (id, upstream_id, status, snapshot, total_tokens, deleted_at)
    """,
)
SETTLED = """
    SELECT task_id, resolution, service_tier, has_audio, total_tokens, web_searches, is_estimated
    FROM ledger ORDER BY task_id
"""


async def test_tasks_that_have_ended_are_settled_in_the_ledger(database_url: str) -> None:
    async with database_at(database_url, "0014") as connection:
        await connection.execute(TENANT, {"id": "t1"})
        await connection.execute(KEY, {"id": "k"})
        for statement in ENDED_TASKS:
            await connection.execute(text(statement))
        await upgrade(connection, "0015")
        assert await rows(connection, SETTLED) == [
            ("1", "720p", "flex", True, 9, 2, False),
            ("2", "480p", "default", None, None, 0, True),
            ("3", "480p", "default", None, 0, 0, False),
            ("4", "480p", "default", None, 0, 0, False),
            ("5", "480p", "default", None, 0, 0, False),
            ("6", "480p", "default", None, None, 0, True),
            ("7", "480p", "default", None, 0, 0, False),
            ("8", "480p", "default", None, 0, 0, False),
        ]
        await downgrade(connection, "0014")
        await upgrade(connection, "0015")


async def test_keys_that_were_rotated_before_know_the_first_of_their_chain(database_url: str) -> None:
    async with database_at(database_url, "0033") as connection:
        await connection.execute(TENANT, {"id": "t1"})
        rotate = text("""
            INSERT INTO api_keys (id, tenant_id, name, public_part, secret_hash, rotated_from, created_at, updated_at)
            VALUES (:id, 't1', '', :id, '', :rotated_from, now(), now())
        """)
        # In this order a chain is seen before its beginning; the first key of another one has been removed.
        chain = (("c", "b"), ("b", "a"), ("a", None), ("d", "a"), ("f", "e"), ("e", "gone"))
        for key_id, rotated_from in chain:
            await connection.execute(rotate, {"id": key_id, "rotated_from": rotated_from})
        await upgrade(connection, "0034")
        first = "SELECT id, first_key_id FROM api_keys ORDER BY id"
        expected = [("a", None), ("b", "a"), ("c", "a"), ("d", "a"), ("e", None), ("f", "e")]
        assert await rows(connection, first) == expected
        # As a process of the version before does it.
        for key_id, rotated_from in (("g", "c"), ("h", "a"), ("i", None)):
            await connection.execute(rotate, {"id": key_id, "rotated_from": rotated_from})
        assert await rows(connection, first) == [*expected, ("g", "a"), ("h", "a"), ("i", None)]
        await downgrade(connection, "0033")
        await upgrade(connection, "0034")
        assert await rows(connection, first) == [*expected, ("g", "a"), ("h", "a"), ("i", None)]


async def test_marks_of_budgets_that_a_refused_create_had_reached_are_what_is_spent(database_url: str) -> None:
    async with database_at(database_url, "0032") as connection:
        await connection.execute(TENANT, {"id": "t1"})
        periods = text("""
            WITH budget AS (
                INSERT INTO budgets (id, tenant_id, amount_micros, currency, period, time_zone, is_hard, created_at)
                VALUES (:id, 't1', 101, 'CNY', 'total', 'UTC', true, now())
            )
            INSERT INTO budget_periods (budget_id, starts_at, used_micros, held_micros, warned_percent, refused_at)
            VALUES (:id, now(), :used, 1, :warned, CASE WHEN :is_refused THEN now() END)
        """)
        # The last two: the refusal was not told yet, and the budget has refused none.
        for name, used, warned, is_refused in (
            ("a", 0, 100, True),
            ("b", 79, 100, True),
            ("c", 80, 100, True),
            ("d", 100, 100, True),
            ("e", 80, 80, True),
            ("f", 0, 100, False),
        ):
            values = {"id": name, "used": used, "warned": warned, "is_refused": is_refused}
            await connection.execute(periods, values)
        await upgrade(connection, "0033")
        found = await rows(
            connection,
            "SELECT budget_id, warned_percent, is_refusal_told, refused_at IS NULL FROM budget_periods ORDER BY 1",
        )
        assert found == [
            ("a", 0, True, True),
            ("b", 0, True, True),
            ("c", 80, True, True),
            ("d", 100, True, True),
            ("e", 80, False, False),
            ("f", 100, False, True),
        ]


DELIVERIES = text("""
    INSERT INTO deliveries (id, tenant_id, task_id, url, origin, body, status, attempts, retry_until, created_at,
                            updated_at)
    SELECT :prefix || id, tenant_id, task_id, '', '', '', 'pending', 0, now(), now(), now()
    FROM (VALUES ('1', 't1', 'task1'), ('2', 't1', 'task2'), ('3', 't1', 'removed'), ('4', 'operator', '')) AS messages
        (id, tenant_id, task_id)
""")
MORE_THAN_A_STEP = text("""
    INSERT INTO deliveries (id, tenant_id, task_id, url, origin, body, status, attempts, retry_until, created_at,
                            updated_at)
    SELECT 'more' || n, 't1', 'task1', '', '', '', 'pending', 0, now(), now(), now() FROM generate_series(1, 5000) AS n
""")


async def test_deliveries_have_the_key_that_made_their_task(database_url: str) -> None:
    async with database_at(database_url, "0034") as connection:
        await connection.execute(TENANT, {"id": "t1"})
        await connection.execute(KEY, [{"id": "k1"}, {"id": "k2"}])
        await connection.execute(
            text("""
                INSERT INTO tasks (tenant_id, id, key_id, model, upstream_model, service_tier, status, parameters,
                                   request_hash, created_at, updated_at)
                SELECT 't1', 'task' || n, 'k' || n, '', '', '', 'queued', '{}', '', now(), now()
                FROM generate_series(1, 2) AS n
            """)
        )
        await connection.execute(MORE_THAN_A_STEP)
        await connection.execute(DELIVERIES, {"prefix": "a"})
        await connection.commit()
        await upgrade(connection, "0035")
        keys = "SELECT id, key_id FROM deliveries WHERE id NOT LIKE 'more%' ORDER BY id"
        before = [("a1", "k1"), ("a2", "k2"), ("a3", None), ("a4", None)]
        assert await rows(connection, keys) == before
        assert await rows(connection, "SELECT DISTINCT key_id FROM deliveries WHERE id LIKE 'more%'") == [("k1",)]
        # As a process of the version before does it.
        await connection.execute(DELIVERIES, {"prefix": "b"})
        after = [*before, ("b1", "k1"), ("b2", "k2"), ("b3", None), ("b4", None)]
        assert await rows(connection, keys) == after
        # Interrupted before its version was noted, it is run again.
        await connection.execute(text("UPDATE alembic_version SET version_num = '0034'"))
        await connection.commit()
        await upgrade(connection, "0035")
        await downgrade(connection, "0034")
        await upgrade(connection, "0035")
        assert await rows(connection, keys) == after
