"""Starting, watching and killing of processes: the tests' side of ``tests.chaos.gateway``."""

import asyncio
import contextlib
import itertools
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.support.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
_HOST = "127.0.0.1"
_START_SECONDS = 60.0
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Fault:
    """Where a process is killed: at which suspension of which work (``tests.chaos.fragility``)."""

    point: str
    at: int


@dataclass
class Process:
    """A gateway or a sandbox.

    Attributes:
        pid: its process id.
        url: where it listens.
        log: its output.
        ended: its exit code, once there is one.
    """

    pid: int
    url: str
    log: Path
    ended: "asyncio.Future[int]" = field(repr=False)

    @property
    def is_alive(self) -> bool:
        """Whether it has not ended, as far as is known."""
        return not self.ended.done()

    async def kill(self) -> None:
        """Kills it, and waits until it has ended."""
        self._send(signal.SIGKILL)
        await self.ended

    async def stop(self) -> int:
        """Sends SIGTERM, and returns its exit code."""
        self._send(signal.SIGTERM)
        return await self.ended

    async def dies(self, *, timeout_seconds: float) -> bool:
        """Waits for its end; returns whether it came in time."""
        await asyncio.wait({self.ended}, timeout=timeout_seconds)
        return not self.is_alive

    def let_go(self) -> None:
        """Starts the job in which it will be killed."""
        self._send(signal.SIGUSR1)

    def _send(self, number: signal.Signals) -> None:
        # It may have ended without the news having arrived yet.
        with contextlib.suppress(ProcessLookupError):
            if self.is_alive:
                os.kill(self.pid, number)


class Launcher:
    """Starts processes."""

    def __init__(self, parent: asyncio.subprocess.Process, folder: Path) -> None:
        self._parent = parent
        self._folder = folder
        self._births: dict[str, asyncio.Future[tuple[int, asyncio.Future[int]]]] = {}
        self._ends: dict[int, asyncio.Future[int]] = {}
        self.kills = 0

    async def gateway(
        self,
        environment: dict[str, str],
        *,
        port: int | None = None,
        fault: Fault | None = None,
        clock_shift_seconds: float = 0.0,
        is_awaited: bool = True,
    ) -> Process:
        """Starts a gateway, and returns when it is ready unless ``is_awaited`` is False."""
        order = {
            "program": "gateway",
            "fault": None if fault is None else {"point": fault.point, "at": fault.at},
            "clock_shift_seconds": clock_shift_seconds,
        }
        process = await self._start(order, environment, port)
        if is_awaited:
            await _until_answering(process, "/readyz")
        return process

    async def sandbox(self, *, time_scale: float) -> Process:
        """Starts a sandbox that enforces no rates."""
        process = await self._start({"program": "sandbox", "time_scale": time_scale}, {}, None)
        await _until_answering(process, "/_sandbox/clock")
        async with httpx.AsyncClient(base_url=process.url) as client:
            (await client.post("/_sandbox/settings", json={"limits": "off"})).raise_for_status()
        return process

    async def listen_to_news(self) -> None:
        """Records the starts and ends of processes until the parent has ended."""
        assert self._parent.stdout is not None
        while line := await self._parent.stdout.readline():
            news = json.loads(line)
            if "born" in news:
                # A new future each time: the kernel may reuse the id of an ended process.
                ended = self._ends[news["pid"]] = asyncio.get_running_loop().create_future()
                self._births.pop(news["born"]).set_result((news["pid"], ended))
            else:
                self.kills += news["code"] == -signal.SIGKILL
                self._ends.pop(news["ended"]).set_result(news["code"])
        # The parent has ended, so that no more ends will be reported.
        for ended in self._ends.values():
            ended.set_result(-signal.SIGKILL)

    async def _start(self, order: dict[str, Any], environment: dict[str, str], port: int | None) -> Process:
        assert self._parent.stdin is not None
        name = f"{order['program']}-{next(_numbers)}"
        port = port or free_port()
        log = self._folder / f"{name}.log"
        born = self._births[name] = asyncio.get_running_loop().create_future()
        whole = {**order, "name": name, "environment": environment, "port": port, "log": str(log)}
        self._parent.stdin.write(json.dumps(whole).encode() + b"\n")
        pid, ended = await born
        return Process(pid, f"http://{_HOST}:{port}", log, ended)


@asynccontextmanager
async def launching(folder: Path) -> AsyncIterator[Launcher]:
    """Runs the parent of all processes; they end with the block."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SEEDGATE_")}
    with (folder / "parent.log").open("wb") as log:
        parent = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.chaos.gateway"),
            cwd=folder,
            env={**kept, "PYTHONPATH": str(ROOT)},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for the tests, which then end it
        )
        launcher = Launcher(parent, folder)
        listening = asyncio.create_task(launcher.listen_to_news())
        try:
            yield launcher
        finally:
            assert parent.stdin is not None
            parent.stdin.close()
            await parent.wait()
            await listening


async def _until_answering(process: Process, path: str) -> None:
    async with asyncio.timeout(_START_SECONDS), httpx.AsyncClient(base_url=process.url, verify=False) as client:
        while True:
            assert process.is_alive, process.log.read_text()
            try:
                if (await client.get(path)).is_success:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.02)
