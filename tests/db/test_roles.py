"""The gateway's role reads and writes rows, and no more; the whole suite shows that this is enough for it."""

import asyncio
import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy.engine import make_url

from app.db.embedded.binaries import find_binaries
from app.db.embedded.cluster import SUPERUSER
from app.db.engine import to_dsn
from app.db.roles import GATEWAY, OWNER, SCRIPT
from app.db.schema import upgrade_to_head
from tests.db.children import query
from tests.support.database import as_superuser, bare_database, empty_database, make_roles, own_database, url_of
from tests.support.patience import HANG_SECONDS

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
        "SELECT pg_reload_conf()",
    ],
)
async def test_what_is_more_than_reading_and_writing_rows_is_refused(gateway: Any, statement: str) -> None:
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


@pytest_asyncio.fixture
async def old_url(database_url: str) -> AsyncIterator[str]:
    """A database as it was made when everything connected as a superuser; the address is the superuser's."""
    async with bare_database(database_url) as url:
        await as_superuser(url, TABLE, "CREATE SEQUENCE alone", "CREATE VIEW shown AS SELECT * FROM made")
        yield url_of(SUPERUSER, url)


async def test_a_database_of_a_superuser_is_taken_over_with_its_rows(old_url: str) -> None:
    await upgrade_to_head(old_url)
    await _execute(old_url, "INSERT INTO made (name) VALUES ('kept')")

    await make_roles(old_url)

    assert await query(old_url, _OWNERS) == [OWNER]
    gateway_url = url_of(GATEWAY, old_url)
    await _execute(gateway_url, "INSERT INTO made (name) VALUES ('new')", "SELECT nextval('alone')")
    assert await query(gateway_url, "SELECT array_agg(name) FROM shown") == ["kept", "new"]
    assert await query(gateway_url, "SELECT count(*) FROM tasks") == 0
    await _execute(url_of(OWNER, old_url), "ALTER TABLE made ADD COLUMN n int", "ALTER TABLE tasks ADD COLUMN n int")


async def test_a_takeover_that_is_killed_half_way_has_changed_nothing_and_is_repeated(old_url: str) -> None:
    user = await asyncpg.connect(to_dsn(old_url))
    await user.execute("BEGIN; SELECT FROM shown")  # the tables before this one change hands, and then it waits
    before = await query(old_url, _OWNERS), await query(old_url, _GRANTS)
    taking_over = asyncio.create_task(make_roles(old_url))
    async with asyncio.timeout(HANG_SECONDS):
        while not await query(old_url, _KILL_WHO_WAITS):  # noqa: ASYNC110 - the server tells nobody who waits
            await asyncio.sleep(0.01)
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await taking_over
    assert (await query(old_url, _OWNERS), await query(old_url, _GRANTS)) == before
    await user.close()

    await make_roles(old_url)

    assert await query(old_url, _OWNERS) == [OWNER]


async def test_where_everything_is_in_order_no_table_is_touched(database_url: str) -> None:
    async with own_database(database_url) as url:
        before = await query(url, _VERSIONS)
        await make_roles(url)
        assert await query(url, _VERSIONS) == before


async def test_a_role_that_has_been_given_more_loses_it(database_url: str) -> None:
    await as_superuser(database_url, f"ALTER ROLE {GATEWAY} SUPERUSER CREATEDB CREATEROLE INHERIT")
    await make_roles(database_url)
    assert not await query(
        database_url,
        "SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolinherit FROM pg_roles WHERE rolname = current_user",
    )


async def test_an_administrator_who_is_no_superuser_can_make_the_roles(old_url: str) -> None:
    """As on the servers that a cloud runs for its customers; who makes a role there has just this membership."""
    name = make_url(old_url).database
    await _execute(
        old_url,
        "CREATE ROLE administrator CREATEROLE CREATEDB",
        f"GRANT {OWNER}, {GATEWAY} TO administrator WITH ADMIN TRUE, INHERIT FALSE, SET FALSE",
        f"ALTER DATABASE {name} OWNER TO administrator",
        *(f"ALTER TABLE {made} OWNER TO administrator" for made in ("made", "alone", "shown")),
    )
    try:
        await _execute(old_url, "SET SESSION AUTHORIZATION administrator", SCRIPT.read_text())
        assert await query(old_url, _OWNERS) == [OWNER]
        await _execute(url_of(GATEWAY, old_url), "INSERT INTO made (name) VALUES ('a')")
    finally:
        await _execute(old_url, "DROP OWNED BY administrator", "DROP ROLE administrator")


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
            "ROLES_SQL": str(SCRIPT),
        }
        for _ in range(2):
            done = await asyncio.create_subprocess_exec(
                "/bin/sh", MAKE_ROLES, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
            )
            told, _ = await done.communicate()
            assert (done.returncode, told) == (0, b"")
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
_GRANTS = "SELECT array_agg(relacl::text ORDER BY oid) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
_VERSIONS = "SELECT array_agg(xmin::text ORDER BY oid) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
_KILL_WHO_WAITS = """
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
