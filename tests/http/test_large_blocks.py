"""Memory of large bodies goes back to the system."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

PROGRAM = """
from pathlib import Path
from app.http.large_blocks import return_large_blocks

def resident() -> int:
    return next(int(line.split()[1]) for line in Path("/proc/self/status").read_text().splitlines() if "VmRSS" in line)


return_large_blocks()
before = resident()
for _ in range(3):
    body = b"x" * 10_000_000
    # What is allocated after the body keeps a heap from shrinking below it.
    copy, later = body.decode(), [bytearray(1000) for _ in range(1000)]
    del body, copy
print(resident() - before)
"""


def test_freed_bodies_leave_a_worker_as_small_as_before() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 5000
