"""The gateway's role reads and writes rows, and no more; the whole suite shows that this is enough for it."""

import asyncio
import base64
import hashlib
import hmac
import os
import re
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy.engine import make_url

from app.db.engine import to_dsn
from app.db.roles import GATEWAY, OWNER, SCRIPT, TABLES
from app.db.schema import upgrade_to_head
from app.devdb.binaries import find_binaries
from app.devdb.cluster import SUPERUSER
from tests.devdb.children import query
from tests.support.database import as_superuser, bare_database, empty_database, make_roles, own_database, url_of
from tests.support.timeouts import HANG_SECONDS

MAKE_ROLES = Path(__file__).resolve().parents[2] / "deploy/postgres/make-roles.sh"
TABLE = "CREATE TABLE made (id bigint GENERATED ALWAYS AS IDENTITY, name text)"


@pytest_asyncio.fixture
async def gateway(database_url: str) -> AsyncIterator[Any]:
    """A connection of the gateway's role."""
    connection = await asyncpg.connect(to_dsn(database_url))
    yield connection
    await connection.close()


async def test_the_role_has_no_attribute_and_no_membership(gateway: Any) -> None:
    found = await gateway.fetchrow(
        "SELECT rolsuper, rolcreatedb, rolcreaterole, rolinherit, rolreplication, rolbypassrls FROM pg_roles"
        " WHERE rolname = current_user"
    )
    assert set(found.values()) == {False}
    member = "SELECT count(*) FROM pg_auth_members WHERE member = current_user::regrole"
    assert await gateway.fetchval(member) == 0


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE made (n int)",
        "CREATE TEMPORARY TABLE made (n int)",
        "CREATE VIEW made AS SELECT 1",
        "CREATE FUNCTION made() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE SCHEMA made",
        "CREATE EXTENSION pg_trgm",
        "CREATE DATABASE made",
        "CREATE ROLE made",
        "ALTER TABLE tasks ADD COLUMN made int",
        "ALTER TABLE tasks DISABLE TRIGGER ALL",
        "CREATE INDEX made ON tasks (id)",
        "DROP TABLE tasks",
        "TRUNCATE tasks CASCADE",
        "GRANT seedgate_owner TO seedgate_gateway",
        "ALTER ROLE seedgate_gateway SUPERUSER",
        "SET ROLE seedgate_owner",
        "SET ROLE seedgate",
        "SET session_replication_role = replica",
        "ALTER SYSTEM SET log_statement = 'all'",
        "SELECT * FROM pg_authid",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "COPY (SELECT 1) TO '/tmp/made'",
        "SELECT pg_read_file('PG_VERSION')",
        "SELECT pg_ls_dir('.')",
        "SELECT lo_import('/etc/passwd')",
        "SELECT lo_from_bytea(0, 'made')",
        "SELECT lo_creat(-1)",
        "SELECT lo_create(0)",
        "SELECT lowrite(0, 'made')",
        "SELECT lo_put(1, 0, 'made')",
        "SELECT pg_reload_conf()",
    ],
)
async def test_everything_beyond_reading_and_writing_rows_is_refused(gateway: Any, statement: str) -> None:
    with pytest.raises(asyncpg.PostgresError) as refused:
        await gateway.execute(statement)
    assert refused.value.sqlstate == asyncpg.InsufficientPrivilegeError.sqlstate, refused.value


