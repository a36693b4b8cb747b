"""Rows that live on a channel, written straight into the tables."""

from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.assets.models import AssetGroupRow, AssetRow
from app.tasks.models import TaskRow
from app.tenants.models import ApiKeyRow, TenantRow

TENANT = "tenant_1"
_KEY = "key_1"


async def add_task(session: AsyncSession, channel_id: str, upstream_id: str, **columns: Any) -> None:
    """Adds a task of the one tenant; ``created_at`` is required."""
    await _ensure_owner(session, columns["created_at"])
    session.add(
        TaskRow(
            **{
                "tenant_id": TENANT,
                "id": f"spare-{upstream_id}",
                "upstream_id": upstream_id,
                "key_id": _KEY,
                "channel_id": channel_id,
                "model": "doubao-seedance-2",
                "upstream_model": "doubao-seedance-2-0-260128",
                "service_tier": "default",
                "status": "running",
                "parameters": {},
                "request_hash": b"",
                "updated_at": columns["created_at"],
                **columns,
            }
        )
    )


async def add_group(session: AsyncSession, channel_id: str, group_id: str, **columns: Any) -> None:
    """Adds an asset group of the one tenant; ``created_at`` is required."""
    await _ensure_owner(session, columns["created_at"])
    session.add(
        AssetGroupRow(
            **{
                "tenant_id": TENANT,
                "id": group_id,
                "channel_id": channel_id,
                "name": "group",
                "description": "",
                "group_type": "AIGC",
                "project_name": "default",
                "extra": {},
                "updated_at": columns["created_at"],
                **columns,
            }
        )
    )
    await session.flush()


async def add_asset(session: AsyncSession, channel_id: str, asset_id: str, **columns: Any) -> None:
    """Adds an asset of the one tenant; ``created_at`` and the ``group_id`` of a group of its are required."""
    session.add(
        AssetRow(
            **{
                "tenant_id": TENANT,
                "id": asset_id,
                "channel_id": channel_id,
                "name": "asset",
                "group_type": "AIGC",
                "url": "https://example.com/a.png",
                "asset_type": "Image",
                "status": "Active",
                "project_name": "default",
                "extra": {},
                "updated_at": columns["created_at"],
                **columns,
            }
        )
    )


async def _ensure_owner(session: AsyncSession, now: datetime) -> None:
    if await session.scalar(text("SELECT 1 FROM tenants WHERE id = :id"), {"id": TENANT}):
        return
    session.add(TenantRow(id=TENANT, name="tenant", status="active", details={}, created_at=now, updated_at=now))
    await session.flush()
    session.add(
        ApiKeyRow(
            id=_KEY, tenant_id=TENANT, name="key", public_part="public", secret_hash=b"", created_at=now, updated_at=now
        )
    )
    await session.flush()
