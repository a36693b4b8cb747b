"""Finds tenants, keys, channels and admins by id or name. A text in the format of an id is never taken as a name."""

import re
from collections.abc import Sequence
from typing import Any

from app.cli.admin_client import AdminClient, segment
from app.cli.exit_codes import MISCONFIGURED, stop

_ID = re.compile(r"(tenant|key|ch|admin)_[0-9A-Za-z]{20}")
_KEY_PREFIX = "sg-"
_ADMIN_PREFIX = "sga-"
_ADMIN_FIELDS = ("id", "public_part", "name")
_KEY_FIELDS = ("public_part", "access_key_id")
_ROTATED = "rotated"
_SHOWS_IDS = "seedgate usage --by {} --json"


def find_tenant(client: AdminClient, text: str) -> dict[str, Any]:
    """Returns the tenant with this id or name; ends the program if there is none, or more than one."""
    return _find(client, "tenant", text, ("name",))


def find_key(client: AdminClient, text: str) -> dict[str, Any]:
    """Returns the API key with this id, public part, access key id or name; ends the program as ``find_tenant``.

    Of a whole key only the public part is used, and it is not sent to the gateway.
    """
    wanted = text.split("-")[1] if text.startswith(_KEY_PREFIX) else text
    return _find(client, "key", wanted, (*_KEY_FIELDS, "name"))


def find_keys_to_revoke(client: AdminClient, text: str) -> list[dict[str, Any]]:
    """Returns the keys that a text means for ``revoke``; ends the program as ``find_tenant``.

    A name means a key and the ones that it replaced whose grace has not ended. An id, a public part and an access key
    id mean one key.
    """
    if _ID.fullmatch(text) or text.startswith(_KEY_PREFIX):
        return [find_key(client, text)]
    rows = list(client.rows("/keys"))
    by_id = {row["id"]: row for row in rows}
    named = [row for row in rows if row["name"] == text]
    active = [row for row in named if row["status"] == "active"]
    rotated = [row for row in named if row["status"] == _ROTATED]
    firsts = {_first_of(row, by_id) for row in active or rotated}
    exact = [row for row in rows if text in {row.get(field) for field in _KEY_FIELDS}]
    if exact or len(active) > 1 or len(firsts) != 1:
        return [_only("key", text, [*exact, *(row for row in named if row not in exact)])]
    return active + [row for row in rows if row["status"] == _ROTATED and _first_of(row, by_id) in firsts]


def others_in_grace(client: AdminClient, keys: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Returns the other keys of the same sequence of rotations whose grace has not ended."""
    ids = {key["id"] for key in keys}
    rows = list(client.rows("/keys", tenant=keys[0]["tenant_id"]))
    by_id = {row["id"]: row for row in rows}
    first = _first_of(keys[0], by_id)
    return [
        row for row in rows if row["status"] == _ROTATED and row["id"] not in ids and _first_of(row, by_id) == first
    ]


def _first_of(key: dict[str, Any], by_id: dict[str, dict[str, Any]]) -> str:
    """Returns the id of the key with which a sequence of rotations began; each may have a name of its own."""
    first = key
    while (replaced := first["rotated_from"]) is not None:
        if replaced not in by_id:
            return str(replaced)
        first = by_id[replaced]
    return str(first["id"])


def find_channel(client: AdminClient, text: str) -> dict[str, Any]:
    """Returns the channel with this id or name; ends the program as ``find_tenant``."""
    return _find(client, "channel", text, ("name",))


def find_admin(client: AdminClient, text: str) -> dict[str, Any]:
    """Returns the admin with this id, public part or name; ends the program as ``find_tenant``.

    Of a whole token only the public part is used, and it is not sent to the gateway.
    """
    wanted = text.split("-")[1] if text.startswith(_ADMIN_PREFIX) else text
    return _only(
        "admin", text, [row for row in client.rows("/admins") if wanted in {row[name] for name in _ADMIN_FIELDS}]
    )


def tenant_id(client: AdminClient, text: str | None) -> str | None:
    """Returns the id of a tenant, which may be a deleted one; None stays None. An id is not looked up."""
    if text is None or _ID.fullmatch(text):
        return text
    return str(find_tenant(client, text)["id"])


def key_id(client: AdminClient, text: str | None) -> str | None:
    """Returns the id of an API key; None stays None. An id is not looked up: not every admin may."""
    if text is None or _ID.fullmatch(text):
        return text
    return str(find_key(client, text)["id"])


def _find(client: AdminClient, kind: str, text: str, fields: tuple[str, ...]) -> dict[str, Any]:
    path = f"/{kind}s"
    if _ID.fullmatch(text):
        exact: dict[str, Any] | None = client.find(f"{path}/{segment(text)}")
        if exact is None:
            stop(f"there is no {kind} with the id {text}")
        return exact
    rows = client.permitted_rows(path)
    if rows is None:
        stop(f"the role of this token may not look up {kind}s: give the id, which `{_SHOWS_IDS.format(kind)}` shows")
    return _only(kind, text, [row for row in rows if text in {row.get(field) for field in fields}])


def _only(kind: str, text: str, found: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Returns the only match, or the only active one, because names are reused."""
    if not found or not text:
        stop(f"there is no {kind} with the id or the name {text!r}; see `seedgate {kind}s list`")
    working = [row for row in found if row["status"] == "active"]
    meant = working if len(working) == 1 else found
    if len(meant) > 1:
        ids = ", ".join(str(row["id"]) for row in meant)
        stop(f"{len(meant)} {kind}s have the name {text!r}: {ids}. Give the id.", MISCONFIGURED)
    return meant[0]
