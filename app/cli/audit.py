"""``seedgate audit``: the audit log."""

from typing import Annotated

import typer

from app.cli.admin_client import AdminClient
from app.cli.name_lookup import tenant_id
from app.cli.options import DEFAULT_LIMIT, AsJson, Limit, TenantFilter, command, group
from app.cli.tables import show_rows

audit = group(
    "The audit log: who changed what, when and from where.",
    examples=(
        "seedgate audit list --tenant studio",
        "seedgate audit list --action key.revoke --json",
    ),
)

_LISTED = ("at", "actor", "address", "action", "target_id", "tenant_id", "detail")


@command(
    audit, "list", examples=("seedgate audit list --tenant studio", "seedgate audit list --action key.revoke --json")
)
def list_audit(
    tenant: TenantFilter = None,
    target: Annotated[str | None, typer.Option(help="Only changes of this object, by its id.")] = None,
    action: Annotated[str | None, typer.Option(help="Only this action.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    *,
    json: AsJson = False,
) -> None:
    """List changes, newest first."""
    client = AdminClient()
    rows = client.rows("/audit", tenant=tenant_id(client, tenant), target=target, action=action)
    show_rows(rows, _LISTED, limit=limit, is_json=json)
