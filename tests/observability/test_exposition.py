"""Several processes count together, and what a process that died had counted stays counted."""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.observability.exposition import counting_together, exposition

ROOT = Path(__file__).resolve().parents[2]
_COUNTING = """
import sys
from app.observability.metrics import REQUEST_SECONDS, REQUESTS, STALE_ANSWERS
REQUESTS.labels("/r", "GET", "2xx").inc(int(sys.argv[1]))
REQUEST_SECONDS.labels("/r").observe(0.02)
REQUEST_SECONDS.labels("/r").observe(3)
STALE_ANSWERS.inc()
print("counted", flush=True)
sys.stdin.read()
"""


class Counting:
    """A process that has counted some requests and lives until it is told to end."""

    def __init__(self, number: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _COUNTING, str(number)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == b"counted\n"

    def kill(self) -> None:
        """Ends it without a word."""
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def folder() -> Iterator[Path]:
    """The folder in which processes started by this test count."""
    with counting_together():
        yield Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])


def lines() -> dict[str, float]:
    """Returns every series of ours."""
    page = exposition([]).decode()
    pairs = (line.rsplit(" ", 1) for line in page.splitlines() if line.startswith("seedgate_"))
    return {name: float(number) for name, number in pairs}


def test_one_answer_holds_what_all_have_counted_and_the_dead_too(folder: Path) -> None:
    first, second = Counting(2), Counting(3)
    requests = 'seedgate_requests_total{method="GET",route="/r",status="2xx"}'
    together = lines()
    assert together[requests] == 5
    assert together["seedgate_stale_answers_total"] == 2
    assert together['seedgate_request_seconds_count{route="/r"}'] == 4
    assert together['seedgate_request_seconds_bucket{le="0.025",route="/r"}'] == 2
    first.kill()
    assert lines() == together
    assert lines() == together
    third = Counting(4)
    second.kill()
    third.kill()
    last = lines()
    assert last[requests] == 9
    assert last['seedgate_request_seconds_bucket{le="+Inf",route="/r"}'] == 6
    assert sorted(file.name for file in folder.glob("*.db")) == ["counter_dead.db", "histogram_dead.db"]


def test_many_deaths_leave_few_files(folder: Path) -> None:
    for _ in range(4):
        Counting(1).kill()
        lines()
    assert len(list(folder.iterdir())) == 3
    assert lines()['seedgate_requests_total{method="GET",route="/r",status="2xx"}'] == 4


async def test_two_fetches_at_once_count_nothing_twice(folder: Path) -> None:
    for _ in range(3):
        Counting(1).kill()
    pages = await asyncio.gather(*(asyncio.to_thread(lines) for _ in range(8)))
    assert all(page == pages[0] for page in pages)
    assert pages[0]["seedgate_stale_answers_total"] == 3


def test_a_file_that_is_being_made_spoils_nothing(folder: Path) -> None:
    (folder / f"counter_{os.getpid()}.db").touch()
    Counting(1).kill()
    assert lines()["seedgate_stale_answers_total"] == 1


def test_the_folder_is_private_and_goes_with_the_program() -> None:
    with counting_together():
        made = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
        assert made.is_relative_to(tempfile.gettempdir())
        assert made.stat().st_mode & 0o777 == 0o700
    assert not made.exists()
    assert "PROMETHEUS_MULTIPROC_DIR" not in os.environ
