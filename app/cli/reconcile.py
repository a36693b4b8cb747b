"""``seedgate reconcile``: lists upstream objects that the database does not know."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from app.cli.admin_client import AdminClient
from app.cli.exit_codes import FAILED, MISCONFIGURED, stop, tell
from app.cli.tables import show_one, show_rows
from app.cli.times import parse_past_time

_FOUND = (
    "kind",
    "upstream_id",
    "model",
    "status",
    "created_at",
    "total_tokens",
    "channel_name",
    "made_by",
    "likely_tenant",
    "evidence",
    "possible_tasks",
)


def reconcile_since(text: str, *, channel: str | None, is_json: bool) -> None:
    """Shows upstream objects without an owner that were created since a time, and the end of each list.

    Ends the program with 1 if a list is incomplete or there is none, and with 2 for an invalid time.
    """
    try:
        since = parse_past_time(text, datetime.now(UTC))
    except ValueError as error:
        stop(f"--since: {error}", MISCONFIGURED)
    client = AdminClient()
    tell(f"listing what was made since {since.isoformat(timespec='seconds')}")
    found: list[dict[str, Any]] = []
    lists: list[dict[str, Any]] = []
    is_whole = False
    for line in client.lines("/reconcile", since=since.isoformat(), channel=channel):
        match line.get("type"):
            case "object":
                found.append(line)
            case "list":
                lists.append(line)
            case "end":
                is_whole = True
    if is_json:
        show_one({"since": since.isoformat(), "found": found, "lists": lists}, is_json=True)
    elif found:
        show_rows([_to_row(line) for line in found], _FOUND, is_json=False)
    _conclude(since, lists)
    _stop_if_incomplete(lists, is_whole=is_whole)


def _stop_if_incomplete(lists: Sequence[dict[str, Any]], *, is_whole: bool) -> None:
    if not is_whole:
        stop("the answer broke off, so something may be missing: see the log of the gateway, and repeat the command")
    if not lists:
        stop("no channel has credentials, so no list was compared: see `seedgate channels list`")
    if not all(ended["is_complete"] for ended in lists):
        raise SystemExit(FAILED)


def _to_row(line: dict[str, Any]) -> dict[str, Any]:
    made_by = "this gateway" if line["is_ours"] else "perhaps another program"
    status = "in flight, ask again" if line["is_in_flight"] else line["status"]
    return {**line, "model": line["model"] or line["name"], "made_by": made_by, "status": status}


def _conclude(since: datetime, lists: Sequence[dict[str, Any]]) -> None:
    for ended in lists:
        known = ended["listed"] - ended["unknown"]
        counts = f"{ended['listed']} listed, {known} known, {ended['unknown']} unknown"
        tell(f"{ended['kind']}s on {ended['channel_name']}: {counts}")
        if not ended["is_complete"]:
            tell(f"{ended['kind']}s on {ended['channel_name']}: INCOMPLETE: {ended['problem']}")
    furthest = max((datetime.fromisoformat(ended["since"]) for ended in lists), default=since)
    if furthest > since:
        tell(
            f"the upstream lists tasks of seven days: those made before {furthest.isoformat(timespec='seconds')} "
            "cannot be found any more; groups and assets can"
        )
