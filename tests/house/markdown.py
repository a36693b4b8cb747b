"""Reads from Markdown pages what two of them can be compared by: headings, blocks of code, tables and links."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").glob("*.md")])

_BLOCK = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_TABLE = re.compile(r"^ *\|.*\n *\|[-|: ]+\|\n((?: *\|.*(?:\n|\Z))*)", re.MULTILINE)
_CODE = re.compile(r"`[^`]+`")
_ITEM = re.compile(r"^ *(?:-|\d+\.) ", re.MULTILINE)


class Heading(NamedTuple):
    """A heading.

    Attributes:
        level: 1 for the page's title.
        anchor: its part of a URL, as GitHub makes it.
    """

    level: int
    anchor: str


class Page:
    """A page of the documentation.

    Attributes:
        path: the file.
        blocks: its blocks of code, whole, in their order.
        headings: its headings in their order.
        tables: for each row of each table, the pieces of code in its first column.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        text = path.read_text(encoding="utf-8")
        self.blocks: list[str] = _BLOCK.findall(text)
        self._prose = _BLOCK.sub("", text)
        self.headings = self._read_headings()
        self.tables = [
            [_CODE.findall(re.split(r"(?<!\\)\|", row)[1]) for row in rows.splitlines()]
            for rows in _TABLE.findall(self._prose)
        ]

    def _read_headings(self) -> list[Heading]:
        seen: dict[str, int] = {}
        headings = []
        for marks, title in _HEADING.findall(self._prose):
            shown = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", title)
            slug = re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")
            repeated = seen[slug] = seen.get(slug, -1) + 1
            headings.append(Heading(len(marks), f"{slug}-{repeated}" if repeated else slug))
        return headings

    def links_by_section(self) -> list[list[str]]:
        """Returns the targets of the links in each section; the first one is what stands before any heading."""
        return [_LINK.findall(section) for section in self._sections()]

    def code_by_section(self) -> list[set[str]]:
        """Returns the pieces of code in the text of each section."""
        return [{" ".join(code.split()) for code in _CODE.findall(section)} for section in self._sections()]

    def parts_by_section(self) -> list[tuple[int, int]]:
        """Returns for each section how many parts a blank line separates, and how many items its lists have."""
        return [
            (len(re.findall(r"\n\s*\n", section.strip())), len(_ITEM.findall(section))) for section in self._sections()
        ]

    def _sections(self) -> list[str]:
        return re.split(r"^#+ ", self._prose, flags=re.MULTILINE)

    def target(self, link: str) -> tuple[Path, str]:
        """Returns the file and the anchor that a link leads to; the anchor is empty for a whole file."""
        file, _, anchor = link.partition("#")
        return ((self.path.parent / file).resolve() if file else self.path, anchor)


def is_outside(link: str) -> bool:
    """Whether a link leaves the repository."""
    return "://" in link or link.startswith("mailto:")
