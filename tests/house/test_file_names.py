"""The same file name means the same thing in every package, as ``docs/architecture.md`` says."""

import ast
import importlib
import inspect
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy.orm import MappedColumn

from app.core.due_work import Probe
from app.db.base import Base

ROOT = Path(__file__).resolve().parents[2]
# Files of ``admin`` and ``cli`` are named for a resource or a command; the sandbox is a program of its own.
OTHERWISE_NAMED = {"admin", "cli", "sandbox"}
FILES = [
    path.relative_to(ROOT)
    for path in sorted((ROOT / "app").rglob("*.py"))
    if path.relative_to(ROOT).parts[1] not in OTHERWISE_NAMED
]
OF_ALL_TENANTS = ("All", "Whole", "OpenCreates")
# Its rows belong to the operator, not to a tenant.
WITHOUT_TENANTS = {"ChannelRepository"}
# The only places that look up code by its name: a command loads no more than itself needs, and a process no client of
# Redis (6 MB) unless one is configured, which ``test_worker_imports.py`` checks.
LOADED_BY_NAME = {"app/cli/command_table.py", "app/limits/open_store.py", "app/archive/open_store.py"}


def imported(path: Path) -> ModuleType:
    return importlib.import_module(".".join(path.with_suffix("").parts))


def classes_of(module: ModuleType) -> list[Any]:
    return [found for _, found in inspect.getmembers(module, inspect.isclass) if found.__module__ == module.__name__]


def functions_of(module: ModuleType) -> list[Any]:
    members = inspect.getmembers(module, inspect.isfunction)
    return [found for name, found in members if found.__module__ == module.__name__ and not name.startswith("_")]


def packages_of(module: ModuleType) -> set[str]:
    """Returns the top-level packages that a module imports."""
    found = set()
    for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text())):
        if isinstance(node, ast.ImportFrom):
            found.add(str(node.module).partition(".")[0])
        elif isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
    return found


def check_models(module: ModuleType) -> None:
    """Tables, columns that several of them share, and the words that columns hold; no function."""
    assert functions_of(module) == []
    assert any(issubclass(found, Base) for found in classes_of(module))
    for found in classes_of(module):
        assert issubclass(found, Base | str) or any(isinstance(value, MappedColumn) for value in vars(found).values())


def check_repository(module: ModuleType) -> None:
    """Queries: a class takes a session and a tenant, or its name says that it reaches the rows of all tenants."""
    by_parameters = {found: list(inspect.signature(found).parameters) for found in classes_of(module)}
    repositories = {found: names for found, names in by_parameters.items() if "session" in names}
    assert repositories
    for found, names in repositories.items():
        is_of_all = found.__name__.startswith(OF_ALL_TENANTS) or found.__name__ in WITHOUT_TENANTS
        assert names == (["session"] if is_of_all else ["session", "tenant_id"]), found


def check_lists(module: ModuleType) -> None:
    """The pages of one tenant's rows: the tenant is in the constructor."""
    (lists,) = (found for found in classes_of(module) if found.__name__.endswith("Lists"))
    assert list(inspect.signature(lists).parameters) == ["reads", "tenant_id"]


def check_service(module: ModuleType) -> None:
    """One class whose methods are the use cases, without a web framework."""
    assert packages_of(module).isdisjoint({"fastapi", "starlette"})
    (service,) = (found for found in classes_of(module) if found.__name__.endswith(("Service", "Catalog")))
    assert any(inspect.iscoroutinefunction(method) for method in vars(service).values())


def check_routes(module: ModuleType) -> None:
    """One router, and no query."""
    routers = inspect.getmembers(module, lambda value: isinstance(value, APIRouter))
    assert [name for name, _ in routers] == ["router"]
    assert packages_of(module).isdisjoint({"sqlalchemy", "httpx"})


def check_schemas(module: ModuleType) -> None:
    """What comes in, as pydantic models or as a description that follows from a table; no framework and no I/O."""
    assert packages_of(module).isdisjoint({"fastapi", "starlette", "sqlalchemy", "httpx", "asyncio"})
    assert any(issubclass(found, BaseModel) for found in classes_of(module)) or not classes_of(module)


def check_responses(module: ModuleType) -> None:
    """What goes out; no I/O."""
    assert packages_of(module).isdisjoint({"fastapi", "sqlalchemy", "httpx", "asyncio"})


def check_state(module: ModuleType) -> None:
    """The functions that change the status of a row. Each is called with a locked row, so none waits."""
    assert any(found.__name__.startswith("apply_") for found in functions_of(module))
    assert not any(inspect.iscoroutinefunction(found) for found in functions_of(module))


def check_context(module: ModuleType) -> None:
    """The frozen dataclass of what the use cases of a feature share."""
    (context,) = classes_of(module)
    assert context.__name__.endswith("Context")
    assert context.__dataclass_params__.frozen


def check_poller(module: ModuleType) -> None:
    """A background job."""
    (poller,) = classes_of(module)
    assert inspect.iscoroutinefunction(poller.run_once)


def check_due_work(module: ModuleType) -> None:
    """The conditions under which background jobs have something to do."""
    probes = inspect.getmembers(module, lambda value: isinstance(value, Probe))
    assert probes or Probe in classes_of(module)


def check_errors(module: ModuleType) -> None:
    """Exceptions, what makes them, and their form on the wire; no query and no call."""
    assert packages_of(module).isdisjoint({"sqlalchemy", "httpx"})
    for found in classes_of(module):
        assert issubclass(found, Exception | BaseModel), found


MEANINGS: dict[str, Callable[[ModuleType], None]] = {
    "context.py": check_context,
    "due_work.py": check_due_work,
    "errors.py": check_errors,
    "lists.py": check_lists,
    "models.py": check_models,
    "poller.py": check_poller,
    "repository.py": check_repository,
    "responses.py": check_responses,
    "routes.py": check_routes,
    "schemas.py": check_schemas,
    "service.py": check_service,
    "state.py": check_state,
}


@pytest.mark.parametrize("path", [path for path in FILES if path.name in MEANINGS], ids=str)
def test_a_file_name_has_its_meaning(path: Path) -> None:
    MEANINGS[path.name](imported(path))


def test_tables_are_in_files_named_models_alone() -> None:
    for path in FILES:
        imported(path)
    tables = {mapper.class_.__module__ for mapper in Base.registry.mappers}
    assert {module for module in tables if not module.endswith(".models")} == set()


@pytest.mark.parametrize("feature", ["tasks", "assets"])
def test_the_status_of_a_row_is_set_in_the_file_named_state_alone(feature: str) -> None:
    setting = {
        path.as_posix()
        for path in FILES
        if path.parts[1] == feature
        for node in ast.walk(ast.parse((ROOT / path).read_text()))
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Attribute) and target.attr == "status"
    }
    assert setting == {f"app/{feature}/state.py"}


def test_no_function_imports_but_where_memory_asks_for_it() -> None:
    """Ruff refuses the statements (PLC0415); this finds its suppression, and imports by name."""
    found = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "app").rglob("*.py")
        if any(text in path.read_text() for text in ("PLC0415", "import_module(", "__import__("))
    }
    assert found == LOADED_BY_NAME
