"""The embedded database on a machine where root has no account for it but ``nobody``, which other programs use too."""

import asyncio
import os
import re
import shlex
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.sealing import generate_key
from app.devdb.folder import find_cluster
from tests.flows.programs import run, started
from tests.support.database import temporary_folder

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0 or shutil.which("unshare") is None, reason="a list of accounts needs root"),
]

SECRETS = {"ADMIN_TOKEN": "an admin token of at least 32 characters", "SECRET_KEY": generate_key(), "PG_USER": ""}
_IN_PLACE = 'mount --bind "$0" /etc/passwd && exec "$@"'


@pytest.fixture
def data() -> Iterator[Path]:
    """A folder that an embedded server can use."""
    with temporary_folder() as folder:
        yield folder / "data"


@pytest.fixture
def without_account(tmp_path: Path) -> tuple[str, ...]:
    """A command that runs the one behind it on a machine without the account ``postgres``."""
    accounts = Path("/etc/passwd").read_text(encoding="utf-8").splitlines(keepends=True)
    listed = tmp_path / "passwd"
    listed.write_text("".join(line for line in accounts if not line.startswith("postgres:")))
    within = ("unshare", "--mount", "sh", "-c", _IN_PLACE, str(listed))
    if subprocess.run([*within, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no mount may be made here")
    return within


@pytest.mark.parametrize("command", ["serve", "worker", "migrate"])
async def test_what_keeps_data_refuses_nobody_with_the_command_to_run(
    data: Path, tmp_path: Path, without_account: tuple[str, ...], command: str
) -> None:
    settings = {**SECRETS, "DATA_DIR": str(data)}
    code, output = await run(command, folder=tmp_path, settings=settings, within=without_account)
    assert (code, "useradd --system" in output, "chown" in output) == (1, True, False), output
    assert find_cluster(data) is None


async def test_dev_uses_nobody_and_says_so_and_its_database_can_be_given_to_another_account(
    data: Path, tmp_path: Path, without_account: tuple[str, ...]
) -> None:
    arguments = ("dev", "--port", "0", "--data-dir", str(data))
    async with started(*arguments, folder=tmp_path, settings={"PG_USER": ""}, within=without_account) as program:
        output = await program.read_until("Make a video task")
        assert "runs under the account nobody" in output
        program.signal(signal.SIGINT)
        assert await program.wait() == 0

    settings = {**SECRETS, "DATA_DIR": str(data)}
    code, output = await run("serve", folder=tmp_path, settings=settings)
    assert code == 1
    advice = re.search(r"Run `(chown [^`]+)`", output)
    assert advice is not None, output
    await asyncio.to_thread(subprocess.run, shlex.split(advice[1]), check=True)
    code, output = await run("migrate", "--check", folder=tmp_path, settings=settings)
    assert (code, "is current" in output) == (0, True), output


async def test_nobody_may_be_named(data: Path, tmp_path: Path, without_account: tuple[str, ...]) -> None:
    settings = {**SECRETS, "DATA_DIR": str(data), "PG_USER": "nobody"}
    code, output = await run("migrate", folder=tmp_path, settings=settings, within=without_account)
    assert code == 0, output
