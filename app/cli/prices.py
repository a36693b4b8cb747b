"""``seedgate prices``: what a million tokens cost."""

from typing import Annotated, Any

import typer

from app.cli.admin_client import AdminClient
from app.cli.command_table import implementation
from app.cli.exit_codes import tell
from app.cli.json_files import read_list
from app.cli.money import to_units
from app.cli.options import AsJson, Sure, command, confirm, group
from app.cli.tables import show_rows

prices = group(
    "Prices: what a million tokens cost, by the upstream's id of the model.",
    examples=(
        "seedgate prices list",
        "seedgate prices list --json > prices.json",
        "seedgate prices replace prices.json",
    ),
)

_LISTED = (
    "upstream_model",
    "resolution",
    "has_video_input",
    "service_tier",
    "has_audio",
    "currency",
    "per_million_tokens",
    "valid_from",
)


@command(prices, "list", examples=("seedgate prices list", "seedgate prices list --at 2026-12-01T00:00:00Z"))
def list_prices(
    *,
    at: Annotated[str | None, typer.Option(help="Show the list as it was at this time.")] = None,
    json: AsJson = False,
) -> None:
    """List prices; – means any. The JSON has millionths of the currency."""
    query = None if at is None else {"at": at}
    _show(AdminClient().call("GET", "/prices", query=query)["data"], is_json=json)


@command(prices, "replace", examples=("seedgate prices replace prices.json",))
def replace_prices(
    file: Annotated[str, typer.Argument(help="JSON as `list --json` prints it; - is standard input.")],
    *,
    yes: Sure = False,
    json: AsJson = False,
) -> None:
    """Replace the whole list, for creates from now on. What was created before keeps its price."""
    wanted = read_list(file, "prices")
    confirm(f"The price list will be replaced by {len(wanted)} prices", is_sure=yes)
    _show(AdminClient().call("PUT", "/prices", {"data": wanted})["data"], is_json=json)


@command(prices, "shipped", examples=("seedgate prices shipped --json > prices.json",))
def show_shipped(*, json: AsJson = False) -> None:
    """Show the public prices that this version ships, and their date. A new installation has them."""
    listed_on, rows = implementation("prices shipped")()
    tell(f"public prices of {listed_on}, without promotions")
    _show(rows, is_json=json)


def _show(rows: list[dict[str, Any]], *, is_json: bool) -> None:
    """Prints prices; a table has units of the currency."""
    show_rows(rows if is_json else [_in_units(row) for row in rows], _LISTED, is_json=is_json)


def _in_units(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"per_million_tokens": to_units(row["micros_per_million_tokens"])}
