"""Creates beside an upstream that takes 200 ms: the latency that the gateway adds, and how many it keeps in flight."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from bench import rounds
from bench.benchmarks import BENCHMARKS, NGINX_POST, REFERENCES
from bench.document import Document
from bench.nginx import Nginx
from bench.rounds import Subject
from bench.site import Site

DELAY_MILLISECONDS = 200
_CONNECTIONS = 64
_IN_FLIGHT = 256
# So many requests of each round are answered with 64 connections: 320 a second.
_SECONDS = 4


def measure(
    document: Document, site: Site, nginx: Nginx, *, number: int, folder: Path, tell: Callable[[str], None]
) -> None:
    """Measures creates and adds their rows to a document.

    Args:
        document: gets the rows and the series.
        site: with the slow upstream.
        nginx: a proxy to the same upstream.
        number: of rounds.
        folder: for files of the load.
        tell: told of each measurement.
    """
    create, plain = BENCHMARKS["create"].request(site), REFERENCES[NGINX_POST]
    subjects = [
        Subject("nginx, slow upstream", nginx.program, nginx.port, plain, _CONNECTIONS),
        Subject("create, slow upstream", site.program, site.port, create, _CONNECTIONS, site.settle),
        Subject("upstream, in flight", site.upstream, site.upstream_port, plain, _IN_FLIGHT),
        Subject("create, in flight", site.program, site.port, create, _IN_FLIGHT, site.settle),
    ]
    found = rounds.measure(subjects, rounds=number, seconds=_SECONDS, folder=folder, tell=tell)
    reference, gateway, direct, many = (found[subject.name] for subject in subjects)
    document.rows["added-p50"] = [ours - nginxs for ours, nginxs in zip(gateway.p50, reference.p50, strict=True)]
    document.rows["added-p99"] = [ours - nginxs for ours, nginxs in zip(gateway.p99, reference.p99, strict=True)]
    document.rows["in-flight"] = [ours / directly for ours, directly in zip(many.rates, direct.rates, strict=True)]
    document.errors |= {"added-p50": gateway.errors, "added-p99": gateway.errors, "in-flight": many.errors}
    document.series |= {name: asdict(series) for name, series in found.items()}
