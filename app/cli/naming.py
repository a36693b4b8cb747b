"""Names where ids do: an exact id first, then a name that only one has."""

from typing import Any

from app.cli.admin_client import AdminClient, segment
from app.cli.exits import MISCONFIGURED, stop


def find_tenant(client: AdminClient, text: str) -> dict[str, Any]:
    """Returns the tenant of an id or a name; ends the program when there is none, or more than one."""
    return _find(client, "tenant", text, ("name",))


def find_key(client: AdminClient, text: str) -> dict[str, Any]:
    """Returns the API key of an id, a public part, an access key id or a name; ends the program as above."""
    return _find(client, "key", text, ("public_part", "access_key_id", "name"))


def find_channel(client: AdminClient, text: str) -> dict[str, Any]:
    """Returns the channel of an id or a name; ends the program as above."""
    return _find(client, "channel", text, ("name",))


def tenant_id(client: AdminClient, text: str | None) -> str | None:
    """Returns the id of the tenant that a filter names; None stays None."""
    return None if text is None else str(find_tenant(client, text)["id"])


def _find(client: AdminClient, kind: str, text: str, fields: tuple[str, ...]) -> dict[str, Any]:
    path = f"/{kind}s"
    exact: dict[str, Any] | None = client.find(f"{path}/{segment(text)}") if text else None
    if exact is not None and exact["id"] == text:
        return exact
    found = [row for row in client.rows(path) if text in {row.get(field) for field in fields}]
    if not found:
        stop(f"there is no {kind} with the id or the name {text!r}; see `seedgate {kind}s list`")
    if len(found) > 1:
        ids = ", ".join(str(row["id"]) for row in found)
        stop(f"{len(found)} {kind}s have the name {text!r}: {ids}. Give the id.", MISCONFIGURED)
    return found[0]
