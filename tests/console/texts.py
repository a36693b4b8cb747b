"""The texts of the page, so that a walk finds things by what their reader sees, in either language."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = ("zh-CN", "en")
_FOLDER = Path(__file__).resolve().parents[2] / "console/src/i18n"


@cache
def _namespace(language: str, name: str) -> Any:
    return json.loads((_FOLDER / language / f"{name}.json").read_text(encoding="utf-8"))


def text(language: str, key: str, **values: str) -> str:
    """Returns a text such as ``common:signIn.submit``; ``values`` fill its places."""
    name, _, path = key.partition(":")
    found = _namespace(language, name)
    for part in path.split("."):
        found = found[part]
    return re.sub(r"{{(\w+)}}", lambda place: values[place[1]], str(found))


def actions(language: str) -> set[str]:
    """Returns the codes, such as ``key.create``, of the actions of the audit log that have a text."""
    return {f"{kind}.{act}" for kind, acts in _namespace(language, "audit")["action"].items() for act in acts}
