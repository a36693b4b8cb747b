"""Filters of the operator's lists: by name, state, time and relation."""

from datetime import timedelta
from typing import Any

import pytest

from app.tasks.models import TaskStatus
from app.webhooks.outbox import enqueue
from tests.support.admin_app import Process
from tests.support.clock import MovableClock
from tests.support.tasks import add_task

HOUR = 3600.0
LISTS = ("/tenants", "/keys", "/deliveries", "/audit")
HOSTILE = ["%", "_", "/", "\\", "'; DROP TABLE tasks --", "<script>alert(1)</script>", "\N{PILE OF POO}", "Ⓢ"]


async def listed(process: Process, path: str, **query: str) -> list[dict[str, Any]]:
    answer = await process.admin.get(path, params=query)
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["data"]
    return rows


async def names(process: Process, path: str, **query: str) -> list[str]:
    return [row["name"] for row in await listed(process, path, **query)]


async def test_tenants_and_keys_are_found_by_part_of_their_name_or_by_their_id(process: Process) -> None:
    tenant = await process.tenant(name="工作室 North 100%")
    await process.tenant(name="studio_south")
    key = await process.key(tenant["id"], name="Render Farm")
    await process.key(tenant["id"], name="other")

    for found in ("工作室", "nORTH", "100%", tenant["id"]):
        assert await names(process, "/tenants", q=found) == ["工作室 North 100%"], found
    assert await names(process, "/tenants", q="_") == ["studio_south"]
    for found in ("render", "R F", key["id"], key["public_part"]):
        assert await names(process, "/keys", q=found) == ["Render Farm"], found
    for path in ("/tenants", "/keys"):
        assert await names(process, path, q="100_") == []


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_name_is_found_as_it_is_and_finds_nothing_else(process: Process, name: str) -> None:
    tenant = await process.tenant(name=f"a{name}b")
    await process.tenant(name="plain")
    await process.key(tenant["id"], name=f"a{name}b")
    await process.key(tenant["id"], name="plain")

    assert await names(process, "/tenants", q=name) == [f"a{name}b"]
    assert await names(process, "/keys", q=name) == [f"a{name}b"]


async def test_tenants_and_keys_are_found_by_their_state(process: Process, clock: MovableClock) -> None:
    tenant = await process.tenant(name="active")
    await process.tenant(name="suspended", status="suspended")
    for name in ("active", "rotated", "grace over", "expired", "revoked", "rotated, then expired"):
        expires = {"expires_at": (clock() + timedelta(hours=1)).isoformat()} if "expired" in name else {}
        key = await process.key(tenant["id"], name=name, **expires)
        if "rotated" in name or "grace" in name:
            seconds = 3600 if "grace" in name else 36000
            await process.admin.post(f"/keys/{key['id']}/rotate", json={"grace_seconds": seconds})
        if name == "revoked":
            await process.admin.delete(f"/keys/{key['id']}")
    clock.advance(2 * HOUR)

    for status in ("active", "suspended"):
        assert await names(process, "/tenants", status=status) == [status]
    every = await listed(process, "/keys", limit="100")
    for status in ("active", "rotated", "expired", "revoked"):
        found = await listed(process, "/keys", status=status)
        assert found == [row for row in every if row["status"] == status], status
        assert found
        assert await listed(process, "/keys", status=status, tenant="none") == []


async def test_each_list_is_limited_to_a_period_whose_end_is_left_out(process: Process, clock: MovableClock) -> None:
    moments = []
    for _ in range(3):
        moments.append(clock())
        key = await process.key()
        async with process.sessions.begin() as session:
            enqueue(
                session,
                tenant_id=key["tenant_id"],
                task_id="t",
                key_id="k",
                url="https://a.example/",
                body={},
                now=clock(),
            )
        clock.advance(HOUR)
    first, middle, last = (moment.isoformat() for moment in moments)

    for path in LISTS:
        every = await listed(process, path)
        times = [row.get("created_at") or row["at"] for row in every]
        of_middle = [row for row, at in zip(every, times, strict=True) if at.startswith(middle[:19])]
        assert await listed(process, path, **{"from": middle, "to": last}) == of_middle, path
        assert await listed(process, path, **{"from": middle}) == every[: every.index(of_middle[-1]) + 1], path
        assert await listed(process, path, to=last, **{"from": first}) == [
            row for row, at in zip(every, times, strict=True) if not at.startswith(last[:19])
        ], path


