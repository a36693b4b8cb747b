"""The audit log: written in the transaction of the change, and read by the operator."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from app.tasks.models import TaskStatus
from tests.support.admin_app import Process
from tests.support.database import as_owner
from tests.support.tasks import add_task


async def test_every_change_has_an_actor_a_target_and_an_address(process: Process) -> None:
    tenant = await process.tenant()
    path = f"/tenants/{tenant['id']}"
    key = await process.key(tenant["id"])
    await process.admin.patch(path, json={"status": "suspended", "metadata": {"secret": "hidden"}})
    await process.admin.patch(f"/keys/{key['id']}", json={"name": "new", "allowed_ips": ["10.0.0.1"]})
    rotated = (await process.admin.post(f"/keys/{key['id']}/rotate", json={"grace_seconds": 5})).json()
    grace = {
        "grace_seconds": 5,
        "grace_ends_at": (await process.admin.get(f"/keys/{key['id']}")).json()["grace_ends_at"],
    }
    await process.admin.delete(f"/keys/{key['id']}")
    await process.admin.delete(path)

    rows = (await process.admin.get("/audit")).json()["data"]

    entries = [(row["action"], row["target_type"], row["target_id"], row["detail"]) for row in reversed(rows)]
    public = {"public_part": key["public_part"]}
    assert entries == [
        ("tenant.create", "tenant", tenant["id"], {}),
        ("key.create", "key", key["id"], public),
        ("tenant.update", "tenant", tenant["id"], {"fields": ["metadata", "status"], "status": "suspended"}),
        ("key.update", "key", key["id"], {**public, "fields": ["allowed_ips", "name"]}),
        ("key.rotate", "key", key["id"], {**public, **grace, "new_key": rotated["id"]}),
        ("key.revoke", "key", key["id"], public),
        ("key.revoke", "key", rotated["id"], {"public_part": rotated["public_part"]}),
        ("tenant.delete", "tenant", tenant["id"], {"revoked_keys": 1}),
    ]
    assert {(row["actor"], row["address"], row["tenant_id"]) for row in rows} == {("admin", "192.0.2.1", tenant["id"])}
    assert all(row["at"].endswith("Z") for row in rows)


async def test_a_change_without_effect_leaves_no_row(process: Process) -> None:
    key = await process.key(allowed_models=["m"])
    before = len((await process.admin.get("/audit")).json()["data"])

    await process.admin.patch(f"/keys/{key['id']}", json={"allowed_models": ["m"], "expires_at": None})
    await process.admin.patch(f"/tenants/{key['tenant_id']}", json={})

    assert len((await process.admin.get("/audit")).json()["data"]) == before


async def test_a_refused_change_leaves_no_row(process: Process) -> None:
    key = await process.key()
    await add_task(process.sessions, key, TaskStatus.QUEUED)
    before = (await process.admin.get("/audit")).json()

    assert (await process.admin.delete(f"/tenants/{key['tenant_id']}")).status_code == 409
    assert (await process.admin.post("/tenants/none/keys", json={"name": "a"})).status_code == 404

    assert (await process.admin.get("/audit")).json() == before


@pytest.mark.parametrize(
    "action",
    [
        "tenant.create",
        "tenant.delete",
        "key.create",
        "key.update",
        "key.rotate",
        "key.revoke",
        "signing_key.create",
        "signing_key.delete",
    ],
)
async def test_a_change_whose_audit_row_cannot_be_written_is_rolled_back(
    process: Process, engine: AsyncEngine, database_url: str, action: str
) -> None:
    key = await process.key()
    await process.admin.post(f"/keys/{key['id']}/signing-key")
    before = await _state(engine)
    requests = {
        "tenant.create": ("POST", "/tenants", {"name": "other"}),
        "tenant.delete": ("DELETE", f"/tenants/{key['tenant_id']}", None),
        "key.create": ("POST", f"/tenants/{key['tenant_id']}/keys", {"name": "other"}),
        "key.update": ("PATCH", f"/keys/{key['id']}", {"name": "other"}),
        "key.rotate": ("POST", f"/keys/{key['id']}/rotate", {"grace_seconds": 0}),
        "key.revoke": ("DELETE", f"/tenants/{key['tenant_id']}", None),
        "signing_key.create": ("POST", f"/keys/{key['id']}/signing-key", None),
        "signing_key.delete": ("DELETE", f"/keys/{key['id']}/signing-key", None),
    }
    method, path, body = requests[action]
    await as_owner(database_url, f"ALTER TABLE audit_log ADD CONSTRAINT broken CHECK (action <> '{action}') NOT VALID")
    try:
        # Unconfigured, structlog draws every local variable of a traceback, which takes a minute.
        with capture_logs():
            response = await process.admin.request(method, path, json=body)
    finally:
        await as_owner(database_url, "ALTER TABLE audit_log DROP CONSTRAINT broken")

    assert response.status_code == 500
    assert set(response.json()) == {"error"}
    assert await _state(engine) == before


async def test_the_log_is_filtered_by_tenant_target_and_action(process: Process) -> None:
    key = await process.key()
    await process.key()

    async def found(**query: str) -> list[str]:
        rows = (await process.admin.get("/audit", params=query)).json()["data"]
        return [row["action"] for row in rows]

    assert await found(tenant=key["tenant_id"]) == ["key.create", "tenant.create"]
    assert await found(target=key["id"]) == ["key.create"]
    assert await found(action="tenant.create") == ["tenant.create"] * 2
    assert await found(tenant=key["tenant_id"], action="key.revoke") == []


@pytest.mark.parametrize("name", ["tenant", "target", "action"])
@pytest.mark.parametrize("value", ["%00", "", "x" * 300, "a%0Ab"])
async def test_a_malformed_filter_is_a_400(process: Process, name: str, value: str) -> None:
    response = await process.admin.get(f"/audit?{name}={value}")

    assert (response.status_code, response.json()["error"]["code"]) == (400, f"InvalidParameter.{name}")


async def _state(engine: AsyncEngine) -> list[str]:
    rows: list[str] = []
    async with engine.connect() as connection:
        for table in ("tenants", "api_keys", "audit_log"):
            rows.extend((await connection.scalars(text(f"SELECT t::text FROM {table} t ORDER BY id"))).all())
    return rows
