"""``seedgate deliveries``: messages to the endpoints of tenants and of the operator."""

from typing import Annotated

import typer

from app.cli.admin_client import AdminClient, given, segment
from app.cli.exit_codes import MISCONFIGURED, stop
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

deliveries = group(
    "Messages to the callback URLs of tenants, and to SEEDGATE_OPERATOR_WEBHOOK.",
    examples=(
        "seedgate deliveries list --tenant studio --status failed",
        "seedgate deliveries list --operator",
        "seedgate deliveries get msg_4fQb0YxT2mKp7RsW9zEa",
        "seedgate deliveries resend msg_4fQb0YxT2mKp7RsW9zEa",
        "seedgate deliveries resend msg_4fQb0YxT2mKp7RsW9zEa msg_9aXc1ZyU3nLq8StV0bFd",
        "seedgate deliveries resend --endpoint https://hooks.example",
    ),
)

_OPERATOR = "operator"
_LISTED = (
    *("id", "tenant_id", "task_id", "budget_id", "origin", "status", "attempts"),
    *("next_attempt_at", "last_error", "created_at"),
)


@command(
    deliveries,
    "list",
    examples=(
        "seedgate deliveries list --tenant studio --status failed",
        "seedgate deliveries list --key render-farm --since 6h",
    ),
)
def list_deliveries(
    *,
    tenant: TenantFilter = None,
    operator: Annotated[bool, typer.Option("--operator", help="Only those to SEEDGATE_OPERATOR_WEBHOOK.")] = False,
    task: Annotated[
        str | None, typer.Option(help="Only about this task: the tenant's, upstream's or spare id.")
    ] = None,
    key: KeyFilter = None,
    status: Annotated[str | None, typer.Option(help="Only in this state, such as failed.")] = None,
    endpoint: Annotated[str | None, typer.Option(help="Only to this origin, such as https://hooks.example.")] = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = DEFAULT_LIMIT,
    json: AsJson = False,
) -> None:
    """List deliveries, newest first."""
    if tenant is not None and operator:
        stop("give either --tenant or --operator", MISCONFIGURED)
    client = AdminClient()
    owner = _OPERATOR if operator else tenant_id(client, tenant)
    query = {"tenant": owner, "task": task, "key": key_id(client, key), "status": status, "endpoint": endpoint}
    rows = client.rows("/deliveries", **query, **period(since, until))
    show_rows(rows, _LISTED, limit=limit, is_json=json)


@command(deliveries, "get", examples=("seedgate deliveries get msg_4fQb0YxT2mKp7RsW9zEa",))
def show_delivery(delivery: Annotated[str, typer.Argument(help="Its id.")], *, json: AsJson = False) -> None:
    """Show a delivery with its body, which may have links to a clip; the audit log records it."""
    shown = AdminClient().call("GET", f"/deliveries/{segment(delivery)}")
    show_one(shown, (*_LISTED, "last_status", "delivered_at", "body"), is_json=json)


@command(
    deliveries,
    "resend",
    examples=(
        "seedgate deliveries resend msg_4fQb0YxT2mKp7RsW9zEa",
        "seedgate deliveries resend --endpoint https://hooks.example --tenant studio",
    ),
)
def resend_delivery(
    deliveries: Annotated[list[str] | None, typer.Argument(metavar="[DELIVERY]...", help="Ids, up to 100.")] = None,
    endpoint: Annotated[
        str | None, typer.Option(help="All that this origin has not accepted, such as https://hooks.example.")
    ] = None,
    tenant: TenantFilter = None,
    *,
    json: AsJson = False,
) -> None:
    """Send deliveries again, at once, or all that an endpoint has not accepted."""
    if bool(deliveries) is (endpoint is not None) or (deliveries and tenant is not None):
        stop("give either the ids of deliveries, or --endpoint with or without --tenant", MISCONFIGURED)
    client = AdminClient()
    if deliveries and len(deliveries) == 1:
        show_one(client.call("POST", f"/deliveries/{segment(deliveries[0])}/resend"), _LISTED, is_json=json)
        return
    if deliveries:
        show_one(client.call("POST", "/deliveries/resend", {"ids": deliveries}), is_json=json)
        return
    body = given(endpoint=endpoint, tenant=tenant_id(client, tenant))
    resent, has_more = 0, True
    while has_more:
        answer = client.call("POST", "/deliveries/resend", body)
        resent, has_more = resent + answer["resent"], answer["has_more"] and answer["resent"] > 0
    show_one({"resent": resent}, is_json=json)


@command(deliveries, "secret", examples=("seedgate deliveries secret",))
def replace_secret(*, yes: Sure = False, json: AsJson = False) -> None:
    """Make a new secret that signs what goes to SEEDGATE_OPERATOR_WEBHOOK; it is shown only now."""
    confirm("The secret that the operator's endpoint knows will sign nothing any more", is_sure=yes)
    show_one(AdminClient().call("POST", "/webhook-secret"), is_json=json)
