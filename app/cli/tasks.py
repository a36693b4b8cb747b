"""``seedgate tasks``: tasks of all tenants, and orphans."""

from typing import Annotated, Any

import typer

from app.cli.admin_client import AdminClient, segment
from app.cli.exit_codes import MISCONFIGURED, say, stop
from app.cli.name_lookup import key_id, tenant_id
from app.cli.options import (
    DEFAULT_LIMIT,
    AsJson,
    KeyFilter,
    Limit,
    Since,
    Sure,
    TenantFilter,
    Until,
    command,
    confirm,
    group,
    period,
)
from app.cli.tables import show_one, show_rows

tasks = group(
    "Video tasks of any tenant.",
    examples=(
        "seedgate tasks list --tenant studio --status unknown",
        "seedgate tasks get cgt-20260101120000-abcde",
        "seedgate tasks orphans",
    ),
)

Task = Annotated[str, typer.Argument(help="Its id: the tenant's, the upstream's or the spare one.")]

_LISTED = ("id", "tenant_id", "model", "channel_name", "status", "created_at", "cut_at", "next_poll_at")
_ORPHAN = ("upstream_id", "channel_id", "model", "service_tier", "status", "created_at", "possible_tasks")
_EVENT = ("at", "status", "source", "detail")
_LEDGER = ("settled_at", "kind", "total_tokens", "cost_micros", "currency", "is_estimated", "note")
_COPY = ("member", "status", "attempts", "next_attempt_at", "last_error")


@command(
    tasks,
    "list",
    examples=(
        "seedgate tasks list --tenant studio --status unknown",
        "seedgate tasks list --key render-farm --since 6h",
    ),
)
def list_tasks(
    *,
    task: Annotated[
        str | None, typer.Option("--id", help="Only this task: the tenant's, upstream's or spare id.")
    ] = None,
    tenant: TenantFilter = None,
    status: Annotated[str | None, typer.Option(help="Only in this state, such as unknown or running.")] = None,
    model: Annotated[str | None, typer.Option(help="Public or upstream model name.")] = None,
    channel: Annotated[str | None, typer.Option(help="Name or id of a channel.")] = None,
    key: KeyFilter = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = DEFAULT_LIMIT,
    json: AsJson = False,
) -> None:
    """List tasks, deleted ones too; the upstream is not asked."""
    client = AdminClient()
    query = {
        "id": task,
        "tenant": tenant_id(client, tenant),
        "key": key_id(client, key),
        "status": status,
        "model": model,
        "channel": channel,
    }
    rows = client.rows("/tasks", **query, **period(since, until))
    show_rows(rows, _LISTED, limit=limit, is_json=json)


@command(tasks, "get", examples=("seedgate tasks get cgt-20260101120000-abcde",))
def get_task(task: Task, *, json: AsJson = False) -> None:
    """Show a task, its history and what it cost; the upstream is not asked."""
    _show_task(AdminClient().call("GET", f"/tasks/{segment(task)}"), is_json=json)


@command(tasks, "media", examples=("seedgate tasks media cgt-20260101120000-abcde",))
def show_media(task: Task, *, json: AsJson = False) -> None:
    """Show the links to a task's clip; the audit log records it."""
    shown = AdminClient().call("GET", f"/tasks/{segment(task)}/media")
    if json:
        show_one(shown, is_json=True)
        return
    content = shown.pop("content") or {}
    show_one({**shown, **content}, is_json=False)


@command(tasks, "refresh", examples=("seedgate tasks refresh cgt-20260101120000-abcde",))
def refresh_task(task: Task, *, json: AsJson = False) -> None:
    """Ask the upstream about a task now."""
    _show_task(AdminClient().call("POST", f"/tasks/{segment(task)}/refresh"), is_json=json)


@command(tasks, "cancel", examples=("seedgate tasks cancel cgt-20260101120000-abcde",))
def cancel_task(task: Task, *, yes: Sure = False, json: AsJson = False) -> None:
    """Cancel a queued task; a running one cannot be stopped."""
    confirm(f"The task {task} will be cancelled", is_sure=yes)
    _show_task(AdminClient().call("POST", f"/tasks/{segment(task)}/cancel"), is_json=json)


@command(
    tasks,
    "resolve",
    examples=(
        "seedgate tasks resolve cgt-20260101120000-abcde --upstream-id cgt-20260101120002-fghij",
        "seedgate tasks resolve cgt-20260101120000-abcde --absent",
    ),
)
def resolve_task(
    task: Task,
    upstream_id: Annotated[str | None, typer.Option(help="The upstream task that it became.")] = None,
    *,
    absent: Annotated[bool, typer.Option("--absent", help="It became none; nothing was charged.")] = False,
    yes: Sure = False,
    json: AsJson = False,
) -> None:
    """Say what became of a create of unknown outcome."""
    if (upstream_id is None) is not absent:
        stop("give either --upstream-id or --absent", MISCONFIGURED)
    became = "as never made" if absent else f"as the upstream's {upstream_id}"
    confirm(f"The task {task} will be recorded {became}", is_sure=yes)
    body = {"absent": True} if absent else {"upstream_id": upstream_id}
    _show_task(AdminClient().call("POST", f"/tasks/{segment(task)}/resolve", body), is_json=json)


@command(
    tasks, "orphans", examples=("seedgate tasks orphans", "seedgate tasks orphans --task cgt-20260101120000-abcde")
)
def list_orphans(
    *,
    task: Annotated[str | None, typer.Option(help="Only those that the create of this task may have made.")] = None,
    upstream_id: Annotated[str | None, typer.Option(help="Only the one with this id of the upstream.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    json: AsJson = False,
) -> None:
    """List upstream tasks that no tenant owns, and the creates that may have made them."""
    rows = AdminClient().rows("/orphans", task=task, upstream_id=upstream_id)
    show_rows(rows, _ORPHAN, limit=limit, is_json=json)


def _show_task(task: dict[str, Any], *, is_json: bool) -> None:
    if is_json:
        show_one(task, is_json=True)
        return
    history, ledger, copies = (task.pop(name) for name in ("history", "ledger", "copies"))
    show_one(task, is_json=False)
    say("")
    show_rows(history, _EVENT, is_json=False)
    if ledger:
        say("")
        show_rows(ledger, _LEDGER, is_json=False)
    if copies:
        say("")
        show_rows(copies, _COPY, is_json=False)
