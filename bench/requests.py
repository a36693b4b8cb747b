"""The kinds of request beside nginx, with a fast upstream: CPU per request, and what it does with more connections."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from bench import rounds
from bench.benchmarks import BENCHMARKS, REFERENCES
from bench.document import Document
from bench.goals import GOALS
from bench.nginx import Nginx
from bench.rounds import Series, Subject
from bench.site import Site

_SCALED = {"get-finished": "concurrency-get", "create": "concurrency-create"}
"""What is also measured with other numbers of connections, and the goal that compares 64 with 8."""
_BESIDE = {"get-limited": "get-finished", "create-identical": "create", "create-limited": "create"}
"""Requests that are not compared with nginx, but with another one to the gateway."""
_FEW, _USUAL, _MANY = 8, 64, 256


def measure(
    document: Document,
    site: Site,
    nginx: Nginx,
    *,
    names: Sequence[str],
    number: int,
    seconds: float,
    folder: Path,
    tell: Callable[[str], None],
) -> dict[str, Series]:
    """Measures kinds of request, adds their rows to a document, and returns the rounds.

    Args:
        document: gets the rows and the series.
        site: with a fast upstream.
        nginx: the reference.
        names: of ``BENCHMARKS``.
        number: of rounds.
        seconds: of each measurement.
        folder: for files of the load.
        tell: told of each measurement.
    """
    found = rounds.measure(_subjects(names, nginx, site), rounds=number, seconds=seconds, folder=folder, tell=tell)
    for name in names:
        document.errors[name] = found[name].errors
        if name in GOALS and name not in _BESIDE:
            document.rows[name] = _compared(name, found)
    for name, other in _BESIDE.items():
        if name in found and other in found:
            rates = zip(found[name].rates, found[other].rates, strict=True)
            document.rows[name] = [rate / usual for rate, usual in rates if usual]
    for name in _SCALED.keys() & set(names):
        usual, few = found[name], found[f"{name}@{_FEW}"]
        key = _SCALED[name]
        document.rows[key] = [more / less for more, less in zip(usual.cpu, few.cpu, strict=True)]
        document.errors[key] = usual.errors + few.errors
    document.series |= {name: asdict(series) for name, series in found.items()}
    return found


def _compared(name: str, found: dict[str, Series]) -> list[float]:
    """Returns nginx's CPU divided by ours where that is to be large, else ours divided by nginx's."""
    pairs = list(zip(found[BENCHMARKS[name].reference].cpu, found[name].cpu, strict=True))
    return [nginx / ours if GOALS[name].is_minimum else ours / nginx for nginx, ours in pairs]


def _subjects(names: Sequence[str], nginx: Nginx, site: Site) -> list[Subject]:
    wanted = {BENCHMARKS[name].reference for name in names}
    subjects = [
        Subject(name, nginx.program, nginx.port, request) for name, request in REFERENCES.items() if name in wanted
    ]
    for name in names:
        benchmark = BENCHMARKS[name]
        after = site.settle if benchmark.leaves_tasks else None
        request = benchmark.request(site)
        subjects.append(Subject(name, site.program, site.port, request, _USUAL, after))
        if name in _SCALED:
            subjects += [
                Subject(f"{name}@{connections}", site.program, site.port, request, connections, after)
                for connections in (_FEW, _MANY)
            ]
    return subjects
