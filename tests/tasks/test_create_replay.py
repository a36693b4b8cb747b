"""A create that waits for an earlier one, when the database fails it in the middle of that."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from app.channels.directory import ChannelDirectory
from app.core.json_hash import hash_json
from app.core.process_registry import ProcessRegistry
from app.core.sealing import SecretBox
from app.creates.idempotency import CREATE_TASK, IdempotencyKey
from app.creates.models import IdempotencyKeyRow
from app.creates.retry_dedup import RequestFingerprint, RetryDedup
from app.db.engine import DatabaseUnavailableError
from app.tasks.creation.create_replay import CreateReplay
from app.tasks.creation.intent_log import Intent, IntentLog
from app.tasks.models import TaskRow
from app.tasks.recovery.stale_creates import StaleCreates
from tests.support.stage import MODEL, Stage, text
from tests.support.world import TASKS


async def test_who_waits_for_a_create_that_was_refused_meanwhile_is_not_given_the_id_of_nothing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The refusal is written by another process in the moment in which the one that waits has no connection."""
    tenant = await stage.tenant()
    body = {"model": MODEL, "content": text("a kitten")}
    created = await tenant.http.post(TASKS, json=body, headers={"Idempotency-Key": "once"})
    row = await stage.row(created.json()["id"])
    assert row is not None
    settings = stage.world.settings
    assert settings.secret_key is not None
    directory = ChannelDirectory(stage.sessions, SecretBox.from_text(settings.secret_key.get_secret_value()))
    processes = ProcessRegistry(stage.world.database_url, stage.sessions, stage.clock)
    retry_dedup = RetryDedup(stage.sessions, processes, stage.clock)
    intents = IntentLog(stage.sessions, retry_dedup=retry_dedup, directory=directory, clock=stage.clock)
    abandonment = StaleCreates(stage.sessions, processes, stage.clock, create_window=timedelta(minutes=5))
    replays = CreateReplay(stage.sessions, retry_dedup=retry_dedup, intents=intents, abandonment=abandonment)
    write = intents._write  # noqa: SLF001 - where the other process comes first

    async def fail(*_: Any) -> bool:
        raise DatabaseUnavailableError("no connection is free")

    async def write_second(intent: Intent, outcome: Any) -> str | None:
        async with stage.sessions.begin() as session:
            await session.delete(await session.get_one(TaskRow, (intent.tenant_id, intent.spare_id)))
            await session.delete(await session.get_one(IdempotencyKeyRow, (intent.tenant_id, "once")))
        return await write(intent, outcome)

    monkeypatch.setattr(abandonment, "settle", fail)
    monkeypatch.setattr(intents, "_write", write_second)
    key = IdempotencyKey("once", hash_json(body))
    sent = RequestFingerprint(tenant.id, row.key_id, CREATE_TASK, row.request_hash, idempotency_key=key)
    assert await replays.find(sent, asyncio.Event()) is None
