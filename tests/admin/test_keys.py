"""API keys over the admin API."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.support.admin_app import Process, QueryCount, in_the_future
from tests.support.channel_app import everything_stored
from tests.support.clock import ManualSeconds, MovableClock
from tests.support.timeouts import until


async def test_a_key_is_shown_once_and_never_again(process: Process, clock: MovableClock) -> None:
    tenant = await process.tenant()
    channel_id = await process.channel("default")
    ends = (clock() + timedelta(days=1)).astimezone(UTC).replace(microsecond=0)
    body = {
        "name": "ci",
        "expires_at": ends.isoformat(),
        "allowed_models": ["m"],
        "allowed_ips": ["203.0.113.0/24", "2001:db8::1"],
        "allowed_channels": [channel_id],
        "permissions": ["tasks", "read"],
        "limits": {"rpm": 600, "create_rpm": 5},
    }

    made = await process.admin.post(f"/tenants/{tenant['id']}/keys", json=body)
    key = made.json()

    assert made.status_code == 201
    assert made.headers["cache-control"] == "no-store"
    assert key["key"].startswith(f"sg-{key['public_part']}-")
    assert {name: key[name] for name in key if name not in {"id", "key", "public_part", "created_at"}} == {
        **body,
        "expires_at": ends.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "tenant_id": tenant["id"],
        "access_key_id": None,
        "status": "active",
        "grace_ends_at": None,
        "rotated_from": None,
        "last_used_at": None,
    }
    without = {name: value for name, value in key.items() if name != "key"}
    assert (await process.admin.get(f"/keys/{key['id']}")).json() == without
    assert (await process.admin.get("/keys")).json()["data"] == [without]


async def test_the_plaintext_is_not_in_the_database(process: Process) -> None:
    key = await process.key(name="searched for")
    issued = [key, (await process.admin.post(f"/keys/{key['id']}/rotate", json={"grace_seconds": 60})).json()]
    await process.whoami(key["key"])
    await process.last_used.flush()

    dump = await everything_stored(process.sessions)

    assert "searched for" in dump
    assert key["public_part"] in dump
    for one in issued:
        secret = one["key"].rsplit("-", 1)[1]
        for part in (one["key"], secret, secret[:32]):
            assert part not in dump
            assert part.encode().hex() not in dump


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({"name": None}, "MissingParameter.name", "name"),
        ({"name": ""}, "MissingParameter.name", "name"),
        ({"name": "x" * 201}, "InvalidParameter.name", "name"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "InvalidParameter.expires_at", "expires_at"),
        ({"expires_at": "2999-01-01T00:00:00"}, "InvalidParameter.expires_at", "expires_at"),
        ({"expires_at": "2999-01-01"}, "InvalidParameter.expires_at", "expires_at"),
        ({"expires_at": "2999-02-30T00:00:00Z"}, "InvalidParameter.expires_at", "expires_at"),
        ({"expires_at": "9999-12-31T23:59:59-10:00"}, "InvalidParameter.expires_at", "expires_at"),
        ({"expires_at": 4102444800}, "InvalidParameter.expires_at", "expires_at"),
        ({"allowed_ips": ["203.0.113.0/33"]}, "InvalidParameter.allowed_ips", "allowed_ips[0]"),
        ({"allowed_ips": ["10.0.0.1", "host"]}, "InvalidParameter.allowed_ips", "allowed_ips[1]"),
        ({"allowed_ips": []}, "InvalidParameter.allowed_ips", "allowed_ips"),
        ({"allowed_ips": [5]}, "InvalidParameter.allowed_ips", "allowed_ips[0]"),
        ({"allowed_models": {}}, "InvalidParameter.allowed_models", "allowed_models"),
        ({"limits": {"rpm": 0}}, "InvalidParameter.limits", "limits.rpm"),
        ({"limits": {"unfinished_tasks": 0}}, "InvalidParameter.limits", "limits.unfinished_tasks"),
        (
            {"limits": {"unfinished_tasks_by_model": {"none": 1}}},
            "InvalidParameter.limits",
            "limits.unfinished_tasks_by_model.none",
        ),
        ({"key": "sg-mine"}, "InvalidParameter.key", "key"),
        ({"status": "active"}, "InvalidParameter.status", "status"),
        ({"revoked_at": None}, "InvalidParameter.revoked_at", "revoked_at"),
    ],
)
async def test_a_wrong_field_is_named_on_create_and_on_change(
    process: Process, body: dict[str, Any], code: str, param: str
) -> None:
    key = await process.key()

    for response in (
        await process.admin.post(f"/tenants/{key['tenant_id']}/keys", json={"name": "a", **body}),
        await process.admin.patch(f"/keys/{key['id']}", json={"allowed_models": ["x"], **body}),
    ):
        error = response.json()["error"]
        assert (response.status_code, error["code"], error["param"]) == (400, code, param)
    (kept,) = (await process.admin.get("/keys")).json()["data"]
    assert kept["allowed_models"] is None


async def test_a_key_needs_a_name(process: Process) -> None:
    tenant = await process.tenant()
    response = await process.admin.post(f"/tenants/{tenant['id']}/keys", json={})
    assert (response.status_code, response.json()["error"]["code"]) == (400, "MissingParameter.name")


@pytest.mark.parametrize(
    "moment", ["2999-01-01T00:00:00Z", "2999-01-01t02:00:00+02:00", "2998-12-31 19:00:00.000000000-05:00"]
)
async def test_an_end_is_kept_in_utc_whatever_its_offset(process: Process, moment: str) -> None:
    key = await process.key(expires_at=moment)

    assert key["expires_at"] == "2999-01-01T00:00:00Z"


async def test_a_patch_changes_what_it_names_and_null_clears(process: Process, clock: MovableClock) -> None:
    await process.channel("c")
    key = await process.key(
        expires_at=in_the_future(clock, 60), allowed_models=["m"], allowed_ips=["10.0.0.1"], allowed_channels=["c"]
    )
    path = f"/keys/{key['id']}"

    changed = await process.admin.patch(path, json={"expires_at": None, "allowed_ips": None, "allowed_models": ["n"]})
    same = await process.admin.patch(path, json={})

    expected = {**key, "expires_at": None, "allowed_ips": None, "allowed_models": ["n"]}
    del expected["key"]
    assert changed.json() == same.json() == expected


async def test_a_patch_takes_effect_within_a_second(process: Process, seconds: ManualSeconds) -> None:
    key = await process.key()
    assert (await process.whoami(key["key"])).status_code == 200

    await process.admin.patch(f"/keys/{key['id']}", json={"allowed_ips": ["198.51.100.1"]})
    seconds.now += 0.95

    assert (await process.whoami(key["key"])).status_code == 403


async def test_a_key_is_active_then_expired_and_finally_revoked(process: Process, clock: MovableClock) -> None:
    key = await process.key(expires_at=in_the_future(clock, 60))
    states = [key["status"]]
    clock.advance(61)
    states.append((await process.admin.get(f"/keys/{key['id']}")).json()["status"])
    await process.admin.delete(f"/keys/{key['id']}")
    states.append((await process.admin.get(f"/keys/{key['id']}")).json()["status"])
    patched = await process.admin.patch(f"/keys/{key['id']}", json={"expires_at": None})
    states.append(patched.json()["status"])

    assert states == ["active", "expired", "revoked", "revoked"]
    assert (await process.whoami(key["key"])).status_code == 401


async def test_a_key_that_is_revoked_in_its_grace_has_no_grace_left(process: Process) -> None:
    key = await process.key()
    path = f"/keys/{key['id']}"
    await process.admin.post(f"{path}/rotate", json={"grace_seconds": 3600})
    assert (await process.admin.get(path)).json()["grace_ends_at"] is not None
    await process.admin.delete(path)
    listed = (await process.admin.get("/keys", params={"tenant": key["tenant_id"]})).json()["data"]
    for shown in ((await process.admin.get(path)).json(), next(row for row in listed if row["id"] == key["id"])):
        assert (shown["status"], shown["grace_ends_at"]) == ("revoked", None)


async def test_revoking_again_changes_nothing(process: Process) -> None:
    key = await process.key()

    answers = [await process.admin.delete(f"/keys/{key['id']}") for _ in range(2)]

    assert [(answer.status_code, answer.content) for answer in answers] == [(204, b""), (204, b"")]
    revocations = (await process.admin.get("/audit", params={"action": "key.revoke"})).json()["data"]
    assert len(revocations) == 1


async def test_a_rotated_key_works_until_its_grace_is_over(process: Process, clock: MovableClock) -> None:
    old = await process.key(name="ci", allowed_models=["m"], allowed_ips=["203.0.113.0/24"])

    rotated = await process.admin.post(f"/keys/{old['id']}/rotate", json={"grace_seconds": 600})
    new = rotated.json()
    during = [(await process.whoami(key["key"])).status_code for key in (old, new)]
    clock.advance(601)
    after = [(await process.whoami(key["key"])).status_code for key in (old, new)]

    assert rotated.status_code == 201
    assert (new["rotated_from"], new["tenant_id"], new["expires_at"]) == (old["id"], old["tenant_id"], None)
    assert (new["name"], new["allowed_models"], new["allowed_ips"]) == ("ci", ["m"], ["203.0.113.0/24"])
    assert new["public_part"] != old["public_part"]
    assert (during, after) == ([200, 200], [401, 200])


async def test_a_key_that_is_rotated_again_in_its_grace_passes_on_its_own_expiry(
    process: Process, clock: MovableClock, seconds: ManualSeconds
) -> None:
    for end in (None, in_the_future(clock, 7200)):
        old = await process.key(expires_at=end)
        first = await _rotated(process, old, 600)
        second = await _rotated(process, old, 3600)
        third = await _rotated(process, second, 0)

        assert [key["expires_at"] for key in (first, second, third)] == [old["expires_at"]] * 3
        assert [key["grace_ends_at"] for key in (first, second, third)] == [None] * 3
        clock.advance(599)
        seconds.advance(2)
        assert [(await process.whoami(key["key"])).status_code for key in (old, first, third)] == [200] * 3
        clock.advance(2)
        seconds.advance(2)
        assert [(await process.whoami(key["key"])).status_code for key in (old, first, third)] == [401, 200, 200]


async def test_a_second_grace_shortens_the_first_and_never_lengthens_it(process: Process, clock: MovableClock) -> None:
    key = await process.key()
    ends = []
    for grace_seconds in (600, 3600, 60):
        rotated_at = clock()
        await _rotated(process, key, grace_seconds)
        ends.append(_seconds_between(rotated_at, (await _shown(process, key))["grace_ends_at"]))

    assert ends == pytest.approx([600, 600, 60], abs=1)
    rotations = (await process.admin.get("/audit", params={"action": "key.rotate"})).json()["data"]
    told = [_seconds_between(clock(), each["detail"]["grace_ends_at"]) for each in reversed(rotations)]
    assert told == pytest.approx(ends, abs=1)


async def test_a_grace_never_lengthens_a_keys_life(
    process: Process, clock: MovableClock, seconds: ManualSeconds
) -> None:
    old = await process.key(expires_at=in_the_future(clock, 60))

    new = await _rotated(process, old, 3600)
    told = (await process.whoami(old["key"])).json()["key"]
    clock.advance(61)
    seconds.advance(2)

    assert new["expires_at"] == told["expires_at"] == old["expires_at"]
    assert [(await process.whoami(key["key"])).status_code for key in (old, new)] == [401, 401]


async def test_a_key_in_its_grace_is_shown_as_rotated_with_both_ends(process: Process, clock: MovableClock) -> None:
    old = await process.key(expires_at=in_the_future(clock, 7200))
    new = await _rotated(process, old, 600)

    shown = await _shown(process, old)
    listed = {key["id"]: key for key in (await process.admin.get("/keys")).json()["data"]}
    told = (await process.whoami(old["key"])).json()["key"]

    assert listed[old["id"]] == shown
    assert (shown["status"], shown["expires_at"]) == ("rotated", old["expires_at"])
    assert _seconds_between(clock(), shown["grace_ends_at"]) == pytest.approx(600, abs=1)
    assert told["expires_at"] == shown["grace_ends_at"]
    assert (listed[new["id"]]["status"], listed[new["id"]]["grace_ends_at"]) == ("active", None)
    clock.advance(601)
    assert (await _shown(process, old))["status"] == "expired"
    await process.admin.delete(f"/keys/{old['id']}")
    assert (await _shown(process, old))["status"] == "revoked"


async def test_a_rotation_without_grace_ends_the_key_for_a_gateway_that_knows_no_grace(
    process: Process, clock: MovableClock
) -> None:
    for end, grace_before in ((None, None), (in_the_future(clock, 7200), 600)):
        old = await process.key(expires_at=end)
        if grace_before is not None:
            await _rotated(process, old, grace_before)
        rotated_at = clock()
        new = await _rotated(process, old, 0)

        shown = await _shown(process, old)
        assert new["expires_at"] == old["expires_at"]
        assert (shown["status"], shown["expires_at"]) == ("expired", shown["grace_ends_at"])
        assert _seconds_between(rotated_at, shown["grace_ends_at"]) == pytest.approx(0, abs=1)


async def test_a_new_expiry_during_the_grace_does_not_change_the_grace(
    process: Process, clock: MovableClock, seconds: ManualSeconds
) -> None:
    key = await process.key()
    await _rotated(process, key, 600)
    grace_ends_at = (await _shown(process, key))["grace_ends_at"]

    for end in (in_the_future(clock, 86400), None, in_the_future(clock, 60)):
        patched = (await process.admin.patch(f"/keys/{key['id']}", json={"expires_at": end})).json()
        assert (patched["expires_at"] is None) == (end is None)
        assert (patched["status"], patched["grace_ends_at"]) == ("rotated", grace_ends_at)
    new = await _rotated(process, key, 600)

    assert new["expires_at"] == (await _shown(process, key))["expires_at"]
    clock.advance(61)
    seconds.advance(2)
    assert (await process.whoami(key["key"])).status_code == 401
    await process.admin.patch(f"/keys/{key['id']}", json={"expires_at": None})
    seconds.advance(2)
    assert (await process.whoami(key["key"])).status_code == 200
    clock.advance(600)
    seconds.advance(2)
    assert (await process.whoami(key["key"])).status_code == 401
    refused = await process.admin.post(f"/keys/{key['id']}/rotate", json={"grace_seconds": 0})
    assert (refused.status_code, "expired" in refused.json()["error"]["message"]) == (409, True)


@pytest.mark.parametrize("end", ["revoked", "expired"])
async def test_a_dead_key_is_not_rotated(process: Process, clock: MovableClock, end: str) -> None:
    key = await process.key(expires_at=in_the_future(clock, 60))
    if end == "revoked":
        await process.admin.delete(f"/keys/{key['id']}")
    else:
        clock.advance(61)

    response = await process.admin.post(f"/keys/{key['id']}/rotate", json={"grace_seconds": 0})

    assert (response.status_code, response.json()["error"]["code"]) == (409, "InvalidAction")
    assert end in response.json()["error"]["message"]


async def test_of_two_rotations_without_grace_at_once_one_wins(process: Process, engine: AsyncEngine) -> None:
    key = await process.key()

    with QueryCount(engine, "FOR NO KEY UPDATE") as locks:
        async with engine.begin() as locking:
            await locking.execute(text("SELECT 1 FROM tenants FOR UPDATE"))
            rotations = [
                asyncio.create_task(process.admin.post(f"/keys/{key['id']}/rotate", json={"grace_seconds": 0}))
                for _ in range(2)
            ]
            await until(lambda: locks.count == 2)
        answers = await asyncio.gather(*rotations)

    assert sorted(answer.status_code for answer in answers) == [201, 409]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "MissingParameter.grace_seconds"),
        ({"grace_seconds": None}, "MissingParameter.grace_seconds"),
        ({"grace_seconds": -1}, "InvalidParameter.grace_seconds"),
        ({"grace_seconds": 1.5}, "InvalidParameter.grace_seconds"),
        ({"grace_seconds": "60"}, "InvalidParameter.grace_seconds"),
        ({"grace_seconds": True}, "InvalidParameter.grace_seconds"),
        ({"grace_seconds": 2**62}, "InvalidParameter.grace_seconds"),
        ({"grace_seconds": 1, "name": "a"}, "InvalidParameter.name"),
    ],
)
async def test_a_wrong_grace_rotates_nothing(process: Process, body: dict[str, Any], code: str) -> None:
    key = await process.key()

    response = await process.admin.post(f"/keys/{key['id']}/rotate", json=body)

    assert (response.status_code, response.json()["error"]["code"]) == (400, code)
    assert len((await process.admin.get("/keys")).json()["data"]) == 1


async def test_the_service_says_whether_a_key_works(process: Process) -> None:
    key = await process.key()
    other = await process.key()
    await process.admin.patch(f"/tenants/{other['tenant_id']}", json={"status": "suspended"})

    before = await process.keys.is_working(key["public_part"])
    await process.admin.delete(f"/keys/{key['id']}")

    assert before
    assert not await process.keys.is_working(key["public_part"])
    assert not await process.keys.is_working(other["public_part"])
    assert not await process.keys.is_working("unknown")


async def _rotated(process: Process, key: dict[str, Any], grace_seconds: int) -> dict[str, Any]:
    made = await process.admin.post(f"/keys/{key['id']}/rotate", json={"grace_seconds": grace_seconds})
    assert made.status_code == 201, made.text
    new: dict[str, Any] = made.json()
    return new


async def _shown(process: Process, key: dict[str, Any]) -> dict[str, Any]:
    view: dict[str, Any] = (await process.admin.get(f"/keys/{key['id']}")).json()
    return view


def _seconds_between(moment: datetime, later: str) -> float:
    return (datetime.fromisoformat(later) - moment).total_seconds()
