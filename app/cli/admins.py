"""``seedgate admins``: named admin tokens."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from app.cli.admin_client import AdminClient, given
from app.cli.exit_codes import MISCONFIGURED, say, stop
from app.cli.name_lookup import find_admin
from app.cli.options import AsJson, Sure, command, confirm, group
from app.cli.tables import show_one, show_rows

admins = group(
    "Admins with a token of their own. Only owners may use these commands.",
    examples=(
        "seedgate admins create finance --role billing",
        "seedgate admins list",
        "seedgate admins revoke finance",
    ),
)


class Role(StrEnum):
    """What an admin may do."""

    OWNER = "owner"
    OPERATOR = "operator"
    BILLING = "billing"
    VIEWER = "viewer"


Admin = Annotated[str, typer.Argument(help="Its id, public part or name.")]
_ROLE_HELP = (
    "owner: everything; operator: everything but admins; billing: usage, prices and budgets; viewer: reads, without "
    "clips."
)
_LISTED = ("id", "name", "role", "public_part", "status", "expires_at", "created_at")
_NEW = ("id", "name", "role", "expires_at", "token")


@command(admins, "list", examples=("seedgate admins list",))
def list_admins(*, json: AsJson = False) -> None:
    """List admins. Tokens are never shown, and the one of the environment is not in the list."""
    show_rows(AdminClient().rows("/admins"), _LISTED, is_json=json)


@command(
    admins,
    "create",
    examples=(
        "seedgate admins create finance --role billing",
        "seedgate admins create contractor --role viewer --expires-at 2027-01-31T00:00:00Z",
    ),
)
def create_admin(
    name: Annotated[str, typer.Argument(help="Who it is for; the audit log shows it.")],
    *,
    role: Annotated[Role, typer.Option(help=_ROLE_HELP)],
    expires_at: Annotated[str | None, typer.Option(help="RFC 3339 time.")] = None,
    json: AsJson = False,
) -> None:
    """Create an admin; its token is shown only now."""
    body = given(name=name, role=role.value, expires_at=expires_at)
    show_one(AdminClient().call("POST", "/admins", body), _NEW, is_json=json)


@command(admins, "update", examples=("seedgate admins update finance --role viewer",))
def update_admin(
    admin: Admin,
    *,
    name: Annotated[str | None, typer.Option(help="A new name.")] = None,
    role: Annotated[Role | None, typer.Option(help=_ROLE_HELP)] = None,
    expires_at: Annotated[str | None, typer.Option(help="RFC 3339 time, or `never`.")] = None,
    json: AsJson = False,
) -> None:
    """Change the name, the role or the expiry of an admin, within a second on every process."""
    body: dict[str, Any] = given(name=name, role=None if role is None else role.value)
    if expires_at is not None:
        body["expires_at"] = None if expires_at == "never" else expires_at
    if not body:
        stop("give --name, --role or --expires-at", MISCONFIGURED)
    client = AdminClient()
    show_one(client.call("PATCH", f"/admins/{find_admin(client, admin)['id']}", body), _LISTED, is_json=json)


@command(admins, "revoke", examples=("seedgate admins revoke finance",))
def revoke_admin(admin: Admin, *, yes: Sure = False) -> None:
    """Revoke an admin's token, within a second on every process."""
    client = AdminClient()
    found = find_admin(client, admin)
    confirm(f"The token of the {found['role']} {found['name']} ({found['id']}) will stop working", is_sure=yes)
    client.call("DELETE", f"/admins/{found['id']}")
    say(f"revoked {found['id']}")
