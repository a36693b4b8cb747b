"""The results of a run as Markdown and JSON."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from bench.benchmarks import BENCHMARKS, REFERENCES, Benchmark
from bench.rounds import Series

RESULTS = Path(__file__).parent / "results"
_HEAD = (
    "| request | CPU per request, µs (spread) | req/s | p50 / p99, ms | errors | ÷ nginx per core | goal |\n"
    "|---|---|---|---|---|---|---|\n"
)


def write(found: Mapping[str, Series], *, conditions: Mapping[str, str], name: str) -> str:
    """Writes ``NAME.json`` and ``NAME.md`` below ``bench/results``; returns the Markdown.

    Args:
        found: the rounds, by the names of benchmarks and references.
        conditions: what the reader has to know of the run.
        name: of the files.
    """
    RESULTS.mkdir(exist_ok=True)
    at = datetime.now(UTC).isoformat(timespec="seconds")
    document = {"at": at, "conditions": dict(conditions), "series": {each: asdict(found[each]) for each in found}}
    (RESULTS / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    text = f"# {name}\n\n" + "".join(f"- {key}: {value}\n" for key, value in {"at": at, **conditions}.items())
    text += "\n" + table(found)
    (RESULTS / f"{name}.md").write_text(text, encoding="utf-8")
    return text


def table(found: Mapping[str, Series]) -> str:
    """Returns the table of a run, in Markdown."""
    rows = []
    for name, series in found.items():
        benchmark = BENCHMARKS.get(name)
        share = goal = ""
        if benchmark is not None:
            ratio = found[benchmark.reference].cpu_median / series.cpu_median
            share, goal = f"{ratio:.3f}", _goal(benchmark)
        title = benchmark.title if benchmark else name
        cpu = f"{series.cpu_median:,.1f} ({min(series.cpu):,.1f} to {max(series.cpu):,.1f})"
        latency = f"{median(series.p50):.2f} / {median(series.p99):.1f}"
        rows.append(
            f"| {title} | {cpu} | {median(series.rates):,.0f} | {latency} | {series.errors} | {share} | {goal} |\n"
        )
    return _HEAD + "".join(rows)


def references_of(names: list[str]) -> list[str]:
    """Returns the requests to nginx with which benchmarks are compared."""
    wanted = {BENCHMARKS[name].reference for name in names}
    return [name for name in REFERENCES if name in wanted]


def _goal(benchmark: Benchmark) -> str:
    if benchmark.at_most is not None:
        return f"at least {1 / benchmark.at_most:.3f} ({benchmark.at_most:.0f} times the CPU at most)"
    return "" if benchmark.at_least is None else f"at least {benchmark.at_least:.2f}"