async def test_no_other_database_of_the_server_can_be_entered(database_url: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(to_dsn(database_url), database="template1")


async def test_a_table_of_a_later_migration_can_be_used_at_once_and_a_function_cannot(database_url: str) -> None:
    async with empty_database(database_url) as owner_url:
        await _execute(owner_url, TABLE, "CREATE FUNCTION made() RETURNS int LANGUAGE sql AS 'SELECT 1'")
        gateway_url = url_of(GATEWAY, owner_url)
        await _execute(gateway_url, "INSERT INTO made (name) VALUES ('a')", "UPDATE made SET name = 'b'")
        await _execute(gateway_url, "SELECT id FROM made", "DELETE FROM made")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await _execute(gateway_url, "SELECT made()")


@pytest_asyncio.fixture(scope="module")
async def old_database(database_url: str) -> AsyncIterator[str]:
    """The name of a database as it was made when everything connected as a superuser, to be copied."""
    async with bare_database(database_url) as url:
        superuser_url = url_of(SUPERUSER, url)
        await upgrade_to_head(superuser_url)
        await _execute(superuser_url, _LEASE.format("kept"))
        yield str(make_url(url).database)


@pytest_asyncio.fixture
async def old_url(database_url: str, old_database: str) -> AsyncIterator[str]:
    """A copy of it; the address is the superuser's."""
    async with bare_database(database_url, template=old_database) as url:
        yield url_of(SUPERUSER, url)


async def test_the_script_names_every_table_of_the_migrations(old_url: str) -> None:
    in_script = SCRIPT.read_text().partition("our_tables CONSTANT text[] := ARRAY[")[2].partition("]")[0]
    assert re.findall(r"'(\w+)'", in_script) == list(TABLES)
    made = "SELECT array_agg(tablename::text ORDER BY tablename) FROM pg_tables WHERE schemaname = 'public'"
    assert await query(old_url, made) == list(TABLES)


async def test_a_database_of_a_superuser_is_taken_over_with_its_rows(old_url: str) -> None:
    await make_roles(old_url)

    assert await query(old_url, _OWNERS) == [OWNER]
    gateway_url = url_of(GATEWAY, old_url)
    await _execute(gateway_url, _LEASE.format("new"))
    assert await query(gateway_url, "SELECT array_agg(name ORDER BY name) FROM leases") == ["kept", "new"]
    assert await query(gateway_url, "SELECT count(*) FROM tasks") == 0
    await _execute(url_of(OWNER, old_url), "ALTER TABLE leases ADD COLUMN n int", "ALTER TABLE tasks ADD COLUMN n int")


@pytest.mark.parametrize(
    "made",
    [
        "CREATE TABLE wiki_pages (title text)",
        "CREATE VIEW shown AS SELECT 1",
        "CREATE MATERIALIZED VIEW shown AS SELECT 1",
        "CREATE SEQUENCE alone",
        "CREATE SCHEMA wiki; CREATE TABLE wiki.tasks (title text)",
        "DROP TABLE alembic_version",  # what is left has the names of Seedgate's tables, and may be anything
    ],
)
async def test_a_database_that_something_else_uses_is_refused_and_stays_as_it_is(old_url: str, made: str) -> None:
    await _execute(old_url, made)
    before = await query(old_url, _OWNERS), await query(old_url, _GRANTS), await query(old_url, _DATABASE_GRANTS)
    with pytest.raises(asyncpg.ObjectNotInPrerequisiteStateError) as refused:
        await make_roles(old_url)
    assert "not Seedgate's own" in str(refused.value)
    assert (
        await query(old_url, _OWNERS),
        await query(old_url, _GRANTS),
        await query(old_url, _DATABASE_GRANTS),
    ) == before


async def test_a_table_that_another_role_adds_later_keeps_its_owner(database_url: str) -> None:
    async with own_database(database_url) as url:
        await as_superuser(url, "CREATE TABLE scratch (n int)")
        await make_roles(url)
        assert await query(url, "SELECT tableowner FROM pg_tables WHERE tablename = 'scratch'") == SUPERUSER
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await query(url, "SELECT n FROM scratch")


async def test_a_takeover_that_is_killed_at_its_end_has_changed_nothing_and_is_repeated(old_url: str) -> None:
    other = await asyncpg.connect(to_dsn(old_url))
    # The last thing that the script does waits for this; every table has changed hands by then.
    await other.execute(
        f"BEGIN; ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA public GRANT SELECT ON TABLES TO {GATEWAY}"
    )
    before = await query(old_url, _OWNERS), await query(old_url, _GRANTS)
    taking_over = asyncio.create_task(make_roles(old_url))
    async with asyncio.timeout(HANG_SECONDS):
        while not await query(old_url, _KILL_WAITING):  # noqa: ASYNC110 - PostgreSQL has no event for it
            await asyncio.sleep(0.01)
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await taking_over
    assert (await query(old_url, _OWNERS), await query(old_url, _GRANTS)) == before
    await other.close()

    await make_roles(old_url)

    assert await query(old_url, _OWNERS) == [OWNER]


async def test_a_gateway_at_work_finishes_and_the_takeover_follows_it(old_url: str) -> None:
    """A script that held one table and waited for the next would deadlock with the second statement here."""
    user = await asyncpg.connect(to_dsn(old_url))
    await user.execute("BEGIN; UPDATE leases SET token = 'a'")
    taking_over = asyncio.create_task(make_roles(old_url))
    async with asyncio.timeout(HANG_SECONDS):
        while not await query(old_url, _IS_POLLING):  # noqa: ASYNC110 - PostgreSQL has no event for it
            await asyncio.sleep(0.01)
    for table in sorted(set(TABLES) - {"leases"}):
        await user.execute(f"SELECT FROM {table}; LOCK TABLE {table} IN ROW EXCLUSIVE MODE")
    await user.execute("COMMIT")
    await taking_over
    assert await query(old_url, _OWNERS) == [OWNER]
    await user.close()


async def test_a_database_in_order_is_not_changed(database_url: str) -> None:
    async with own_database(database_url) as url:
        before = await query(url, _VERSIONS)
        await make_roles(url)
        assert await query(url, _VERSIONS) == before


async def test_rights_granted_to_the_role_are_revoked(database_url: str) -> None:
    await as_superuser(
        database_url,
        f"ALTER ROLE {GATEWAY} SUPERUSER CREATEDB CREATEROLE INHERIT",
        "CREATE ROLE granting CREATEROLE",
        f"GRANT {OWNER} TO granting WITH ADMIN OPTION",
        f"GRANT {OWNER} TO {GATEWAY} GRANTED BY granting",
        f"GRANT {OWNER}, pg_execute_server_program TO {GATEWAY}",
    )
    await make_roles(database_url)
    assert not await query(
        database_url,
        "SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolinherit FROM pg_roles WHERE rolname = current_user",
    )
    member = "SELECT count(*) FROM pg_auth_members WHERE member = current_user::regrole"
    assert await query(database_url, member) == 0
    await as_superuser(database_url, f"REVOKE {OWNER} FROM granting", "DROP ROLE granting")


async def test_rights_beyond_the_rows_of_a_table_are_revoked(database_url: str) -> None:
    async with own_database(database_url) as url:
        before = await query(url, _GRANTS)
        await as_superuser(
            url,
            f"GRANT ALL ON tasks TO {GATEWAY}",
            "GRANT TRIGGER ON tenants TO PUBLIC",
            f"GRANT SELECT ON leases TO {GATEWAY} WITH GRANT OPTION",
        )
        await make_roles(url)
        assert await query(url, _GRANTS) == before


async def test_settings_that_the_role_gave_itself_are_reset(database_url: str) -> None:
    async with own_database(database_url) as url:
        name = make_url(url).database
        await _execute(
            url,
            f"ALTER ROLE {GATEWAY} SET statement_timeout = '1h'",
            f"ALTER ROLE {GATEWAY} IN DATABASE {name} SET search_path = 'nowhere'",
        )
        await make_roles(url)
        settings = f"SELECT count(*) FROM pg_db_role_setting WHERE setrole = '{GATEWAY}'::regrole"
        assert await query(url, settings) == 0


_MAKE_ADMINISTRATOR = "CREATE ROLE administrator CREATEROLE CREATEDB"
# Before PostgreSQL 16 CREATEROLE suffices to change any role that is no superuser.
_MAKE_MEMBER = f"GRANT {OWNER}, {GATEWAY} TO administrator WITH ADMIN TRUE, INHERIT FALSE, SET FALSE"


async def test_an_administrator_who_is_no_superuser_can_make_the_roles(old_url: str) -> None:
    """As on the managed servers of a cloud, where the creator of a role has just this membership.

    The roles were made in a console, with the attributes that a role has by default.
    """
    name = make_url(old_url).database
    await _execute(
        old_url,
        _MAKE_ADMINISTRATOR,
        *([_MAKE_MEMBER] if await query(old_url, _VERSION_NUMBER) >= 160000 else []),
        f"ALTER ROLE {OWNER} INHERIT",
        f"ALTER ROLE {GATEWAY} INHERIT",
        f"ALTER DATABASE {name} OWNER TO administrator",
        *(f"ALTER TABLE {table} OWNER TO administrator" for table in TABLES),
    )
    try:
        await _execute(old_url, "SET SESSION AUTHORIZATION administrator", SCRIPT.read_text())
        assert await query(old_url, _OWNERS) == [OWNER]
        await _execute(url_of(GATEWAY, old_url), _LEASE.format("new"))
    finally:
        await _execute(
            old_url,
            "REASSIGN OWNED BY administrator TO CURRENT_USER",
            "DROP OWNED BY administrator",
            "DROP ROLE administrator",
        )
        await make_roles(old_url)


async def test_the_script_of_the_compose_file_makes_the_roles_and_sets_any_password(
    database_url: str, tmp_path: Path
) -> None:
    async with bare_database(database_url) as url:
        address = make_url(url)
        owner, gateway = "ow'n\"er\\ $HOME `id` :x @/%41", secrets.token_hex(8)
        (tmp_path / "gateway").write_text(f"{gateway}\n")
        environment = {
            "PATH": f"{find_binaries(None).folder}:{os.defpath}",
            "PGHOST": str(address.query["host"]),
            "POSTGRES_USER": SUPERUSER,
            "POSTGRES_DB": str(address.database),
            "POSTGRES_OWNER_PASSWORD": owner,
            "POSTGRES_GATEWAY_PASSWORD_FILE": str(tmp_path / "gateway"),
            "SEEDGATE_SQL": str(SCRIPT.parent),
        }
        for _ in range(2):
            done = await asyncio.create_subprocess_exec(
                "/bin/sh", MAKE_ROLES, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
            )
            output, _ = await done.communicate()
            assert (done.returncode, output) == (0, b"")
        assert await query(url, _OWNERS) == [OWNER]
        for role, password in ((OWNER, owner), (GATEWAY, gateway)):
            stored = f"SELECT rolpassword FROM pg_authid WHERE rolname = '{role}'"
            assert _is_scram_of(password, await query(url_of(SUPERUSER, url), stored))


def _is_scram_of(password: str, stored: str) -> bool:
    """Says whether ``SCRAM-SHA-256$<rounds>:<salt>$<stored key>:<server key>`` was made of a password (RFC 5803)."""
    _, parameters, keys = stored.split("$")
    rounds, salt = parameters.split(":")
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(salt), int(rounds))
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    return base64.b64encode(hashlib.sha256(client_key).digest()).decode() == keys.split(":")[0]


_OWNERS = """
    SELECT array_agg(DISTINCT owner::regrole::text) FROM (
        SELECT relowner AS owner FROM pg_class WHERE relnamespace = 'public'::regnamespace
        UNION ALL SELECT nspowner FROM pg_namespace WHERE nspname = 'public'
        UNION ALL SELECT datdba FROM pg_database WHERE datname = current_database()
    ) AS owners
"""
_LEASE = "INSERT INTO leases (name, token, expires_at) VALUES ('{}', 't', now())"
_DATABASE_GRANTS = "SELECT datacl::text FROM pg_database WHERE datname = current_database()"
_VERSION_NUMBER = "SELECT current_setting('server_version_num')::int"
_GRANTS = "SELECT array_agg(relacl::text ORDER BY oid) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
_VERSIONS = "SELECT array_agg(xmin::text ORDER BY oid) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
_IS_POLLING = """
    SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep')
"""
_KILL_WAITING = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


async def _execute(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(to_dsn(url))
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()
