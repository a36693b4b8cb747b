"""Which files of ``app`` a request enters, and how many transactions that write it commits.

``python -m tests.house.files_entered`` prints both for the requests that a newcomer would read first; with ``--names``
it names the files. Caches are cold, and files of the emulated upstream are not counted.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from types import FrameType
from typing import Any, Self

import httpx
import pytest

from app.db.engine import connect, to_dsn
from app.db.schema import upgrade_to_head
from app.observability.logging import configure_logging
from app.sandbox.config import SandboxConfig
from tests.support.clock import ManualSeconds, MovableClock
from tests.support.database import keep_template, own_database, session_server
from tests.support.gateway import TASKS, open_gateway
from tests.support.timeouts import lengthen_timeouts
from tests.support.toolchains import ROOT

_APP = f"{ROOT}/app/"
_SANDBOX = f"{_APP}sandbox/"
_REPEATS = 4
_WRITTEN = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
_COUNTED = 20


class Entered:
    """Notes the files of ``app`` in which a function is called while the block runs."""

    def __init__(self) -> None:
        self.files: set[str] = set()

    def __enter__(self) -> Self:
        sys.setprofile(self._note)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def _note(self, frame: FrameType, event: str, _: Any) -> None:
        name = frame.f_code.co_filename
        if event == "call" and name.startswith(_APP) and not name.startswith(_SANDBOX):
            self.files.add(name.removeprefix(_APP))


async def measure(database_url: str) -> dict[str, tuple[set[str], float]]:
    """Returns for each kind of request the files that it enters every time, and the transactions of one that write."""
    seconds = ManualSeconds()
    numbers = iter(range(10_000))
    async with open_gateway(
        database_url,
        sandbox_config=SandboxConfig(time_scale=1, limits=None),
        clock=MovableClock(),
        seconds=seconds,
        background="off",
    ) as gateway:
        tenant = await gateway.tenant()
        task_id = await tenant.new_task(content=[{"type": "text", "text": "[queue:1000000]"}])
        group = (await tenant.action("CreateAssetGroup", Name="kittens", GroupType="AIGC")).json()

        def create() -> Awaitable[httpx.Response]:
            return tenant.create_task(content=[{"type": "text", "text": f"kitten {next(numbers)}"}])

        def create_group() -> Awaitable[httpx.Response]:
            return tenant.action("CreateAssetGroup", Name=f"kittens {next(numbers)}", GroupType="AIGC")

        calls: dict[str, Callable[[], Awaitable[httpx.Response]]] = {
            "create": create,
            "GET": lambda: tenant.http.get(f"{TASKS}/{task_id}"),
            "ListAssets": lambda: tenant.action(
                "ListAssets", Filter={"GroupType": "AIGC", "GroupIds": [group["Id"]]}, PageNumber=1, PageSize=10
            ),
            "CreateAssetGroup": create_group,
        }
        connection = await connect(to_dsn(database_url))
        try:
            return {
                name: (await _files_of(call, seconds), await _commits_of(call, connection))
                for name, call in calls.items()
            }
        finally:
            await connection.close()


async def _files_of(call: Callable[[], Awaitable[httpx.Response]], seconds: ManualSeconds) -> set[str]:
    """Returns the files that are entered each time; what the process does beside it is not among them."""
    found: list[set[str]] = []
    for _ in range(_REPEATS):
        seconds.advance(2)
        await asyncio.sleep(0.3)
        with Entered() as entered:
            (await call()).raise_for_status()
        found.append(entered.files)
    return set.intersection(*found)


async def _commits_of(call: Callable[[], Awaitable[httpx.Response]], connection: Any) -> float:
    """Returns how many transactions that write one request commits; the emulated upstream has no database."""
    before = await connection.fetchval(_WRITTEN)
    for _ in range(_COUNTED):
        (await call()).raise_for_status()
    return float(await connection.fetchval(_WRITTEN) - before) / _COUNTED


async def _main() -> None:
    with pytest.MonkeyPatch.context() as monkeypatch, session_server() as server:
        lengthen_timeouts(monkeypatch)
        configure_logging(level="warning", style="json")
        await upgrade_to_head(server.owner_url)
        await keep_template(server.url)
        async with own_database(server.url) as url:
            for name, (files, commits) in (await measure(url)).items():
                sys.stdout.write(f"{name}: {len(files)} files, {commits:.1f} transactions that write\n")
                if "--names" in sys.argv:
                    sys.stdout.write("".join(f"    {file}\n" for file in sorted(files)))


if __name__ == "__main__":
    asyncio.run(_main())
