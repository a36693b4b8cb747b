"""Rows that take a gateway long to make, written for the walks."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import create_async_engine

from app.ids import new_id
from app.tasks.models import OrphanRow
from app.webhooks.models import DeliveryRow
from tests.support.site import Site

UPSTREAM_MODEL = "doubao-seedance-2-0-260128"


async def add_orphan(site: Site, *upstream_ids: str) -> None:
    """Does what the search for lost creates does at its time."""
    now = datetime.now(UTC).replace(microsecond=0)
    (channel,) = [each for each in await _rows(site, "/channels") if each["name"] == "default"]
    row = {
        "channel_id": channel["id"],
        "model": UPSTREAM_MODEL,
        "service_tier": "default",
        "status": "queued",
        "created_at": now,
        "first_seen_at": now,
        "last_seen_at": now,
    }
    rows = [{**row, "upstream_id": each} for each in upstream_ids]
    await change(site, insert(OrphanRow).values(rows).on_conflict_do_nothing())


async def add_delivery(site: Site, tenant_id: str, **columns: Any) -> str:
    """Adds a callback that waits for tomorrow; returns its id."""
    now = datetime.now(UTC)
    delivery_id = new_id("msg")
    row = {
        "id": delivery_id,
        "tenant_id": tenant_id,
        "task_id": "task",
        "status": "pending",
        "attempts": 1,
        "url": "https://hooks.example/",
        "origin": "https://hooks.example",
        "body": "{}",
        "next_attempt_at": now + timedelta(days=1),
        "retry_until": now + timedelta(days=2),
        "created_at": now,
        "updated_at": now,
        **columns,
    }
    await change(site, insert(DeliveryRow).values(row))
    return delivery_id


async def change(site: Site, statement: Any) -> None:
    """Runs a statement in the gateway's database."""
    engine = create_async_engine(site.database_url)
    try:
        async with engine.begin() as connection:
            await connection.execute(statement)
    finally:
        await engine.dispose()


async def _rows(site: Site, path: str) -> list[dict[str, Any]]:
    async with site.gateway.client(site.admin_token) as client:
        rows: list[dict[str, Any]] = (await client.get(f"/admin/v1{path}")).json()["data"]
        return rows
