"""A sandbox with a state file survives restarts."""

import asyncio
import re
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from structlog.testing import capture_logs

from app.sandbox.config import DEFAULT_ACCOUNT, SandboxConfig
from app.sandbox.rate_limits import Limits
from app.sandbox.server import SandboxServer
from app.sandbox.state_file import StateFile, StateFileError, is_state_file, remove_state_file
from app.sandbox.store import Sandbox
from tests.sandbox.clients import MODEL, TASKS, Caller, image, text
from tests.support.clock import MovableClock
from tests.support.timeouts import HANG_SECONDS

DAY = 86_400
ROOT = Path(__file__).resolve().parents[2]
SAMPLE = Path(__file__).with_name("state_format_1.sql")
V25 = "doubao-seedance-2-5-260628"


class _Caller(Caller):
    """A client that advances the configured clock, which the next sandbox shares."""

    def __init__(self, server: SandboxServer, clock: MovableClock) -> None:
        super().__init__(server)
        self._clock = clock

    def advance(self, seconds: float) -> None:
        self._clock.advance(seconds)


class Machine:
    """The folder, the port and the clock of sandboxes that run one after the other."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.path = folder / "sandbox.sqlite3"
        self.clock = MovableClock(stands_still=True)
        self.config = SandboxConfig(**{"clock": self.clock, "limits": None, **settings})  # type: ignore[arg-type]
        self.port = 0

    @asynccontextmanager
    async def start(self) -> AsyncIterator[Caller]:
        """Runs a new sandbox on the file until the block ends."""
        with StateFile(self.path, self.config.accounts) as file:
            sandbox = Sandbox(self.config, file)
            async with SandboxServer(sandbox=sandbox, port=self.port) as server:
                self.port = server.port
                caller = _Caller(server, self.clock)
                try:
                    yield caller
                finally:
                    await caller.http.aclose()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


async def test_a_finished_task_and_the_files_of_its_urls_survive_a_restart(machine: Machine) -> None:
    async with machine.start() as caller:
        task = await caller.finished(
            image("first_frame"), text("a kitten"), return_last_frame=True, safety_identifier="hash", seed=5
        )
        files = [(await caller.http.get(url)).content for url in task["content"].values()]
        failed = await caller.finished(text("[fail:OutputVideoSensitiveContentDetected]"))
        deleted = await caller.finished()
        await caller.ask("DELETE", f"/{deleted['id']}")
        before = (await caller.ledger())["tasks"]
    async with machine.start() as caller:
        assert await caller.task(task["id"]) == task
        assert await caller.task(failed["id"]) == failed
        assert (await caller.ask("GET", f"/{deleted['id']}")).status_code == 404
        assert [item["id"] for item in (await caller.ask("GET", "")).json()["items"]] == [failed["id"], task["id"]]
        assert [(await caller.http.get(url)).content for url in task["content"].values()] == files
        after = (await caller.ledger())["tasks"]
        of_a_request = {"request_number", "client_request_id", "body_sha256"}
        assert after == [
            {name: None if name in of_a_request else value for name, value in row.items()} for row in before
        ]


async def test_urls_have_the_configured_lifetime(tmp_path: Path) -> None:
    machine = Machine(tmp_path, video_url_seconds=7 * DAY)
    async with machine.start() as caller:
        content = (await caller.finished(return_last_frame=True))["content"]
    for url in content.values():
        assert parse_qs(urlsplit(url).query)["X-Tos-Expires"] == [str(7 * DAY)]
    machine.clock.advance(6 * DAY)
    async with machine.start() as caller:
        assert [(await caller.http.get(url)).status_code for url in content.values()] == [200, 200]
        caller.advance(DAY)
        assert [(await caller.http.get(url)).status_code for url in content.values()] == [403, 403]


async def test_unfinished_tasks_continue_with_the_times_of_a_sandbox_that_never_stopped(tmp_path: Path) -> None:
    machine = Machine(tmp_path, limits=Limits(concurrency=1))
    async with machine.start() as caller:
        running = await caller.made(text("[queue:0][run:600]"))
        machine.clock.advance(1)
        waiting = await caller.made(text("[queue:0][run:60]"))
        first_served = await caller.made(text("[queue:0][run:60]"), priority=9)
        expiring = await caller.made(text("[queue:0][run:7200]"), execution_expires_after=3600)
        cancelled = await caller.made(text("[queue:3600]"))
        await caller.ask("DELETE", f"/{cancelled}")
        pinned = await caller.made()
        await caller.control("POST", f"/tasks/{pinned}", status="paused")
        await caller.control("POST", f"/tasks/{pinned}", extra={"progress": 50})
        statuses = [(await caller.task(task_id))["status"] for task_id in (running, waiting, cancelled, pinned)]
        assert statuses == ["running", "queued", "cancelled", "paused"]
        begun_at = (await caller.task(running))["updated_at"]
    machine.clock.advance(300)
    async with machine.start() as caller:
        assert (await caller.task(running))["status"] == "running"
        assert (await caller.task(waiting))["status"] == "queued"
    machine.clock.advance(DAY / 2)
    async with machine.start() as caller:
        tasks = [await caller.task(task_id) for task_id in (running, first_served, waiting, expiring)]
        assert [task["status"] for task in tasks] == ["succeeded", "succeeded", "succeeded", "expired"]
        ends = [task["updated_at"] - begun_at for task in tasks]
        assert ends == [pytest.approx(seconds, abs=2) for seconds in (600, 660, 720, 3600)]
        assert (await caller.http.get(tasks[0]["content"]["video_url"])).status_code == 200
        assert (await caller.task(cancelled))["status"] == "cancelled"
        assert {"status": "paused", "progress": 50}.items() <= (await caller.task(pinned)).items()


async def test_groups_and_assets_survive_a_restart_and_can_be_used(machine: Machine) -> None:
    async with machine.start() as caller:
        group_id, other_group = await caller.group(Name="first"), await caller.group()
        asset_id, failing = await caller.asset(group_id), await caller.asset(group_id)
        gone = await caller.asset(other_group)
        deleted = await caller.asset(group_id)
        await caller.result("UpdateAssetGroup", Id=group_id, Name="renamed", Description="of yesterday")
        await caller.result("DeleteAsset", Id=deleted)
        await caller.result("DeleteAssetGroup", Id=other_group)
        await caller.control("POST", f"/assets/{failing}", status="Failed", code="DownloadFailed")
        caller.advance(60)
        await caller.made(image(url=f"asset://{asset_id}"))
        await caller.result("UpdateAsset", Id=failing, Name="renamed")
        shown = [await caller.result("GetAssetGroup", Id=group_id)]
        shown += [await caller.result("GetAsset", Id=id_) for id_ in (asset_id, failing)]
    async with machine.start() as caller:
        again = [await caller.result("GetAssetGroup", Id=group_id)]
        again += [await caller.result("GetAsset", Id=id_) for id_ in (asset_id, failing)]
        for before, after in zip(shown, again, strict=True):
            assert before | {"URL": None} == after | {"URL": None}
        if url := shown[1]["URL"]:
            assert (await caller.http.get(url)).content.startswith(b"\x89PNG")
        assert (await caller.create(image(url=f"asset://{asset_id}"))).status_code == 200
        for id_ in (gone, deleted):
            assert (await caller.act("GetAsset", Id=id_)).status_code == 404
        assert (await caller.act("GetAssetGroup", Id=other_group)).status_code == 404


async def test_a_pending_verification_survives_a_restart(machine: Machine) -> None:
    async with machine.start() as caller:
        opened = await caller.result("CreateVisualValidateSession", CallbackURL="https://example.com/back")
        used = await caller.result("CreateVisualValidateSession", CallbackURL="https://example.com/back")
        await caller.http.post("/h5", data={"bytedToken": used["BytedToken"], "outcome": "complete"})
        person = await caller.result("GetVisualValidateResult", BytedToken=used["BytedToken"])
    async with machine.start() as caller:
        assert await caller.result("GetVisualValidateResult", BytedToken=used["BytedToken"]) == person
        assert (await caller.http.get(used["H5Link"])).status_code == 410
        assert (await caller.http.get(opened["H5Link"])).status_code == 200
        pressed = await caller.http.post("/h5", data={"bytedToken": opened["BytedToken"], "outcome": "complete"})
        assert "resultCode=10000" in pressed.headers["location"]
        group = (await caller.result("GetVisualValidateResult", BytedToken=opened["BytedToken"]))["GroupId"]
        assert (await caller.result("GetAssetGroup", Id=group))["GroupType"] == "LivenessFace"


async def test_download_counts_survive_a_restart(machine: Machine) -> None:
    async with machine.start() as caller:
        url = (await caller.finished())["content"]["video_url"]
        for _ in range(2):
            await caller.http.get(url)
    connection = sqlite3.connect(machine.path)
    with connection:
        changed = "UPDATE record SET body = replace(body, '\"count\":2', '\"count\":98') WHERE kind = 'downloads'"
        assert connection.execute(changed).rowcount == 1
    connection.close()
    async with machine.start() as caller:
        statuses = [(await caller.http.get(url)).status_code for _ in range(3)]
        assert statuses == [200, 200, 403]


async def test_a_draft_survives_a_restart(machine: Machine) -> None:
    async with machine.start() as caller:
        draft = await caller.finished(text("a kitten"), model=V25, draft=True, duration=6)
    async with machine.start() as caller:
        final = await caller.finished({"type": "draft_task", "draft_task": {"id": draft["id"]}}, model=V25)
        assert (final["duration"], final["draft_task_id"], final["seed"]) == (6, draft["id"], draft["seed"])


async def test_clock_and_settings_survive_a_restart_until_the_reset(machine: Machine) -> None:
    async with machine.start() as caller:
        settings = {"time_scale": 7, "limits": "on", "consistency_delay_seconds": 3, "token_ttl_seconds": 60}
        await caller.control("POST", "/settings", **settings)
        await caller.control("POST", "/clock", advance_seconds=3600, skew_seconds=30)
        url = (await caller.finished())["content"]["video_url"]
        moment = (await caller.control("GET", "/clock"))["now"]
    async with machine.start() as caller:
        clock = await caller.control("GET", "/clock")
        assert clock["now"] > moment
        assert (clock["skew_seconds"], clock["time_scale"]) == (30, 7)
        assert await caller.control("POST", "/settings") == settings
        await caller.control("POST", "/reset")
    async with machine.start() as caller:
        assert (await caller.control("GET", "/clock"))["skew_seconds"] == 0
        assert (await caller.control("POST", "/settings"))["time_scale"] == 1
        assert (await caller.ledger())["tasks"] == []
        assert (await caller.http.get(url)).status_code == 403


async def test_expired_records_are_removed_at_the_start(machine: Machine) -> None:
    async with machine.start() as caller:
        draft = await caller.finished(model=V25, draft=True)
        await caller.http.get(draft["content"]["video_url"])
    machine.clock.advance(3 * DAY)
    async with machine.start() as caller:
        kept = await caller.finished()
    machine.clock.advance(5 * DAY)
    async with machine.start() as caller:
        assert (await caller.task(kept["id"]))["id"] == kept["id"]
    assert rows(machine.path, "task") == [kept["id"]]
    assert rows(machine.path, "draft_request") == rows(machine.path, "downloads") == []


async def test_a_change_that_cannot_be_written_is_written_with_the_next_one(machine: Machine) -> None:
    async with machine.start() as caller:
        file = caller.server.sandbox.file
        assert file is not None
        connection = file._connection  # noqa: SLF001 - a full disk, which only its connection can pretend
        connection.execute("PRAGMA max_page_count = 1")
        with capture_logs() as logs:
            made = [await caller.made(text("x" * 4000)) for _ in range(20)]
        assert {line["event"] for line in logs} == {"sandbox.state_not_saved"}
        connection.execute("PRAGMA max_page_count = 100000")
        made.append(await caller.made())
    assert rows(machine.path, "task") == made


async def test_an_unusable_file_is_an_error_and_is_not_changed(machine: Machine) -> None:
    async with machine.start() as caller:
        for _ in range(20):
            await caller.finished()
    good = machine.path.read_bytes()
    newer, foreign = good[:60] + (2).to_bytes(4, "big") + good[64:], good[:68] + b"abcd" + good[72:]
    torn, text_file = good[: len(good) // 2], b"a diary\n" * 1000
    scribbled = good[:8192] + bytes(len(good) - 8192)
    for content, said in (
        (newer, "newer version"),
        (foreign, "another program"),
        (torn, "damaged"),
        (text_file, "damaged"),
        (scribbled, "damaged"),
    ):
        machine.path.write_bytes(content)
        with pytest.raises(StateFileError, match=said):
            async with machine.start():
                pass
        assert machine.path.read_bytes() == content
    machine.path.write_bytes(good)
    with sqlite3.connect(machine.path) as connection:
        (index,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE type = 'index'").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    connection.close()
    machine.path.write_bytes(good[: (index - 1) * size] + bytes(size) + good[index * size :])
    with pytest.raises(StateFileError, match="damaged"):
        async with machine.start():
            pass
    for body in ("{}", "5", "null", "[]", '["account"]', '"account"', '{"account": []}', '{"account": "unknown"}'):
        machine.path.write_bytes(good)
        with sqlite3.connect(machine.path) as connection:
            connection.execute("UPDATE record SET body = ? WHERE kind = 'task'", (body,))
        connection.close()
        with pytest.raises(StateFileError, match="damaged"):
            async with machine.start():
                pass


async def test_two_sandboxes_cannot_share_a_file(machine: Machine) -> None:
    async with machine.start() as caller:
        with pytest.raises(StateFileError, match="locked"):
            StateFile(machine.path, (DEFAULT_ACCOUNT,))
        await caller.made()


async def test_state_files_are_recognized_by_their_header(machine: Machine, tmp_path: Path) -> None:
    other = tmp_path / "notes"
    for content in (b"a diary", b"SQLite format 3\0" + bytes(100)):
        other.write_bytes(content)
        assert not is_state_file(other)
    other.write_bytes(b"")
    assert is_state_file(other)
    async with machine.start() as caller:
        await caller.made()
        # As after kill -9: the file is open and its log is not merged.
        assert is_state_file(machine.path)
    remove_state_file(machine.path)
    remove_state_file(machine.path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes"]  # noqa: ASYNC240 - a folder of one file


async def test_a_file_of_the_first_format_can_be_loaded(machine: Machine) -> None:
    """The sample is from the introduction of the format; a change that breaks this test needs a new format number."""
    with sqlite3.connect(machine.path) as connection:
        connection.executescript(SAMPLE.read_text())
    connection.close()
    machine.config = SandboxConfig(clock=lambda: machine.clock().replace(year=2026, month=11, day=30), limits=None)
    async with machine.start() as caller:
        ledger = await caller.ledger()
        statuses = [(task["status"], task["deleted_at"] is None) for task in ledger["tasks"]]
        assert statuses == [("succeeded", True), ("failed", True), ("succeeded", False), ("succeeded", True)]
        assert [group["type"] for group in ledger["groups"]] == ["AIGC", "LivenessFace"]
        assert [asset["type"] for asset in ledger["assets"]] == ["Image"]
        assert (await caller.control("POST", "/settings"))["time_scale"] == 20


@pytest.mark.slow
async def test_a_kill_loses_no_task_that_was_answered(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.sqlite3"
    answered: list[str] = []
    for round_ in range(4):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _PROGRAM, str(path)), cwd=ROOT, stdout=asyncio.subprocess.PIPE
        )
        try:
            assert process.stdout is not None
            async with asyncio.timeout(HANG_SECONDS):
                origin = (await process.stdout.readline()).decode().strip()
            client = httpx.AsyncClient(
                base_url=origin,
                headers={"Authorization": f"Bearer {DEFAULT_ACCOUNT.api_key}"},
                timeout=HANG_SECONDS,
                verify=False,
                trust_env=False,
            )
            async with client:
                for task_id in answered:
                    assert (await client.get(f"{TASKS}/{task_id}")).status_code == 200
                known = len(answered)
                async with asyncio.TaskGroup() as group:
                    for _ in range(8):
                        group.create_task(_create_until_it_dies(client, answered))
                    while len(answered) < known + 25 * (round_ + 1):  # noqa: ASYNC110 - the moment shall be any
                        await asyncio.sleep(0.002)
                    process.send_signal(signal.SIGKILL)
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()
    with StateFile(path, (DEFAULT_ACCOUNT,)) as file:
        sandbox = Sandbox(SandboxConfig(limits=None), file)
        assert set(answered) <= sandbox.store.tasks.by_id.keys()
        assert len(set(answered)) == len(answered) >= 250


_PROGRAM = """
import asyncio, pathlib, sys
from app.sandbox.config import SandboxConfig
from app.sandbox.server import SandboxServer
from app.sandbox.store import Sandbox
from app.sandbox.state_file import StateFile

async def main():
    config = SandboxConfig(limits=None, time_scale=1000)
    with StateFile(pathlib.Path(sys.argv[1]), config.accounts) as file:
        async with SandboxServer(sandbox=Sandbox(config, file)) as server:
            print(server.origin, flush=True)
            await asyncio.Event().wait()

asyncio.run(main())
"""


async def _create_until_it_dies(client: httpx.AsyncClient, answered: list[str]) -> None:
    body = {"model": MODEL, "content": [text("[queue:0][run:20] a kitten")]}
    while True:
        try:
            response = await client.post(TASKS, json=body)
        except httpx.TransportError:
            return
        assert re.fullmatch(r"cgt-\d{14}-[a-z0-9]{5}", response.json()["id"])
        answered.append(response.json()["id"])


def rows(path: Path, kind: str) -> list[str]:
    """Returns the ids of the records of a kind; the file must not be open."""
    connection = sqlite3.connect(path)
    found = [id_ for (id_,) in connection.execute("SELECT id FROM record WHERE kind = ? ORDER BY rowid", (kind,))]
    connection.close()
    return found
