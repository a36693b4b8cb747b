"""What the audit log may record, the console says in both languages."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import app
from tests.console.texts import LANGUAGES, actions

_APP = Path(app.__file__).parent


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_action_of_the_audit_log_is_said_in_words_and_no_other(language: str) -> None:
    recorded = {action for path in sorted(_APP.rglob("*.py")) for action in _recorded(path)}
    assert {"key.create", "task.look", "console.sign_in", "face_group.refuse"} <= recorded
    assert actions(language) == recorded


def _recorded(path: Path) -> Iterator[str]:
    """The actions that a module records; each is written out where it is recorded."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "app.audit.log"]
    if not any(name.name == "record" for node in imports for name in node.names):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "record":
            action = node.args[2]
            assert isinstance(action, ast.Constant), f"{path}:{node.lineno}"
            assert isinstance(action.value, str)
            yield action.value
