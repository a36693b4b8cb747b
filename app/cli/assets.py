"""``seedgate assets``: groups and assets of all tenants."""

from typing import Annotated

import typer

from app.cli.admin_client import AdminClient, segment
from app.cli.name_lookup import tenant_id
from app.cli.options import (
    DEFAULT_LIMIT,
    AsJson,
    Limit,
    Search,
    Since,
    TenantFilter,
    Until,
    command,
    group,
    period,
)
from app.cli.tables import show_one, show_rows

assets = group(
    "Asset groups and assets of any tenant.",
    examples=(
        "seedgate assets list --tenant studio --status Failed",
        "seedgate assets groups --search kittens",
        "seedgate assets media asset-20260101120000-abcde",
    ),
)

_GROUP = ("id", "tenant_id", "name", "group_type", "project_name", "created_at")
_ASSET = ("id", "tenant_id", "group_id", "name", "asset_type", "status", "error", "created_at")


@command(
    assets,
    "list",
    examples=("seedgate assets list --tenant studio --status Failed", "seedgate assets list --type Video --since 7d"),
)
def list_assets(
    *,
    tenant: TenantFilter = None,
    group: Annotated[str | None, typer.Option(help="Only of the group with this id.")] = None,
    status: Annotated[str | None, typer.Option(help="Only Processing, Active or Failed ones.")] = None,
    type_: Annotated[str | None, typer.Option("--type", help="Only Image, Video or Audio.")] = None,
    search: Search = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = DEFAULT_LIMIT,
    json: AsJson = False,
) -> None:
    """List assets, newest first, as last known."""
    client = AdminClient()
    query = {"tenant": tenant_id(client, tenant), "group": group, "status": status, "type": type_, "q": search}
    show_rows(client.rows("/assets", **query, **period(since, until)), _ASSET, limit=limit, is_json=json)


@command(assets, "groups", examples=("seedgate assets groups --tenant studio",))
def list_groups(
    *,
    tenant: TenantFilter = None,
    type_: Annotated[str | None, typer.Option("--type", help="Only AIGC or LivenessFace.")] = None,
    search: Search = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = DEFAULT_LIMIT,
    json: AsJson = False,
) -> None:
    """List asset groups, newest first, as last known."""
    client = AdminClient()
    query = {"tenant": tenant_id(client, tenant), "type": type_, "q": search}
    rows = client.rows("/groups", **query, **period(since, until))
    show_rows(rows, _GROUP, limit=limit, is_json=json)


@command(assets, "media", examples=("seedgate assets media asset-20260101120000-abcde",))
def show_media(asset: Annotated[str, typer.Argument(help="Its id.")], *, json: AsJson = False) -> None:
    """Show a link to an asset; the audit log records it."""
    show_one(AdminClient().call("GET", f"/assets/{segment(asset)}/media"), is_json=json)
