"""``./seedgate bench --short``: what a request costs, counted in operations, which no other program changes."""

import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
# The whole suite would be collected for the few that are marked.
_TESTS = ("tests/costs", "tests/db/test_list_statements.py")


def main(arguments: list[str]) -> int:
    """Runs the tests marked ``costs``; arguments go to pytest. Returns its exit code."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-m", "costs", *_TESTS, *arguments], cwd=_ROOT, check=False
    ).returncode
