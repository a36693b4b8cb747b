"""What of ``.env`` and of the folder of secrets arrives in each container: the compose file as compose itself reads it.

``tests/house/compose`` is a program around compose's own loader, which needs no container engine. What it renders is
given to the real program.
"""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from dotenv import dotenv_values

from app.setting_names import variable
from app.settings import Settings
from tests.flows.programs import run, started, until_ready
from tests.support.plain import PLAIN
from tests.support.ports import free_port
from tests.support.sample_settings import DATABASE_PARTS, plain, samples
from tests.support.secured_database import make_roles, secured_database
from tests.support.toolchains import BUILT, ROOT, build, go_programs, require

pytestmark = pytest.mark.slow

RENDERER = go_programs("compose", "tests/house/compose", ".")
GATEWAYS = ("gateway", "worker")
AWKWARD = "pass@word:/%#?&= '\"\\$HOME"


@dataclass
class Project:
    """A folder as an operator has it: the compose file, what it mounts, ``.env``, and the secrets.

    Attributes:
        folder: where it is.
    """

    folder: Path

    def write_env(self, settings: Mapping[str, str]) -> None:
        """Writes ``.env``, each value in single quotes."""
        lines = [f"{name}='{value}'\n" for name, value in settings.items()]
        (self.folder / ".env").write_text("".join(lines), encoding="utf-8")

    def render(self) -> dict[str, Any]:
        """Returns the services as compose reads them, those of the profile ``worker`` too."""
        (self.folder / ".env").touch()
        result = subprocess.run(
            [BUILT / "compose" / "compose", "docker-compose.yml"],
            cwd=self.folder,
            env={"PATH": os.defpath, "COMPOSE_PROFILES": "worker"},
            check=True,
            capture_output=True,
        )
        services: dict[str, Any] = json.loads(result.stdout)["services"]
        return services


@pytest.fixture
def project(tmp_path: Path) -> Project:
    require(RENDERER.programs)
    build(RENDERER)
    folder = tmp_path / "project"
    shutil.copytree(ROOT / "deploy", folder / "deploy")
    shutil.copy(ROOT / "docker-compose.yml", folder)
    subprocess.run([folder / "deploy" / "make-secrets.sh"], check=True, capture_output=True)
    return Project(folder)


def secrets_of(service: dict[str, Any]) -> Path:
    """Returns the folder of this machine that a container finds at ``/run/secrets``."""
    [source] = [volume["source"] for volume in service["volumes"] if volume["target"] == "/run/secrets"]
    return Path(source)


