"""``serve`` as an operator runs it: what it refuses to start with, how it stops, and more than one process."""

import asyncio
import os
import signal
import socket
import stat
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from app.core.sealing import generate_key
from app.db.roles import GATEWAY
from app.sandbox.config import DEFAULT_ACCOUNT
from tests.flows.programs import Program, on_socket, run, started, until_ready
from tests.support.database import empty_database, own_database, url_of
from tests.support.driving import count_received
from tests.support.gateway import HELD, TASKS, Gateway
from tests.support.timeouts import HANG_SECONDS, until
from tests.tasks.bodies import body

pytestmark = pytest.mark.slow

ADMIN_TOKEN = "an admin token of at least 32 characters"
ADMIN = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
WHOAMI = "/api/v3/whoami"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a path short enough for a unix socket."""
    with tempfile.TemporaryDirectory(prefix="seedgate-serve-") as made:
        yield Path(made)


@pytest_asyncio.fixture
async def settings(database_url: str) -> AsyncIterator[dict[str, str]]:
    """What ``serve`` needs, with a migrated database of its own."""
    async with own_database(database_url) as url:
        yield {"DATABASE_URL": url, "ADMIN_TOKEN": ADMIN_TOKEN, "SECRET_KEY": generate_key(), "DRAIN_SECONDS": "0"}


async def test_an_outdated_schema_is_refused_until_its_owner_migrates_it(
    folder: Path, settings: dict[str, str], database_url: str
) -> None:
    async with empty_database(database_url) as owner_url:
        owner = {**settings, "DATABASE_URL": owner_url}
        as_gateway = {**settings, "DATABASE_URL": url_of(GATEWAY, owner_url)}
        code, output = await run("serve", folder=folder, settings=as_gateway)
        assert (code, "seedgate migrate" in output) == (3, True), output
        assert (await run("migrate", "--check", folder=folder, settings=as_gateway))[0] == 3
        code, output = await run("migrate", folder=folder, settings=as_gateway)
        assert (code, "seedgate_owner" in output, "Traceback" in output) == (1, True, False), output
        assert (await run("migrate", folder=folder, settings=owner))[0] == 0
        assert (await run("migrate", "--check", folder=folder, settings=as_gateway))[0] == 0
        async with serving(folder, as_gateway) as (program, _):
            program.signal(signal.SIGTERM)
            assert await program.wait() == 0


@pytest.mark.parametrize("missing", ["ADMIN_TOKEN", "SECRET_KEY"])
async def test_a_missing_secret_is_named(folder: Path, settings: dict[str, str], missing: str) -> None:
    del settings[missing]
    code, output = await run("serve", folder=folder, settings=settings)
    assert (code, f"SEEDGATE_{missing} is required" in output) == (2, True), output


@pytest.mark.parametrize(
    ("command", "name", "value"),
    [
        ("serve", "ADMIN_TOKEN", "too-short"),
        ("serve", "DATABASE_PORT", "5432"),
        ("serve", "CA_BUNDLE", "/nonexistent"),
        ("worker", "ARK_API_KEY", "a key"),
    ],
)
async def test_a_wrong_setting_is_refused_before_an_embedded_database_is_made(
    folder: Path, command: str, name: str, value: str
) -> None:
    """By the checks of ``config check``, whose tests are in tests/house."""
    settings = {"DATA_DIR": str(folder / "data"), "ADMIN_TOKEN": ADMIN_TOKEN, "SECRET_KEY": generate_key(), name: value}
    code, output = await run(command, folder=folder, settings=settings)
    assert (code, f"SEEDGATE_{name}" in output, "Traceback" in output) == (2, True, False), output
    assert not (folder / "data").exists()


async def test_a_port_in_use_is_reported_before_an_embedded_database_is_made(folder: Path) -> None:
    settings = {"DATA_DIR": str(folder / "data"), "ADMIN_TOKEN": ADMIN_TOKEN, "SECRET_KEY": generate_key()}
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        code, output = await run("serve", "--port", port, folder=folder, settings=settings)
    assert (code, output.count("\n"), "--port" in output) == (1, 1, True), output
    assert not (folder / "data").exists()


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_a_port_in_use_is_not_reported_as_an_outdated_schema(
    folder: Path, settings: dict[str, str], workers: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        code, output = await run("serve", "--port", port, "--workers", workers, folder=folder, settings=settings)
    assert (code, "in use" in output) == (1, True), output


async def test_another_sealing_key_than_the_databases_is_refused(folder: Path, settings: dict[str, str]) -> None:
    async with serving(folder, settings):
        pass
    code, output = await run("serve", folder=folder, settings={**settings, "SECRET_KEY": generate_key()})
    assert code == 2, output
    assert "SEEDGATE_SECRET_KEY" in output
    both = ",".join([generate_key(), settings["SECRET_KEY"]])
    async with serving(folder, {**settings, "SECRET_KEY": both}) as (_, client):
        assert (await client.get("/healthz")).status_code == 200


async def test_a_database_that_does_not_answer_is_reported_in_one_line(folder: Path, settings: dict[str, str]) -> None:
    nowhere = {**settings, "DATABASE_URL": "postgresql://nobody:hidden@127.0.0.1:1/nothing"}
    code, output = await run("serve", folder=folder, settings=nowhere)
    assert code == 1, output
    assert "the database does not answer" in output
    assert "Traceback" not in output
    assert "hidden" not in output


async def test_sigterm_is_not_ready_at_once_but_accepts_for_a_while(folder: Path, settings: dict[str, str]) -> None:
    async with serving(folder, {**settings, "DRAIN_SECONDS": "5"}) as (program, client):
        began = time.monotonic()
        program.signal(signal.SIGTERM)
        async with asyncio.timeout(HANG_SECONDS):
            while (not_ready := await client.get("/readyz")).status_code == 200:
                pass
        assert (not_ready.status_code, not_ready.json()["ready"]) == (503, False)
        assert (await client.get(WHOAMI)).status_code == 401
        assert await program.wait() == 0
        assert time.monotonic() - began > 4.9


async def test_what_is_in_flight_is_finished(gateway: Gateway, folder: Path, settings: dict[str, str]) -> None:
    upstream = {"ARK_BASE_URL": gateway.sandbox.ark_base_url, "ARK_API_KEY": DEFAULT_ACCOUNT.api_key}
    async with serving(folder, {**settings, **upstream}) as (program, client):
        _, key = await new_key(client)
        slow = {"operation": "create_task", "times": 1, "effect": HELD}
        assert (await gateway.control.post("/faults", json=slow)).status_code == 201
        before = count_received(gateway, "create_task")
        creating = asyncio.create_task(client.post(TASKS, json=body(), headers=key))
        await until(lambda: count_received(gateway, "create_task") > before)
        program.signal(signal.SIGTERM)
        await asyncio.sleep(1)  # it is stopping, and has done all that does not need the answer
        assert (await gateway.control.delete("/faults")).status_code == 200
        created = await creating
        assert created.status_code == 200, created.text
        assert created.json()["id"].startswith("cgt-")
        assert await program.wait() == 0


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds the worker processes in /proc")
async def test_a_key_revoked_through_one_process_stops_within_a_second_in_the_other(
    folder: Path, settings: dict[str, str]
) -> None:
    async with serving(folder, settings, "--workers", "2") as (program, client):
        key_id, key = await new_key(client)
        first, second = await two_workers(program)
        for worker in (first, second):
            with only(worker, of=(first, second)):
                assert (await client.get(WHOAMI, headers=key)).status_code == 200
        with only(first, of=(first, second)):
            assert (await client.delete(f"/admin/v1/keys/{key_id}", headers=ADMIN)).status_code == 204
            revoked_at = time.monotonic()
        with only(second, of=(first, second)):
            asked_at = time.monotonic()
            while (await client.get(WHOAMI, headers=key)).status_code == 200:
                assert asked_at - revoked_at < 1
                await asyncio.sleep(0.02)
                asked_at = time.monotonic()
        with only(first, of=(first, second)):
            assert (await client.get(WHOAMI, headers=key)).status_code == 401
        program.signal(signal.SIGTERM)
        assert await program.wait() == 0


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds the worker processes in /proc")
async def test_a_process_that_gets_no_turn_for_some_seconds_is_not_replaced(
    folder: Path, settings: dict[str, str]
) -> None:
    async with serving(folder, settings, "--workers", "2") as (program, _):
        first, second = await two_workers(program)
        with only(first, of=(first, second)):
            await asyncio.sleep(8)
        await asyncio.sleep(1)
        assert workers_of(program) == [first, second]


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_others_than_owner_and_group_may_not_connect_to_the_socket(
    folder: Path, settings: dict[str, str], workers: str
) -> None:
    async with serving(folder, settings, "--workers", workers):
        assert oct(stat.S_IMODE((folder / "s").stat().st_mode)) == oct(0o660)


async def new_key(client: httpx.AsyncClient) -> tuple[str, dict[str, str]]:
    """Makes a tenant with a key; returns the key's id and the header to send."""
    tenant = await client.post("/admin/v1/tenants", json={"name": "t"}, headers=ADMIN)
    made = await client.post(f"/admin/v1/tenants/{tenant.json()['id']}/keys", json={"name": "k"}, headers=ADMIN)
    assert made.status_code == 201, made.text
    return made.json()["id"], {"Authorization": f"Bearer {made.json()['key']}"}


