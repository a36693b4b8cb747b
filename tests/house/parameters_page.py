"""The tables in docs/parameters.md, made from ``app.create_parameters``.

``python -m tests.house.parameters_page`` writes them into the page.
"""

import json
import re
import sys
from collections.abc import Iterable

from app.create_parameters import CONTENT_TYPES, PARAMETERS, ContentType, Kind, Parameter
from tests.support.toolchains import ROOT

PAGE = ROOT / "docs/parameters.md"
_TABLE = re.compile(r"(?<=<!-- table: )(?P<name>\w+)(?P<open> -->\n)(?:\|.*\n)*")


def with_tables(page: str) -> str:
    """Returns the page with every table as the program has it now."""
    tables = {"parameters": parameters_table(), "content": content_table()}
    return _TABLE.sub(lambda found: f"{found['name']}{found['open']}{tables[found['name']]}", page)


def parameters_table() -> str:
    """Returns a row for each parameter."""
    heading = ("parameter", "JSON type and values", "default", "models", "what it does", "the gateway")
    return _table(heading, (_row_of(parameter) for parameter in PARAMETERS.values()))


def content_table() -> str:
    """Returns a row for each type of content item."""
    return _table(("`type`", "payload", "`role`", "what it is"), (_item_of(type_) for type_ in CONTENT_TYPES.values()))


def _row_of(parameter: Parameter) -> tuple[str, ...]:
    default = parameter.default_in_words or ("" if parameter.default is None else _code(json.dumps(parameter.default)))
    is_documented = parameter.kind is not Kind.ANY or not parameter.families
    return (
        _code(parameter.name),
        _values_of(parameter),
        "**required**" if parameter.is_required else default,
        parameter.models_note or ("all" if is_documented else "not documented"),
        parameter.description + ("" if parameter.is_in_spec else " ¹"),
        parameter.gateway_note,
    )


def _values_of(parameter: Parameter) -> str:
    return "; ".join(filter(None, (parameter.kind.value, parameter.values)))


def _item_of(type_: ContentType) -> tuple[str, ...]:
    payload = f'`"{type_.name}": "…"`' if type_.member is None else f'`"{type_.name}": {{"{type_.member}": "…"}}`'
    roles = ", ".join(map(_code, type_.roles))
    return _code(type_.name), payload, "; ".join(filter(None, (roles, type_.role_note))), type_.description


def _code(text: str) -> str:
    return f"`{text}`"


def _table(heading: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heading, ("---",) * len(heading), *rows]
    return "".join("| " + " | ".join(cells) + " |\n" for cells in lines)


def main() -> int:
    """Writes the tables into the page."""
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
