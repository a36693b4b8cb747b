"""``./seedgate bench peers``: GET and POST beside nginx and LiteLLM, all of them before the same upstream."""

import argparse
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from statistics import median

from bench import machine, rounds
from bench.benchmarks import BENCHMARKS
from bench.document import Document
from bench.litellm import running_litellm
from bench.load import Request
from bench.nginx import running_proxy
from bench.process import Program, temporary_folder
from bench.rounds import Series, Subject
from bench.site import Site, running_site

_HEAD = (
    "| server | request | CPU per request, µs (spread) | req/s of a core | p50 / p99, ms | errors | resident, MB |\n"
    "|---|---|---|---|---|---|---|\n"
)


# LiteLLM takes seconds for 64.
_CONNECTIONS = 16
_KINDS = {"get-finished": "GET", "create": "POST"}


@dataclass(frozen=True)
class _Server:
    """What is measured, and its key if it is not the gateway's or none."""

    program: Program
    port: int
    key: str = ""

    def authenticated(self, request: Request) -> Request:
        """Returns a request with this server's key."""
        if not self.key:
            return request
        return replace(request, headers=request.headers | {"Authorization": f"Bearer {self.key}"})


def main(arguments: list[str]) -> int:
    """Runs the command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="seedgate bench peers", description="Measures nginx, Seedgate and LiteLLM.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4, help="of each measurement")
    parser.add_argument("--name", default="", help="bench/results/<date>-NAME; without one: latest-peers")
    parser.add_argument("--note", default="", help="a sentence for the results")
    wanted = parser.parse_args(arguments)
    machine.check()
    os.sched_setaffinity(0, {machine.LOAD_CORE})
    document = Document(machine.describe() | {"rounds": f"{wanted.rounds} of {wanted.seconds:.0f} s, interleaved"})
    if wanted.note:
        document.conditions["note"] = wanted.note
    with (
        temporary_folder() as folder,
        running_site(folder) as site,
        running_proxy(folder, site.upstream_port) as nginx,
        running_litellm(folder, site.upstream_url) as litellm,
    ):
        servers = {
            "nginx": _Server(nginx.program, nginx.port),
            "Seedgate": _Server(site.program, site.port),
            "LiteLLM": _Server(litellm.program, litellm.port, litellm.key),
        }
        found = rounds.measure(
            _subjects(servers, site),
            rounds=wanted.rounds,
            seconds=wanted.seconds,
            folder=folder,
            tell=lambda line: print(line, file=sys.stderr, flush=True),
        )
        resident = {name: server.program.resident_bytes() / 1e6 for name, server in servers.items()}
    document.series = {name: asdict(series) for name, series in found.items()}
    document.details["resident_mb"] = resident
    text = _table(found, resident)
    document.write(f"{datetime.now(UTC):%Y-%m-%d}-{wanted.name}" if wanted.name else "latest-peers", text)
    print(text)
    return 0


def _subjects(servers: Mapping[str, _Server], site: Site) -> list[Subject]:
    """Returns the same two requests to each server, in the order of a round."""
    return [
        Subject(
            f"{server} {kind}",
            found.program,
            found.port,
            found.authenticated(BENCHMARKS[kind].request(site)),
            _CONNECTIONS,
            after=site.settle if BENCHMARKS[kind].leaves_tasks else None,
        )
        for kind in _KINDS
        for server, found in servers.items()
    ]


def _table(found: Mapping[str, Series], resident: Mapping[str, float]) -> str:
    lines = []
    for name, series in found.items():
        server, kind = name.split(" ")
        cpu = f"{series.cpu_median:,.0f} ({min(series.cpu):,.0f} to {max(series.cpu):,.0f})"
        rate, latency = 1e6 / series.cpu_median, f"{median(series.p50):.1f} / {median(series.p99):.1f}"
        lines.append(
            f"| {server} | {_KINDS[kind]} | {cpu} | {rate:,.0f} | {latency} | {series.errors} "
            f"| {resident[server]:,.0f} |\n"
        )
    return _HEAD + "".join(lines)
