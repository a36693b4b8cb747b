"""The program as an operator runs it: a process of its own, seen through its exit code, output and sockets."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.support.plain import PLAIN

_ROOT = Path(__file__).parents[2]
_KEPT = {"SEEDGATE_PG_BIN", "SEEDGATE_PG_USER"}
_TIMEOUT_SECONDS = 90
_OF_THE_CHECKOUT = (sys.executable, "-m", "app")


@dataclass
class Program:
    """A running ``seedgate``.

    Attributes:
        process: it.
        output: what it has printed so far.
    """

    process: asyncio.subprocess.Process
    output: list[str] = field(default_factory=list)

    def signal(self, number: signal.Signals) -> None:
        """Sends it a signal."""
        self.process.send_signal(number)

    async def read_until(self, text: str, *, times: int = 1) -> str:
        """Waits until it has printed a line that holds a text, or so many; returns everything up to there."""
        assert self.process.stdout is not None
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            while sum(text in line for line in self.output) < times:
                line = await self.process.stdout.readline()
                assert line, "".join(self.output)
                self.output.append(line.decode())
        return "".join(self.output)

    async def wait(self) -> int:
        """Waits until it ends; returns its exit code."""
        assert self.process.stdout is not None
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            self.output.append((await self.process.stdout.read()).decode())
            return await self.process.wait()

    async def end(self) -> None:
        """Kills it and what it has started: a child that outlives it would keep its output open."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        await self.wait()


@asynccontextmanager
async def started(
    *arguments: str,
    folder: Path,
    settings: Mapping[str, str],
    within: Sequence[str] = (),
    command: Sequence[str] = _OF_THE_CHECKOUT,
) -> AsyncIterator[Program]:
    """Starts ``seedgate`` in a folder, with these settings and no others; kills it if it still runs at the end.

    ``within`` is a command that runs the one behind it, such as ``env``; ``command`` is another ``seedgate`` than that
    of this checkout.
    A test that fails meanwhile tells what the program has printed.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SEEDGATE_") or name in _KEPT}
    path = {"PYTHONPATH": str(_ROOT)} if command is _OF_THE_CHECKOUT else {}
    process = await asyncio.create_subprocess_exec(
        *(*within, *command, *arguments),
        cwd=folder,
        env={**inherited, **path, **{f"SEEDGATE_{name}": value for name, value in settings.items()}},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    program = Program(process)
    try:
        yield program
    except Exception as error:
        await program.end()
        error.add_note(f"seedgate {' '.join(arguments)} printed:\n{''.join(program.output)}")
        raise
    finally:
        await program.end()


async def run(
    *arguments: str,
    folder: Path,
    settings: Mapping[str, str],
    within: Sequence[str] = (),
    command: Sequence[str] = _OF_THE_CHECKOUT,
) -> tuple[int, str]:
    """Runs ``seedgate`` to its end; returns exit code and output."""
    async with started(*arguments, folder=folder, settings=settings, within=within, command=command) as program:
        return await program.wait(), "".join(program.output)


def on_socket(path: Path) -> httpx.AsyncClient:
    """Returns a client that opens a new connection to a unix socket for every request."""
    transport = httpx.AsyncHTTPTransport(verify=PLAIN, uds=str(path), limits=httpx.Limits(max_keepalive_connections=0))
    return httpx.AsyncClient(verify=PLAIN, transport=transport, base_url="http://gateway", timeout=30)


async def until_ready(client: httpx.AsyncClient, program: Program) -> None:
    """Waits until a gateway says that it should be sent requests."""
    async with asyncio.timeout(_TIMEOUT_SECONDS):
        while program.process.returncode is None:
            try:
                if (await client.get("/readyz")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.05)
    raise AssertionError("it ended: " + str(await program.wait()) + "".join(program.output))
