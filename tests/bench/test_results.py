"""What a measurement says is what was measured: wrk's output is read in its units, and errors meet no goal."""

import re
from dataclasses import asdict
from pathlib import Path
from typing import cast

import pytest

from bench import memory
from bench.document import RESULTS, Document, read
from bench.goals import GOALS, table
from bench.load import Answered, to_answered
from bench.site import Site
from bench.summary import table as table_of_runs

PAGE = (RESULTS.parents[1] / "docs" / "performance.md").read_text(encoding="utf-8")
OUTPUT = """Running 2s test @ http://127.0.0.1:1
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   205.11ms    2.96ms 216.15ms   68.42%
  Latency Distribution
     50%  950.00us
     75%  206.52ms
     90%  209.20ms
     99%    1.25s
  1216 requests in 4.01s, 229.18KB read
Requests/sec:    303.59
Transfer/sec:     57.22KB
"""


def test_the_output_of_wrk_is_read_in_its_units() -> None:
    expected = Answered(1216, 0, 303.59, 0.95, 1250)
    assert asdict(to_answered(OUTPUT)) == pytest.approx(asdict(expected))
    assert to_answered(OUTPUT + "  Non-2xx or 3xx responses: 7\n").errors == 7


@pytest.mark.parametrize("output", ["", OUTPUT + "  Socket errors: connect 0, read 1, write 0, timeout 0\n"])
def test_lost_connections_are_no_measurement(output: str) -> None:
    with pytest.raises(RuntimeError, match="wrk failed"):
        to_answered(output)


@pytest.mark.parametrize(
    ("key", "values", "errors", "shown"),
    [
        ("get-finished", [0.5, 0.3, 0.4], 0, "| 0.40 (0.30 to 0.50) | ≥ 0.4 | yes |"),
        ("get-finished", [0.39], 0, "| 0.39 | ≥ 0.4 | no |"),
        ("get-finished", [0.5], 3, "| 0.50 | ≥ 0.4 | no: 3 errors |"),
        ("added-p50", [4.1], 0, "| 4.1 | ≤ 4 | no |"),
        ("added-p50", [], 0, "| not measured | ≤ 4 | |"),
    ],
)
def test_a_row_says_whether_its_median_meets_the_goal(key: str, values: list[float], errors: int, shown: str) -> None:
    rows = {key: values} if values else {}
    [line] = [each for each in table(rows, {key: errors}).splitlines() if GOALS[key].title in each]
    assert line.endswith(shown)


def test_a_goal_is_met_when_every_run_meets_it() -> None:
    runs = {name: Document({}, rows={"idle-cpu": [figure]}) for name, figure in {"a": 0.5, "b": 1.5}.items()}
    [line] = [each for each in table_of_runs(runs).splitlines() if GOALS["idle-cpu"].title in each]
    assert line.endswith("| ≤ 1 | 0.50 | 1.50 | in 1 of 2 |")


def test_the_table_of_the_page_is_that_of_the_runs_in_its_head_with_every_goal() -> None:
    head = next(line for line in PAGE.splitlines() if line.startswith("| what | at least |"))
    runs = {name: read(name) for name in re.findall(r"`([^`]+)`", head)}
    expected = table_of_runs(runs)
    assert expected.count("\n") == len(GOALS) + 2
    assert expected in PAGE


def test_every_run_that_the_page_names_is_kept() -> None:
    named = set(re.findall(r"`(\d{4}-\d\d-\d\d-[a-z0-9-]+)`", PAGE))
    assert named
    assert named <= {each.stem for each in RESULTS.glob("*.json")}


def test_without_minutes_of_load_there_is_no_row_of_the_memory_after_it() -> None:
    document = Document({})
    memory.soak(document, cast("Site", None), minutes=0, folder=Path(), tell=print)
    assert (document.rows, document.details) == ({}, {})
