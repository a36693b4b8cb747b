"""The command line as a program: its imports, and its output on a terminal and in a pipe."""

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from app import __version__
from app.cli.command_table import COMMANDS, implementation
from tests.cli.commands import run_program

_SERVER = ("fastapi", "starlette", "uvicorn", "sqlalchemy", "asyncpg", "alembic", "pydantic", "cryptography")
_BESIDE_THE_SERVER = """
import sys
from app.cli.command_table import implementation
for command in ("config check", "migrate", "doctor"):
    implementation(command)
print(*sys.modules)
"""
_LOADED = "import sys; from app.cli.program import program; print(*sys.modules)"


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def seedgate(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in this process; returns its exit code and what it printed on either stream."""

    def run(*arguments: str) -> tuple[int, str, str]:
        code = run_program(arguments)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


def run(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "app", *arguments]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SEEDGATE_")}
    return subprocess.run(command, env={**clean, **environment}, capture_output=True, text=True, check=False)


def run_on_a_terminal(*arguments: str, cwd: Path, answer: str = "", columns: int = 80, **environment: str) -> str:
    """Runs a program on a terminal of its own; returns what it shows there."""
    ours, theirs = pty.openpty()
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SEEDGATE_")}
    clean |= {"COLUMNS": str(columns), "TERM": "xterm", "PYTHONPATH": str(Path(__file__).parents[2]), **environment}
    process = subprocess.Popen(
        [sys.executable, *arguments], stdin=theirs, stdout=theirs, stderr=theirs, cwd=cwd, env=clean
    )
    os.close(theirs)
    os.write(ours, answer.encode())
    shown = b""
    try:
        while block := os.read(ours, 65536):
            shown += block
    except OSError:  # the terminal's other end is closed
        pass
    process.wait()
    os.close(ours)
    return shown.decode()


def modules_after(program: str) -> set[str]:
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(ended.stdout.split())


def test_no_command_imports_the_server_before_it_needs_it() -> None:
    """Importing it takes seconds of CPU."""
    assert modules_after(_LOADED).isdisjoint(_SERVER)


def test_a_command_beside_the_server_does_not_import_it() -> None:
    """That took a second of CPU."""
    assert modules_after(_BESIDE_THE_SERVER).isdisjoint({"fastapi", "uvicorn", "app.main", "app.composition"})


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_its_implementation(command: str) -> None:
    assert callable(implementation(command))


def test_the_program_has_one_name_a_version_and_completion(seedgate: Run) -> None:
    assert seedgate("--version") == (0, f"seedgate {__version__}\n", "")
    helped = run("--help").stdout
    assert helped.startswith("Usage: seedgate [OPTIONS] COMMAND")
    assert "Examples:" in helped
    assert "\x1b" not in helped
    completed = run(_SEEDGATE_COMPLETE="complete_bash", COMP_WORDS="seedgate ten", COMP_CWORD="1")
    assert completed.stdout.split() == ["tenants"]


def test_a_wrong_command_is_refused_in_plain_words(seedgate: Run) -> None:
    code, _, err = seedgate("tenant", "list")
    assert code == 2
    assert "tenant" in err
    assert "Traceback" not in err


_TABLES = """
import os, sys
from app.cli.tables import show_rows
row = {"id": "key_" + "1" * 30, "name": "a " * 30, "at": "2020-01-01T00:00:00+00:00"}
for columns in sys.argv[1:]:
    os.environ["COLUMNS"] = columns
    show_rows([row] * 2, tuple(row), is_json=False)
    print("END", end="")
"""


def test_a_table_fits_the_terminal_and_cuts_nothing(tmp_path: Path) -> None:
    tables = run_on_a_terminal("-c", _TABLES, "40", "80", "300", cwd=tmp_path).split("END")
    for columns, shown in zip((40, 80, 300), tables, strict=False):
        assert shown.count("key_" + "1" * 30) == 2
        assert shown.count(("a " * 30).strip()) == 2
        # One line for each row, or one for each field.
        assert (shown.count("\n") == 3) is (columns == 300)


def test_a_pipe_gets_no_colours_and_a_terminal_none_that_it_does_not_want(tmp_path: Path) -> None:
    show = [sys.executable, "-c", _TABLES, "80"]
    piped = subprocess.run(show, capture_output=True, text=True, check=True).stdout
    assert "\x1b" not in piped
    assert piped.count("\n") == 3
    assert "\x1b[3" not in run_on_a_terminal("-c", _TABLES, "80", cwd=tmp_path, NO_COLOR="1")


_ASK = """
from typer import Abort
from app.cli.options import confirm
for answer in ("y", "n", ""):
    try:
        confirm("The key a\\x1b[2Kb will stop", is_sure=False)
    except Abort:
        print("END", "kept")
    else:
        print("END", "gone")
"""


def test_a_command_that_cannot_be_undone_asks_first(tmp_path: Path) -> None:
    shown = run_on_a_terminal("-c", _ASK, cwd=tmp_path, answer="y\nn\n\n")
    assert shown.count(r"The key a\x1b[2Kb will stop, which cannot be undone. Go on? [y/N]") == 3
    assert [line.split()[-1] for line in shown.splitlines() if "END " in line] == ["gone", "kept", "kept"]
