"""Bodies in which ``$name`` stands for an id that a test has made."""

from typing import Any


def filled(template: Any, ids: dict[str, str]) -> Any:
    """Returns a copy with ids in place of ``$name``."""
    if isinstance(template, dict):
        return {name: filled(value, ids) for name, value in template.items()}
    if isinstance(template, list):
        return [filled(value, ids) for value in template]
    if isinstance(template, str) and "$" in template:
        scheme, name = template.split("$")
        return scheme + ids[name]
    return template
