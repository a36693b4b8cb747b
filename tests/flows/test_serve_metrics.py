"""The metrics of a running ``serve`` and ``worker``: one answer for all processes, on the port that was asked for."""

import asyncio
import os
import re
import signal
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from app.core.sealing import generate_key
from tests.flows.programs import run, started
from tests.flows.test_serve import ADMIN, ADMIN_TOKEN, WHOAMI, only, serving, two_workers, workers_of
from tests.support.database import own_database
from tests.support.plain import PLAIN

pytestmark = pytest.mark.slow

# Longer than uvicorn waits for the answer of a process that has died after it was asked.
_TIMEOUT_SECONDS = 60.0


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a path short enough for a unix socket."""
    with tempfile.TemporaryDirectory(prefix="seedgate-serve-") as made:
        yield Path(made)


@pytest.fixture
def port() -> int:
    """A free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found: int = probe.getsockname()[1]
        return found


@pytest_asyncio.fixture
async def settings(database_url: str, port: int, folder: Path) -> AsyncIterator[dict[str, str]]:
    """What ``serve`` needs, with a migrated database and a metrics port of its own."""
    async with own_database(database_url) as url:
        yield {
            "DATABASE_URL": url,
            "ADMIN_TOKEN": ADMIN_TOKEN,
            "SECRET_KEY": generate_key(),
            "DRAIN_SECONDS": "0",
            "METRICS_PORT": str(port),
        }


async def refused_whoamis(port: int) -> int:
    """Returns how many times whoami was refused, as the metrics port tells."""
    async with httpx.AsyncClient(verify=PLAIN) as client:
        page = await client.get(f"http://127.0.0.1:{port}/metrics")
    assert page.status_code == 200, page.text
    assert "seedgate_database_up 1.0" in page.text
    series = f'seedgate_requests_total{{method="GET",route="{WHOAMI}",status="4xx"}}'
    found = re.search(f"^{re.escape(series)} (.*)$", page.text, re.MULTILINE)
    return int(float(found[1])) if found else 0


async def until_refused(port: int, times: int) -> None:
    """Waits until so many refusals are told: a request is counted after its answer."""
    async with asyncio.timeout(_TIMEOUT_SECONDS):
        while await refused_whoamis(port) < times:  # noqa: ASYNC110 - there is no event
            await asyncio.sleep(0.05)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds the worker processes in /proc")
async def test_two_workers_share_their_metrics_and_those_of_a_killed_worker_stay(
    folder: Path, settings: dict[str, str], port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = folder / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    async with serving(folder, settings, "--workers", "2") as (program, client):
        first, second = await two_workers(program)
        for worker in (first, second):
            with only(worker, of=(first, second)):
                for _ in range(3):
                    assert (await client.get(WHOAMI)).status_code == 401
        await until_refused(port, 6)
        with only(first, of=(first, second)):
            assert await refused_whoamis(port) == 6
        with only(second, of=(first, second)):
            assert await refused_whoamis(port) == 6
            assert (await client.get("/metrics")).status_code == 401
            page = (await client.get("/metrics", headers=ADMIN)).text
            assert 'status="4xx"' in page
        os.kill(second, signal.SIGKILL)
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            while second in (left := workers_of(program)) or len(left) < 2:  # noqa: ASYNC110 - there is no event
                await asyncio.sleep(0.1)
        assert await refused_whoamis(port) == 6
        assert len(list(temporary.glob("seedgate-metrics-*"))) == 1
        program.signal(signal.SIGTERM)
        assert await program.wait() == 0
    assert not list(temporary.glob("seedgate-metrics-*"))


async def test_one_worker_serves_the_metrics_port_too(folder: Path, settings: dict[str, str], port: int) -> None:
    for _ in range(2):  # the second time the socket of the first, which was killed, is still there
        async with serving(folder, settings) as (program, client):
            assert (await client.get(WHOAMI)).status_code == 401
            await until_refused(port, 1)
            program.signal(signal.SIGKILL)
            await program.wait()


async def test_a_worker_alone_serves_its_own_metrics(folder: Path, settings: dict[str, str], port: int) -> None:
    async with started("worker", folder=folder, settings=settings) as program:
        async with asyncio.timeout(_TIMEOUT_SECONDS), httpx.AsyncClient(verify=PLAIN) as client:
            while program.process.returncode is None:
                try:
                    page = await client.get(f"http://127.0.0.1:{port}/metrics")
                    break
                except httpx.TransportError:
                    await asyncio.sleep(0.1)
            assert (page.status_code, "seedgate_database_up 1.0" in page.text) == (200, True)
            head = await client.head(f"http://127.0.0.1:{port}/metrics")
            assert (head.status_code, head.content) == (200, b"")
            assert head.headers["content-type"] == page.headers["content-type"]
            assert (await client.get(f"http://127.0.0.1:{port}/healthz")).status_code == 404
        program.signal(signal.SIGTERM)
        assert await program.wait() == 0, "".join(program.output)


@pytest.mark.parametrize("command", ["serve", "worker"])
async def test_a_metrics_port_that_cannot_be_had_stops_the_start(
    folder: Path, settings: dict[str, str], port: int, command: str
) -> None:
    arguments = ["--uds", str(folder / "s")] if command == "serve" else []
    with socket.create_server(("127.0.0.1", port)):
        code, output = await run(command, *arguments, folder=folder, settings=settings)
    assert (code, "SEEDGATE_METRICS_PORT" in output, "in use" in output) == (2, True, True), output
    assert "Traceback" not in output


async def test_the_gateways_own_port_is_refused_for_the_metrics(
    folder: Path, settings: dict[str, str], port: int
) -> None:
    code, output = await run("serve", "--port", str(port), folder=folder, settings=settings)
    assert (code, "another port" in output) == (2, True), output