@asynccontextmanager
async def serving(
    folder: Path, settings: dict[str, str], *arguments: str
) -> AsyncIterator[tuple[Program, httpx.AsyncClient]]:
    """A gateway on a unix socket, and a client of it."""
    opened = folder / "s"
    async with (
        started("serve", "--uds", str(opened), *arguments, folder=folder, settings=settings) as program,
        on_socket(opened) as client,
    ):
        await until_ready(client, program)
        yield program, client


async def two_workers(program: Program) -> tuple[int, int]:
    """Returns the two processes that serve requests, when each of them does."""
    await program.read_until("Application startup complete", times=2)
    first, second = workers_of(program)
    return first, second


def workers_of(program: Program) -> list[int]:
    """Returns the processes that serve requests or will do so, oldest first."""
    pid = program.process.pid
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()
    return [int(each) for each in found if b"spawn_main" in _told_of(each, "cmdline")]


@contextmanager
def only(worker: int, *, of: tuple[int, ...]) -> Iterator[None]:
    """Stops all others, so that this one must answer."""
    others = [each for each in of if each != worker]
    for other in others:
        os.kill(other, signal.SIGSTOP)
        while _told_of(other, "stat").rpartition(b") ")[2][:1] in {b"R", b"S", b"D"}:
            time.sleep(0.001)
    try:
        yield
    finally:
        for other in others:
            os.kill(other, signal.SIGCONT)


def _told_of(pid: int | str, what: str) -> bytes:
    """Returns a file that the kernel keeps about a process; nothing when the process is gone."""
    try:
        return Path(f"/proc/{pid}/{what}").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""
