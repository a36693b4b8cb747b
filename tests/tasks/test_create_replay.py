"""A create that waits for an earlier one, when the database fails it in the middle of that."""

from typing import Any

import pytest

from app.core.json_hash import hash_json
from app.creates.attempts import Client, RequestFingerprint
from app.creates.idempotency import CREATE_TASK, IdempotencyKey
from app.creates.models import IdempotencyKeyRow
from app.db.engine import DatabaseUnavailableError
from app.tasks.context import TasksContext
from app.tasks.creation.create_replay import TaskReplay
from app.tasks.creation.intent_log import Intent, IntentLog
from app.tasks.models import TaskRow
from app.tasks.recovery.stale_creates import StaleCreates
from tests.support.gateway import MODEL, TASKS, Gateway, text


async def test_a_request_that_waits_for_a_create_gets_no_id_when_that_is_refused(
    gateway: Gateway, context: TasksContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The refusal is written by another process in the moment in which the one that waits has no connection."""
    tenant = await gateway.tenant()
    body = {"model": MODEL, "content": text("a kitten")}
    created = await tenant.http.post(TASKS, json=body, headers={"Idempotency-Key": "once"})
    row = await gateway.row(created.json()["id"])
    assert row is not None
    write = IntentLog._write  # noqa: SLF001 - where the other process comes first

    async def fail(*_: Any) -> bool:
        raise DatabaseUnavailableError("no connection is free")

    async def write_second(intents: IntentLog, intent: Intent, outcome: Any) -> str | None:
        async with gateway.sessions.begin() as session:
            await session.delete(await session.get_one(TaskRow, (intent.tenant_id, intent.spare_id)))
            await session.delete(await session.get_one(IdempotencyKeyRow, (intent.tenant_id, "once")))
        return await write(intents, intent, outcome)

    monkeypatch.setattr(StaleCreates, "check", fail)
    monkeypatch.setattr(IntentLog, "_write", write_second)
    key = IdempotencyKey("once", hash_json(body))
    sent = RequestFingerprint(tenant.id, row.key_id, CREATE_TASK, row.request_hash, idempotency_key=key)
    replay = TaskReplay(context, IntentLog(context))
    assert await replay.find(Client(sent)) is None
