"""``./seedgate bench summarize RUN …``: several runs beside the goals, for docs/performance.md."""

import argparse
import re
from pathlib import Path
from statistics import median

from bench import document
from bench.document import Document
from bench.goals import GOALS, verdict

_PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance.md"
_TABLE = re.compile(r"(?m)^\| what \| at least \|.*\n(?:\|.*\n)+")


def main(arguments: list[str]) -> int:
    """Runs the command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="seedgate bench summarize", description="Shows runs beside the goals.")
    parser.add_argument("runs", nargs="+", help="names of files below bench/results, without .json")
    parser.add_argument("--write", action="store_true", help="puts the table into docs/performance.md")
    wanted = parser.parse_args(arguments)
    text = table({name: document.read(name) for name in wanted.runs})
    if wanted.write:
        page = _PAGE.read_text(encoding="utf-8")
        changed, count = _TABLE.subn(lambda _: text, page)
        if count != 1:
            raise RuntimeError(f"{_PAGE} has {count} tables of the goals")
        _PAGE.write_text(changed, encoding="utf-8")
    print(text)
    return 0


def table(runs: dict[str, Document]) -> str:
    """Returns the goals beside the medians of some runs, in Markdown."""
    names = " | ".join(f"`{name}`" for name in runs)
    lines = [f"| what | at least | {names} | met? |\n", "|---" * (len(runs) + 3) + "|\n"]
    for key, goal in GOALS.items():
        shown = [f"{median(run.rows[key]):,.{goal.digits}f}" if key in run.rows else "–" for run in runs.values()]
        verdicts = [verdict(key, run.rows[key], run.errors) for run in runs.values() if key in run.rows]
        lines.append(f"| {goal.title} | {goal.text} | {' | '.join(shown)} | {_all_of(verdicts)} |\n")
    return "".join(lines)


def _all_of(verdicts: list[str]) -> str:
    met = verdicts.count("yes")
    if met == len(verdicts):
        return "yes" if verdicts else "not measured"
    return "no" if met == 0 else f"in {met} of {len(verdicts)}"
