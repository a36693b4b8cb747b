"""``seedgate audit``: the audit log."""

from typing import Annotated

import typer

from app.cli.admin_client import AdminClient
from app.cli.name_lookup import key_id, tenant_id
from app.cli.options import DEFAULT_LIMIT, AsJson, Limit, Since, TenantFilter, Until, command, group, period
from app.cli.tables import show_rows

audit = group(
    "The audit log: who changed what, when and from where.",
    examples=(
        "seedgate audit list --tenant studio",
        "seedgate audit list --action key.revoke --json",
        "seedgate audit list --actor ada --since 7d",
        "seedgate audit list --key render-farm",
    ),
)

_LISTED = ("at", "actor", "address", "action", "target_id", "tenant_id", "detail")


@command(
    audit, "list", examples=("seedgate audit list --tenant studio", "seedgate audit list --action key.revoke --json")
)
def list_audit(
    *,
    tenant: TenantFilter = None,
    target: Annotated[
        str | None, typer.Option(help="Only changes of this object, by its id; a task also by the upstream's.")
    ] = None,
    key: Annotated[
        str | None, typer.Option(help="Only what was done to, or with, this API key; id, public part or name.")
    ] = None,
    action: Annotated[str | None, typer.Option(help="Only this action.")] = None,
    actor: Annotated[str | None, typer.Option(help="Only changes by the admin or the command of this name.")] = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = DEFAULT_LIMIT,
    json: AsJson = False,
) -> None:
    """List changes, newest first."""
    client = AdminClient()
    query = {
        "tenant": tenant_id(client, tenant),
        "target": target,
        "key": key_id(client, key),
        "action": action,
        "actor": actor,
    }
    rows = client.rows("/audit", **query, **period(since, until))
    show_rows(rows, _LISTED, limit=limit, is_json=json)
