"""What a measurement says is what was measured: wrk's output is read in its units, and errors meet no goal."""

from dataclasses import asdict

import pytest

from bench.document import Document
from bench.goals import GOALS, table
from bench.load import Answered, to_answered
from bench.summary import table as table_of_runs

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
