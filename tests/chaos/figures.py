"""The figures of the suite, told at its end."""

from dataclasses import asdict, dataclass
from typing import Any

PROPERTY = "chaos"


@dataclass
class Figures:
    """What a test did and what came of it.

    Attributes:
        kills: processes that died by SIGKILL, gateways and database servers.
        creates: creates that clients wanted, each once however often it was sent.
        lost: of these, such whose client got no id, or an id that the gateway does not know.
        doubled: of these, such that the upstream was sent more than once.
        orphaned: paid upstream tasks that no tenant owns; all are listed for the operator.
    """

    kills: int = 0
    creates: int = 0
    lost: int = 0
    doubled: int = 0
    orphaned: int = 0


def told(figures: Figures) -> tuple[str, dict[str, int]]:
    """Returns figures as a property of a test's report, which also reaches the process that writes the summary."""
    return PROPERTY, asdict(figures)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Writes the sum and each test's part, when there was any."""
    parts = [
        (report.nodeid, value)
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", None) == "call"
        for name, value in report.user_properties
        if name == PROPERTY
    ]
    if not parts:
        return
    terminalreporter.section("chaos: what was broken and what came of it")
    for nodeid, value in [*sorted(parts), ("all", _sum(parts))]:
        numbers = "  ".join(f"{name} {number}" for name, number in value.items())
        terminalreporter.write_line(f"{numbers}  {nodeid.partition('::')[2] or nodeid}")


def _sum(parts: list[tuple[str, dict[str, int]]]) -> dict[str, int]:
    return {name: sum(value[name] for _, value in parts) for name in asdict(Figures())}
