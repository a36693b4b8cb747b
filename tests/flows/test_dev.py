"""``dev`` as a newcomer runs it: one command, a curl to copy, Ctrl-C."""

import asyncio
import json
import re
import shlex
import shutil
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.flows.programs import Program, run, started
from tests.support.database import temporary_folder
from tests.support.driving import act, new_asset, new_group, new_session, pass_verification, until
from tests.support.gateway import TASKS, Tenant
from tests.support.plain import PLAIN
from tests.support.ports import free_port
from tests.support.timeouts import HANG_SECONDS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("curl") is None, reason="what it prints is a curl command"),
]


async def test_a_newcomer_copies_a_curl_and_leaves_with_ctrl_c(tmp_path: Path) -> None:
    with temporary_folder() as data:
        async with started(*options(data), folder=tmp_path, settings={}) as program:
            output = await program.read_until("-d '")
            base_url, key, command = told_by(output)
            await check_that_the_account_is_ours_alone(base_url, output)
            created = json.loads(await output_of(command))
            assert re.fullmatch(r"cgt-\d{14}-[a-z0-9]{5}", created["id"])
            await look_around(base_url, key, created["id"])
            await interrupt(program, data)
        # Started again, it knows its key and its tasks.
        async with started(*options(data), folder=tmp_path, settings={}) as program:
            base_url, same_key, _ = told_by(await program.read_until("-d '"))
            assert same_key == key
            async with httpx.AsyncClient(verify=PLAIN, headers={"X-Api-Key": key}) as client:
                listed = (await client.get(base_url + TASKS)).json()
            assert [(item["id"], item["status"]) for item in listed["items"]] == [(created["id"], "succeeded")]
            await revoke_all_keys(base_url, "".join(program.output))
            await interrupt(program, data)
        async with started(*options(data), folder=tmp_path, settings={}) as program:
            output = await program.read_until("-d '")
            base_url, other_key, _ = told_by(output)
            assert ("no longer valid" in output, other_key == key) == (True, False)
            async with httpx.AsyncClient(verify=PLAIN, headers={"X-Api-Key": other_key}) as client:
                listed = (await client.get(base_url + TASKS)).json()
            assert [item["id"] for item in listed["items"]] == [created["id"]], "a new key, the same tenant"
            await interrupt(program, data)
        async with started(*options(data), "--reset", folder=tmp_path, settings={}) as program:
            output = await program.read_until("-d '")
            assert ("no longer valid" in output, told_by(output)[1] in {key, other_key}) == (False, False)
            await interrupt(program, data)


async def test_the_demo_of_yesterday_continues_after_a_restart(tmp_path: Path) -> None:
    with temporary_folder() as data:
        async with started(*options(data), folder=tmp_path, settings={}) as program:
            base_url, key, _ = told_by(await program.read_until("-d '"))
            async with demo_tenant(base_url, key) as demo:
                asset_id = await new_asset(demo, await new_group(demo))
                session = await new_session(demo)
                finished = await until(demo, await demo.new_task(return_last_frame=True), "succeeded")
                files = [await download(finished["content"][name]) for name in ("video_url", "last_frame_url")]
                running = await demo.new_task(content=[{"type": "text", "text": "[queue:0][run:90] a kitten"}])
                await until(demo, running, "running")
            await interrupt(program, data)
        # Its clips can be played as long as their tasks can be read.
        assert finished["content"]["expires_at"] - finished["updated_at"] == pytest.approx(7 * 86_400, abs=2)
        port = httpx.URL(finished["content"]["video_url"]).port
        async with started(*options(data), folder=tmp_path, settings={}) as program:
            base_url, _, _ = told_by(await program.read_until("-d '"))
            async with demo_tenant(base_url, key) as demo:
                assert (await demo.http.get(f"{TASKS}/{finished['id']}")).json() == finished
                urls = [finished["content"][name] for name in ("video_url", "last_frame_url")]
                assert [await download(url) for url in urls] == files
                await pass_verification(session["H5Link"])
                assert "GroupId" in await act(demo, "GetVisualValidateResult", BytedToken=session["BytedToken"])
                assert (await until(demo, running, "succeeded"))["content"]["video_url"]
                image = {"type": "image_url", "image_url": {"url": f"asset://{asset_id}"}, "role": "first_frame"}
                killed = await demo.new_task(content=[{"type": "text", "text": "[run:10] a kitten"}, image])
            # What it has answered survives SIGKILL.
            await program.end()
        async with started(*options(data), folder=tmp_path, settings={}) as program:
            base_url, _, _ = told_by(await program.read_until("-d '"))
            async with demo_tenant(base_url, key) as demo:
                task = await until(demo, killed, "succeeded")
                assert httpx.URL(task["content"]["video_url"]).port == port
                assert await download(task["content"]["video_url"]) == files[0]
            await interrupt(program, data)
        await check_what_stops_a_start(data, port, tmp_path)
        async with started(*options(data), "--reset", folder=tmp_path, settings={}) as program:
            base_url, new_key, _ = told_by(await program.read_until("-d '"))
            async with demo_tenant(base_url, new_key) as demo:
                await until(demo, await demo.new_task(), "succeeded")
            await interrupt(program, data)


