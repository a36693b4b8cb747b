"""The figures of the suite, printed at its end."""

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

PROPERTY = "chaos"


@dataclass
class Figures:
    """The figures of a test.

    Attributes:
        kills: gateways and database servers that were killed.
        creates: creates of clients, each counted once however often it was sent.
        lost: creates whose client got no id, or an id that the gateway does not know.
        doubled: creates that the upstream received more than once.
        orphaned: paid upstream tasks that no tenant owns; all are listed for the operator.
    """

    kills: int = 0
    creates: int = 0
    lost: int = 0
    doubled: int = 0
    orphaned: int = 0


def as_property(figures: Figures) -> tuple[str, dict[str, int]]:
    """Returns figures as a property of a test's report, which also reaches the process that writes the summary."""
    return PROPERTY, asdict(figures)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Writes each test's part, whatever its parameters, and the sum; nothing when there are none."""
    parts: dict[str, Counter[str]] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", None) != "call":
                continue
            name = report.nodeid.partition("::")[2].partition("[")[0]
            for _, value in (found for found in report.user_properties if found[0] == PROPERTY):
                parts.setdefault(name, Counter()).update(value)
    if not parts:
        return
    terminalreporter.section("chaos: what was broken and what came of it")
    parts["all"] = sum(parts.values(), Counter())
    for name, part in parts.items():
        numbers = "  ".join(f"{what} {part[what]}" for what in asdict(Figures()))
        terminalreporter.write_line(f"{numbers}  {name}")
