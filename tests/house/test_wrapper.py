import importlib.machinery
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

WRAPPER = Path(__file__).parents[2] / "seedgate"


@pytest.fixture(scope="module")
def wrapper() -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("seedgate_wrapper", str(WRAPPER))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "name",
    [
        "SEEDGATE_ADMIN_TOKEN",
        "SEEDGATE_SECRET_KEY",
        "SEEDGATE_DATABASE_URL",
        "SEEDGATE_DATA_DIR",
        "SEEDGATE_ACCESS_KEY_ID",
        "ARK_API_KEY",
        "VOLC_ACCESSKEY",
        "VOLCENGINE_ACCESS_KEY",
        "PGPASSWORD",
        "PGHOST",
        "ANY_API_KEY",
        "AWS_SECRET_ACCESS_KEY",
        "GITHUB_TOKEN",
        "DATABASE_URL",
        "volc_secretkey",
    ],
)
def test_tests_see_no_credential_and_no_database_of_the_environment(wrapper: ModuleType, name: str) -> None:
    assert wrapper.blind({name: "x", "PATH": "/bin"}) == {"PATH": "/bin"}


@pytest.mark.parametrize("name", ["SEEDGATE_PG_BIN", "SEEDGATE_PG_USER", "HOME", "LANG", "TMPDIR", "SSL_CERT_FILE"])
def test_tests_keep_what_they_need_of_the_environment(wrapper: ModuleType, name: str) -> None:
    assert wrapper.blind({name: "x"}) == {name: "x"}


def test_tests_may_keep_bytecode(wrapper: ModuleType) -> None:
    assert wrapper.for_tests({"PYTHONDONTWRITEBYTECODE": "1", "ARK_API_KEY": "x", "HOME": "/h"}) == {"HOME": "/h"}


def test_an_environment_is_made_anew_when_the_lock_file_the_python_or_the_folder_changes(wrapper: ModuleType) -> None:
    stamps = {
        wrapper.stamp(b"a==1", "3.11.7", Path("/repo")),
        wrapper.stamp(b"a==2", "3.11.7", Path("/repo")),
        wrapper.stamp(b"a==1", "3.12.0", Path("/repo")),
        wrapper.stamp(b"a==1", "3.11.7", Path("/elsewhere")),
    }
    assert len(stamps) == 4
    assert wrapper.stamp(b"a==1", "3.11.7", Path("/repo")) in stamps


def test_only_a_whole_environment_with_the_right_stamp_is_current(wrapper: ModuleType, tmp_path: Path) -> None:
    for stage in (wrapper.RUNNING, wrapper.DEVELOPING):
        folder = tmp_path / stage.stamp_name
        assert not wrapper.is_current(folder, stage)
        (folder / "bin").mkdir(parents=True)
        (folder / "bin" / "python").touch()
        assert not wrapper.is_current(folder, stage)
        (folder / stage.stamp_name).write_text(stage.wanted())
        assert wrapper.is_current(folder, stage)
        (folder / stage.stamp_name).write_text("0" * 64)
        assert not wrapper.is_current(folder, stage)
        (folder / stage.stamp_name).write_text(stage.wanted())
        (folder / "bin" / "python").unlink()
        assert not wrapper.is_current(folder, stage)


def test_what_running_needs_is_the_same_in_both_lists(wrapper: ModuleType) -> None:
    """So `test` and `check` add to an environment in which a gateway may be running, and change nothing in it."""
    pins = [
        {
            line.split()[0]
            for name in stage.files
            for line in (WRAPPER.parent / name).read_text().splitlines()
            if "==" in line
        }
        for stage in (wrapper.RUNNING, wrapper.DEVELOPING)
    ]
    assert pins[0] < pins[1]


