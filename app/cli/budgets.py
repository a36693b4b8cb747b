"""``seedgate budgets``: how much tenants and keys may spend."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from app.cli.admin_client import AdminClient, given, segment
from app.cli.exit_codes import MISCONFIGURED, say, stop
from app.cli.money import parse_units, to_units
from app.cli.name_lookup import key_id, tenant_id
from app.cli.options import AsJson, Sure, TenantFilter, command, confirm, group
from app.cli.tables import show_one, show_rows

budgets = group(
    "Budgets: how much a tenant, or one of its keys, may spend.",
    examples=(
        "seedgate budgets create studio --amount 500 --currency CNY --period month --time-zone Asia/Shanghai",
        "seedgate budgets list --tenant studio",
        "seedgate budgets update bud_4fQb0YxT2mKp7RsW9zEa --amount 800",
    ),
)


class Period(StrEnum):
    """How long an amount lasts."""

    DAY = "day"
    MONTH = "month"
    TOTAL = "total"


Budget = Annotated[str, typer.Argument(help="Its id.")]
_HARD_HELP = "Refuse a create that could exceed it, or let it pass and notify."
_MONEY = ("amount", "used", "held", "left")
_LISTED = ("id", "tenant_id", "key_id", *_MONEY, "currency", "period", "time_zone", "is_hard", "period_ends_at")


@command(budgets, "list", examples=("seedgate budgets list", "seedgate budgets list --tenant studio"))
def list_budgets(
    tenant: TenantFilter = None,
    key: Annotated[str | None, typer.Option(help="Only this API key's; id, public part or name.")] = None,
    *,
    json: AsJson = False,
) -> None:
    """List budgets, with what is used and held in their current periods. The JSON has millionths of the currency."""
    client = AdminClient()
    rows = client.rows("/budgets", tenant=tenant_id(client, tenant), key=key_id(client, key))
    show_rows(rows if json else [_in_units(row) for row in rows], _LISTED, is_json=json)


@command(budgets, "get", examples=("seedgate budgets get bud_4fQb0YxT2mKp7RsW9zEa",))
def get_budget(budget: Budget, *, json: AsJson = False) -> None:
    """Show a budget, with what is used and held in its current period."""
    _show(AdminClient().call("GET", f"/budgets/{segment(budget)}"), is_json=json)


@command(
    budgets,
    "create",
    examples=(
        "seedgate budgets create studio --amount 500 --currency CNY --period month --time-zone Asia/Shanghai",
        "seedgate budgets create studio --key render-farm --amount 49.90 --currency CNY --period day --soft",
    ),
)
def create_budget(
    tenant: Annotated[str, typer.Argument(help="Id or name of the tenant.")],
    *,
    amount: Annotated[str, typer.Option(help="In units of the currency, such as 500 or 49.90.")],
    currency: Annotated[str, typer.Option(help="Of a price in the list, such as CNY.")],
    period: Annotated[Period, typer.Option(help="How long the amount lasts.")],
    time_zone: Annotated[str, typer.Option(help="IANA name, of the calendar; such as Asia/Shanghai.")] = "UTC",
    key: Annotated[str | None, typer.Option(help="Only the creates of this API key.")] = None,
    hard: Annotated[bool, typer.Option("--hard/--soft", help=_HARD_HELP)] = True,
    json: AsJson = False,
) -> None:
    """Limit what a tenant, or one of its keys, may spend from now on."""
    micros = parse_units(amount, "--amount")
    client = AdminClient()
    body = given(
        tenant_id=tenant_id(client, tenant),
        key_id=key_id(client, key),
        amount_micros=micros,
        currency=currency,
        period=period.value,
        time_zone=time_zone,
        is_hard=hard,
    )
    _show(client.call("POST", "/budgets", body), is_json=json)


@command(
    budgets,
    "update",
    examples=(
        "seedgate budgets update bud_4fQb0YxT2mKp7RsW9zEa --amount 800",
        "seedgate budgets update bud_4fQb0YxT2mKp7RsW9zEa --soft",
    ),
)
def update_budget(
    budget: Budget,
    *,
    amount: Annotated[str | None, typer.Option(help="In units of the currency, such as 500 or 49.90.")] = None,
    hard: Annotated[bool | None, typer.Option("--hard/--soft", help=_HARD_HELP)] = None,
    json: AsJson = False,
) -> None:
    """Change the amount of a budget, or what happens when it is used up. What is used and held stays."""
    body: dict[str, Any] = given(
        amount_micros=None if amount is None else parse_units(amount, "--amount"), is_hard=hard
    )
    if not body:
        stop("give --amount, --hard or --soft", MISCONFIGURED)
    _show(AdminClient().call("PATCH", f"/budgets/{segment(budget)}", body), is_json=json)


@command(budgets, "delete", examples=("seedgate budgets delete bud_4fQb0YxT2mKp7RsW9zEa",))
def delete_budget(budget: Budget, *, yes: Sure = False) -> None:
    """Delete a budget; creates are no longer held against it."""
    client = AdminClient()
    path = f"/budgets/{segment(budget)}"
    found = _in_units(client.call("GET", path))
    whose = f"of the key {found['key_id']}" if found["key_id"] else f"of the tenant {found['tenant_id']}"
    confirm(f"The budget {whose} of {found['amount']} {found['currency']} will be deleted", is_sure=yes)
    client.call("DELETE", path)
    say(f"deleted {found['id']}")


def _show(row: dict[str, Any], *, is_json: bool) -> None:
    show_one(row if is_json else _in_units(row), None if is_json else _LISTED, is_json=is_json)


def _in_units(row: dict[str, Any]) -> dict[str, Any]:
    return row | {name: to_units(row[f"{name}_micros"]) for name in _MONEY}
