"""The check of ``doctor`` for the rights of the database role."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy.engine import make_url

from app.cli.checks import CheckResult
from app.cli.role_check import check_role
from app.db.engine import open_engine
from app.db.roles import GATEWAY, OWNER
from app.devdb.cluster import SUPERUSER
from tests.support.database import as_superuser, own_database, url_of


@pytest_asyncio.fixture(scope="module")
async def own_url(database_url: str) -> AsyncIterator[str]:
    """A database whose rights a test may change and restore."""
    async with own_database(database_url) as url:
        yield url


async def checked(url: str) -> CheckResult:
    engine = open_engine(url, pool_size=1)
    try:
        return await check_role(engine)
    finally:
        await engine.dispose()


async def checked_after(url: str, change: str, back: str) -> CheckResult:
    """Returns the result while a change of the rights is in effect."""
    names = {"owner": OWNER, "gateway": GATEWAY, "database": make_url(url).database}
    await as_superuser(url, change.format(**names))
    result = await checked(url)
    await as_superuser(url, back.format(**names))
    assert not (await checked(url)).is_warning
    return result


async def test_a_superuser_is_a_warning(own_url: str) -> None:
    result = await checked(url_of(SUPERUSER, own_url))
    assert (result.is_ok, result.is_warning) == (True, True)
    assert "seedgate is a superuser" in result.text


@pytest.mark.parametrize(
    ("given", "told", "taken"),
    [
        ("GRANT {owner} TO {gateway}", "may become seedgate_owner", "REVOKE {owner} FROM {gateway}"),
        (
            "GRANT pg_execute_server_program TO {gateway}",
            "may become pg_execute_server_program",
            "REVOKE pg_execute_server_program FROM {gateway}",
        ),
        ("ALTER ROLE {gateway} CREATEROLE", "has CREATEROLE", "ALTER ROLE {gateway} NOCREATEROLE"),
        (
            "ALTER ROLE {gateway} REPLICATION BYPASSRLS CREATEDB",
            "has CREATEDB, REPLICATION, BYPASSRLS",
            "ALTER ROLE {gateway} NOREPLICATION NOBYPASSRLS NOCREATEDB",
        ),
        (
            "GRANT CREATE ON DATABASE {database} TO PUBLIC",
            "may change the schema",
            "REVOKE CREATE ON DATABASE {database} FROM PUBLIC",
        ),
        (
            "GRANT TEMPORARY ON DATABASE {database} TO PUBLIC",
            "may make temporary tables",
            "REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC",
        ),
        ("GRANT TRUNCATE ON tasks TO {gateway}", "may TRUNCATE on tasks", "REVOKE TRUNCATE ON tasks FROM {gateway}"),
        ("GRANT TRIGGER ON tasks TO PUBLIC", "may TRIGGER on tasks", "REVOKE TRIGGER ON tasks FROM PUBLIC"),
    ],
)
async def test_any_further_right_is_a_warning(own_url: str, given: str, told: str, taken: str) -> None:
    result = await checked_after(own_url, given, taken)
    assert str(result).startswith(f"warn    database role: seedgate_gateway {told}: ")


@pytest.mark.parametrize(
    ("taken", "told", "given"),
    [
        (
            "REVOKE INSERT, DELETE ON tasks, tenants FROM {gateway}",
            "lacks rights in tasks (INSERT, DELETE), tenants (INSERT, DELETE)",
            "GRANT INSERT, DELETE ON tasks, tenants TO {gateway}",
        ),
        (
            "REVOKE ALL ON alembic_version FROM {gateway}",
            "lacks rights in alembic_version (SELECT, INSERT, UPDATE, DELETE)",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON alembic_version TO {gateway}",
        ),
        (
            "REVOKE USAGE ON SCHEMA public FROM {gateway}",
            "may not use the schema",
            "GRANT USAGE ON SCHEMA public TO {gateway}",
        ),
    ],
)
async def test_a_right_that_the_role_lacks_is_reported(own_url: str, taken: str, told: str, given: str) -> None:
    result = await checked_after(own_url, taken, given)
    assert not result.is_ok
    assert told in result.text