async def test_audit_rows_are_found_by_their_author(process: Process) -> None:
    await process.tenant()
    made = await process.admin.post("/admins", json={"name": "ada", "role": "operator"})
    token = made.json()["token"]
    await process.admin.post("/tenants", json={"name": "a"}, headers={"Authorization": f"Bearer {token}"})

    (row,) = await listed(process, "/audit", actor="ada")
    assert (row["actor"], row["action"]) == ("ada", "tenant.create")
    assert {row["actor"] for row in await listed(process, "/audit", actor="admin")} == {"admin"}


async def test_audit_rows_are_found_by_the_key_that_they_are_about(process: Process) -> None:
    first = await process.key()
    await process.key(first["tenant_id"], name="another")
    await process.admin.patch(f"/keys/{first['id']}", json={"name": "changed"})
    rotations = [
        (await process.admin.post(f"/keys/{first['id']}/rotate", json={"grace_seconds": 60})).json() for _ in range(2)
    ]
    await process.admin.delete(f"/keys/{rotations[0]['id']}")
    # An admin may have any name.
    made = await process.admin.post("/admins", json={"name": f"key:{first['public_part']}", "role": "owner"})
    own = {"Authorization": f"Bearer {made.json()['token']}"}
    await process.admin.post("/tenants", json={"name": "a"}, headers=own)

    every = await listed(process, "/audit", limit="100")
    of_first = [row for row in every if row["target_id"] == first["id"]]
    assert [row["action"] for row in of_first] == ["key.rotate", "key.rotate", "key.update", "key.create"]
    assert await listed(process, "/audit", key=first["id"]) == of_first
    assert await listed(process, "/audit", key=first["id"], action="key.update") == [of_first[2]]
    assert await listed(process, "/audit", key=first["id"], target=rotations[0]["id"]) == []
    revoked = next(row for row in every if row["action"] == "key.revoke")
    assert await listed(process, "/audit", key=rotations[0]["id"]) == [revoked, of_first[1]]
    assert await listed(process, "/audit", key=rotations[1]["id"]) == [of_first[0]]
    assert await listed(process, "/audit", key="none") == []

    paged, query = [], {"key": rotations[0]["id"], "limit": "1"}
    for _ in range(2):
        page = (await process.admin.get("/audit", params=query)).json()
        paged += page["data"]
        query["after"] = page["next_cursor"]
    assert paged == [revoked, of_first[1]]
    assert page["has_more"] is False


async def test_a_row_of_the_audit_log_is_shown_by_its_id(process: Process) -> None:
    tenant = await process.tenant()
    rows = await listed(process, "/audit", target=tenant["id"])
    assert [(await process.admin.get(f"/audit/{row['id']}")).json() for row in rows] == rows
    for entry_id in ("0", "-1", "1.0", "9" * 18, "²"):
        answer = await process.admin.get(f"/audit/{entry_id}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NotFound.entry_id")


async def test_a_delivery_is_found_by_its_id_without_a_look_at_its_body(process: Process, clock: MovableClock) -> None:
    tenant = await process.tenant()
    async with process.sessions.begin() as session:
        for _ in range(2):
            url = "https://a.example/"
            enqueue(session, tenant_id=tenant["id"], task_id="t", key_id="k", url=url, body={}, now=clock())
    rows = await listed(process, "/deliveries")
    assert len(rows) == 2
    for row in rows:
        assert await listed(process, "/deliveries", id=row["id"]) == [row]
    assert await listed(process, "/deliveries", id=rows[0]["id"], tenant="other") == []
    assert await listed(process, "/deliveries", id="none") == []
    assert await listed(process, "/audit", action="delivery.look") == []


