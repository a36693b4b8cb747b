"""The command line as a program: its imports, and its output on a terminal and in a pipe."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from app import __version__
from app.cli.command_table import COMMANDS, implementation

_SERVER = ("fastapi", "starlette", "uvicorn", "sqlalchemy", "asyncpg", "alembic", "pydantic", "cryptography")
_IMPLEMENTED = """
import sys
from app.cli.command_table import implementation
implementation(sys.argv[1])
print(*sys.modules)
"""
_LOADED = "import sys; from app.cli.program import program; print(*sys.modules)"


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


def test_no_command_imports_the_server_before_it_needs_it() -> None:
    """Importing it takes seconds of CPU."""
    loaded = subprocess.run([sys.executable, "-c", _LOADED], capture_output=True, text=True, check=True).stdout.split()
    assert set(_SERVER).isdisjoint(loaded)


@pytest.mark.parametrize("command", ["config check", "migrate", "doctor"])
def test_a_command_beside_the_server_does_not_import_it(command: str) -> None:
    """That took a second of CPU."""
    loading = [sys.executable, "-c", _IMPLEMENTED, command]
    loaded = subprocess.run(loading, capture_output=True, text=True, check=True).stdout.split()
    assert {"fastapi", "uvicorn", "app.main", "app.composition"}.isdisjoint(loaded)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_its_implementation(command: str) -> None:
    assert callable(implementation(command))


def test_the_program_has_one_name_a_version_and_completion() -> None:
    assert run("--version").stdout == f"seedgate {__version__}\n"
    helped = run("--help")
    assert helped.stdout.startswith("Usage: seedgate [OPTIONS] COMMAND")
    assert "Examples:" in helped.stdout
    assert "\x1b" not in helped.stdout
    completed = run(_SEEDGATE_COMPLETE="complete_bash", COMP_WORDS="seedgate ten", COMP_CWORD="1")
    assert completed.stdout.split() == ["tenants"]


def test_a_wrong_command_is_refused_in_plain_words() -> None:
    refused = run("tenant", "list")
    assert refused.returncode == 2
    assert "tenant" in refused.stderr
    assert "Traceback" not in refused.stderr


_TABLE = """
from app.cli.tables import show_rows
row = {"id": "key_" + "1" * 30, "name": "a " * 30, "at": "2020-01-01T00:00:00+00:00"}
show_rows([row] * 2, tuple(row), is_json=False)
"""


def test_a_table_fits_the_terminal_and_cuts_nothing(tmp_path: Path) -> None:
    for columns in (40, 80, 300):
        shown = run_on_a_terminal("-c", _TABLE, cwd=tmp_path, columns=columns)
        assert shown.count("key_" + "1" * 30) == 2
        assert shown.count(("a " * 30).strip()) == 2
        # One line for each row, or one for each field.
        assert (shown.count("\n") == 3) is (columns == 300)


def test_a_pipe_gets_no_colours_and_a_terminal_none_that_it_does_not_want(tmp_path: Path) -> None:
    piped = subprocess.run([sys.executable, "-c", _TABLE], capture_output=True, text=True, check=True).stdout
    assert "\x1b" not in piped
    assert piped.count("\n") == 3
    assert "\x1b[3" not in run_on_a_terminal("-c", _TABLE, cwd=tmp_path, NO_COLOR="1")


_ASK = (
    "from app.cli.options import confirm; confirm('The key a\\x1b[2Kb will stop', is_sure=False); print('gone', 'on')"
)


@pytest.mark.parametrize(("answer", "is_done"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_a_command_that_cannot_be_undone_asks_first(tmp_path: Path, answer: str, *, is_done: bool) -> None:
    shown = run_on_a_terminal("-c", _ASK, cwd=tmp_path, answer=answer)
    assert r"The key a\x1b[2Kb will stop, which cannot be undone. Go on? [y/N]" in shown
    assert ("gone on" in shown) is is_done
