"""A Chinese page says what its English twin says: everything in them that is not prose is equal."""

import re
import subprocess
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tests.house.markdown import PAGES, ROOT, Page, is_outside

README_LINES = 230
"""Five screens."""


@cache
def page(path: Path) -> Page:
    return Page(path)


def english(path: Path) -> Path:
    """Returns the English page that a page translates, or the page itself when it is no translation."""
    name = path.relative_to(ROOT).as_posix()
    return ROOT / name.replace("docs/zh-CN/", "docs/").replace(".zh-CN.md", ".md")


CHINESE = [path for path in PAGES if english(path) != path]
TRANSLATED = {english(path): path for path in CHINESE}


def _tracked_files() -> list[str]:
    """Returns the program's files and those that install it, which may name a section of the documentation."""
    names = ("app", "deploy", "migrations", "*.yml", "Dockerfile", ".env.example", "seedgate")
    listed = subprocess.run(["git", "ls-files", *names], cwd=ROOT, check=True, capture_output=True, text=True)
    return listed.stdout.split()


def canonical(source: Page, link: str) -> str:
    """Returns a link in a form that does not depend on the language: the English file and the place of the heading."""
    if is_outside(link):
        return link
    file, anchor = source.target(link)
    if not anchor:
        return str(english(file))
    return f"{english(file)}#{[heading.anchor for heading in page(file).headings].index(anchor)}"


@pytest.mark.parametrize("path", CHINESE, ids=lambda path: path.name)
def test_a_chinese_page_has_the_structure_of_the_english_one(path: Path) -> None:
    chinese, original = page(path), page(english(path))
    assert [heading.level for heading in chinese.headings] == [heading.level for heading in original.headings]
    assert chinese.blocks == original.blocks
    assert chinese.tables == original.tables
    assert chinese.parts_by_section() == original.parts_by_section()


@pytest.mark.parametrize("path", CHINESE, ids=lambda path: path.name)
def test_a_chinese_page_names_what_the_english_one_names_section_by_section(path: Path) -> None:
    for ours, theirs in zip(page(path).code_by_section(), page(english(path)).code_by_section(), strict=True):
        assert ours == theirs


@pytest.mark.parametrize("path", CHINESE, ids=lambda path: path.name)
def test_a_chinese_page_has_the_links_of_the_english_one_section_by_section(path: Path) -> None:
    chinese, original = page(path), page(english(path))
    for ours, theirs in zip(chinese.links_by_section(), original.links_by_section(), strict=True):
        assert Counter(canonical(chinese, link) for link in ours) == Counter(
            canonical(original, link) for link in theirs
        )


@pytest.mark.parametrize("path", CHINESE, ids=lambda path: path.name)
def test_each_of_two_twins_begins_with_a_link_to_the_other(path: Path) -> None:
    chinese, original = page(path), page(english(path))
    assert chinese.target(chinese.links_by_section()[1][0]) == (original.path, "")
    assert original.target(original.links_by_section()[1][0]) == (chinese.path, "")


@pytest.mark.parametrize("path", CHINESE, ids=lambda path: path.name)
def test_a_chinese_page_leads_to_chinese_pages_where_there_are_any(path: Path) -> None:
    chinese = page(path)
    links = [link for section in chinese.links_by_section() for link in section if not is_outside(link)]
    # The first link is the one to the English twin.
    files = [chinese.target(link)[0] for link in links[1:]]
    assert [file for file in files if file in TRANSLATED] == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_inside_the_repository_leads_somewhere(path: Path) -> None:
    source = page(path)
    lost = []
    for link in (link for section in source.links_by_section() for link in section if not is_outside(link)):
        file, anchor = source.target(link)
        if not file.exists() or (anchor and anchor not in {heading.anchor for heading in page(file).headings}):
            lost.append(link)
    assert lost == []


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_a_readme_is_five_screens_at_most(name: str) -> None:
    assert len((ROOT / name).read_text(encoding="utf-8").splitlines()) <= README_LINES


def test_what_names_a_section_of_a_page_names_one_that_is_there() -> None:
    lost = []
    for path in (ROOT / name for name in _tracked_files()):
        text = path.read_text(encoding="utf-8", errors="ignore")
        for file, section in re.findall(r"(docs/[\w./-]+\.md), [\"`]([^\"`\n]+)[\"`]", text):
            if f"# {section}\n" not in (ROOT / file).read_text(encoding="utf-8"):
                lost.append(f"{path}: {file}, {section}")
    assert lost == []