async def check_what_stops_a_start(data: Path, port: int | None, folder: Path) -> None:
    """Another program on the sandbox's port, and a damaged state, are told; nothing is changed."""
    assert port is not None
    with socket.create_server(("127.0.0.1", port)):
        code, output = await run(*options(data), folder=folder, settings={})
    assert (code, f"another program listens on port {port}" in output, "Traceback" in output) == (1, True, False), (
        output
    )
    state = data / "sandbox.sqlite3"
    state.write_bytes(state.read_bytes()[:5000])
    code, output = await run(*options(data), folder=folder, settings={})
    assert (code, "--reset" in output, "Traceback" in output) == (1, True, False), output
    assert state.stat().st_size == 5000


async def test_two_demos_run_side_by_side(tmp_path: Path) -> None:
    with temporary_folder() as first_data, temporary_folder() as second_data:
        async with (
            started(*options(first_data), folder=tmp_path, settings={}) as first,
            started(*options(second_data), folder=tmp_path, settings={}) as second,
        ):
            for program in (first, second):
                base_url, key, _ = told_by(await program.read_until("-d '"))
                async with demo_tenant(base_url, key) as demo:
                    task = await until(demo, await demo.new_task(), "succeeded")
                    assert (await download(task["content"]["video_url"]))[4:8] == b"ftyp"
            await interrupt(first, first_data)
            await interrupt(second, second_data)


async def test_a_second_one_in_the_same_folder_is_refused_and_does_not_disturb_the_first(tmp_path: Path) -> None:
    with temporary_folder() as data:
        async with started(*options(data), folder=tmp_path, settings={}) as program:
            _, _, command = told_by(await program.read_until("-d '"))
            code, output = await run(*options(data), folder=tmp_path, settings={})
            assert (code, "running" in output) == (1, True), output
            await asyncio.sleep(1)
            assert "id" in json.loads(await output_of(command))
            await interrupt(program, data)


async def test_a_diagnosis_looks_at_the_dev_that_runs_and_leaves_a_stopped_one_alone(tmp_path: Path) -> None:
    with temporary_folder() as data:
        settings = {"DATA_DIR": str(data)}
        async with started("dev", "--port", str(free_port()), folder=tmp_path, settings=settings) as program:
            await program.read_until("-d '")
            code, output = await run("doctor", folder=tmp_path, settings=settings)
            assert code == 0, output
            assert "ok      dev: database: the embedded one answers" in output
            assert "ok      dev: advisory locks" in output
            # The gateway has just asked for a list itself, and an account may do so once a second.
            assert re.search("^(ok|warn)  +dev: channel default \\(ark\\)", output, re.MULTILINE), output
            await interrupt(program, data / "dev")
        code, output = await run("doctor", folder=tmp_path, settings=settings)
        assert (code, output) == (0, f"ok      dev: not running; its data is in {data / 'dev'}\n")
        assert [path.name for path in data.iterdir()] == ["dev"]


