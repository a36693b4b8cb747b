"""Seedgate installed as a package, outside of the checkout: by hand, and under systemd with the units of ``deploy``.

The commands are those of docs/operating.md.
"""

import re
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from app import __version__
from app.sandbox.config import DEFAULT_ACCOUNT
from app.sandbox.server import SandboxServer
from tests.flows.programs import run, started, until_ready
from tests.support.database import temporary_folder
from tests.support.plain import PLAIN
from tests.support.ports import free_port
from tests.support.secured_database import make_roles, secured_database
from tests.support.systemd import Systemd, booted, is_possible, wait_until
from tests.support.toolchains import ROOT

pytestmark = pytest.mark.slow

OPERATING = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
# systemd hides the home folders, where other Pythons may be.
PYTHON = "/usr/bin/python3"
UNITS = ("seedgate.service", "seedgate-migrate.service")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with temporary_folder() as made:
        yield made


@pytest.fixture(scope="module")
def commands() -> list[str]:
    """The commands that install the package, from the documentation."""
    section = OPERATING.partition("\n### With pip\n")[2]
    block = re.search(r"```sh\n(.*?)```", section, re.DOTALL)
    assert block is not None
    return [line.partition("  #")[0].strip() for line in block[1].splitlines() if line.strip()]


@pytest.fixture(scope="module")
def installed(folder: Path, commands: list[str]) -> Path:
    """Runs the commands in the checkout, with another place for ``/opt/seedgate``; returns that place."""
    place = folder / "venv"
    python = PYTHON if Path(PYTHON).exists() else "python3"
    for command in commands:
        here = command.replace("/opt/seedgate", str(place)).replace("python3 -m venv", f"{python} -m venv")
        subprocess.run(here, shell=True, cwd=ROOT, check=True, capture_output=True, timeout=900)
    return place


@pytest.fixture(scope="module")
def secrets(folder: Path) -> Path:
    made = folder / "etc" / "secrets"
    made.parent.mkdir()
    subprocess.run([ROOT / "deploy" / "make-secrets.sh", made], check=True, capture_output=True)
    return made


@pytest_asyncio.fixture
async def sockets(secrets: Path) -> AsyncIterator[Path]:
    async with secured_database() as opened:
        await make_roles(opened, secrets)
        yield opened


@pytest_asyncio.fixture
async def upstream() -> AsyncIterator[SandboxServer]:
    async with SandboxServer() as server:
        yield server


async def test_the_installed_program_migrates_serves_and_stops(
    installed: Path, secrets: Path, sockets: Path, upstream: SandboxServer, tmp_path: Path
) -> None:
    program = (str(installed / "bin" / "seedgate"),)
    gateway = {
        "DATABASE_HOST": str(sockets),
        "SECRETS_DIR": str(secrets / "gateway"),
        "DRAIN_SECONDS": "0",
        "ARK_BASE_URL": upstream.ark_base_url,
        "ARK_API_KEY": DEFAULT_ACCOUNT.api_key,
    }
    owner = {**gateway, "DATABASE_USER": "seedgate_owner", "SECRETS_DIR": str(secrets / "migrate")}
    assert await run("--version", folder=tmp_path, settings={}, command=program) == (0, f"seedgate {__version__}\n")
    code, output = await run("config", "check", folder=tmp_path, settings=gateway, command=program)
    assert code == 0, output
    code, output = await run("serve", folder=tmp_path, settings=gateway, command=program)
    assert (code, "run `seedgate migrate`" in output) == (3, True), output
    code, output = await run("migrate", folder=tmp_path, settings=owner, command=program)
    assert code == 0, output
    port = free_port()
    arguments = ("serve", "--port", str(port), "--workers", "2")
    async with (
        started(*arguments, folder=tmp_path, settings=gateway, command=program) as served,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", verify=PLAIN, trust_env=False) as client,
    ):
        await until_ready(client, served)
        assert (await client.get("/docs")).status_code == 200
        code, output = await run("doctor", folder=tmp_path, settings=gateway, command=program)
        assert code == 0, output
        served.signal(signal.SIGTERM)
        assert await served.wait() == 0


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def systemd(folder: Path, installed: Path, sockets: Path, port: int) -> Iterator[Systemd]:
    if not is_possible():
        pytest.skip("a systemd of its own needs root and systemd's programs")
    script = installed / "bin" / "seedgate"
    # An environment does not move: its programs name their Python by its path.
    script.write_text(script.read_text().replace(str(installed), "/opt/seedgate"))
    (folder / "etc" / "database.env").write_text("SEEDGATE_DATABASE_HOST=/run/postgresql\n")
    (folder / "etc" / "seedgate.env").write_text("SEEDGATE_DRAIN_SECONDS=0\nSEEDGATE_LOG_LEVEL=info\n")
    try:
        with booted(folder, sockets=sockets, port=port) as opened:
            yield opened
    finally:
        script.write_text(script.read_text().replace("/opt/seedgate", str(installed)))


def test_the_units_run_under_systemd_itself(systemd: Systemd, folder: Path, secrets: Path, port: int) -> None:
    for unit in UNITS:
        path = f"/run/systemd/system/{unit}"
        assert systemd.run("systemd-analyze", "--man=no", "verify", path) == (0, "")
        code, report = systemd.run("systemd-analyze", "security", "--offline=yes", "--threshold=15", path)
        assert code == 0, report[-300:]

    systemd.run("systemctl", "start", "seedgate")
    wait_until(lambda: systemd.show("seedgate", "ActiveState") == "failed")
    outdated = [systemd.show("seedgate", name) for name in ("ExecMainStatus", "NRestarts")]
    assert outdated == ["3", "0"], (folder / "log").read_text()

    assert systemd.run("systemctl", "start", "seedgate-migrate")[0] == 0, (folder / "log").read_text()
    assert systemd.run("systemctl", "start", "seedgate")[0] == 0
    token = (secrets / "gateway" / "SEEDGATE_ADMIN_TOKEN").read_text()
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", verify=PLAIN, trust_env=False) as client:
        wait_until(lambda: _is_ready(client))
        answer = client.get("/admin/v1/tenants", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200, answer.text

    process = f"/proc/{systemd.show('seedgate', 'MainPID')}"
    environment = systemd.run("cat", f"{process}/environ")[1]
    values = [path.read_text().strip() for path in secrets.rglob("*") if path.is_file()]
    assert ("SEEDGATE_SECRETS_DIR=" in environment, len(values)) == (True, 5)
    assert [value for value in values if value in environment] == []
    assert int(systemd.run("stat", "--format=%u", process)[1]) != 0

    # Its start stops the gateway: two versions never work on one database.
    assert systemd.run("systemctl", "start", "seedgate-migrate")[0] == 0
    stopped = [systemd.show("seedgate", name) for name in ("ActiveState", "Result", "ExecMainStatus")]
    assert stopped == ["inactive", "success", "0"], (folder / "log").read_text()


def _is_ready(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False
