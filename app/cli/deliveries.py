"""``seedgate deliveries``: messages to the tenants' callback URLs."""

from typing import Annotated

import typer

from app.cli.admin_client import AdminClient, segment
from app.cli.name_lookup import tenant_id
from app.cli.options import DEFAULT_LIMIT, AsJson, Limit, TenantFilter, command, group
from app.cli.tables import show_one, show_rows

deliveries = group(
    "Messages to the callback URLs of tenants.",
    examples=(
        "seedgate deliveries list --tenant studio --status failed",
        "seedgate deliveries resend dlv_2f6c8f2e",
    ),
)

_LISTED = ("id", "tenant_id", "task_id", "origin", "status", "attempts", "next_attempt_at", "last_error", "created_at")


@command(deliveries, "list", examples=("seedgate deliveries list --tenant studio --status failed",))
def list_deliveries(
    tenant: TenantFilter = None,
    status: Annotated[str | None, typer.Option(help="Only in this state, such as failed.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    *,
    json: AsJson = False,
) -> None:
    """List deliveries, newest first."""
    client = AdminClient()
    rows = client.rows("/deliveries", tenant=tenant_id(client, tenant), status=status)
    show_rows(rows, _LISTED, limit=limit, is_json=json)


@command(deliveries, "resend", examples=("seedgate deliveries resend dlv_2f6c8f2e",))
def resend_delivery(
    delivery: Annotated[str, typer.Argument(help="Its id.")],
    *,
    json: AsJson = False,
) -> None:
    """Send a delivery again, at once."""
    show_one(AdminClient().call("POST", f"/deliveries/{segment(delivery)}/resend"), _LISTED, is_json=json)