async def test_a_first_start_that_fails_does_not_lock_the_next_one_out(tmp_path: Path) -> None:
    with temporary_folder() as data:
        code, output = await run(*options(data), folder=tmp_path, settings={"REGION": "bad region!"})
        assert (code, "SEEDGATE_REGION" in output, "Traceback" in output) == (2, True, False), output
        async with started(*options(data), folder=tmp_path, settings={}) as program:
            await program.read_until("-d '")
            await interrupt(program, data)


async def test_a_port_in_use_is_reported_and_ends_it(tmp_path: Path) -> None:
    with temporary_folder() as data, socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        code, output = await run("dev", "--port", port, "--data-dir", str(data), folder=tmp_path, settings={})
        assert list(data.iterdir()) == []
    assert (code, output.count("\n")) == (1, 1), output
    assert f"port {port} on 127.0.0.1 cannot be used" in output
    assert "--port" in output


async def test_a_foreign_file_survives_a_reset(tmp_path: Path) -> None:
    with temporary_folder() as data:
        (data / "dev.json").write_text("mine")
        code, output = await run(*options(data), "--reset", folder=tmp_path, settings={})
        assert (code, "dev.json was there before" in output) == (1, True), output
        assert [(path.name, path.read_text()) for path in data.iterdir()] == [("dev.json", "mine")]


async def test_a_foreign_database_is_not_taken_for_the_sandboxs(tmp_path: Path) -> None:
    with temporary_folder() as data:
        (data / "sandbox.sqlite3").write_text("mine")
        for arguments in ((), ("--reset",)):
            code, output = await run(*options(data), *arguments, folder=tmp_path, settings={})
            assert (code, "sandbox.sqlite3 was there before" in output) == (1, True), output
        assert [(path.name, path.read_text()) for path in data.iterdir()] == [("sandbox.sqlite3", "mine")]


async def test_secrets_that_cannot_be_read_are_reported(tmp_path: Path) -> None:
    with temporary_folder() as data:
        (data / "users.lock").touch()
        for content in ("{", '{"admin_token": "a", "secret_key": "b", "of_a_newer_version": 1}'):
            (data / "dev.json").write_text(content)
            code, output = await run(*options(data), "--reset", folder=tmp_path, settings={})
            assert (code, "dev.json is damaged or of a newer version" in output) == (1, True), output
            assert (data / "dev.json").read_text() == content


async def test_a_reset_spares_what_is_no_demo(tmp_path: Path) -> None:
    account = {"ARK_BASE_URL": "http://127.0.0.1:1/api/v3", "ARK_API_KEY": "secret"}
    with temporary_folder() as data:
        code, output = await run("migrate", folder=tmp_path, settings={"DATA_DIR": str(data)})
        assert code == 0, output
        code, output = await run(*options(data), "--reset", folder=tmp_path, settings={})
        assert (code, "is not one of `dev`" in output) == (2, True), output
        assert (await run("migrate", "--check", folder=tmp_path, settings={"DATA_DIR": str(data)}))[0] == 0
    with temporary_folder() as data:
        async with started(*options(data), "--real", folder=tmp_path, settings=account) as program:
            await program.read_until("-d '")
            await interrupt(program, data)
        code, output = await run(*options(data), "--reset", folder=tmp_path, settings={}, within=())
        assert (code, "repeat the command with --yes" in output) == (2, True), output


async def test_one_folder_never_mixes_the_sandbox_with_the_real_upstream(tmp_path: Path) -> None:
    account = {"ARK_BASE_URL": "http://127.0.0.1:1/api/v3", "ARK_API_KEY": "secret"}
    with temporary_folder() as data:
        async with started(*options(data), folder=tmp_path, settings={}) as program:
            await program.read_until("-d '")
            await interrupt(program, data)
        code, output = await run(*options(data), "--real", folder=tmp_path, settings=account)
        assert (code, "without --real" in output) == (2, True), output


