"""``./seedgate bench``: measures and writes the results."""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from bench import machine, polling, report, rounds
from bench.benchmarks import BENCHMARKS, REFERENCES
from bench.nginx import Nginx, running_nginx
from bench.site import Site, running_site


def main() -> int:
    """Runs the command; returns its exit code."""
    wanted = _arguments()
    try:
        machine.check()
    except machine.MissingError as error:
        print(error, file=sys.stderr)
        return 1
    names = wanted.names or list(BENCHMARKS)
    # What this process starts inherits it; only the servers under test are put on the other core.
    os.sched_setaffinity(0, {machine.LOAD_CORE})
    conditions = machine.describe() | {
        "rounds": f"{wanted.rounds} of {wanted.seconds:.0f} s, interleaved; {wanted.connections} connections",
        "upstream": f"answers after {wanted.delay} ms",
    }
    if wanted.note:
        conditions["note"] = wanted.note
    with tempfile.TemporaryDirectory(prefix="seedgate-bench-") as path:
        folder = Path(path)
        folder.chmod(0o711)  # PostgreSQL runs under another account when we are root
        with running_nginx(folder) as nginx, running_site(folder, delay_milliseconds=wanted.delay) as site:
            found = rounds.measure(
                _subjects(names, nginx, site),
                rounds=wanted.rounds,
                seconds=wanted.seconds,
                connections=wanted.connections,
                folder=folder,
                tell=lambda line: print(line, file=sys.stderr),
            )
    print(report.write(found, conditions=conditions, name=wanted.output))
    return 0


def _subjects(names: list[str], nginx: Nginx, site: Site) -> list[rounds.Subject]:
    references = report.references_of(names)
    subjects = [rounds.Subject(name, nginx.program, nginx.port, REFERENCES[name]) for name in references]
    for name in names:
        benchmark = BENCHMARKS[name]
        after = site.settle if benchmark.leaves_tasks else None
        subjects.append(rounds.Subject(name, site.program, site.port, benchmark.request(site), after))
    return subjects


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="seedgate bench", description="Measures the gateway beside nginx.")
    parser.add_argument("names", nargs="*", choices=[[], *BENCHMARKS], help="what to measure; nothing: all of it")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--delay", type=int, default=0, help="of the upstream's answers, in milliseconds")
    parser.add_argument("--output", default="latest", help="name of the files below bench/results")
    parser.add_argument("--note", default="", help="a sentence for the results, such as what else the machine did")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(polling.main(sys.argv[2:]) if sys.argv[1:2] == ["polling"] else main())
