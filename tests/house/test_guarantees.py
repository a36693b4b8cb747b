"""Every guarantee names a test that exists."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (ROOT / "docs/guarantees.md").read_text())


def test_every_test_that_is_named_as_proof_exists() -> None:
    assert len(NAMED) > 20
    missing = [
        f"{path}::{name}"
        for path, name in NAMED
        if not re.search(rf"^(async )?def {name}\(", _text_of(path), re.MULTILINE)
    ]
    assert missing == []


def test_every_test_that_breaks_something_is_named_as_proof() -> None:
    written = {
        (path.relative_to(ROOT).as_posix(), name)
        for path in (ROOT / "tests/chaos").glob("test_*.py")
        for name in re.findall(r"^async def (test_\w+)\(", path.read_text(), re.MULTILINE)
    }
    assert written <= set(NAMED)


def test_every_guarantee_has_a_proof() -> None:
    rows = [line for line in (ROOT / "docs/guarantees.md").read_text().splitlines() if line.startswith("| ")]
    promises = [row for row in rows if not row.startswith("| when ")]
    assert [row for row in promises if "::" not in row] == []


def _text_of(path: str) -> str:
    file = ROOT / path
    return file.read_text() if file.exists() else ""
