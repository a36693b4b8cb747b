"""The schema of a database is what the models say, once its migrations have run."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from app.db.engine import open_engine
from app.db.roles import OWNER
from app.db.schema import upgrade_to_head
from app.db.schema_version import SchemaError, SchemaState, head_revision, migrations_dir, schema_state
from migrations.check import migrated_and_compared
from tests.devdb.children import query
from tests.support.database import as_owner, empty_database, own_database, url_of


@pytest_asyncio.fixture
async def empty_database_url(database_url: str) -> AsyncIterator[str]:
    """A second database on the session's server, with nothing in it, for the role that owns it."""
    async with empty_database(database_url) as url:
        yield url


@pytest_asyncio.fixture
async def migrated_url(database_url: str) -> AsyncIterator[str]:
    """A database with the newest schema, for the role that owns it."""
    async with own_database(database_url) as url:
        yield url_of(OWNER, url)


async def test_a_missing_column_shows_as_the_migration_that_would_add_it(migrated_url: str) -> None:
    await as_owner(migrated_url, "ALTER TABLE tenants DROP COLUMN name")
    missing = await migrated_and_compared(migrated_url)
    assert missing is not None
    assert "op.add_column('tenants', sa.Column('name', sa.Text(), nullable=False))" in missing


async def test_an_empty_database_is_outdated_until_it_is_migrated_and_then_equals_the_models(
    empty_database_url: str,
) -> None:
    engine = open_engine(empty_database_url)
    try:
        assert await schema_state(engine) == SchemaState(current=None, head=head_revision())
        assert not (await schema_state(engine)).is_current
        for _ in range(2):  # the second time changes nothing
            await upgrade_to_head(empty_database_url)
            assert (await schema_state(engine)).is_current
    finally:
        await engine.dispose()
    assert await migrated_and_compared(empty_database_url) is None


@pytest.mark.slow
async def test_processes_that_upgrade_at_once_take_turns(empty_database_url: str) -> None:
    code = "import asyncio, sys; from app.db.schema import upgrade_to_head; asyncio.run(upgrade_to_head(sys.argv[1]))"
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-W", "error", "-c", code, empty_database_url, stderr=asyncio.subprocess.PIPE
        )
        for _ in range(2)
    ]
    for process in processes:
        _, complaint = await process.communicate()
        assert process.returncode == 0, complaint.decode()
    engine = open_engine(empty_database_url)
    assert (await schema_state(engine)).is_current
    await engine.dispose()


async def test_a_database_of_a_newer_program_is_refused_and_left_alone(migrated_url: str) -> None:
    await as_owner(migrated_url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaError, match="newer Seedgate"):
        await upgrade_to_head(migrated_url)
    assert await query(migrated_url, "SELECT version_num FROM alembic_version") == "9999"


def test_migrations_are_numbered_without_gaps() -> None:
    files = sorted(path.name for path in (migrations_dir() / "versions").glob("*.py"))
    assert [name[:5] for name in files] == [f"{number:04d}_" for number in range(1, len(files) + 1)]
    assert head_revision() == files[-1][:4]


def test_the_migrations_of_a_checkout_are_found_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert (migrations_dir() / "env.py").is_file()
