"""Tenants over the admin API."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.creates.models import IdempotencyKeyRow
from app.db.base import utc_now
from app.ids import new_id
from app.tasks.models import TaskStatus
from tests.support.admin_app import Process
from tests.support.tasks import add_task

ALLOWED = "allow_key_as_access_key_id"


async def test_a_tenant_is_shown_as_it_was_made(process: Process) -> None:
    channel_id = await process.channel("default")
    made = await process.admin.post(
        "/tenants",
        json={
            "name": "工作室 A",
            "limits": {"rps": 10},
            "allowed_models": ["a", "b", "a"],
            "allowed_channels": [channel_id],
            "permissions": ["read", "tasks", "read"],
            "allow_key_as_access_key_id": False,
            "archive": "off",
            "archive_days": 30,
            "metadata": {"team": {"size": 5}, "share": 0.5, "数": [None, True]},
        },
    )
    tenant = made.json()
    shown = await process.admin.get(f"/tenants/{tenant['id']}")

    assert made.status_code == 201
    assert shown.json() == tenant
    assert {name: tenant[name] for name in tenant if name not in {"id", "created_at", "updated_at"}} == {
        "name": "工作室 A",
        "status": "active",
        "limits": {"rps": 10},
        "allowed_models": ["a", "b"],
        "allowed_channels": [channel_id],
        "permissions": ["tasks", "read"],
        "allow_key_as_access_key_id": False,
        "archive": "off",
        "archive_days": 30,
        "metadata": {"team": {"size": 5}, "share": 0.5, "数": [None, True]},
        "counts": None,
    }
    assert tenant["created_at"].endswith("Z")


async def test_a_number_that_the_database_returns_longer_breaks_no_list(process: Process) -> None:
    made = await process.admin.post("/tenants", json={"name": "large", "metadata": {"n": 1e300}})
    assert made.status_code == 201
    assert (await process.admin.get("/tenants")).status_code == 200
    assert float((await process.admin.get(f"/tenants/{made.json()['id']}")).json()["metadata"]["n"]) == 1e300


async def test_a_tenant_needs_only_a_name(process: Process) -> None:
    tenant = await process.tenant(name="a", limits=None, metadata=None, allowed_models=None)

    assert (tenant["allowed_models"], tenant["allowed_channels"], tenant["metadata"]) == (None, None, {})
    assert tenant["allow_key_as_access_key_id"] is True


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({"name": None}, "MissingParameter.name", "name"),
        ({"name": ""}, "MissingParameter.name", "name"),
        ({"name": "  "}, "InvalidParameter.name", "name"),
        ({"name": "x" * 201}, "InvalidParameter.name", "name"),
        ({"name": 1}, "InvalidParameter.name", "name"),
        ({"name": "a\0"}, "InvalidParameter.name", "name"),
        ({"status": "deleted"}, "InvalidParameter.status", "status"),
        ({"limits": {"rpm": "5"}}, "InvalidParameter.limits", "limits.rpm"),
        ({"limits": 5}, "InvalidParameter.limits", "limits"),
        ({"allowed_models": []}, "InvalidParameter.allowed_models", "allowed_models"),
        ({"allowed_models": "a"}, "InvalidParameter.allowed_models", "allowed_models"),
        ({"allowed_models": ["a", 1]}, "InvalidParameter.allowed_models", "allowed_models[1]"),
        ({"allowed_channels": [""]}, "MissingParameter.allowed_channels", "allowed_channels[0]"),
        ({ALLOWED: "no"}, f"InvalidParameter.{ALLOWED}", ALLOWED),
        ({ALLOWED: None}, f"MissingParameter.{ALLOWED}", ALLOWED),
        ({"created_at": "2026-01-01T00:00:00Z"}, "InvalidParameter.created_at", "created_at"),
        ({"metadata": []}, "InvalidParameter.metadata", "metadata"),
        ({"metadata": {"k": "x" * 20_000}}, "InvalidParameter.metadata", "metadata"),
        ({"metadata": {"k": "a\0"}}, "InvalidParameter.metadata", "metadata.k"),
        ({"budget": 5}, "InvalidParameter.budget", "budget"),
        ({"id": "tenant_mine"}, "InvalidParameter.id", "id"),
    ],
)
async def test_a_wrong_field_is_named_on_create_and_on_change(
    process: Process, body: dict[str, Any], code: str, param: str
) -> None:
    tenant = await process.tenant()
    path = f"/tenants/{tenant['id']}"

    for response in (
        await process.admin.post("/tenants", json={"name": "a", **body}),
        await process.admin.patch(path, json={"allowed_models": ["x"], **body}),
    ):
        error = response.json()["error"]
        assert (response.status_code, error["code"], error["param"]) == (400, code, param)
    assert (await process.admin.get("/tenants")).json()["data"] == [tenant]


async def test_a_name_is_needed_and_a_status_is_one_of_two(process: Process) -> None:
    tenant = await process.tenant()
    for status, code in ((None, "MissingParameter.status"), ("closed", "InvalidParameter.status")):
        response = await process.admin.patch(f"/tenants/{tenant['id']}", json={"status": status})
        assert (response.status_code, response.json()["error"]["code"]) == (400, code)
    missing = await process.admin.post("/tenants", json={})
    assert (missing.status_code, missing.json()["error"]["code"]) == (400, "MissingParameter.name")
    assert (await process.admin.get("/tenants")).json()["data"] == [tenant]


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"{", b"\xff", b'{"name": "a", "name": "b"}'])
async def test_a_body_that_is_no_json_object_is_a_400(process: Process, content: bytes) -> None:
    response = await process.admin.post("/tenants", content=content)

    assert response.status_code == 400
    assert response.json()["error"]["code"].startswith("InvalidParameter")


async def test_a_body_that_is_too_large_is_a_413(process: Process) -> None:
    response = await process.admin.post("/tenants", content=b" " * 70_000)

    assert (response.status_code, response.json()["error"]["code"]) == (413, "RequestTooLarge")


async def test_a_patch_changes_what_it_names_and_null_clears(process: Process) -> None:
    await process.channel("c")
    tenant = await process.tenant(allowed_models=["a"], allowed_channels=["c"], metadata={"k": 1})

    response = await process.admin.patch(
        f"/tenants/{tenant['id']}", json={"name": "new", "allowed_models": None, "metadata": None, ALLOWED: False}
    )

    expected = {**tenant, "name": "new", "allowed_models": None, "metadata": {}, ALLOWED: False}
    assert response.status_code == 200
    assert {**response.json(), "updated_at": None} == {**expected, "updated_at": None}
    assert (await process.admin.get(f"/tenants/{tenant['id']}")).json() == response.json()


async def add_idempotency_key(sessions: async_sessionmaker[AsyncSession], key: dict[str, Any]) -> None:
    """Writes the row of an ``Idempotency-Key`` for the tenant of an API key."""
    async with sessions.begin() as session:
        row = IdempotencyKeyRow(
            tenant_id=key["tenant_id"],
            key="k",
            id=new_id("try"),
            route="CreateAssetGroup",
            value_hash=b"hash",
            result_id="group-1",
            created_at=utc_now(),
        )
        session.add(row)


async def test_a_deleted_tenant_is_gone_and_its_keys_are_revoked_but_the_rows_stay(process: Process) -> None:
    key = await process.key()
    other = await process.key()
    for owner in (key, other):
        await add_idempotency_key(process.sessions, owner)

    assert (await process.admin.delete(f"/tenants/{key['tenant_id']}")).status_code == 204

    assert (await process.admin.get(f"/tenants/{key['tenant_id']}")).status_code == 404
    assert (await process.admin.delete(f"/tenants/{key['tenant_id']}")).status_code == 404
    assert [row["id"] for row in (await process.admin.get("/tenants")).json()["data"]] == [other["tenant_id"]]
    assert (await process.admin.get(f"/keys/{key['id']}")).json()["status"] == "revoked"
    assert (await process.admin.get(f"/keys/{other['id']}")).json()["status"] == "active"
    async with process.sessions() as session:
        assert await session.scalar(text("SELECT count(*) FROM tenants")) == 2
        assert await session.scalar(text("SELECT array_agg(tenant_id) FROM idempotency_keys")) == [other["tenant_id"]]


@pytest.mark.parametrize("status", [TaskStatus.SUBMITTING, TaskStatus.UNKNOWN, TaskStatus.QUEUED, TaskStatus.RUNNING])
async def test_a_tenant_with_unfinished_tasks_is_not_deleted(process: Process, status: TaskStatus) -> None:
    key = await process.key()
    await add_task(process.sessions, key, status)

    response = await process.admin.delete(f"/tenants/{key['tenant_id']}")

    assert (response.status_code, response.json()["error"]["code"]) == (409, "InvalidAction")
    assert (await process.whoami(key["key"])).status_code == 200


async def test_finished_and_deleted_tasks_do_not_prevent_the_deletion_of_a_tenant(process: Process) -> None:
    key = await process.key()
    for status in TaskStatus:
        if status.is_final:
            await add_task(process.sessions, key, status)
    await add_task(process.sessions, key, TaskStatus.QUEUED, is_deleted=True)

    assert (await process.admin.delete(f"/tenants/{key['tenant_id']}")).status_code == 204


async def test_concurrent_changes_never_fail(process: Process) -> None:
    tenant = await process.tenant()
    keys = [(await process.key(tenant["id"]))["id"] for _ in range(8)]

    responses = await asyncio.gather(
        *(process.admin.post(f"/keys/{key}/rotate", json={"grace_seconds": 60}) for key in keys[:4]),
        process.admin.delete(f"/tenants/{tenant['id']}"),
        *(process.admin.delete(f"/keys/{key}") for key in keys[4:]),
        *(process.admin.post(f"/tenants/{tenant['id']}/keys", json={"name": "late"}) for _ in range(4)),
        process.admin.patch(f"/tenants/{tenant['id']}", json={"name": "late"}),
    )

    assert {response.status_code for response in responses} <= {200, 201, 204, 404, 409}
    shown = (await process.admin.get("/keys", params={"tenant": tenant["id"], "limit": 100})).json()["data"]
    assert {key["status"] for key in shown} == {"revoked"}
