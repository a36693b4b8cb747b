"""The wrapper ``./seedgate`` as a program, and what its commands pass on."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

from tests.house.wrapper import WRAPPER, checkout, make_wheel, run, without_uv
from tests.support.timeouts import HANG_SECONDS


@pytest.mark.parametrize(
    "name",
    [
        *("SEEDGATE_ADMIN_TOKEN", "SEEDGATE_SECRET_KEY", "SEEDGATE_DATABASE_URL", "SEEDGATE_DATA_DIR"),
        *("SEEDGATE_ACCESS_KEY_ID", "ARK_API_KEY", "VOLC_ACCESSKEY", "VOLCENGINE_ACCESS_KEY", "PGPASSWORD", "PGHOST"),
        *("ANY_API_KEY", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "DATABASE_URL", "volc_secretkey"),
    ],
)
def test_tests_see_no_credential_and_no_database_of_the_environment(wrapper: ModuleType, name: str) -> None:
    assert wrapper.blind({name: "x", "PATH": "/bin"}) == {"PATH": "/bin"}


@pytest.mark.parametrize("name", ["SEEDGATE_PG_BIN", "SEEDGATE_PG_USER", "HOME", "LANG", "TMPDIR", "SSL_CERT_FILE"])
def test_tests_keep_what_they_need_of_the_environment(wrapper: ModuleType, name: str) -> None:
    assert wrapper.blind({name: "x"}) == {name: "x"}


def test_tests_may_keep_bytecode(wrapper: ModuleType) -> None:
    assert wrapper.for_tests({"PYTHONDONTWRITEBYTECODE": "1", "ARK_API_KEY": "x", "HOME": "/h"}) == {"HOME": "/h"}


# What runs tests in the background may ignore the signal, and its children inherit that.
_WITH_CTRL_C = (
    "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])"
)


@pytest.mark.slow
def test_ctrl_c_ends_an_installation_with_one_line(tmp_path: Path) -> None:
    pins = "".join(f"{name}==1 --hash=sha256:{'0' * 64}\n" for name in ("aa", "bb"))
    command = checkout(tmp_path / "repo", pins)
    with socket.create_server(("127.0.0.1", 0)) as index:
        index.settimeout(HANG_SECONDS)
        address = f"http://127.0.0.1:{index.getsockname()[1]}/simple"
        # As a terminal does, the signal goes to the whole process group.
        with subprocess.Popen(
            [sys.executable, "-c", _WITH_CTRL_C, sys.executable, command],
            env={**without_uv(), "PIP_INDEX_URL": address, "PIP_RETRIES": "0"},
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            downloads = [index.accept()[0] for _ in range(min(2, os.cpu_count() or 1))]
            os.killpg(process.pid, signal.SIGINT)
            _, output = process.communicate(timeout=HANG_SECONDS)
    for download in downloads:
        download.settimeout(HANG_SECONDS)
        while download.recv(4096):  # ends with the process
            pass
        download.close()
    lines = ["seedgate: making .venv (once) ...", "seedgate: the installation was stopped; run this again"]
    assert (process.returncode, output.splitlines()) == (130, lines)
    assert not (tmp_path / "repo" / ".venv").exists()


@pytest.mark.slow
def test_the_first_run_makes_the_environment_and_runs_the_program_from_any_folder(tmp_path: Path) -> None:
    command = checkout(tmp_path / "with space", "# nothing to install\n")
    half = tmp_path / "with space" / ".venv"
    half.mkdir()
    for name in ("pyvenv.cfg", "leftover"):
        (half / name).touch()
    # Strangers' modules of the same names, where the user stands.
    for name in ("app", "venv", "pip"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__main__.py").write_text("raise SystemExit(99)\n")
    first = run(command, "--flag", "value", cwd=tmp_path)
    assert first.returncode == 7, first.stderr
    assert first.stdout == f"program ['--flag', 'value'] {half}\n"
    assert "making .venv" in first.stderr
    assert not (half / "leftover").exists(), "a half-made environment is replaced"
    assert not (tmp_path / "with space" / ".venv.old").exists()
    again = run(command, "again", cwd=Path("/"))
    assert (again.returncode, again.stderr) == (7, ""), "later runs make nothing"


def compiled(folder: Path) -> list[Path]:
    return [*folder.rglob("__pycache__/??.*.pyc"), *folder.glob("__pycache__/__*.pyc")]


@pytest.mark.slow
def test_packages_are_downloaded_unpacked_and_compiled_and_those_of_another_hash_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    monkeypatch.setenv("PIP_REQUIRE_VIRTUALENV", "1")
    pins = [make_wheel(tmp_path / "wheels", name, {f"{name}.py": "print('imported')\n"}) for name in ("aa", "bb")]
    command = checkout(tmp_path / "repo", "".join(pins))
    (tmp_path / "repo" / "app" / "__main__.py").write_text("import aa, bb\n")
    first = run(command, cwd=tmp_path)
    assert (first.returncode, first.stdout) == (0, "imported\nimported\n"), first.stderr
    assert "seedgate: 2 of 2 packages\n" in first.stderr
    deadline = time.monotonic() + HANG_SECONDS
    # Beside the packages, the two files of the program.
    while len(compiled(tmp_path / "repo" / ".venv") + compiled(tmp_path / "repo" / "app")) < len(pins) + 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)

    (tmp_path / "repo" / "requirements.txt").write_text(pins[0] + f"bb==1 --hash=sha256:{'0' * 64}\n")
    other = run(command, cwd=tmp_path)
    assert other.returncode == 1
    assert "The .venv of before is back in its place" in other.stderr


@pytest.mark.slow
def test_a_failing_check_is_named_and_those_after_it_do_not_run(tmp_path: Path) -> None:
    command = checkout(tmp_path / "repo", "# nothing to install\n")
    run(command, cwd=tmp_path)
    programs = tmp_path / "repo" / ".venv" / "bin"
    for name, code in (("ruff", 0), ("mypy", 1), ("lint-imports", 0)):
        (programs / name).write_text(f"#!/bin/sh\necho ran {name}\nexit {code}\n")
        (programs / name).chmod(0o755)
    answer = run(command, "check", cwd=Path("/"))
    assert answer.returncode == 1
    assert answer.stdout == "ran ruff\nran ruff\nran mypy\n"
    assert answer.stderr.startswith("seedgate: adding what `test` and `check` need")
    assert answer.stderr.endswith("seedgate check: types failed\n")
    again = run(command, "check", cwd=Path("/"))
    assert again.stderr.startswith("seedgate check: format\n")


@pytest.mark.slow
@pytest.mark.parametrize(("name", "arguments"), [("requirements.txt", ["again"]), ("requirements-dev.txt", ["check"])])
def test_a_list_that_cannot_be_installed_leaves_the_environment_that_there_is(
    tmp_path: Path, name: str, arguments: list[str]
) -> None:
    command = checkout(tmp_path / "repo", "# nothing to install\n")
    run(command, cwd=tmp_path)
    venv = tmp_path / "repo" / ".venv"
    (venv / "kept").touch()
    before = (tmp_path / "repo" / name).read_text()
    (tmp_path / "repo" / name).write_text("without-hash-or-version\n")
    failed = run(command, *arguments, cwd=tmp_path)
    assert failed.returncode == 1
    assert "--require-hashes" in failed.stderr
    assert (venv / "kept").exists()
    (tmp_path / "repo" / name).write_text(before)
    again = run(command, "again", cwd=tmp_path)
    assert (again.returncode, again.stderr) == (7, "")


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
        ([], ["--dist", "loadfile", "--no-loadscope-reorder", "-n", "3"]),
        (["--", "-k", "keys"], ["--dist", "loadfile", "--no-loadscope-reorder", "-n", "3", "-k", "keys"]),
        (["--", "-m", "slow"], ["--dist", "loadfile", "--no-loadscope-reorder", "-n", "auto", "-m", "slow"]),
        (["--", "-n0", "tests/http"], ["-n0", "tests/http"]),
    ],
)
def test_tests_use_every_core_unless_told_otherwise(
    wrapper: ModuleType, monkeypatch: pytest.MonkeyPatch, given: list[str], expected: list[str]
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    assert wrapper.pytest_arguments(given) == expected


@pytest.mark.parametrize(("cores", "workers"), [(None, "2"), (1, "2"), (2, "3"), (6, "8"), (16, "16")])
def test_a_small_machine_gets_more_workers_than_cores_and_a_large_one_no_fewer(
    wrapper: ModuleType, monkeypatch: pytest.MonkeyPatch, cores: int | None, workers: str
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    assert wrapper.pytest_arguments([])[-1] == workers
