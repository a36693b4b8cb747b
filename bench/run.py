"""``./seedgate bench [NAME …]``: measures, compares with the goals, and writes the results."""

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from bench import archive, goals, growth, idle, machine, memory, polling, report, requests, waiting
from bench.benchmarks import BENCHMARKS
from bench.document import RESULTS, Document
from bench.nginx import running_nginx, running_proxy
from bench.process import temporary_folder
from bench.rounds import Series
from bench.site import running_site

STAGES = (archive.NAME, "waiting", "memory", "idle", "polling")
"""What is measured beside the kinds of request."""

GROWTH = "lists-growth"
"""The stage that needs some minutes to fill its tables: only when named, or with ``--long``."""
_LONG_SOAK_MINUTES = 10


def main(arguments: Sequence[str]) -> int:
    """Runs the command; returns its exit code."""
    wanted = _arguments(arguments)
    machine.check()
    # What this process starts inherits it; only the servers under test are put on the other core.
    os.sched_setaffinity(0, {machine.LOAD_CORE})
    document = Document(machine.describe() | {"rounds": f"{wanted.rounds} of {wanted.seconds:.0f} s, interleaved"})
    if wanted.note:
        document.conditions["note"] = wanted.note
    names = wanted.names or [*BENCHMARKS, *STAGES]
    found = _with_fast_upstream(document, names, wanted)
    if archive.NAME in names:
        with temporary_folder() as folder, running_site(folder, settings=archive.SETTINGS) as site:
            archive.measure(document, site, number=wanted.rounds, seconds=wanted.seconds, folder=folder, tell=_tell)
    if "waiting" in names:
        with (
            temporary_folder() as folder,
            running_site(folder, delay_milliseconds=waiting.DELAY_MILLISECONDS) as site,
            running_proxy(folder, site.upstream_port) as nginx,
        ):
            waiting.measure(document, site, nginx, number=wanted.rounds, folder=folder, tell=_tell)
    if GROWTH in names or wanted.long:
        growth.measure(document, number=wanted.rounds, seconds=wanted.seconds, tell=_tell)
    if "polling" in names:
        _tell(f"polling: {polling.SMALL.seconds:.0f} s and more")
        polling.run(document, polling.SMALL, key="polling")
    if "polling" in names and wanted.long:
        _tell(f"polling, 10,000 tasks: {polling.LARGE.seconds:.0f} s and more")
        polling.run(document, polling.LARGE, key="polling-10000")
    document.conditions["load after the run"] = " ".join(f"{each:.2f}" for each in os.getloadavg())
    return _finish(document, found, wanted)


def _with_fast_upstream(document: Document, names: Sequence[str], wanted: argparse.Namespace) -> dict[str, Series]:
    kinds = [name for name in names if name in BENCHMARKS]
    found: dict[str, Series] = {}
    if not kinds and not {"memory", "idle"} & set(names):
        return found
    with temporary_folder() as folder, running_nginx(folder) as nginx, running_site(folder) as site:
        if kinds:
            found = requests.measure(
                document,
                site,
                nginx,
                names=kinds,
                number=wanted.rounds,
                seconds=wanted.seconds,
                folder=folder,
                tell=_tell,
            )
        if "memory" in names:
            memory.measure_resident(document, site)
            memory.soak(document, site, minutes=wanted.minutes, folder=folder, tell=_tell)
            memory.measure_large(document, site, tell=_tell)
        if "idle" in names:
            idle.measure(document, site, tell=_tell)
    return found


def _finish(document: Document, found: dict[str, Series], wanted: argparse.Namespace) -> int:
    text = goals.table(document.rows, document.errors)
    name = f"{datetime.now(UTC):%Y-%m-%d}-{wanted.name}" if wanted.name else "latest"
    document.write(name, text + ("\n" + report.table(found) if found else ""))
    print(text)
    _tell(f"written to {RESULTS.name}/{name}.md and {name}.json")
    return 0


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _arguments(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="seedgate bench",
        description="Measures the gateway beside nginx. Other commands: polling, peers, summarize, plot, --short.",
    )
    names = [*BENCHMARKS, *STAGES, GROWTH]
    parser.add_argument("names", nargs="*", choices=[[], *names], help="what to measure; nothing: all of it")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2, help="of each measurement")
    parser.add_argument("--minutes", type=float, default=0.5, help="of load between two looks at the memory")
    parser.add_argument(
        "--long",
        action="store_true",
        help="adds the polling of 10,000 tasks and the lists of 1,000,000 rows, and the load takes "
        f"{_LONG_SOAK_MINUTES} minutes",
    )
    parser.add_argument("--name", default="", help="bench/results/<date>-NAME; without one: latest")
    parser.add_argument("--note", default="", help="a sentence for the results, such as what else the machine did")
    found = parser.parse_args(arguments)
    if found.long:
        found.minutes = max(found.minutes, _LONG_SOAK_MINUTES)
    return found
