"""docs/parameters.md shows the table of parameters exactly as the program has it."""

from app.create_parameters import CONTENT_TYPES, PARAMETERS
from tests.house.parameters_page import PAGE, with_tables


def test_the_page_shows_the_tables_as_the_program_has_them() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == with_tables(page), "run: python -m tests.house.parameters_page"
    for name in (*PARAMETERS, *CONTENT_TYPES):
        assert page.count(f"\n| `{name}` |") == 1, name
