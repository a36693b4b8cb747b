"""``seedgate tasks``: tasks of all tenants, and orphans."""

from typing import Annotated, Any

import typer

from app.cli.admin_client import AdminClient, segment
from app.cli.exit_codes import MISCONFIGURED, say, stop
from app.cli.name_lookup import tenant_id
from app.cli.options import DEFAULT_LIMIT, AsJson, Limit, Sure, TenantFilter, command, confirm, group
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


@command(tasks, "list", examples=("seedgate tasks list --tenant studio --status unknown",))
def list_tasks(
    tenant: TenantFilter = None,
    status: Annotated[str | None, typer.Option(help="Only in this state, such as unknown or running.")] = None,
    model: Annotated[str | None, typer.Option(help="Public or upstream model name.")] = None,
    channel: Annotated[str | None, typer.Option(help="Name or id of a channel.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    *,
    json: AsJson = False,
) -> None:
    """List tasks, deleted ones too; the upstream is not asked."""
    client = AdminClient()
    owner = tenant_id(client, tenant)
    rows = client.rows("/tasks", tenant=owner, status=status, model=model, channel=channel)
    show_rows(rows, _LISTED, limit=limit, is_json=json)


@command(tasks, "get", examples=("seedgate tasks get cgt-20260101120000-abcde",))
def get_task(task: Task, *, json: AsJson = False) -> None:
    """Show a task and its history; the upstream is not asked."""
    _show_task(AdminClient().call("GET", f"/tasks/{segment(task)}"), is_json=json)


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


@command(tasks, "orphans", examples=("seedgate tasks orphans",))
def list_orphans(limit: Limit = DEFAULT_LIMIT, *, json: AsJson = False) -> None:
    """List upstream tasks that no tenant owns, and the creates that may have made them."""
    show_rows(AdminClient().rows("/orphans"), _ORPHAN, limit=limit, is_json=json)


def _show_task(task: dict[str, Any], *, is_json: bool) -> None:
    if is_json:
        show_one(task, is_json=True)
        return
    history = task.pop("history")
    show_one(task, is_json=False)
    say("")
    show_rows(history, _EVENT, is_json=False)
