import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from app.db.engine import open_engine, to_dsn
from app.db.schema import SchemaError, SchemaState, head_revision, migrations_dir, schema_state, upgrade_to_head
from migrations.check import migrated_and_compared
from tests.support.database import empty_database


@pytest_asyncio.fixture
async def empty_database_url(database_url: str) -> AsyncIterator[str]:
    """A second database on the session's server, with nothing in it, for the role that owns it."""
    async with empty_database(database_url) as url:
        yield url


async def test_an_empty_database_migrated_to_head_equals_the_models(empty_database_url: str) -> None:
    assert await migrated_and_compared(empty_database_url) is None


async def test_a_missing_column_shows_as_the_migration_that_would_add_it(empty_database_url: str) -> None:
    await upgrade_to_head(empty_database_url)
    connection = await asyncpg.connect(to_dsn(empty_database_url))
    await connection.execute("ALTER TABLE tenants DROP COLUMN name")
    await connection.close()
    missing = await migrated_and_compared(empty_database_url)
    assert missing is not None
    assert "op.add_column('tenants', sa.Column('name', sa.Text(), nullable=False))" in missing


async def test_an_empty_database_is_outdated_and_a_migrated_one_current(empty_database_url: str) -> None:
    engine = open_engine(empty_database_url)
    try:
        assert await schema_state(engine) == SchemaState(current=None, head=head_revision())
        assert not (await schema_state(engine)).is_current
        await upgrade_to_head(empty_database_url)
        assert (await schema_state(engine)).is_current
    finally:
        await engine.dispose()


async def test_upgrading_twice_changes_nothing(empty_database_url: str) -> None:
    await upgrade_to_head(empty_database_url)
    await upgrade_to_head(empty_database_url)
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


async def test_a_database_of_a_newer_program_is_refused_and_left_alone(empty_database_url: str) -> None:
    await upgrade_to_head(empty_database_url)
    connection = await asyncpg.connect(to_dsn(empty_database_url))
    await connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaError, match="newer Seedgate"):
        await upgrade_to_head(empty_database_url)
    assert await connection.fetchval("SELECT version_num FROM alembic_version") == "9999"
    await connection.close()


def test_migrations_are_numbered_without_gaps() -> None:
    files = sorted(path.name for path in (migrations_dir() / "versions").glob("*.py"))
    assert [name[:5] for name in files] == [f"{number:04d}_" for number in range(1, len(files) + 1)]
    assert head_revision() == files[-1][:4]


def test_the_migrations_of_a_checkout_are_found_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert (migrations_dir() / "env.py").is_file()