def test_a_folder_that_is_no_environment_is_not_removed(wrapper: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(wrapper.SetupError, match="Move it away"):
        wrapper.remove(tmp_path)
    assert (tmp_path / "file").exists()


def test_of_a_linked_environment_only_the_link_is_removed(wrapper: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "pyvenv.cfg").touch()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    wrapper.remove(tmp_path / "link")
    assert [path.name for path in tmp_path.iterdir()] == ["real"]


@pytest.mark.parametrize(
    ("answer", "version"),
    [("pip 23.2.1 from /x (python 3.11)", (23, 2)), ("pip 9.0", (9, 0)), ("", ()), ("No module named pip", ())],
)
def test_the_version_of_pip_is_read_from_what_it_says(
    wrapper: ModuleType, answer: str, version: tuple[int, ...]
) -> None:
    assert wrapper.pip_version(answer) == version


def checkout(folder: Path, requirements: str, for_developers: str = "# nothing\n") -> Path:
    """A checkout in miniature: the wrapper, a lock file and a program that tells what it was given."""
    (folder / "app").mkdir(parents=True)
    (folder / "app" / "__init__.py").touch()
    (folder / "app" / "__main__.py").write_text("import sys\nprint('program', sys.argv[1:], sys.prefix)\nsys.exit(7)\n")
    (folder / "requirements.txt").write_text(requirements)
    (folder / "requirements-embedded.txt").write_text("# nothing\n")
    (folder / "requirements-dev.txt").write_text(for_developers)
    copy = folder / "seedgate"
    shutil.copy(WRAPPER, copy)
    return copy


def without_uv() -> dict[str, str]:
    """The environment of a machine without uv."""
    folders = os.environ["PATH"].split(os.pathsep)
    kept = os.pathsep.join(folder for folder in folders if not (Path(folder) / "uv").exists())
    return {**os.environ, "PATH": kept}


def run(command: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, command, *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd=cwd,
        env=without_uv(),
        timeout=120,
    )


Made = tuple[Path, subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The wrapper of a miniature whose environment was half-made when it ran for the first time, and what it said."""
    folder = tmp_path_factory.mktemp("wrapper")
    command = checkout(folder / "with space", "# nothing to install\n")
    half = folder / "with space" / ".venv"
    half.mkdir()
    for name in ("pyvenv.cfg", "leftover"):
        (half / name).touch()
    # A stranger's package of the same name, where the user stands.
    (folder / "app").mkdir()
    return command, run(command, "--flag", "value", cwd=folder)


@pytest.mark.slow
def test_the_first_run_makes_the_environment_and_runs_the_program_from_any_folder(made: Made) -> None:
    command, first = made
    assert first.returncode == 7, first.stderr
    assert first.stdout == f"program ['--flag', 'value'] {command.parent / '.venv'}\n"
    assert "making .venv" in first.stderr


def test_a_half_made_environment_is_replaced(made: Made) -> None:
    assert not (made[0].parent / ".venv" / "leftover").exists()


def test_later_runs_make_nothing(made: Made) -> None:
    again = run(made[0], "again", cwd=Path("/"))
    assert again.returncode == 7
    assert again.stderr == ""


def test_a_failing_check_is_named_and_those_after_it_do_not_run(made: Made) -> None:
    command, _ = made
    (command.parent / ".venv" / "kept").touch()
    for name, code in (("ruff", 0), ("mypy", 1), ("lint-imports", 0)):
        program = command.parent / ".venv" / "bin" / name
        program.write_text(f"#!/bin/sh\necho ran {name}\nexit {code}\n")
        program.chmod(0o755)
    answer = run(command, "check", cwd=Path("/"))
    assert answer.returncode == 1
    assert answer.stdout == "ran ruff\nran ruff\nran mypy\n"
    assert answer.stderr.startswith("seedgate: adding what `test` and `check` need")
    assert answer.stderr.endswith("seedgate check: types failed\n")
    again = run(command, "check", cwd=Path("/"))
    assert again.stderr.startswith("seedgate check: format\n")
    assert (command.parent / ".venv" / "kept").exists()


def test_a_changed_list_of_the_developers_stage_costs_running_nothing(made: Made) -> None:
    command, _ = made
    run(command, "check", cwd=Path("/"))
    (command.parent / ".venv" / "kept").touch()
    (command.parent / "requirements-dev.txt").write_text("# other\n")
    assert run(command, "again", cwd=Path("/")).stderr == ""
    assert run(command, "check", cwd=Path("/")).stderr.startswith("seedgate: making .venv (once)")
    assert not (command.parent / ".venv" / "kept").exists()


@pytest.mark.slow
def test_an_environment_that_cannot_be_made_leaves_nothing_and_says_which_step_failed(tmp_path: Path) -> None:
    command = checkout(tmp_path / "repo", "without-hash-or-version\n")
    answer = run(command, cwd=tmp_path)
    assert answer.returncode == 1
    assert "--require-hashes" in answer.stderr
    assert not (tmp_path / "repo" / ".venv").exists()


def test_the_wrapper_is_a_program() -> None:
    assert os.access(WRAPPER, os.X_OK)
    assert WRAPPER.read_text().startswith("#!/usr/bin/env python3\n")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], ["--dist", "loadfile", "--no-loadscope-reorder", "-n", "4"]),
        (["--", "-k", "keys"], ["--dist", "loadfile", "--no-loadscope-reorder", "-n", "4", "-k", "keys"]),
        (["--", "-m", "slow"], ["--dist", "loadfile", "--no-loadscope-reorder", "-n", "auto", "-m", "slow"]),
        (["--", "-n0", "tests/http"], ["-n0", "tests/http"]),
    ],
)
def test_tests_use_every_core_unless_told_otherwise(
    wrapper: ModuleType, monkeypatch: pytest.MonkeyPatch, given: list[str], expected: list[str]
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    assert wrapper.pytest_arguments(given) == expected


@pytest.mark.parametrize(("cores", "workers"), [(None, "2"), (1, "2"), (2, "4"), (6, "8"), (16, "16")])
def test_a_small_machine_gets_two_workers_a_core_and_a_large_one_no_fewer_than_cores(
    wrapper: ModuleType, monkeypatch: pytest.MonkeyPatch, cores: int | None, workers: str
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    assert wrapper.pytest_arguments([])[-1] == workers
