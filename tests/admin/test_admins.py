"""Named admin tokens: shown once, in roles, and ended within a second on every process."""

from typing import Any

import httpx
import pytest

from app.admin.auth_throttle import FREE_FAILURES
from tests.support.admin_app import Process, in_the_future
from tests.support.channel_app import everything_stored
from tests.support.clock import ManualSeconds, MovableClock
from tests.support.keys import with_other_secret

ADDRESS = "203.0.113.7"


async def create(process: Process, role: str = "operator", **fields: Any) -> dict[str, Any]:
    made = await process.admin.post("/admins", json={"name": f"an {role}", "role": role, **fields})
    assert made.status_code == 201, made.text
    admin: dict[str, Any] = made.json()
    return admin


async def ask(process: Process, token: str, method: str = "GET", path: str = "/tenants", **body: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"}
    client = process.clients(ADDRESS)
    return await client.request(method, f"/admin/v1{path}", headers=headers, json=body or None)


async def test_a_token_is_shown_once_and_stored_as_a_hash(process: Process) -> None:
    made = await process.admin.post("/admins", json={"name": "finance", "role": "billing"})
    admin = made.json()

    assert (made.status_code, made.headers["cache-control"]) == (201, "no-store")
    assert admin["token"].startswith(f"sga-{admin['public_part']}-")
    assert (admin["name"], admin["role"], admin["status"], admin["expires_at"]) == (
        "finance",
        "billing",
        "active",
        None,
    )
    without = {name: value for name, value in admin.items() if name != "token"}
    assert (await process.admin.get("/admins")).json()["data"] == [without]
    dump = await everything_stored(process.sessions)
    assert admin["public_part"] in dump
    assert admin["token"].rpartition("-")[2][:32] not in dump


@pytest.mark.parametrize("change", ["revoked", "expired", "restricted"])
async def test_what_ends_a_token_is_seen_by_every_process_within_a_second(
    process: Process, other_process: Process, clock: MovableClock, seconds: ManualSeconds, change: str
) -> None:
    admin = await create(process, expires_at=in_the_future(clock, 60))
    for each in (process, other_process):
        assert (await ask(each, admin["token"], "POST", name="a tenant")).status_code == 201

    if change == "revoked":
        assert (await process.admin.delete(f"/admins/{admin['id']}")).status_code == 204
    elif change == "expired":
        clock.advance(60)
    else:
        assert (await process.admin.patch(f"/admins/{admin['id']}", json={"role": "viewer"})).status_code == 200
    seconds.advance(1)

    expected = (403, "AccessDenied") if change == "restricted" else (401, "AuthenticationError")
    for each in (process, other_process):
        refused = await ask(each, admin["token"], "POST", name="a tenant")
        assert (refused.status_code, refused.json()["error"]["code"]) == expected
    (listed,) = (await process.admin.get("/admins")).json()["data"]
    assert (listed["status"], listed["role"]) == (
        ("active", "viewer") if change == "restricted" else (change, "operator")
    )


async def test_an_owner_makes_owners_and_the_audit_log_names_who_acted(process: Process) -> None:
    owner = await create(process, "owner", name="Ada")
    second = await ask(process, owner["token"], "POST", "/admins", name="Grace", role="owner")
    assert second.status_code == 201
    assert (await ask(process, second.json()["token"], "DELETE", f"/admins/{owner['id']}")).status_code == 204

    rows = (await process.admin.get("/audit")).json()["data"]

    shown = [(row["actor"], row["actor_id"], row["action"], row["target_id"]) for row in reversed(rows)]
    assert shown == [
        ("admin", None, "admin.create", owner["id"]),
        ("Ada", owner["id"], "admin.create", second.json()["id"]),
        ("Grace", second.json()["id"], "admin.revoke", owner["id"]),
    ]
    assert rows[-1]["detail"] == {"name": "Ada", "public_part": owner["public_part"], "role": "owner"}


async def test_a_revoked_token_is_not_changed_any_more(process: Process) -> None:
    admin = await create(process)
    for _ in range(2):
        assert (await process.admin.delete(f"/admins/{admin['id']}")).status_code == 204

    changed = await process.admin.patch(f"/admins/{admin['id']}", json={"role": "owner"})

    assert (changed.status_code, changed.json()["error"]["code"]) == (409, "InvalidAction")
    assert len((await process.admin.get("/audit", params={"action": "admin.revoke"})).json()["data"]) == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"role": "viewer"}, "MissingParameter.name"),
        ({"name": "a"}, "MissingParameter.role"),
        ({"name": "a", "role": "root"}, "InvalidParameter.role"),
        ({"name": "a", "role": "viewer", "expires_at": "2020-01-01T00:00:00Z"}, "InvalidParameter.expires_at"),
        ({"name": "a", "role": "viewer", "token": "mine"}, "InvalidParameter.token"),
    ],
)
async def test_a_wrong_body_is_refused(process: Process, body: dict[str, Any], code: str) -> None:
    refused = await process.admin.post("/admins", json=body)

    assert (refused.status_code, refused.json()["error"]["code"]) == (400, code)


async def test_forged_and_ended_tokens_count_as_guesses_and_right_ones_are_always_accepted(process: Process) -> None:
    admin, ended = await create(process), await create(process)
    await process.admin.delete(f"/admins/{ended['id']}")
    wrong = (with_other_secret(admin["token"]), ended["token"])
    for number in range(FREE_FAILURES):
        assert (await ask(process, wrong[number % 2])).status_code == 401

    for token in wrong:
        assert (await ask(process, token)).status_code == 429
    assert (await ask(process, admin["token"])).status_code == 200


async def test_an_admin_token_opens_no_tenant_route(process: Process) -> None:
    admin = await create(process, "owner")

    assert (await process.whoami(admin["token"])).status_code == 401
