"""The result of a run, as it is kept in ``bench/results``."""

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"

Rows = dict[str, list[float]]
"""The figure of each round, by the key of a goal."""


@dataclass
class Document:
    """What one run has measured.

    Attributes:
        at: when it began.
        conditions: what the reader has to know of it.
        rows: the figures that are compared with the goals.
        errors: answers other than 2xx, by the same keys.
        series: each kind of request as ``rounds.Series``, by its name.
        details: further figures, by the name of the stage.
    """

    conditions: dict[str, str]
    at: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    rows: Rows = field(default_factory=dict)
    errors: dict[str, int] = field(default_factory=dict)
    series: dict[str, dict[str, Any]] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)

    def write(self, name: str, markdown: str) -> None:
        """Writes ``NAME.json`` and ``NAME.md``."""
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{name}.json").write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")
        facts = "".join(f"- {key}: {value}\n" for key, value in {"at": self.at, **self.conditions}.items())
        (RESULTS / f"{name}.md").write_text(f"# {name}\n\n{facts}\n{markdown}", encoding="utf-8")


def read(name: str) -> Document:
    """Reads ``NAME.json``."""
    return Document(**json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8")))
