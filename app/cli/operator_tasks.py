"""``tasks``: any tenant's tasks over the admin API, and upstream tasks that nobody owns."""

from itertools import islice
from typing import Annotated, Any

import typer

from app.cli.admin_client import AdminClient, show
from app.cli.exits import MISCONFIGURED, stop
from app.cli.operator import AsJson

tasks = typer.Typer(help="Video tasks of any tenant.", no_args_is_help=True)

Task = Annotated[str, typer.Argument(help="Its id: the tenant's, the upstream's or the spare one.")]
Limit = Annotated[int, typer.Option(min=1, help="How many at most, newest first.")]

_LISTED = ("id", "tenant_id", "model", "channel_name", "status", "created_at", "cut_at", "next_look_at")
_ORPHAN = ("upstream_id", "channel_id", "model", "service_tier", "status", "created_at", "possible_tasks")
_EVENT = ("at", "status", "source", "detail")
_LIMIT = 50


@tasks.command("list")
def list_tasks(
    tenant: Annotated[str | None, typer.Option(help="Only this tenant's.")] = None,
    status: Annotated[str | None, typer.Option(help="Only in this state, such as unknown or running.")] = None,
    model: Annotated[str | None, typer.Option(help="Public or upstream model name.")] = None,
    channel: Annotated[str | None, typer.Option(help="Name or id of a channel.")] = None,
    limit: Limit = _LIMIT,
    *,
    json: AsJson = False,
) -> None:
    """List tasks, deleted ones too; the upstream is not asked."""
    rows = AdminClient().rows("/tasks", tenant=tenant, status=status, model=model, channel=channel)
    show(list(islice(rows, limit)), _LISTED, is_json=json)


@tasks.command("get")
def get_task(task: Task, *, json: AsJson = False) -> None:
    """Show a task and its history; the upstream is not asked."""
    _show_task(AdminClient().call("GET", f"/tasks/{task}"), is_json=json)


@tasks.command("refresh")
def refresh_task(task: Task, *, json: AsJson = False) -> None:
    """Ask the upstream about a task now."""
    _show_task(AdminClient().call("POST", f"/tasks/{task}/refresh"), is_json=json)


@tasks.command("cancel")
def cancel_task(task: Task, *, json: AsJson = False) -> None:
    """Cancel a queued task; a running one cannot be stopped."""
    _show_task(AdminClient().call("POST", f"/tasks/{task}/cancel"), is_json=json)


@tasks.command("resolve")
def resolve_task(
    task: Task,
    upstream_id: Annotated[str | None, typer.Option(help="The upstream task that it became.")] = None,
    *,
    absent: Annotated[bool, typer.Option("--absent", help="It became none; nothing was charged.")] = False,
    json: AsJson = False,
) -> None:
    """Say what became of a create of unknown outcome. It cannot be taken back."""
    if (upstream_id is None) is not absent:
        stop("give either --upstream-id or --absent", MISCONFIGURED)
    body = {"absent": True} if absent else {"upstream_id": upstream_id}
    _show_task(AdminClient().call("POST", f"/tasks/{task}/resolve", body), is_json=json)


@tasks.command("orphans")
def list_orphans(limit: Limit = _LIMIT, *, json: AsJson = False) -> None:
    """List upstream tasks that nobody owns, and the creates that may have made them."""
    show(list(islice(AdminClient().rows("/orphans"), limit)), _ORPHAN, is_json=json)


def _show_task(task: dict[str, Any], *, is_json: bool) -> None:
    if is_json:
        show(task, (), is_json=True)
        return
    history = task.pop("history")
    show([{"field": name, "value": value} for name, value in task.items()], ("field", "value"), is_json=False)
    show(history, _EVENT, is_json=False)
