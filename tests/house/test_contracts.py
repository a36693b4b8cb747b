"""Each import contract fails for an import that it forbids."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = sorted((ROOT / "app").glob("*/__init__.py"))

PLANTED = [
    ("Imports go down only", "app/channels/channel.py", "import app.tasks.responses"),
    ("Imports go down only", "app/tenants/principal.py", "import app.channels.channel"),
    ("No package is in a cycle", "app/tasks/models.py", "import app.tasks.state"),
    ("The sandbox is independent", "app/sandbox/catalog.py", "import app.urls"),
    ("Below the routes there is no web framework", "app/tasks/service.py", "import starlette.requests"),
    ("Routes hold no SQL", "app/assets/routes.py", "import sqlalchemy"),
    ("Only the upstream clients", "app/assets/upstream.py", "import httpx"),
    ("Pure modules do no I/O", "app/upstream/signature.py", "import asyncio"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("contract", "path", "line"), PLANTED)
def test_a_planted_violation_breaks_its_contract(tmp_path: Path, contract: str, path: str, line: str) -> None:
    shutil.copytree(ROOT / "app", tmp_path / "app", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    planted = tmp_path / path
    planted.write_text(f"{planted.read_text()}\n{line}\n")
    result = _lint(tmp_path)
    assert result.returncode != 0
    assert any(contract in text and "BROKEN" in text for text in result.stdout.splitlines()), result.stdout


def test_the_sandbox_may_import_five_modules_of_the_gateway_and_no_other() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (independent,) = [contract for contract in contracts if contract["id"] == "independent-sandbox"]
    modules = {path.stem for path in (ROOT / "app").glob("*.py")} | {path.parent.name for path in PACKAGES}
    shared = {f"app.{module}" for module in modules - {"__init__", "sandbox"}} - {*independent["forbidden_modules"]}
    assert shared == {"app.ids", "app.errors", "app.create_parameters"}
    assert {line.split(" -> ")[1] for line in independent["ignore_imports"]} == {
        "app.upstream.signature",
        "app.upstream.signed_request",
    }
    sources = [path.read_text() for path in (ROOT / "app/sandbox").glob("*.py")]
    assert {line for source in sources for line in source.splitlines() if "app.errors" in line} == {
        "from app.errors import SeedgateError"
    }


@pytest.mark.slow
def test_a_new_package_has_to_be_given_a_floor(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "app", tmp_path / "app", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "app/newcomer").mkdir()
    (tmp_path / "app/newcomer/__init__.py").write_text('"""Has no floor."""\n')
    assert _lint(tmp_path).returncode != 0


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    # Run as a module in the copy's folder, which then comes before the checkout on the path.
    program = (
        f"import sys; sys.path.insert(0, {str(folder)!r}); from importlinter.cli import lint_imports_command as c; c()"
    )
    return subprocess.run(
        [sys.executable, "-c", program, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False
    )
