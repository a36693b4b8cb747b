"""Signing keys over the admin API: created, shown once, replaced, ended."""

import re
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.core.sealing import SealError
from app.tenants.signing_key import open_secret
from tests.support.admin_app import BOX, Process, in_the_future
from tests.support.channel_app import everything_stored
from tests.support.clock import MovableClock


async def issue(process: Process, key: dict[str, Any]) -> dict[str, Any]:
    made = await process.admin.post(f"/keys/{key['id']}/signing-key")
    assert made.status_code == 201, made.text
    assert made.headers["cache-control"] == "no-store"
    issued: dict[str, Any] = made.json()
    return issued


async def shown(process: Process, key: dict[str, Any]) -> Any:
    return (await process.admin.get(f"/keys/{key['id']}")).json()


async def audited(process: Process) -> list[tuple[str, str, dict[str, Any]]]:
    rows = (await process.admin.get("/audit")).json()["data"]
    return [
        (row["action"], row["target_id"], row["detail"]) for row in reversed(rows) if "signing_key" in row["action"]
    ]


async def sealed_of(process: Process, key: dict[str, Any]) -> str | None:
    async with process.sessions() as session:
        found: str | None = await session.scalar(
            text("SELECT secret_access_key_sealed FROM api_keys WHERE id = :id"), {"id": key["id"]}
        )
    return found


async def test_its_secret_is_shown_once_and_never_again(process: Process) -> None:
    key = await process.key()

    issued = await issue(process, key)

    assert re.fullmatch("SGAK[0-9A-Za-z]{20}", issued["access_key_id"])
    # 43 digits of base62 are 256 bits.
    assert re.fullmatch("SGSK[0-9A-Za-z]{43,}", issued["secret_access_key"])
    view = {name: value for name, value in issued.items() if name != "secret_access_key"}
    before = {name: value for name, value in key.items() if name != "key"}
    assert view == {**before, "access_key_id": issued["access_key_id"]}
    assert await shown(process, key) == view
    for answer in (
        await process.admin.get("/keys"),
        await process.admin.patch(f"/keys/{key['id']}", json={"name": "new"}),
        await process.admin.get("/audit"),
    ):
        assert issued["access_key_id"] in answer.text
        assert issued["secret_access_key"] not in answer.text


async def test_its_secret_is_stored_sealed_for_its_own_row(process: Process) -> None:
    key, other = await process.key(), await process.key()
    issued = await issue(process, key)

    stored = await everything_stored(process.sessions)
    sealed = await sealed_of(process, key)

    assert issued["access_key_id"] in stored
    assert issued["secret_access_key"] not in stored
    assert issued["secret_access_key"].encode().hex() not in stored
    assert sealed is not None
    assert open_secret(BOX, key["id"], sealed) == issued["secret_access_key"]
    with pytest.raises(SealError):
        open_secret(BOX, other["id"], sealed)


async def test_another_one_replaces_it_and_both_are_in_the_audit_log(process: Process) -> None:
    key = await process.key()

    first, second = await issue(process, key), await issue(process, key)

    assert first["access_key_id"] != second["access_key_id"]
    assert first["secret_access_key"] != second["secret_access_key"]
    assert (await shown(process, key))["access_key_id"] == second["access_key_id"]
    public = {"public_part": key["public_part"]}
    assert await audited(process) == [
        ("signing_key.create", key["id"], {**public, "access_key_id": first["access_key_id"], "replaced": None}),
        (
            "signing_key.create",
            key["id"],
            {**public, "access_key_id": second["access_key_id"], "replaced": first["access_key_id"]},
        ),
    ]


async def test_it_ends_without_its_key(process: Process) -> None:
    key = await process.key()
    issued = await issue(process, key)

    answers = [await process.admin.delete(f"/keys/{key['id']}/signing-key") for _ in range(2)]

    assert [(answer.status_code, answer.content) for answer in answers] == [(204, b""), (204, b"")]
    assert (await shown(process, key))["access_key_id"] is None
    assert await sealed_of(process, key) is None
    assert (await process.whoami(key["key"])).status_code == 200
    detail = {"public_part": key["public_part"], "access_key_id": issued["access_key_id"]}
    assert (await audited(process))[1:] == [("signing_key.delete", key["id"], detail)]


async def test_an_expired_key_gets_none_and_an_existing_one_can_be_ended(process: Process, clock: MovableClock) -> None:
    key = await process.key(expires_at=in_the_future(clock, 60))
    issued = await issue(process, key)
    clock.advance(61)

    await check_refused(process, key, "expired")

    assert (await shown(process, key))["access_key_id"] == issued["access_key_id"]
    assert (await process.admin.delete(f"/keys/{key['id']}/signing-key")).status_code == 204
    assert (await shown(process, key))["access_key_id"] is None


@pytest.mark.parametrize("what", ["keys/{id}", "tenants/{tenant_id}"])
async def test_the_secret_of_a_revoked_key_is_deleted(process: Process, what: str) -> None:
    """A secret that can never be used again must not be in a stolen dump, nor stop a reseal."""
    key = await process.key()
    await issue(process, key)

    assert (await process.admin.delete(f"/{what.format(**key)}")).status_code == 204

    assert await sealed_of(process, key) is None
    assert (await shown(process, key))["access_key_id"] is None
    await check_refused(process, key, "revoked")


async def check_refused(process: Process, key: dict[str, Any], message: str) -> None:
    refused = await process.admin.post(f"/keys/{key['id']}/signing-key")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "InvalidAction")
    assert refused.headers["x-should-retry"] == "false"
    assert message in refused.json()["error"]["message"]


async def test_a_rotated_key_keeps_it_and_the_new_key_has_none(process: Process) -> None:
    old = await process.key()
    issued = await issue(process, old)

    new = (await process.admin.post(f"/keys/{old['id']}/rotate", json={"grace_seconds": 60})).json()

    assert new["access_key_id"] is None
    assert (await shown(process, old))["access_key_id"] == issued["access_key_id"]
    assert await sealed_of(process, new) is None


async def test_half_a_pair_cannot_be_stored(process: Process) -> None:
    await process.key()

    with pytest.raises(IntegrityError, match="ck_api_keys_whole_pair"):
        async with process.sessions.begin() as session:
            await session.execute(text("UPDATE api_keys SET access_key_id = 'SGAK'"))
