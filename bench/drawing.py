"""Draws a run: ``python -m bench.drawing RUN.json``, where matplotlib is installed.

Writes ``rates``, ``concurrency`` and ``latency`` as PNG and SVG beside it, in place of those of the run before: the
documentation shows them by these names, and each has the name of its run in it. The standard library and matplotlib
are all that it may import.
"""

import json
import sys
from pathlib import Path
from statistics import median
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Beside nginx, in this order.
_RATES = {
    "nginx GET": "nginx, proxied GET",
    "get-finished": "GET, finished task",
    "get-unfinished": "GET, unfinished task",
    "nginx POST": "nginx, proxied POST",
    "create": "create",
    "list-tasks": "list tasks",
    "list-assets": "ListAssets",
}
_LATENCIES = {
    "nginx, slow upstream": "nginx",
    "create, slow upstream": "Seedgate",
}
_SCALED = {"get-finished": "GET, finished task", "create": "create"}
_CONNECTIONS = {8: "@8", 64: "", 256: "@256"}
_NGINX_COLOUR, _OUR_COLOUR = "#9aa5b1", "#1f6feb"
_MICROSECONDS = 1e6

Series = dict[str, dict[str, Any]]


def main() -> None:
    """Draws what the run has measured."""
    run = Path(sys.argv[1])
    series: Series = json.loads(run.read_text(encoding="utf-8"))["series"]
    # The same file for the same figures.
    mpl.rcParams |= {"svg.hashsalt": run.stem, "font.size": 10, "axes.spines.top": False, "axes.spines.right": False}
    for name, draw in (("rates", _draw_rates), ("concurrency", _draw_concurrency), ("latency", _draw_latency)):
        figure = Figure(figsize=(7, 3.6), layout="constrained")
        draw(figure.subplots(), series)
        figure.text(0.995, 0.005, run.stem, ha="right", va="bottom", fontsize=6, color="#57606a")
        for kind in ("png", "svg"):
            metadata = {"Date": None} if kind == "svg" else {}
            figure.savefig(run.with_name(f"{name}.{kind}"), dpi=120, metadata=metadata)


def _draw_rates(axes: Axes, series: Series) -> None:
    names = [name for name in _RATES if name in series][::-1]
    rates = [[_MICROSECONDS / each for each in series[name]["cpu"]] for name in names]
    middles = [median(each) for each in rates]
    colours = [_NGINX_COLOUR if name.startswith("nginx") else _OUR_COLOUR for name in names]
    spread = [
        [middle - min(each) for middle, each in zip(middles, rates, strict=True)],
        [max(each) - middle for middle, each in zip(middles, rates, strict=True)],
    ]
    bars = axes.barh([_RATES[name] for name in names], middles, color=colours, xerr=spread, ecolor="#57606a", capsize=2)
    axes.bar_label(bars, labels=[f" {each:,.0f}" for each in middles], padding=2)
    axes.set_xscale("log")
    axes.set_xlim(right=max(max(each) for each in rates) * 3)
    axes.set_xlabel("requests per second of one core (log scale), 64 connections")
    axes.set_title("Requests per second and core, beside nginx")


def _draw_concurrency(axes: Axes, series: Series) -> None:
    for name, title in _SCALED.items():
        shown = {number: series.get(name + mark) for number, mark in _CONNECTIONS.items()}
        points = {number: median(each["cpu"]) for number, each in shown.items() if each is not None}
        axes.plot(list(points), list(points.values()), marker="o", label=title)
        for number, cpu in points.items():
            axes.annotate(f"{cpu:,.0f}", (number, cpu), textcoords="offset points", xytext=(0, 6), ha="center")
    axes.set_xscale("log", base=2)
    axes.set_xticks(list(_CONNECTIONS), labels=[str(each) for each in _CONNECTIONS])
    axes.set_yscale("log")
    axes.margins(y=0.2)
    axes.set_xlabel("connections, each with one request in flight")
    axes.set_ylabel("CPU per request, µs (log scale)")
    axes.set_title("CPU per request by concurrency")
    axes.legend()


def _draw_latency(axes: Axes, series: Series) -> None:
    names = [name for name in _LATENCIES if name in series]
    places = range(len(names))
    for offset, (field, title) in zip((-0.2, 0.2), (("p50", "p50"), ("p99", "p99")), strict=True):
        values = [median(series[name][field]) for name in names]
        bars = axes.bar([place + offset for place in places], values, width=0.36, label=title)
        axes.bar_label(bars, labels=[f"{each:,.0f}" for each in values])
    axes.set_xticks(list(places), labels=[_LATENCIES[name] for name in names])
    axes.set_ylabel("ms")
    axes.set_title("A create, upstream of 200 ms, 64 connections")
    axes.margins(y=0.15)
    axes.legend(loc="lower right")


if __name__ == "__main__":
    main()
