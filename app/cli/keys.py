"""``seedgate keys``."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from app.cli.admin_client import AdminClient, given
from app.cli.exit_codes import say, tell
from app.cli.name_lookup import find_key, find_keys_to_revoke, find_tenant, others_in_grace, tenant_id
from app.cli.options import (
    AsJson,
    Permissions,
    RequestLimit,
    Search,
    Since,
    Sure,
    TenantFilter,
    Until,
    changed_rights,
    command,
    confirm,
    group,
    period,
)
from app.cli.tables import show_one, show_rows
from app.tenants.permissions import Permission

keys = group(
    "API keys of tenants.",
    examples=(
        "seedgate keys create studio --name render-farm",
        "seedgate keys rotate render-farm --grace-seconds 3600",
        "seedgate keys revoke sg-4fQb0YxT2mKp",
    ),
)

Key = Annotated[str, typer.Argument(help="Its id, public part, access key id or name.")]
Names = Annotated[list[str] | None, typer.Option(help="May be given more than once; absent: all.")]

_LISTED = (
    *("id", "tenant_id", "name", "public_part", "access_key_id", "status"),
    *("restricted_to", "expires_at", "grace_ends_at", "last_used_at"),
)
_RESTRICTIONS = ("models", "channels", "ips")
_NEW = ("id", "name", "key")
_NEW_PAIR = ("id", "name", "access_key_id", "secret_access_key")


@command(keys, "list", examples=("seedgate keys list --tenant studio", "seedgate keys list --search render"))
def list_keys(
    tenant: TenantFilter = None,
    search: Search = None,
    status: Annotated[str | None, typer.Option(help="Only active, rotated, expired or revoked ones.")] = None,
    since: Since = None,
    until: Until = None,
    *,
    json: AsJson = False,
) -> None:
    """List API keys; `get` shows what a restricted one may use. Secrets are never shown."""
    client = AdminClient()
    query = {"tenant": tenant_id(client, tenant), "q": search, "status": status}
    rows = list(client.rows("/keys", **query, **period(since, until)))
    show_rows(rows if json else [{**row, "restricted_to": _restrictions(row)} for row in rows], _LISTED, is_json=json)


@command(keys, "get", examples=("seedgate keys get render-farm",))
def get_key(key: Key, *, json: AsJson = False) -> None:
    """Show a key with all that it is restricted to; its secret is never shown."""
    found = find_key(AdminClient(), key)
    show_one(found, is_json=json)


@command(
    keys,
    "create",
    examples=(
        "seedgate keys create studio --name render-farm",
        "seedgate keys create studio --name ci --model doubao-seedance-2-fast --ip 203.0.113.0/24",
        "seedgate keys create studio --name dashboard --permission read",
    ),
)
def create_key(
    tenant: Annotated[str, typer.Argument(help="Id or name of the tenant.")],
    *,
    name: Annotated[str, typer.Option(help="What the key is for.")] = "key",
    expires_at: Annotated[str | None, typer.Option(help="RFC 3339 time.")] = None,
    model: Names = None,
    channel: Names = None,
    ip: Names = None,
    permission: Names = None,
    json: AsJson = False,
) -> None:
    """Create an API key; it is shown only now."""
    client = AdminClient()
    lists = given(allowed_models=model, allowed_channels=channel, allowed_ips=ip, permissions=permission)
    body = given(name=name, expires_at=expires_at) | lists
    made = client.call("POST", f"/tenants/{find_tenant(client, tenant)['id']}/keys", body)
    show_one(made, _NEW, is_json=json)


@command(
    keys,
    "update",
    examples=("seedgate keys update render-farm --rpm 600", "seedgate keys update dashboard --permission read"),
)
def update_key(
    key: Key,
    *,
    permission: Permissions = None,
    rps: RequestLimit = None,
    rpm: RequestLimit = None,
    create_rpm: RequestLimit = None,
    unfinished_tasks: RequestLimit = None,
    json: AsJson = False,
) -> None:
    """Change what a key may do and how often: requests a second and a minute, creates a minute, unfinished tasks."""
    client = AdminClient()
    found = find_key(client, key)
    body = changed_rights(
        found, permissions=permission, rps=rps, rpm=rpm, create_rpm=create_rpm, unfinished_tasks=unfinished_tasks
    )
    show_one(client.call("PATCH", f"/keys/{found['id']}", body), is_json=json)


@command(keys, "rotate", examples=("seedgate keys rotate render-farm --grace-seconds 3600",))
def rotate_key(
    key: Key,
    grace_seconds: Annotated[int, typer.Option(min=0, help="How long the old key still works.")] = 0,
    *,
    yes: Sure = False,
    json: AsJson = False,
) -> None:
    """Replace a key; the new one is shown only now."""
    client = AdminClient()
    found = find_key(client, key)
    left = others_in_grace(client, [found])
    if grace_seconds == 0:
        confirm(f"{_described(found)}{_but_not(left)} will stop working at once", is_sure=yes)
    made = client.call("POST", f"/keys/{found['id']}/rotate", {"grace_seconds": grace_seconds})
    show_one(made, _NEW, is_json=json)
    _warn_of(left)


@command(keys, "revoke", examples=("seedgate keys revoke render-farm", "seedgate keys revoke sg-4fQb0YxT2mKp"))
def revoke_key(key: Key, *, yes: Sure = False) -> None:
    """Revoke a key, at once on every process.

    By name also the keys that it replaced and whose grace has not ended; by id, public part or access key id only that
    one.
    """
    client = AdminClient()
    found = find_keys_to_revoke(client, key)
    left = others_in_grace(client, found)
    doomed = " and ".join([_described(found[0]), *(_in_grace(row) for row in found[1:])])
    confirm(f"{doomed}{_but_not(left)} will stop working", is_sure=yes)
    for row in found:
        client.call("DELETE", f"/keys/{row['id']}")
        say(f"revoked {row['id']}")
    _warn_of(left)


def _restrictions(key: dict[str, Any]) -> list[str] | None:
    """Returns the kinds of things that a key is restricted to; ``get`` shows the things themselves."""
    kinds = [kind for kind in _RESTRICTIONS if key[f"allowed_{kind}"] is not None]
    if len(key["permissions"]) < len(Permission):
        kinds.append("permissions")
    return kinds or None


def _described(key: dict[str, Any]) -> str:
    return f"The key {key['name']} ({key['id']})" if key["status"] != "rotated" else f"The key {_in_grace(key)}"


def _in_grace(key: dict[str, Any]) -> str:
    return f"{key['name']} ({key['id']}, in its grace until {key['grace_ends_at']})"


def _but_not(left: Sequence[dict[str, Any]]) -> str:
    return f", but not {' or '.join(_in_grace(row) for row in left)}," if left else ""


def _warn_of(left: Sequence[dict[str, Any]]) -> None:
    """Tells on standard error which keys of the same name still work, and how to end them."""
    for row in left:
        tell(f"seedgate: {_in_grace(row)} still works; `seedgate keys revoke {row['id']}` ends it")


@command(
    keys,
    "signing-key",
    examples=("seedgate keys signing-key render-farm", "seedgate keys signing-key render-farm --end"),
)
def signing_key(
    key: Key,
    *,
    end: Annotated[bool, typer.Option("--end", help="End the pair instead; the key keeps working.")] = False,
    yes: Sure = False,
    json: AsJson = False,
) -> None:
    """Give a key a new access key pair, for SDKs that sign.

    The secret is shown this once, and the pair before ends.
    """
    client = AdminClient()
    found = find_key(client, key)
    if found.get("access_key_id") is not None:
        confirm(f"The pair {found['access_key_id']} of {found['id']} will stop working", is_sure=yes)
    if end:
        client.call("DELETE", f"/keys/{found['id']}/signing-key")
        say(f"ended the pair of {found['id']}")
        return
    show_one(client.call("POST", f"/keys/{found['id']}/signing-key"), _NEW_PAIR, is_json=json)
