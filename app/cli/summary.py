"""``seedgate summary``: what needs a human, what is spent, what happens."""

from typing import Annotated, Any

import typer

from app.cli.admin_client import AdminClient, given
from app.cli.exit_codes import MISCONFIGURED, say, stop
from app.cli.options import AsJson
from app.cli.tables import show_one, show_rows

EXAMPLES = ("seedgate summary", "seedgate summary --days 30 --time-zone Asia/Shanghai --json")

_FINDING = ("severity", "kind", "count", "since_at", "about", "reason", "command")
_SPENT = ("period", "currency", "cost", "total_tokens", "tasks", "unpriced_tasks")
_MICROS = 1_000_000


def show_summary(
    *,
    hours: Annotated[int | None, typer.Option(help="Count the tasks of this many hours; 24 by default.")] = None,
    days: Annotated[int | None, typer.Option(help="Count the tasks of this many days instead.")] = None,
    time_zone: Annotated[str | None, typer.Option(help="IANA name, of days and months; such as Asia/Shanghai.")] = None,
    json: AsJson = False,
) -> None:
    """Show what needs a human with the command that ends it, what is spent, and tasks by state."""
    if hours is not None and days is not None:
        stop("give either --hours or --days", MISCONFIGURED)
    query = given(hours=hours, days=days, time_zone=time_zone)
    summary = AdminClient().call("GET", "/summary", query=query)
    if json:
        show_one(summary, is_json=True)
        return
    if summary["findings"] is not None:
        _show_findings(summary["findings"])
        _show_tasks(summary["tasks"])
    spend = summary["spend"]
    rows = [{**row, "period": period, "cost": _cost(row)} for period in ("today", "month") for row in spend[period]]
    if rows:
        show_rows(rows, _SPENT, is_json=False)
    else:
        say("nothing is spent this month")


def _show_findings(findings: list[dict[str, Any]]) -> None:
    if not findings:
        say("nothing needs a human")
    else:
        rows = [
            {
                **finding,
                "since_at": finding["since"],
                "about": _about(finding["subject"]),
                "command": finding["act"]["command"],
            }
            for finding in findings
        ]
        show_rows(rows, _FINDING, is_json=False)
    say("")


def _show_tasks(tasks: dict[str, dict[str, int]]) -> None:
    counts = {**tasks["unfinished"], **tasks["ended"]}
    say("tasks: " + ", ".join(f"{count} {status}" for status, count in counts.items()))
    say("")


def _about(subject: dict[str, Any] | None) -> str | None:
    if subject is None:
        return None
    return subject["id"] if subject["name"] is None else f"{subject['name']} ({subject['id']})"


def _cost(row: dict[str, Any]) -> str | None:
    return None if row["currency"] is None else f"{row['cost_micros'] / _MICROS:,.2f}"
