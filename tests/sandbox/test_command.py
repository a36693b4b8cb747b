"""The ``sandbox`` command, as a process."""

import asyncio
import os
import re
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.sandbox.clients import MODEL, TASKS, text
from tests.support.timeouts import HANG_SECONDS

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = "import sys; from app.sandbox.server import run_sandbox; run_sandbox(port=int(sys.argv[1]), time_scale=1000)"


@asynccontextmanager
async def _process(port: int) -> AsyncIterator[Process]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    found = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        PROGRAM,
        str(port),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield found
    finally:
        if found.returncode is None:
            found.kill()
        await found.communicate()


async def _read_settings(process: Process) -> dict[str, str]:
    """Returns the settings that the command prints once it listens."""
    assert process.stdout is not None
    settings: dict[str, str] = {}
    async with asyncio.timeout(HANG_SECONDS):
        while "SEEDGATE_SECRET_ACCESS_KEY" not in settings:
            line = (await process.stdout.readline()).decode()
            assert line, "the sandbox ended"
            found = re.fullmatch(r"(SEEDGATE_[A-Z_]+)=(\S+)\n", line)
            if found:
                settings[found[1]] = found[2]
    return settings


async def test_the_command_prints_settings_cuts_connections_and_ends_on_sigterm() -> None:
    async with _process(0) as process:
        settings = await _read_settings(process)
        assert settings["SEEDGATE_ARK_BASE_URL"] == f"{settings['SEEDGATE_OPENAPI_URL']}/api/v3"
        async with httpx.AsyncClient(
            base_url=settings["SEEDGATE_OPENAPI_URL"], timeout=HANG_SECONDS, verify=False, trust_env=False
        ) as http:
            headers = {"Authorization": f"Bearer {settings['SEEDGATE_ARK_API_KEY']}"}
            body = {"model": MODEL, "content": [text()]}
            for at in ("request", "before", "after", "headers", "body"):
                for reset in (False, True):
                    effect = {"kind": "cut", "at": at, "reset": reset}
                    fault = await http.post("/_sandbox/faults", json={"operation": "create_task", "effect": effect})
                    assert fault.status_code == 201
                    with pytest.raises(httpx.TransportError):
                        await http.post(TASKS, headers=headers, json=body)
            assert len((await http.get("/_sandbox/ledger")).json()["tasks"]) == 6
            hanging = {"operation": "create_task", "effect": {"kind": "delay", "delay_seconds": 600}}
            await http.post("/_sandbox/faults", json=hanging)
            waiting = asyncio.create_task(http.post(TASKS, headers=headers, json=body))
            async with asyncio.timeout(HANG_SECONDS):
                while len((await http.get("/_sandbox/ledger")).json()["requests"]) < 11:  # noqa: ASYNC110 - no event
                    await asyncio.sleep(0.05)
            process.send_signal(signal.SIGTERM)
            assert (await waiting).status_code == 200
        async with asyncio.timeout(HANG_SECONDS):
            _, errors = await process.communicate()
        assert errors == b""
        assert process.returncode in {0, -signal.SIGTERM}


async def test_a_port_in_use_is_an_error_of_one_line() -> None:
    async with _process(0) as first:
        port = (await _read_settings(first))["SEEDGATE_OPENAPI_URL"].rsplit(":", 1)[1]
        async with _process(int(port)) as second:
            _, errors = await second.communicate()
            assert second.returncode == 1
            assert errors.decode() == f"The sandbox cannot listen on 127.0.0.1:{port}: Address already in use.\n"
