"""``tenants``, ``keys`` and ``channels``: the admin API by hand."""

import os
from typing import Annotated, Any

import typer

from app.cli.admin_client import AdminClient, show
from app.cli.exits import MISCONFIGURED, stop

tenants = typer.Typer(help="Tenants.", no_args_is_help=True)
keys = typer.Typer(help="API keys.", no_args_is_help=True)
channels = typer.Typer(help="Upstream accounts.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Id = Annotated[str, typer.Argument(help="Its id.")]
Names = Annotated[list[str] | None, typer.Option(help="May be given more than once; absent: all.")]

_TENANT = ("id", "name", "status", "allowed_models", "allowed_channels", "created_at")
_KEY = (
    "id",
    "tenant_id",
    "name",
    "public_part",
    "access_key_id",
    "status",
    "expires_at",
    "grace_ends_at",
    "last_used_at",
)
_NEW_KEY = ("id", "name", "key")
_NEW_SIGNING_KEY = ("id", "name", "access_key_id", "secret_access_key")
_CHANNEL = ("id", "name", "status", "status_reason", "ark_base_url", "region", "priority", "weight")


@tenants.command("list")
def list_tenants(*, json: AsJson = False) -> None:
    """List tenants."""
    show(list(AdminClient().rows("/tenants")), _TENANT, is_json=json)


@tenants.command("create")
def create_tenant(name: Annotated[str, typer.Argument(help="Its name.")], *, json: AsJson = False) -> None:
    """Make a tenant."""
    show(AdminClient().call("POST", "/tenants", {"name": name}), _TENANT, is_json=json)


@tenants.command("suspend")
def suspend_tenant(tenant: Id, *, json: AsJson = False) -> None:
    """Refuse all of a tenant's keys until it is activated again."""
    show(AdminClient().call("PATCH", f"/tenants/{tenant}", {"status": "suspended"}), _TENANT, is_json=json)


@tenants.command("activate")
def activate_tenant(tenant: Id, *, json: AsJson = False) -> None:
    """Let a suspended tenant work again."""
    show(AdminClient().call("PATCH", f"/tenants/{tenant}", {"status": "active"}), _TENANT, is_json=json)


@tenants.command("delete")
def delete_tenant(tenant: Id) -> None:
    """Delete a tenant that has no unfinished task."""
    AdminClient().call("DELETE", f"/tenants/{tenant}")


@keys.command("list")
def list_keys(
    tenant: Annotated[str | None, typer.Option(help="Only this tenant's.")] = None, *, json: AsJson = False
) -> None:
    """List API keys; secrets are never shown."""
    show(list(AdminClient().rows("/keys", tenant=tenant)), _KEY, is_json=json)


@keys.command("create")
def create_key(
    tenant: Id,
    *,
    name: Annotated[str, typer.Option(help="What the key is for.")] = "key",
    expires_at: Annotated[str | None, typer.Option(help="RFC 3339 time.")] = None,
    model: Names = None,
    channel: Names = None,
    ip: Names = None,
    json: AsJson = False,
) -> None:
    """Make an API key; it is shown this once."""
    body = _without_none(
        name=name, expires_at=expires_at, allowed_models=model, allowed_channels=channel, allowed_ips=ip
    )
    show(AdminClient().call("POST", f"/tenants/{tenant}/keys", body), _NEW_KEY, is_json=json)


@keys.command("rotate")
def rotate_key(
    key: Id,
    grace_seconds: Annotated[int, typer.Option(help="How long the old key still works.")] = 0,
    *,
    json: AsJson = False,
) -> None:
    """Replace a key; the new one is shown this once."""
    made = AdminClient().call("POST", f"/keys/{key}/rotate", {"grace_seconds": grace_seconds})
    show(made, _NEW_KEY, is_json=json)


@keys.command("revoke")
def revoke_key(key: Id) -> None:
    """Revoke a key, at once on every process."""
    AdminClient().call("DELETE", f"/keys/{key}")


@keys.command("signing-key")
def signing_key(
    key: Id,
    *,
    end: Annotated[bool, typer.Option("--end", help="End the pair instead; the key goes on.")] = False,
    json: AsJson = False,
) -> None:
    """Give a key a new pair for SDKs that sign; its secret is shown this once, and the pair before ends."""
    if end:
        AdminClient().call("DELETE", f"/keys/{key}/signing-key")
        return
    show(AdminClient().call("POST", f"/keys/{key}/signing-key"), _NEW_SIGNING_KEY, is_json=json)


@channels.command("list")
def list_channels(*, json: AsJson = False) -> None:
    """List channels; secrets are never shown."""
    show(list(AdminClient().rows("/channels")), _CHANNEL, is_json=json)


@channels.command("create")
def create_channel(
    name: Annotated[str, typer.Argument(help="Its name.")],
    ark_base_url: Annotated[str | None, typer.Option(help="Data plane.")] = None,
    openapi_url: Annotated[str | None, typer.Option(help="Control plane.")] = None,
    region: Annotated[str | None, typer.Option(help="Signing region.")] = None,
    priority: Annotated[int | None, typer.Option(help="Higher goes first.")] = None,
    *,
    json: AsJson = False,
) -> None:
    """Make a channel; its credentials come from ARK_API_KEY, ACCESS_KEY_ID and SECRET_ACCESS_KEY in the environment.

    A secret on the command line would be seen by every user of the machine.
    """
    body = _without_none(
        name=name,
        ark_base_url=ark_base_url,
        openapi_url=openapi_url,
        region=region,
        priority=priority,
        ark_api_key=os.environ.get("ARK_API_KEY"),
        access_key_id=os.environ.get("ACCESS_KEY_ID"),
        secret_access_key=os.environ.get("SECRET_ACCESS_KEY"),
    )
    if "ark_api_key" not in body and "access_key_id" not in body:
        stop("set ARK_API_KEY, or ACCESS_KEY_ID and SECRET_ACCESS_KEY, in the environment", MISCONFIGURED)
    show(AdminClient().call("POST", "/channels", body), _CHANNEL, is_json=json)


@channels.command("check")
def check_channel(channel: Id, *, json: AsJson = False) -> None:
    """Ask both planes with the channel's credentials; spends nothing."""
    found = AdminClient().call("POST", f"/channels/{channel}/check")
    if json:
        show(found, (), is_json=True)
        return
    rows = [{"plane": plane, **result} for plane, result in found.items() if isinstance(result, dict)]
    show(rows, ("plane", "ok", "detail"), is_json=False)


@channels.command("suspend")
def suspend_channel(channel: Id, *, json: AsJson = False) -> None:
    """Send nothing new to a channel."""
    show(AdminClient().call("PATCH", f"/channels/{channel}", {"status": "suspended"}), _CHANNEL, is_json=json)


@channels.command("activate")
def activate_channel(channel: Id, *, json: AsJson = False) -> None:
    """Use a suspended channel again, once what lives on it answers."""
    show(AdminClient().call("PATCH", f"/channels/{channel}", {"status": "active"}), _CHANNEL, is_json=json)


@channels.command("delete")
def delete_channel(channel: Id) -> None:
    """Delete a channel on which nothing lives."""
    AdminClient().call("DELETE", f"/channels/{channel}")


def _without_none(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
