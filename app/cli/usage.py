"""``seedgate usage``: what tasks used and cost, and whether it agrees with the upstream."""

import shutil
import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer

from app.cli.admin_client import AdminClient
from app.cli.exit_codes import FAILED, MISCONFIGURED, say, stop, tell
from app.cli.name_lookup import key_id, tenant_id
from app.cli.options import AsJson, Since, Sure, TenantFilter, Until, command, confirm, group, period
from app.cli.tables import show_one, show_rows
from app.observability.escaping import escape

usage = group(
    "What tasks used and cost.",
    examples=(
        "seedgate usage                              by model, of the last 30 days",
        "seedgate usage --by day --since 7d          a bar for each day",
        "seedgate usage --csv --since 2026-01-01 > usage.csv",
        "seedgate usage check                        compare with the upstream's list",
    ),
    is_command=True,
)

_CSV = "text/csv"
_FULL, _EIGHTHS = "█", ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")
_MIN_BAR, _MAX_BAR = 8, 40
_MICROS = 1_000_000
_ESTIMATE = ("task_id", "upstream_id", "tenant_id", "status", "ledger_tokens")
_DIFFERENCE = ("kind", "task_id", "upstream_id", "tenant_id", "ledger_tokens", "other_tokens", "is_estimated")
_BUDGET = ("budget_id", "starts_at", "tenant_id", "used_micros", "ledger_micros", "held_micros", "holds_micros")
_CORRECTION = ("id", "kind", "task_id", "upstream_id", "total_tokens", "cost_micros", "currency", "note")
_ORPHAN = ("upstream_id", "channel_name", "model", "status", "total_tokens", "created_at")


class By(StrEnum):
    """By what usage is summed."""

    TENANT = "tenant"
    KEY = "key"
    MODEL = "model"
    CHANNEL = "channel"
    DAY = "day"


@usage.callback(invoke_without_command=True)
def show_usage(
    context: typer.Context,
    *,
    by: Annotated[By, typer.Option(help="One bar for each.")] = By.MODEL,
    since: Since = "30d",
    until: Until = None,
    time_zone: Annotated[str, typer.Option(help="IANA name, of the days; such as Asia/Shanghai.")] = "UTC",
    tenant: TenantFilter = None,
    key: Annotated[str | None, typer.Option(help="Only this API key; id, public part or name.")] = None,
    model: Annotated[str | None, typer.Option(help="Only this model, by any of its names.")] = None,
    channel: Annotated[str | None, typer.Option(help="Only this channel; name or id.")] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Print the rows of the ledger as CSV instead.")] = False,
    json: AsJson = False,
) -> None:
    """Show tokens and cost of the tasks that were created in a period and have ended."""
    if context.invoked_subcommand is not None:
        return
    if csv and json:
        stop("give either --csv or --json", MISCONFIGURED)
    client = AdminClient()
    query = {
        **period(since, until),
        "time_zone": time_zone,
        "tenant": tenant_id(client, tenant),
        "key": key_id(client, key),
        "model": model,
        "channel": channel,
    }
    if csv:
        for piece in client.pieces("/usage", accept=_CSV, **query):
            sys.stdout.write(piece)
        return
    rows = list(client.rows("/usage", group_by=by.value, **query))
    if json:
        show_rows(rows, (), is_json=True)
    else:
        _draw(rows, by)


@command(usage, "check", examples=("seedgate usage check", "seedgate usage check --channel beijing-2 --json"))
def check_usage(
    channel: Annotated[str | None, typer.Option(help="Only this channel; name or id.")] = None,
    *,
    json: AsJson = False,
) -> None:
    """Compare ledger, tasks and the upstream's list of the last seven days; exits with 1 if they differ."""
    client = AdminClient()
    tell("comparing the ledger with the upstream's list of the last seven days")
    kinds = ("difference", "estimate", "budget", "orphan", "list", "end")
    found: dict[str, list[dict[str, Any]]] = {kind: [] for kind in kinds}
    for line in client.lines("/usage/check", channel=channel):
        found.setdefault(str(line.get("type")), []).append(line)
    if json:
        named = {
            "differences": found["difference"],
            "estimates": found["estimate"],
            "budgets": found["budget"],
            "orphans": found["orphan"],
            "lists": found["list"],
        }
        show_one(named, is_json=True)
    else:
        _show_found(found)
    _conclude(found)


@command(
    usage,
    "correct",
    examples=("seedgate usage correct cgt-20260101120000-abcde --tokens 108900 --note 'as on the bill of January'",),
)
def correct_usage(
    task: Annotated[str, typer.Argument(help="Its id: the upstream's or our own.")],
    *,
    tokens: Annotated[int, typer.Option(min=0, help="What the upstream bills for the whole task.")],
    note: Annotated[str, typer.Option(help="Why, for who reads the ledger.")],
    yes: Sure = False,
    json: AsJson = False,
) -> None:
    """Add a row to the ledger, so that a task has the tokens of the upstream's bill."""
    confirm(f"The task {task} will have {tokens:,} tokens in the ledger", is_sure=yes)
    body = {"task_id": task, "total_tokens": tokens, "note": note}
    show_one(AdminClient().call("POST", "/usage/corrections", body), _CORRECTION, is_json=json)


