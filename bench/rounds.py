"""Interleaved rounds: each kind of request in turn, again and again, so that a busy machine is unfair to all alike."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import TypedDict

from bench import load
from bench.process import Program

_WARM_UP_SECONDS = 1


class _Options(TypedDict):
    port: int
    connections: int
    folder: Path


@dataclass(frozen=True)
class Subject:
    """One kind of request in a run.

    Attributes:
        name: of it.
        program: whose CPU is counted.
        port: where the program listens.
        request: what is sent.
        connections: concurrent requests.
        after: called after each round.
    """

    name: str
    program: Program
    port: int
    request: load.Request
    connections: int = 64
    after: Callable[[], None] | None = None


@dataclass
class Series:
    """The rounds of one subject.

    ``cpu`` is the time of the processor that a request took, in microseconds, and the figure to judge by: unlike
    requests per second it hardly depends on what else the machine does.
    """

    connections: int
    cpu: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    errors: int = 0

    def add(self, answered: load.Answered, cpu_seconds: float) -> None:
        """Adds a round."""
        self.cpu.append(cpu_seconds / max(answered.requests, 1) * 1e6)
        self.rates.append(answered.requests_per_second)
        self.p50.append(answered.p50_milliseconds)
        self.p99.append(answered.p99_milliseconds)
        self.errors += answered.errors

    @property
    def cpu_median(self) -> float:
        """The median of the CPU per request, in microseconds."""
        return median(self.cpu)


def measure(
    subjects: Sequence[Subject],
    *,
    rounds: int,
    seconds: float,
    folder: Path,
    tell: Callable[[str], None],
) -> dict[str, Series]:
    """Measures all subjects in interleaved rounds.

    A second of load that is not measured comes before each measurement: what a process has in memory for less than a
    second is gone after the turns of the others.

    Args:
        subjects: in the order of a round.
        rounds: how many.
        seconds: of load for each subject in each round.
        folder: for files of the load.
        tell: told of each measurement.
    """
    found = {subject.name: Series(subject.connections) for subject in subjects}
    for number in range(1, rounds + 1):
        for subject in subjects:
            options: _Options = {"port": subject.port, "connections": subject.connections, "folder": folder}
            load.run(subject.request, seconds=_WARM_UP_SECONDS, **options)
            answered, used, took = _measure_one(subject, seconds, options)
            found[subject.name].add(answered, used)
            share = used / took
            tell(
                f"round {number}: {subject.name}: {answered.requests_per_second:,.0f}/s, "
                f"{found[subject.name].cpu[-1]:,.1f} us, {share:.0%} of the core"
            )
            if subject.after is not None:
                subject.after()
    return found


def _measure_one(subject: Subject, seconds: float, options: _Options) -> tuple[load.Answered, float, float]:
    """Measures a subject, again for longer until each connection has had an answer on average.

    When that has taken eight times as long in vain, a request counts as having failed after all of that time.

    Returns:
        What was answered, the CPU that it took, and the time, in seconds.
    """
    for times in (1, 2, 4, 8):
        before, started = subject.program.cpu_seconds(), time.monotonic()
        answered = load.run(subject.request, seconds=times * seconds, **options)
        used, took = subject.program.cpu_seconds() - before, time.monotonic() - started
        if answered.requests >= subject.connections:
            return answered, used, took
    late = took * 1000
    return replace(answered, errors=answered.errors + 1, p50_milliseconds=late, p99_milliseconds=late), used, took
