"""The goals: what is measured, and from which figure on it is good enough."""

from dataclasses import dataclass
from statistics import median

from bench.document import Rows


@dataclass(frozen=True)
class Goal:
    """One row of the table.

    Attributes:
        title: what is measured, with its unit.
        limit: that the median must reach, or must not exceed.
        is_minimum: it must be reached.
        digits: after the point.
    """

    title: str
    limit: float
    is_minimum: bool = False
    digits: int = 2

    @property
    def text(self) -> str:
        """The limit, for a reader."""
        return f"{'≥' if self.is_minimum else '≤'} {self.limit:g}"

    def is_met(self, values: list[float]) -> bool:
        """Says whether the median of the rounds is good enough."""
        return median(values) >= self.limit if self.is_minimum else median(values) <= self.limit

    def show(self, values: list[float]) -> str:
        """Returns the median, and the spread of several rounds."""
        middle, least, most = (f"{each:,.{self.digits}f}" for each in (median(values), min(values), max(values)))
        return middle if len(values) == 1 else f"{middle} ({least} to {most})"


GOALS = {
    "get-finished": Goal("GET of a finished task ÷ nginx's proxied GET, requests/s per core", 0.40, is_minimum=True),
    "get-unfinished": Goal("GET of an unfinished task ÷ the same", 0.25, is_minimum=True),
    "get-limited": Goal("GET of a finished task with a limit ÷ without, requests/s", 0.85, is_minimum=True),
    "get-archived": Goal("GET of a finished task: CPU with its clip in the archive ÷ without", 1.15),
    "create": Goal("create ÷ nginx's proxied POST, requests/s per core", 0.10, is_minimum=True, digits=3),
    "create-limited": Goal("creates with two budgets, a cap and a limit ÷ without, requests/s", 0.8, is_minimum=True),
    "create-identical": Goal("creates with identical bodies ÷ with differing ones, requests/s", 0.5, is_minimum=True),
    "added-p50": Goal("added to nginx's latency, upstream of 200 ms: p50, ms", 4, digits=1),
    "added-p99": Goal("the same: p99, ms", 50, digits=1),
    "in-flight": Goal("creates/s, 256 in flight, upstream of 200 ms ÷ the upstream directly", 0.97, is_minimum=True),
    "concurrency-get": Goal("GET of a finished task: CPU with 64 connections ÷ with 8", 1.2),
    "concurrency-create": Goal("create: CPU with 64 connections ÷ with 8", 1.2),
    "list-tasks": Goal("list tasks: CPU ÷ that of nginx's proxied GET", 25, digits=1),
    "list-assets": Goal("ListAssets: CPU ÷ that of nginx's proxied GET", 25, digits=1),
    "growth-assets": Goal("ListAssets, first page: p50 beside 1,000,000 rows ÷ beside 1,000", 1.5),
    "growth-assets-page-90": Goal("the same: page 90", 1.5),
    "growth-assets-name": Goal("the same: a part of a name", 2),
    "growth-assets-chinese": Goal("the same: a part of a Chinese name", 2),
    "growth-tasks": Goal("list tasks, first page: p50 beside 1,000,000 rows ÷ beside 1,000", 1.5),
    "growth-tasks-page-90": Goal("the same: page 90", 1.5),
    "polling-calls": Goal("300 tasks, 32 clients: upstream calls per unfinished task and minute", 0.5),
    "polling-delay": Goal("the same: an ended task is final, p95, s", 10, digits=1),
    "polling-10000-calls": Goal(
        "10,000 tasks, 1,000 clients: upstream calls per unfinished task and minute", 0.05, digits=3
    ),
    "polling-10000-delay": Goal("the same: an ended task is final, p95, s", 60, digits=1),
    "large-memory": Goal("10 MB create: growth of memory at its peak ÷ body", 2.5),
    "large-disk": Goal("10 MB create: bytes that the worker writes to a disk ÷ body", 0.01, digits=4),
    "resident": Goal("resident per worker, warm, MB", 100, digits=1),
    "soak": Goal("its growth under load, %", 5, digits=1),
    "idle-cpu": Goal("idle: CPU of gateway and PostgreSQL, % of a core", 1),
    "idle-statements": Goal("idle: statements per second", 4),
}
"""By the keys of the rows of a result."""

_HEAD = "| what | measured: median (spread) | at least | met? |\n|---|---|---|---|\n"


def table(rows: Rows, errors: dict[str, int]) -> str:
    """Returns the goals beside what was measured, in Markdown.

    Args:
        rows: the figure of each round, by the keys of ``GOALS``.
        errors: answers other than 2xx, by the same keys; a goal with errors is not met.
    """
    lines = []
    for key, goal in GOALS.items():
        values = rows.get(key)
        if values is None:
            lines.append(f"| {goal.title} | not measured | {goal.text} | |\n")
            continue
        lines.append(f"| {goal.title} | {goal.show(values)} | {goal.text} | {verdict(key, values, errors)} |\n")
    return _HEAD + "".join(lines)


def verdict(key: str, values: list[float], errors: dict[str, int]) -> str:
    """Returns what stands in the last column for a row."""
    if errors.get(key):
        return f"no: {errors[key]} errors"
    return "yes" if GOALS[key].is_met(values) else "no"
