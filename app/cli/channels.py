"""``seedgate channels``."""

import os
from typing import Annotated, Any

import typer

from app.cli.admin_client import AdminClient, given
from app.cli.exit_codes import MISCONFIGURED, say, stop
from app.cli.name_lookup import find_channel
from app.cli.options import AsJson, Search, Sure, command, confirm, group
from app.cli.tables import show_one, show_rows

channels = group(
    "Channels: accounts of the upstream.",
    examples=(
        "ARK_API_KEY=… seedgate channels create beijing-2 --priority 5",
        "seedgate channels check beijing-2",
        "seedgate channels suspend beijing-2",
    ),
)

Channel = Annotated[str, typer.Argument(help="Its id or name.")]

_LISTED = ("id", "name", "status", "status_reason", "ark_base_url", "region", "priority", "weight")
_PLANE = ("plane", "result", "detail")
_CREDENTIALS = {"ark": "has_ark_api_key", "openapi": "has_access_key"}
_SECRETS = ("ark_api_key", "access_key_id", "secret_access_key")


@command(channels, "list", examples=("seedgate channels list", "seedgate channels list --status suspended"))
def list_channels(
    search: Search = None,
    status: Annotated[str | None, typer.Option(help="Only in this state: active or suspended.")] = None,
    *,
    json: AsJson = False,
) -> None:
    """List channels; secrets are never shown."""
    show_rows(AdminClient().rows("/channels", q=search, status=status), _LISTED, is_json=json)


@command(channels, "get", examples=("seedgate channels get beijing-2",))
def get_channel(channel: Channel, *, json: AsJson = False) -> None:
    """Show a channel, with what was refused of its last calls; secrets are never shown."""
    found = find_channel(AdminClient(), channel)
    show_one(found, is_json=json)


@command(channels, "create", examples=("ARK_API_KEY=… seedgate channels create beijing-2 --priority 5",))
def create_channel(
    name: Annotated[str, typer.Argument(help="Its name.")],
    ark_base_url: Annotated[str | None, typer.Option(help="Data plane.")] = None,
    openapi_url: Annotated[str | None, typer.Option(help="Control plane.")] = None,
    region: Annotated[str | None, typer.Option(help="Signing region.")] = None,
    priority: Annotated[int | None, typer.Option(help="Higher goes first.")] = None,
    *,
    json: AsJson = False,
) -> None:
    """Create a channel; its credentials come from ARK_API_KEY, ACCESS_KEY_ID and SECRET_ACCESS_KEY in the environment.

    A secret on the command line would be seen by every user of the machine.
    """
    secrets = {secret: os.environ.get(secret.upper()) for secret in _SECRETS}
    body = given(
        name=name, ark_base_url=ark_base_url, openapi_url=openapi_url, region=region, priority=priority, **secrets
    )
    if "ark_api_key" not in body and "access_key_id" not in body:
        stop("set ARK_API_KEY, or ACCESS_KEY_ID and SECRET_ACCESS_KEY, in the environment", MISCONFIGURED)
    show_one(AdminClient().call("POST", "/channels", body), _LISTED, is_json=json)


@command(channels, "check", examples=("seedgate channels check beijing-2",))
def check_channel(channel: Channel, *, json: AsJson = False) -> None:
    """Ask both planes with the channel's credentials; spends nothing."""
    client = AdminClient()
    found = find_channel(client, channel)
    results = client.call("POST", f"/channels/{found['id']}/check")
    if json:
        show_one(results, is_json=True)
        return
    rows = [
        {"plane": plane, "result": _result(found[has], results[plane]), "detail": results[plane]["detail"]}
        for plane, has in _CREDENTIALS.items()
    ]
    show_rows(rows, _PLANE, is_json=False)


@command(channels, "suspend", examples=("seedgate channels suspend beijing-2",))
def suspend_channel(channel: Channel, *, json: AsJson = False) -> None:
    """Send no new creates to a channel."""
    show_one(_set_status(channel, "suspended"), _LISTED, is_json=json)


@command(channels, "activate", examples=("seedgate channels activate beijing-2",))
def activate_channel(channel: Channel, *, json: AsJson = False) -> None:
    """Use a suspended channel again, if its objects are found."""
    show_one(_set_status(channel, "active"), _LISTED, is_json=json)


@command(channels, "delete", examples=("seedgate channels delete beijing-2",))
def delete_channel(channel: Channel, *, yes: Sure = False) -> None:
    """Delete a channel without unfinished tasks, assets and groups."""
    client = AdminClient()
    found = find_channel(client, channel)
    state = ", which is active and may be in use," if found["status"] == "active" else ""
    confirm(f"The channel {found['name']} ({found['id']}){state} and its credentials will be deleted", is_sure=yes)
    client.call("DELETE", f"/channels/{found['id']}")
    say(f"deleted {found['id']}")


def _result(has_credentials: bool, result: dict[str, Any]) -> str:  # noqa: FBT001 - a member of an answer
    """Returns the result of a plane in the words of ``doctor``."""
    if result["ok"]:
        return "ok"
    if not has_credentials:
        return "unset"
    return "warn" if result["is_throttled"] else "BROKEN"


def _set_status(channel: str, status: str) -> Any:
    client = AdminClient()
    return client.call("PATCH", f"/channels/{find_channel(client, channel)['id']}", {"status": status})
