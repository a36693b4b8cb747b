"""Every file and folder of the project that a text names exists."""

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXTS = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("*.md", "docs/**/*.md", ".github/**/*", ".ci/run", "Dockerfile")
    for path in ROOT.glob(pattern)
    if path.is_file()
)
# `tasks/state.py` stands for app/tasks/state.py; a name without a folder for a file in any of them.
IN_BACKTICKS = re.compile(r"`((?:[\w.-]+/)*[\w-]+\.(?:py|sql))(?:::\w+)?`")
ANYWHERE = re.compile(r"(?<![\w/.-])((?:app|tests|migrations|deploy|examples|docs)/[\w./-]*\w)")
# Made by a test, for itself.
MADE_UP = {"app/newcomer/__init__.py"}
FILE_NAMES = {path.name for folder in ("app", "tests", "migrations") for path in (ROOT / folder).rglob("*.*")}


@pytest.mark.parametrize("name", TEXTS)
def test_every_path_in_a_text_exists(name: str) -> None:
    text = (ROOT / name).read_text()
    assert [path for path in named(text) if not exists(path)] == []


def test_every_path_in_the_code_exists() -> None:
    missing = {
        f"{file.relative_to(ROOT)}: {path}"
        for folder in ("app", "tests", "migrations")
        for file in (ROOT / folder).rglob("*.py")
        for path in re.findall(r"(?<![\w/.-])((?:app|tests|migrations)/[\w./-]+\.(?:py|sql))", file.read_text())
        if path not in MADE_UP and not (ROOT / path).exists()
    }
    assert missing == set()


def test_the_floors_in_the_architecture_are_those_that_are_checked() -> None:
    section = (ROOT / "docs/architecture.md").read_text().partition("\n## Floors\n")[2]
    drawn = [re.split(r"\s{2,}", line)[0] for line in section.split("```")[1].strip().splitlines()]
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert drawn == next(contract["layers"] for contract in contracts if contract["id"] == "floors")


def named(text: str) -> Iterator[str]:
    yield from IN_BACKTICKS.findall(text)
    yield from ANYWHERE.findall(text)


def exists(path: str) -> bool:
    if "/" not in path:
        return path in FILE_NAMES
    return (ROOT / path).exists() or (ROOT / "app" / path).exists()


@pytest.mark.parametrize("name", ["docs/architecture.md", "docs/glossary.md"])
def test_every_name_in_these_pages_occurs_in_the_code(name: str) -> None:
    words = words_of_the_code()
    names = re.findall(r"`((?:[A-Za-z]\w*\.)*[A-Za-z]\w*)(?:\([\w, ]*\))?`", (ROOT / name).read_text())
    parts = {one: one.removeprefix("SEEDGATE_").lower() if one.startswith("SEEDGATE_") else one for one in names}
    assert [one for one, part in parts.items() if not set(part.split(".")) <= words] == []


def test_every_name_in_a_picture_occurs_in_the_code() -> None:
    pictures = re.findall(r"```mermaid\n(.*?)```", (ROOT / "docs/architecture.md").read_text(), re.DOTALL)
    assert len(pictures) == 2
    names = {name for picture in pictures for name in re.findall(r"\b[A-Z][a-z]+[A-Z]\w+|\w+_\w+", picture)}
    words = words_of_the_code()
    assert names - words == set()


@cache
def words_of_the_code() -> set[str]:
    files = (file for folder in ("app", "tests") for file in (ROOT / folder).rglob("*.py"))
    return {word for file in files for word in re.findall(r"\w+", file.read_text())}