def arrived(service: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Returns the settings of the program in a container."""
    with monkeypatch.context() as environment:
        for name in [name for name in os.environ if name.startswith("SEEDGATE_")]:
            environment.delenv(name)
        for name, value in service["environment"].items():
            environment.setenv(name, value)
        environment.setattr("app.secret_files.DEFAULT_FOLDER", secrets_of(service))
        environment.chdir(secrets_of(service).parent)  # no .env: it is not in the image
        return Settings.from_environment()


def settings_of(given: Mapping[str, Any]) -> Settings:
    """Returns settings of these texts alone."""
    return Settings(_env_file=None, **given)


@pytest.mark.parametrize("name", GATEWAYS)
def test_every_setting_that_env_has_arrives(project: Project, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Every one that there is, so a new one is judged too; the compose file sets only where the database is."""
    given = {field: text for field, text in samples().items() if field != "database_url"}
    project.write_env({variable(field): text for field, text in given.items()})
    read = arrived(project.render()[name], monkeypatch)
    expected = settings_of(given)
    assert {field: plain(getattr(read, field)) for field in given} == {
        field: plain(getattr(expected, field)) for field in given
    }
    assert {getattr(read, field) is None for field in DATABASE_PARTS} == {True, False}


@pytest.mark.parametrize("name", GATEWAYS)
def test_a_setting_may_be_a_file_instead(project: Project, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    given = {field: text for field, text in samples().items() if field not in {"database_url", "body_budget_bytes"}}
    for field, text in given.items():
        path = project.folder / "secrets" / "gateway" / variable(field)
        path.unlink(missing_ok=True)
        path.write_text(f"{text}\n")
    read, expected = arrived(project.render()[name], monkeypatch), settings_of(given)
    assert {field: plain(getattr(read, field)) for field in given} == {
        field: plain(getattr(expected, field)) for field in given
    }


@pytest.mark.parametrize("name", GATEWAYS)
def test_the_example_as_it_is_leaves_the_defaults(project: Project, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    shutil.copy(ROOT / ".env.example", project.folder / ".env")
    read, default = arrived(project.render()[name], monkeypatch), Settings.model_construct()
    changed = {field for field in Settings.model_fields if getattr(read, field) != getattr(default, field)}
    of_the_database = {"database_url", "database_host", "database_user", "database_password"}
    assert changed == {*of_the_database, "admin_token", "secret_key", "body_budget_bytes"}


def test_each_program_has_the_role_and_the_password_that_are_its_own(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = project.render()
    passwords = {}
    for name in ("migrate", *GATEWAYS):
        read = arrived(services[name], monkeypatch)
        assert read.database_password is not None
        passwords[name] = read.database_password.get_secret_value()
        assert read.database_user == ("seedgate_owner" if name == "migrate" else "seedgate_gateway")
    assert len(set(passwords.values())) == 2
    assert passwords["gateway"] == passwords["worker"]
    migrate = arrived(services["migrate"], monkeypatch)
    assert [name for name in ("admin_token", "secret_key", "ark_api_key") if getattr(migrate, name) is not None] == []


@pytest.mark.parametrize("name", GATEWAYS)
def test_no_password_of_another_role_reaches_the_gateway(project: Project, name: str) -> None:
    """Not from an ``.env`` of an earlier version either, which had them."""
    foreign = ["old one of the superuser", "old one of the owner"]
    project.write_env({"POSTGRES_PASSWORD": foreign[0], "POSTGRES_OWNER_PASSWORD": foreign[1]})
    secrets = project.folder / "secrets"
    foreign += [path.read_text() for group in ("postgres", "migrate") for path in (secrets / group).iterdir()]
    assert len(foreign) == 4
    service = project.render()[name]
    seen = json.dumps(service["environment"]) + "".join(path.read_text() for path in secrets_of(service).iterdir())
    assert [password for password in foreign if password in seen] == []
    assert service.get("secrets") is None


def test_a_value_in_single_quotes_arrives_as_the_program_itself_reads_it(project: Project) -> None:
    value = 'a $b #c "d" \\n=e: %@/?é'
    project.write_env({"SEEDGATE_ADMIN_TOKEN": value})
    assert project.render()["gateway"]["environment"]["SEEDGATE_ADMIN_TOKEN"] == value
    assert dotenv_values(project.folder / ".env")["SEEDGATE_ADMIN_TOKEN"] == value


def test_secrets_are_made_once_and_are_closed_to_others_on_this_machine(project: Project) -> None:
    secrets = project.folder / "secrets"
    files = sorted(path for path in secrets.rglob("*") if path.is_file())
    before = {path: path.read_bytes() for path in files}
    assert len(set(before.values())) == len(files) == 5
    (secrets / "gateway" / "SEEDGATE_ADMIN_TOKEN").unlink()
    subprocess.run([project.folder / "deploy" / "make-secrets.sh"], check=True, capture_output=True)
    assert [path.name for path in files if path.read_bytes() != before[path]] == ["SEEDGATE_ADMIN_TOKEN"]
    modes = {oct(path.stat().st_mode & 0o777) for path in files}
    assert (oct(secrets.stat().st_mode & 0o777), modes) == ("0o700", {"0o444"})
    assert "/secrets/\n" in (ROOT / ".gitignore").read_text()


@pytest_asyncio.fixture
async def socket_folder() -> AsyncIterator[Path]:
    """The socket of a PostgreSQL that asks for passwords."""
    async with secured_database() as sockets:
        yield sockets


@pytest_asyncio.fixture
async def stack(project: Project, socket_folder: Path) -> AsyncIterator[dict[str, dict[str, str]]]:
    """The settings of each program as compose hands them over, with roles made by the script that it mounts.

    The host is the one thing that differs: there is no network of containers here.
    """
    for group in ("migrate", "gateway"):
        path = project.folder / "secrets" / group / "SEEDGATE_DATABASE_PASSWORD"
        path.unlink()
        path.write_text(f"{AWKWARD} of {group}\n")
    project.write_env({"SEEDGATE_DRAIN_SECONDS": "0", "SEEDGATE_BACKGROUND": "off"})
    services = project.render()
    mounted = {f"/run/secrets/{each['source']}": each["source"] for each in services["postgres"]["secrets"]}
    assert sorted(mounted) == sorted(
        value for name, value in services["postgres"]["environment"].items() if name.endswith("_FILE")
    )
    await make_roles(socket_folder, project.folder / "secrets")
    yield {
        name: {
            **{
                key.removeprefix("SEEDGATE_"): text for key, text in service["environment"].items() if "SEEDGATE" in key
            },
            "DATABASE_HOST": str(socket_folder),
            "SECRETS_DIR": str(secrets_of(service)),
        }
        for name, service in services.items()
        if name != "postgres"
    }


async def test_the_programs_start_with_what_compose_hands_them(
    stack: dict[str, dict[str, str]], tmp_path: Path
) -> None:
    wrong = {**stack["gateway"], "DATABASE_PASSWORD": "another"}
    code, output = await run("migrate", "--check", folder=tmp_path, settings=wrong)
    assert (code, "password" in output) == (1, True), output
    code, output = await run("migrate", folder=tmp_path, settings=stack["gateway"])
    assert (code, "seedgate_owner" in output) == (1, True), output
    code, output = await run("migrate", folder=tmp_path, settings=stack["migrate"])
    assert code == 0, output
    code, output = await run("config", "check", folder=tmp_path, settings=stack["gateway"])
    assert (code, "pass@word" in output, "seedgate_gateway:***@" in output) == (0, False, True), output

    port = free_port()
    arguments = ("serve", "--port", str(port), "--workers", "2")
    async with (
        started(*arguments, folder=tmp_path, settings=stack["gateway"]) as gateway,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", verify=PLAIN, trust_env=False) as client,
    ):
        await until_ready(client, gateway)
        code, output = await run("doctor", folder=tmp_path, settings=stack["gateway"])
        assert "BROKEN  database" not in output
        assert "BROKEN  schema" not in output
        # The token is in a file only, as in `docker compose exec gateway python -m app tenants list`.
        url = {**stack["gateway"], "URL": f"http://127.0.0.1:{port}"}
        code, output = await run("tenants", "list", "--json", folder=tmp_path, settings=url)
        assert code == 0, output
        gateway.signal(signal.SIGTERM)
        assert await gateway.wait() == 0
        assert "pass@word" not in "".join(gateway.output)
