"""``seedgate models``: the model catalog."""

from typing import Annotated, Any

import typer

from app.cli.admin_client import AdminClient
from app.cli.json_files import read_list
from app.cli.options import AsJson, Sure, command, confirm, group
from app.cli.tables import show_rows

models = group(
    "Models: public names and aliases, the upstream's ids in each region, and limits.",
    examples=(
        "seedgate models list",
        "seedgate models list --json > models.json",
        "seedgate models replace models.json",
    ),
)

_LISTED = ("name", "aliases", "upstream_id", "regions", "resolutions", "duration_min", "duration_max")


@command(models, "list", examples=("seedgate models list", "seedgate models list --json > models.json"))
def list_models(*, json: AsJson = False) -> None:
    """List models in the operator's order."""
    _show(AdminClient().call("GET", "/models")["data"], is_json=json)


@command(models, "replace", examples=("seedgate models replace models.json",))
def replace_models(
    file: Annotated[str, typer.Argument(help="JSON as `list --json` prints it; - is standard input.")],
    *,
    yes: Sure = False,
    json: AsJson = False,
) -> None:
    """Replace the whole catalog. Other models can no longer be used; existing tasks are unchanged."""
    wanted = read_list(file, "models")
    confirm(f"The catalog will be replaced by {len(wanted)} models", is_sure=yes)
    _show(AdminClient().call("PUT", "/models", {"data": wanted})["data"], is_json=json)


def _show(rows: list[dict[str, Any]], *, is_json: bool) -> None:
    """Prints models; a table has the names of their regions only, because the ids in each would fill some screens."""
    show_rows(rows if is_json else [{**row, "regions": list(row["regions"])} for row in rows], _LISTED, is_json=is_json)