@command(usage, "rebuild", examples=("seedgate usage rebuild",))
def rebuild_sums(*, json: AsJson = False) -> None:
    """Compute what is used and held of every budget from the ledger and the holds of unfinished tasks."""
    show_one(AdminClient().call("POST", "/usage/rebuild"), ("periods",), is_json=json)


def _draw(rows: Sequence[dict[str, Any]], by: By) -> None:
    """Draws a bar of tokens for each row, as wide as the terminal allows."""
    if not rows:
        say("no task that was created in this period has ended")
        return
    cells = [(_label(row), f"{row['total_tokens']:,}", f"{row['tasks']:,}", _cost(row)) for row in rows]
    heads = (by.value, "tokens", "tasks", "cost")
    widths = [max(len(cell) for cell in column) for column in zip(heads, *cells, strict=True)]
    room = shutil.get_terminal_size((100, 24)).columns - sum(widths) - 2 * len(widths)
    bar_width = min(max(room, _MIN_BAR), _MAX_BAR)
    largest = max(*(row["total_tokens"] for row in rows), 1)
    say(_line(heads, widths, ""))
    for row, cell in zip(rows, cells, strict=True):
        say(_line(cell, widths, _bar(row["total_tokens"], largest, bar_width)))
    for text in _notes(rows):
        tell(text)


def _line(cells: Sequence[str], widths: Sequence[int], bar: str) -> str:
    label, *numbers = cells
    parts = [f"{label:<{widths[0]}}"]
    parts += [f"{number:>{width}}" for number, width in zip(numbers, widths[1:], strict=True)]
    return "  ".join([*parts, bar]).rstrip()


def _bar(value: int, largest: int, width: int) -> str:
    """Returns a bar whose length is in eighths of a column."""
    whole, eighths = divmod(max(value, 0) * width * 8 // largest, 8)
    return _FULL * whole + _EIGHTHS[eighths]


def _label(row: dict[str, Any]) -> str:
    label = row["name"] or row["id"] or "–"
    return escape(str(label))


def _cost(row: dict[str, Any]) -> str:
    if row["currency"] is None:
        return "unpriced" if row["unpriced_tasks"] else "–"
    return f"{(row['cost_micros'] or 0) / _MICROS:,.2f} {row['currency']}"


def _notes(rows: Sequence[dict[str, Any]]) -> list[str]:
    unpriced, estimated, searches = (
        sum(row[name] for row in rows) for name in ("unpriced_tasks", "estimated_tasks", "web_searches")
    )
    notes = []
    if unpriced:
        notes.append(f"{unpriced} tasks have no price: see `seedgate prices list`")
    if estimated:
        notes.append(f"{estimated} tasks are estimated: the upstream's figure was not seen")
    if searches:
        notes.append(f"{searches} web searches are billed apart, and in no cost")
    return notes


def _show_found(found: dict[str, list[dict[str, Any]]]) -> None:
    if found["difference"]:
        say("differences:")
        show_rows(found["difference"], _DIFFERENCE, is_json=False)
    if found["estimate"]:
        say("tasks at the most they may cost, because their usage was never seen (no difference):")
        show_rows(found["estimate"], _ESTIMATE, is_json=False)
    if found["budget"]:
        say("budgets whose sums differ from the ledger and the holds:")
        show_rows(found["budget"], _BUDGET, is_json=False)
    if found["orphan"]:
        say("upstream tasks without an owner, which are in no tenant's usage:")
        show_rows(found["orphan"], _ORPHAN, is_json=False)


def _conclude(found: dict[str, list[dict[str, Any]]]) -> None:
    for end in found["list"]:
        tell(
            f"{end['channel_name']}: {end['listed']} tasks listed, {end['upstream_tokens']:,} tokens billed; "
            f"{end['ledger_tokens']:,} in the ledger ({end['settled']} tasks), {end['unsettled_tokens']:,} of tasks "
            f"whose end was not seen yet ({end['unsettled']}), {end['orphan_tokens']:,} of orphans ({end['orphans']})"
        )
        if not end["is_complete"]:
            tell(f"{end['channel_name']}: INCOMPLETE: {end['problem']}")
    if not found["end"]:
        stop("the answer broke off, so something may be missing: see the log of the gateway, and repeat the command")
    if not found["list"]:
        stop("no channel has credentials, so no list was compared: see `seedgate channels list`")
    if found["budget"]:
        tell("`seedgate usage rebuild` computes the sums of budgets again")
    if count := len(found["difference"]) + len(found["budget"]):
        stop(f"{count} differences")
    if not all(end["is_complete"] for end in found["list"]):
        raise SystemExit(FAILED)
    if count := len(found["estimate"]):
        tell(f"{count} tasks are estimated; `seedgate usage correct` takes the figure of the bill")
    tell("ledger, tasks, budgets and upstream agree")
