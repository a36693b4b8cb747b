"""Objects that the upstream has and the database does not know: making, listing and adopting them."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete

from app.assets.models import AssetGroupRow, AssetRow
from app.tasks.models import TaskEventRow, TaskRow
from app.upstream.rate_limits import RateLimiter
from tests.support.gateway import Gateway, Tenant


async def has_a_call_to_spare(*_call: object, **_options: object) -> bool:
    """Stands for a rate limit that is never reached."""
    return True


async def reconcile(
    gateway: Gateway, *, hours: float = 1, channel: str = "default", is_rated: bool = False
) -> list[dict[str, Any]]:
    """Returns all lines of the answer; rate limits apply only with ``is_rated``."""
    since = (gateway.clock() - timedelta(hours=hours)).isoformat()
    with pytest.MonkeyPatch.context() as patch:
        if not is_rated:
            patch.setattr(RateLimiter, "acquire", has_a_call_to_spare)
        answer = await gateway.admin.get("/reconcile", params={"since": since, "channel": channel})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert lines[-1] == {"type": "end"}
    return lines


def objects(lines: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Returns the lines of objects by their ids."""
    return {line["upstream_id"]: line for line in lines if line["type"] == "object"}


def lists(lines: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Returns the lines of finished lists by their kinds."""
    return {line["kind"]: line for line in lines if line["type"] == "list"}


async def forget(gateway: Gateway, *ids: str) -> None:
    """Deletes rows as the restore of an older backup does."""
    async with gateway.sessions.begin() as session:
        rows = [row for task_id in ids if (row := await gateway.row(task_id)) is not None]
        for row in rows:
            await session.execute(delete(TaskEventRow).where(TaskEventRow.task_id == row.id))
            await session.execute(delete(TaskRow).where(TaskRow.id == row.id))
        await session.execute(delete(AssetRow).where(AssetRow.id.in_(ids) | AssetRow.group_id.in_(ids)))
        await session.execute(delete(AssetGroupRow).where(AssetGroupRow.id.in_(ids)))


async def adopt(gateway: Gateway, tenant: Tenant, **wanted: Any) -> dict[str, dict[str, Any]]:
    """Adopts objects for a tenant; returns the outcomes by id."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RateLimiter, "acquire", has_a_call_to_spare)
        answer = await gateway.admin.post(f"/tenants/{tenant.id}/adopt", json={"channel": "default", **wanted})
    assert answer.status_code == 200, answer.text
    return {view["upstream_id"]: view for view in answer.json()["data"]}
