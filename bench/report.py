"""The kinds of request of a run side by side, in Markdown."""

from collections.abc import Mapping
from statistics import median

from bench.benchmarks import BENCHMARKS
from bench.rounds import Series

_HEAD = (
    "| request | connections | CPU per request, µs (spread) | req/s | p50 / p99, ms | errors | ÷ nginx per core |\n"
    "|---|---|---|---|---|---|---|\n"
)


def table(found: Mapping[str, Series]) -> str:
    """Returns the table of the requests of a run."""
    rows = []
    for name, series in found.items():
        base = name.partition("@")[0]
        benchmark = BENCHMARKS.get(base)
        reference = found.get(benchmark.reference) if benchmark else None
        share = f"{reference.cpu_median / series.cpu_median:.3f}" if reference else ""
        title = benchmark.title if benchmark else base
        cpu = f"{series.cpu_median:,.1f} ({min(series.cpu):,.1f} to {max(series.cpu):,.1f})"
        latency = f"{median(series.p50):.2f} / {median(series.p99):.1f}"
        rows.append(
            f"| {title} | {series.connections} | {cpu} | {median(series.rates):,.0f} | {latency} | {series.errors} "
            f"| {share} |\n"
        )
    return _HEAD + "".join(rows)