async def test_deliveries_are_found_by_their_endpoint(process: Process, clock: MovableClock) -> None:
    tenant = await process.tenant()
    async with process.sessions.begin() as session:
        for host in ("a", "b"):
            url = f"https://{host}.example:8443/path?token=secret"
            enqueue(session, tenant_id=tenant["id"], task_id=host, key_id="k", url=url, body={}, now=clock())

    found = await listed(process, "/deliveries", endpoint="https://a.example:8443")
    assert [row["origin"] for row in found] == ["https://a.example:8443"]
    assert await listed(process, "/deliveries", endpoint="https://a.example") == []


async def test_a_tenant_is_shown_with_counts_when_they_are_asked_for(process: Process, clock: MovableClock) -> None:
    tenant, other = await process.tenant(name="busy"), await process.tenant(name="idle")
    key = await process.key(tenant["id"])
    await process.key(tenant["id"])
    expiring = (clock() + timedelta(hours=1)).isoformat()
    await process.key(tenant["id"], expires_at=expiring)
    await process.admin.delete(f"/keys/{(await process.key(tenant['id']))['id']}")
    for status in (TaskStatus.QUEUED, TaskStatus.UNKNOWN, TaskStatus.SUCCEEDED):
        await add_task(process.sessions, key, status)
    clock.advance(2 * HOUR)

    expected = {tenant["id"]: {"working_keys": 2, "unfinished_tasks": 2}}
    expected[other["id"]] = {"working_keys": 0, "unfinished_tasks": 0}
    shown = {row["id"]: row["counts"] for row in await listed(process, "/tenants", counts="true")}
    assert shown == expected
    one = await process.admin.get(f"/tenants/{tenant['id']}", params={"counts": "true"})
    assert one.json()["counts"] == expected[tenant["id"]]
    assert {row["counts"] for row in await listed(process, "/tenants")} == {None}


async def test_deliveries_are_found_by_the_key_that_made_their_task(process: Process, clock: MovableClock) -> None:
    key, other = await process.key(), await process.key()
    async with process.sessions.begin() as session:
        for of, host in ((key, "a"), (key, "b"), (other, "a")):
            names = {"tenant_id": of["tenant_id"], "task_id": "t", "key_id": of["id"]}
            enqueue(session, **names, url=f"https://{host}.example/", body={}, now=clock())

    async def found(**query: str) -> list[str]:
        return sorted(row["origin"] for row in await listed(process, "/deliveries", key=key["id"], **query))

    assert await found() == ["https://a.example", "https://b.example"]
    assert await found(tenant=key["tenant_id"], status="pending", endpoint="https://b.example") == ["https://b.example"]
    assert await found(tenant=other["tenant_id"]) == []
    assert await found(status="failed") == []
    assert await listed(process, "/deliveries", key="none") == []


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    ("query", "name"),
    [
        ({"from": "yesterday"}, "from"),
        ({"from": "2026-01-01T00:00:00"}, "from"),
        ({"to": ""}, "to"),
        ({"to": "2026-13-01T00:00:00Z"}, "to"),
        ({"from": "2026-01-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, "to"),
        ({"created_after": "2026-01-01T00:00:00Z"}, "created_after"),
    ],
)
async def test_a_malformed_period_is_refused_by_name(
    process: Process, path: str, query: dict[str, str], name: str
) -> None:
    answer = await process.admin.get(path, params=query)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, f"InvalidParameter.{name}")


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/tenants", {"q": ""}),
        ("/tenants", {"q": "a\n"}),
        ("/keys", {"q": "x" * 201}),
        ("/tenants", {"status": "deleted"}),
        ("/keys", {"status": "working"}),
        ("/tenants", {"counts": "1"}),
        ("/deliveries", {"endpoint": "\0"}),
        ("/audit", {"actor": ""}),
        ("/audit", {"key": ""}),
        ("/deliveries", {"key": "\0"}),
    ],
)
async def test_a_malformed_filter_is_refused_by_name(process: Process, path: str, query: dict[str, str]) -> None:
    answer = await process.admin.get(path, params=query)
    (name,) = query
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, f"InvalidParameter.{name}")
