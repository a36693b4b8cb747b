"""Several processes share their metrics, and those of a process that died stay."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.observability.exposition import exposition, multiprocess_metrics

ROOT = Path(__file__).resolve().parents[2]
_COUNTING = """
import sys
from app.observability.counters import REQUEST_SECONDS, REQUESTS, STALE_ANSWERS
REQUESTS.labels("/r", "GET", "2xx").inc(int(sys.argv[1]))
REQUEST_SECONDS.labels("/r").observe(0.02)
REQUEST_SECONDS.labels("/r").observe(3)
STALE_ANSWERS.inc()
print("counted", flush=True)
sys.stdin.read()
"""


class Counting:
    """A process that has counted some requests and runs until it is killed."""

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
        """Kills it."""
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def folder() -> Iterator[Path]:
    """The folder in which processes started by this test count."""
    with multiprocess_metrics():
        yield Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])


def lines() -> dict[str, float]:
    """Returns every series of ours."""
    page = exposition([]).decode()
    pairs = (line.rsplit(" ", 1) for line in page.splitlines() if line.startswith("seedgate_"))
    return {name: float(number) for name, number in pairs}


def test_the_metrics_of_living_and_dead_processes_are_added_up(folder: Path) -> None:
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


def test_a_metrics_file_that_is_still_empty_is_skipped(folder: Path) -> None:
    (folder / f"counter_{os.getpid()}.db").touch()
    Counting(1).kill()
    assert lines()["seedgate_stale_answers_total"] == 1


def test_the_folder_is_private_and_goes_with_the_program() -> None:
    with multiprocess_metrics():
        made = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
        assert made.is_relative_to(tempfile.gettempdir())
        assert made.stat().st_mode & 0o777 == 0o700
    assert not made.exists()
    assert "PROMETHEUS_MULTIPROC_DIR" not in os.environ
