"""What the eleventh migration makes of rows that the version before has written."""

from alembic import command
from sqlalchemy import text

from app.db.engine import open_engine
from app.db.roles import OWNER
from app.db.schema import alembic_config
from tests.support.database import own_database, url_of

AT = "'2026-01-01Z'"
ROWS = (
    """
    INSERT INTO channels (id, name, ark_base_url, openapi_url, region, projects, exclusive, models, priority, weight,
                          status, created_at, updated_at)
    VALUES ('c', 'c', '', '', '', '{}', false, '{}', 0, 1, 'active', now(), now())
    """,
    """
    INSERT INTO tenants (id, name, status, metadata, created_at, updated_at)
    VALUES ('t', '', 'active', '{}', now(), now())
    """,
    """
    INSERT INTO api_keys (id, tenant_id, name, public_part, secret_hash, created_at, updated_at)
    VALUES ('k', 't', '', 'k', '', now(), now())
    """,
    f"""
    INSERT INTO tasks (tenant_id, id, key_id, channel_id, model, upstream_model, service_tier, status, parameters,
                       request_hash, created_at, updated_at, looked_at, next_look_at)
    VALUES ('t', 'task', 'k', 'c', '', '', '', 'queued', '{{}}', '', now(), now(), {AT}, {AT})
    """,
    """
    INSERT INTO task_events (tenant_id, task_id, at, status, source)
    VALUES ('t', 'task', now(), 'queued', 'create'), ('t', 'task', now(), 'running', 'look')
    """,
    f"""
    INSERT INTO asset_groups (tenant_id, id, channel_id, name, description, group_type, project_name, extra, created_at,
                              updated_at, looked_at, next_look_at)
    VALUES ('t', 'group', 'c', '', '', 'AIGC', '', '{{}}', now(), now(), {AT}, {AT})
    """,
    f"""
    INSERT INTO assets (tenant_id, id, group_id, channel_id, name, url, asset_type, status, project_name, extra,
                        created_at, updated_at, looked_at, next_look_at)
    VALUES ('t', 'asset', 'group', 'c', '', '', '', '', '', '{{}}', now(), now(), {AT}, {AT})
    """,
    f"""
    INSERT INTO asset_create_intents (id, tenant_id, kind, name, started_at, next_look_at)
    VALUES ('intent', 't', '', '', now(), {AT})
    """,
    f"""
    INSERT INTO create_attempts (id, tenant_id, key_id, route, body_hash, instance_id, started_at, lost_at)
    VALUES ('attempt', 't', 'k', '', '', '', now(), {AT})
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
SOURCES = text("SELECT source FROM task_events ORDER BY id")
OLD_NAMES = text("""
    SELECT attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
     WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND (attname LIKE '%look%' OR attname LIKE 'lost%')
    UNION ALL
    SELECT relname FROM pg_class WHERE relname LIKE '%\\_look\\_%' OR relname LIKE '%\\_lanes'
""")


async def test_due_times_and_history_keep_their_values_under_the_new_names(database_url: str) -> None:
    async with own_database(database_url) as url:
        engine = open_engine(url_of(OWNER, url), pool_size=1)
        async with engine.connect() as connection:
            await connection.run_sync(lambda sync: command.downgrade(alembic_config(sync), "0010"))
            await connection.execute(text("SET TIME ZONE 'UTC'"))
            for statement in ROWS:
                await connection.execute(text(statement))
            await connection.run_sync(lambda sync: command.upgrade(alembic_config(sync), "0011"))
            times = list(await connection.scalars(text(TIMES)))
            sources = list(await connection.scalars(SOURCES))
            old_names = list(await connection.scalars(OLD_NAMES))
            await connection.run_sync(lambda sync: command.downgrade(alembic_config(sync), "0010"))
            back = list(await connection.scalars(SOURCES))
        await engine.dispose()

    assert times == ["2026-01-01"] * 8
    assert (sources, old_names) == (["create", "poll"], [])
    assert back == ["create", "look"]