async def test_real_money_is_announced_first_and_needs_a_credential(tmp_path: Path) -> None:
    with temporary_folder() as data:
        async with started(*options(data), "--real", folder=tmp_path, settings={}) as program:
            assert await program.wait() == 2
            assert "SEEDGATE_ARK_API_KEY" in "".join(program.output)
        account = {"ARK_BASE_URL": "http://127.0.0.1:1/api/v3", "ARK_API_KEY": "secret"}
        async with started(*options(data), "--real", folder=tmp_path, settings=account) as program:
            output = await program.read_until("-d '")
            assert "REAL UPSTREAM" in program.output[0]
            assert "secret" not in output
            await interrupt(program, data)


def options(data: Path) -> tuple[str, ...]:
    return ("dev", "--port", str(free_port()), "--data-dir", str(data))


def told_by(output: str) -> tuple[str, str, list[str]]:
    """Returns base URL, API key and the words of the curl command that ``dev`` printed."""
    base_url = re.search(r"base URL +(\S+)", output)
    key = re.search(r"API key +(sg-\S+)", output)
    assert base_url is not None
    assert key is not None
    command = shlex.split(output[output.index("curl ") :].partition("\n\n")[0].replace("\\\n", " "))
    return base_url[1], key[1], command


async def output_of(command: list[str]) -> bytes:
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    async with asyncio.timeout(HANG_SECONDS):
        out, _ = await process.communicate()
    assert process.returncode == 0
    return out


async def check_that_the_account_is_ours_alone(base_url: str, output: str) -> None:
    """No other program calls the sandbox, so a create of unknown outcome can be found there by elimination."""
    async with operator(base_url, output) as admin:
        channels = (await admin.get("/channels")).json()["data"]
    assert [(channel["name"], channel["exclusive"]) for channel in channels] == [("default", True)]


async def revoke_all_keys(base_url: str, output: str) -> None:
    async with operator(base_url, output) as admin:
        for key in (await admin.get("/keys")).json()["data"]:
            assert (await admin.delete(f"/keys/{key['id']}")).status_code == 204


@asynccontextmanager
async def operator(base_url: str, output: str) -> AsyncIterator[httpx.AsyncClient]:
    """Calls the admin API with the token that ``dev`` printed."""
    token = re.search(r"admin token +(\S+)", output)
    assert token is not None
    headers = {"Authorization": f"Bearer {token[1]}"}
    async with httpx.AsyncClient(verify=PLAIN, base_url=f"{base_url}/admin/v1", headers=headers) as client:
        yield client


@asynccontextmanager
async def demo_tenant(base_url: str, key: str) -> AsyncIterator[Tenant]:
    """Calls the gateway with the key that ``dev`` printed."""
    async with httpx.AsyncClient(
        verify=PLAIN, base_url=base_url, headers={"Authorization": f"Bearer {key}"}, timeout=HANG_SECONDS
    ) as client:
        yield Tenant(id="demo", key_id="demo", key=key, http=client)


async def download(url: str) -> bytes:
    """Returns what stands behind a signed URL, which must be there."""
    async with httpx.AsyncClient(verify=PLAIN, timeout=HANG_SECONDS) as client:
        response = await client.get(url)
    assert response.status_code == 200, response.text
    return response.content


async def look_around(base_url: str, key: str, task_id: str) -> None:
    """Waits for the video, and makes an asset and a face-verified group."""
    async with demo_tenant(base_url, key) as demo:
        asset_id = await new_asset(demo, await new_group(demo))
        session = await new_session(demo)
        await pass_verification(session["H5Link"])
        person = await act(demo, "GetVisualValidateResult", BytedToken=session["BytedToken"])
        assert (await act(demo, "GetAssetGroup", Id=person["GroupId"]))["GroupType"] == "LivenessFace"
        task = await until(demo, task_id, "succeeded")
        assert (await download(task["content"]["video_url"]))[4:8] == b"ftyp"
        assert (await act(demo, "GetAsset", Id=asset_id))["Status"] == "Active"


async def interrupt(program: Program, data: Path) -> None:
    """Presses Ctrl-C; nothing is left running, and nothing was complained about."""
    program.signal(signal.SIGINT)
    assert await program.wait() == 0, "".join(program.output)
    assert "Traceback" not in "".join(program.output)
    assert not await asyncio.to_thread(lambda: list(data.rglob("postmaster.pid")))
