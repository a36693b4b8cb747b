"""What a process that serves does not import, because it would take memory of every worker and be used by none."""

import subprocess
import sys

# Libraries of the command line, of migrations, of settings that are off by default, and of tests.
_NOT_FOR_SERVING = {"alembic", "hypothesis", "jsonschema", "mako", "obstore", "pytest", "redis", "typer"}


def test_a_worker_of_serve_imports_only_what_it_uses() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", "import app.main, sys; print(*sys.modules)"], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "app.main" in loaded
    assert not {name.partition(".")[0] for name in loaded} & _NOT_FOR_SERVING


def test_the_command_itself_brings_no_library_of_migrations() -> None:
    code = "import sys; from app.cli.command_table import implementation; implementation('serve'); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "app.cli.serve" in loaded
    assert not {name.partition(".")[0] for name in loaded} & (_NOT_FOR_SERVING - {"typer"})
