"""``seedgate tenants``."""

from typing import Annotated, Any

import typer

from app.cli.admin_client import AdminClient
from app.cli.exit_codes import FAILED, MISCONFIGURED, say, stop
from app.cli.name_lookup import find_tenant
from app.cli.options import (
    AsJson,
    Permissions,
    RequestLimit,
    Search,
    Since,
    Sure,
    Until,
    archive_changes,
    changed_rights,
    command,
    confirm,
    group,
    period,
)
from app.cli.tables import show_one, show_rows

tenants = group(
    "Tenants: the users and teams that own tasks and assets.",
    examples=(
        "seedgate tenants create studio",
        "seedgate tenants suspend studio",
        "seedgate tenants list --json",
    ),
)

Tenant = Annotated[str, typer.Argument(help="Its id or name.")]

_ADOPTED = ("kind", "upstream_id", "outcome", "asset_ids", "detail")
# A hundred ids at the rate of the account, and groups with many assets.
_ADOPT_TIMEOUT_SECONDS = 1800.0
_GIVEN = ("adopted", "own")
_COUNTS = ("working_keys", "unfinished_tasks")
_LISTED = ("id", "name", "status", "allowed_models", "allowed_channels", "created_at")


@command(tenants, "list", examples=("seedgate tenants list", "seedgate tenants list --search studio --counts"))
def list_tenants(
    search: Search = None,
    status: Annotated[str | None, typer.Option(help="Only in this state: active or suspended.")] = None,
    since: Since = None,
    until: Until = None,
    *,
    counts: Annotated[bool, typer.Option("--counts", help="Count keys that work, and unfinished tasks.")] = False,
    json: AsJson = False,
) -> None:
    """List tenants; `--since` and `--until` say when they were made."""
    query = {"q": search, "status": status, "counts": "true" if counts else None}
    rows = AdminClient().rows("/tenants", **query, **period(since, until))
    if counts and not json:
        show_rows(({**row, **row["counts"]} for row in rows), (*_LISTED, *_COUNTS), is_json=False)
    else:
        show_rows(rows, _LISTED, is_json=json)


@command(tenants, "get", examples=("seedgate tenants get studio",))
def get_tenant(tenant: Tenant, *, json: AsJson = False) -> None:
    """Show a tenant."""
    found = find_tenant(AdminClient(), tenant)
    show_one(found, is_json=json)


@command(tenants, "create", examples=("seedgate tenants create studio",))
def create_tenant(name: Annotated[str, typer.Argument(help="Its name.")], *, json: AsJson = False) -> None:
    """Create a tenant."""
    show_one(AdminClient().call("POST", "/tenants", {"name": name}), _LISTED, is_json=json)


@command(tenants, "update", examples=("seedgate tenants update studio --rpm 600 --create-rpm 30",))
def update_tenant(
    tenant: Tenant,
    *,
    permission: Permissions = None,
    rps: RequestLimit = None,
    rpm: RequestLimit = None,
    create_rpm: RequestLimit = None,
    unfinished_tasks: RequestLimit = None,
    archive: Annotated[str | None, typer.Option(help="Whether clips are copied into the archive: on or off.")] = None,
    archive_days: Annotated[
        int | None, typer.Option(min=0, max=36_500, help="For how many days new copies are kept; 0: for good.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Change what all keys of a tenant may do together, and how often, and whether its clips are kept."""
    client = AdminClient()
    found = find_tenant(client, tenant)
    kept = archive_changes(archive, archive_days)
    rights = (permission, rps, rpm, create_rpm, unfinished_tasks)
    body = kept
    if not kept or any(each is not None for each in rights):
        body |= changed_rights(
            found, permissions=permission, rps=rps, rpm=rpm, create_rpm=create_rpm, unfinished_tasks=unfinished_tasks
        )
    show_one(client.call("PATCH", f"/tenants/{found['id']}", body), is_json=json)


@command(tenants, "suspend", examples=("seedgate tenants suspend studio",))
def suspend_tenant(tenant: Tenant, *, json: AsJson = False) -> None:
    """Refuse a tenant's keys until it is activated again."""
    show_one(_set_status(tenant, "suspended"), _LISTED, is_json=json)


@command(tenants, "activate", examples=("seedgate tenants activate studio",))
def activate_tenant(tenant: Tenant, *, json: AsJson = False) -> None:
    """Activate a suspended tenant."""
    show_one(_set_status(tenant, "active"), _LISTED, is_json=json)


@command(
    tenants, "adopt", examples=("seedgate tenants adopt studio --channel default --task cgt-20260101120000-abcde",)
)
def adopt(
    tenant: Tenant,
    channel: Annotated[str, typer.Option(help="Name or id of the channel that holds them.")],
    task: Annotated[list[str] | None, typer.Option(help="An upstream task; may be given more than once.")] = None,
    group: Annotated[list[str] | None, typer.Option(help="An asset group, which brings its assets; likewise.")] = None,
    *,
    yes: Sure = False,
    json: AsJson = False,
) -> None:
    """Give a tenant upstream objects without an owner (`seedgate reconcile`); exits with 1 if one was refused."""
    if not task and not group:
        stop("give --task or --group", MISCONFIGURED)
    client = AdminClient()
    found = find_tenant(client, tenant)
    what = ", ".join([*(task or []), *(group or [])])
    confirm(f"{what} will belong to the tenant {found['name']} ({found['id']})", is_sure=yes)
    body = {"channel": channel, "task_ids": task or [], "group_ids": group or []}
    rows = client.call("POST", f"/tenants/{found['id']}/adopt", body, timeout_seconds=_ADOPT_TIMEOUT_SECONDS)["data"]
    show_rows(rows, _ADOPTED, is_json=json)
    if any(row["outcome"] not in _GIVEN for row in rows):
        raise SystemExit(FAILED)


@command(tenants, "delete", examples=("seedgate tenants delete studio", "seedgate tenants delete studio --erase"))
def delete_tenant(
    tenant: Tenant,
    *,
    erase: Annotated[
        bool, typer.Option("--erase", help="Also remove its tasks, groups and assets, here and upstream.")
    ] = False,
    yes: Sure = False,
) -> None:
    """Delete a tenant that has no unfinished task."""
    client = AdminClient()
    found = find_tenant(client, tenant)
    what = "its keys, tasks, groups and assets" if erase else "its keys"
    confirm(f"The tenant {found['name']} ({found['id']}) and {what} will be deleted", is_sure=yes)
    answer = client.call("DELETE", f"/tenants/{found['id']}" + ("?erase=true" if erase else ""))
    say(f"deleted {found['id']}")
    if erase:
        say("its content is being removed; what stays: " + "; ".join(answer["kept"]))


def _set_status(tenant: str, status: str) -> Any:
    client = AdminClient()
    return client.call("PATCH", f"/tenants/{find_tenant(client, tenant)['id']}", {"status": status})
