"""Use case: create a video task, exactly once per request that the upstream may have accepted."""

import asyncio
import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.channels.directory import Channel, ChannelDirectory
from app.errors import ConflictError
from app.http.json_body import parse_json_object, to_json_bytes
from app.ids import new_spare_task_id
from app.jobs import WorkUnderWay
from app.tasks.catalogue import ModelSpec
from app.tasks.intents import Intent, IntentLog
from app.tasks.model_catalogue import ModelCatalogue
from app.tasks.models import TaskRow, TaskStatus
from app.tasks.ownership import choose_channels, resolve_references
from app.tasks.repository import TaskRepository
from app.tasks.rules import CheckedCreate, check_create, to_upstream_body
from app.tasks.rules_parameters import PARAMETERS
from app.tasks.submission import Accepted, Outcome, Refused, submit
from app.tasks.wire import public_id
from app.tenants.principal import Principal
from app.upstream.ark import ArkClient

_APPLY_PATIENCE_SECONDS = 5.0
_DRAIN_SECONDS = 5.0
_REPLAY_POLL_SECONDS = 0.2
_DEFAULT_TIER = "default"
_LONGEST_KEPT_TEXT = 256


class TaskCreation:
    """Creates tasks of any tenant; each method takes the principal on whose behalf it acts."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        *,
        directory: ChannelDirectory,
        catalogue: ModelCatalogue,
        ark: ArkClient,
        clock: Callable[[], datetime],
        create_window: timedelta,
    ) -> None:
        """Makes the use case.

        Args:
            sessions: of the database.
            directory: the channels.
            catalogue: the models.
            ark: the client of the upstream's data plane.
            clock: the time in UTC.
            create_window: after so long a create is surely no longer under way, here or in another process.
        """
        self._sessions = sessions
        self._directory = directory
        self._catalogue = catalogue
        self._ark = ark
        self._clock = clock
        self._create_window = create_window
        self._intents = IntentLog(sessions, clock)
        self._under_way = WorkUnderWay()

    async def create(self, principal: Principal, data: bytes, *, idempotency_key: str | None, request_id: str) -> str:
        """Creates a task and returns its id.

        Load: checks the request, resolves what it refers to, and commits the intent. Call and apply then run to
        their end whatever becomes of the client.

        Raises:
            SeedgateError: 4xx for the client's mistake; 429, 502 or 503 when no channel accepted the task. Once
                the upstream may have accepted it, there is an id and no error.
        """
        request_hash = hashlib.sha256(data).digest()
        while True:
            if idempotency_key is not None:
                first = await self._first_answer(principal, idempotency_key, request_hash)
                if first is not None:
                    return first
            checked, candidates = await self._prepare(principal, data)
            row = self._to_row(principal, checked, candidates[0])
            row.request_hash, row.idempotency_key = request_hash, idempotency_key
            intent = await self._intents.open(row)
            if intent is not None:
                break
        work = self._under_way.start(self._call_and_apply(intent, checked, candidates, request_id))
        return await asyncio.shield(work)

    async def dry_run(self, principal: Principal, data: bytes) -> dict[str, Any]:
        """Validates a create and says what would be sent; stores and sends nothing."""
        checked, candidates = await self._prepare(principal, data)
        upstream_model = _upstream_model(checked.model, candidates[0])
        return {
            "dry_run": True,
            "model": checked.model.name,
            "upstream_model": upstream_model,
            "body": to_upstream_body(checked, upstream_model),
        }

    async def drain(self) -> None:
        """Waits for the creates that are under way; called before the database is closed."""
        await self._under_way.drain(patience_seconds=_DRAIN_SECONDS)

    async def _prepare(self, principal: Principal, data: bytes) -> tuple[CheckedCreate, list[Channel]]:
        """Returns the checked request and the channels that may take it, best first, at least one."""
        models = {spec.name: spec for spec in await self._catalogue.all()}
        checked = check_create(parse_json_object(data), models.get)
        principal.check_model(checked.model.name)
        async with self._sessions.begin() as session:
            pinned = await resolve_references(session, principal.tenant_id, checked)
        return checked, await choose_channels(self._directory, principal, pinned)

    def _to_row(self, principal: Principal, checked: CheckedCreate, channel: Channel) -> TaskRow:
        now = self._clock()
        return TaskRow(
            tenant_id=principal.tenant_id,
            id=new_spare_task_id(now),
            key_id=principal.key_id,
            channel_id=channel.id,
            model=checked.model.name,
            upstream_model=_upstream_model(checked.model, channel),
            service_tier=checked.fields.get("service_tier", _DEFAULT_TIER),
            status=TaskStatus.SUBMITTING.value,
            parameters={name: value for name, value in checked.fields.items() if _is_kept(name, value)},
            created_at=now,
            updated_at=now,
        )

    async def _call_and_apply(
        self, intent: Intent, checked: CheckedCreate, candidates: list[Channel], request_id: str
    ) -> str:
        def body_for(channel: Channel) -> bytes:
            return to_json_bytes(to_upstream_body(checked, _upstream_model(checked.model, channel)))

        async def before_attempt(channel: Channel) -> None:
            if channel is not candidates[0]:
                await self._intents.note_attempt(intent, channel.id, _upstream_model(checked.model, channel))

        outcome = await submit(
            self._ark, candidates, body_for=body_for, before_attempt=before_attempt, request_id=request_id
        )
        is_recorded = await self._apply(intent, outcome)
        if isinstance(outcome, Refused):
            raise outcome.error
        return outcome.upstream_id if isinstance(outcome, Accepted) and is_recorded else intent.spare_id

    async def _apply(self, intent: Intent, outcome: Outcome) -> bool:
        """Records the outcome; when the database is away, goes on trying behind the answer.

        The client then gets the spare id, which finds the task before and after the outcome is recorded.
        """
        recording = self._under_way.start(self._intents.conclude(intent, outcome))
        done, _ = await asyncio.wait({recording}, timeout=_APPLY_PATIENCE_SECONDS)
        return recording.result() if done else False

    async def _first_answer(self, principal: Principal, idempotency_key: str, request_hash: bytes) -> str | None:
        """Returns the id that this key was answered with, when that is known, or None when the key is free."""
        while (row := await self._find(principal, idempotency_key)) is not None:
            if row.request_hash != request_hash:
                raise ConflictError("IdempotencyConflict", "The Idempotency-Key was used with another request body.")
            is_over = self._clock() - row.created_at > self._create_window
            if row.status != TaskStatus.SUBMITTING.value or is_over:
                return public_id(row)
            await asyncio.sleep(_REPLAY_POLL_SECONDS)
        return None

    async def _find(self, principal: Principal, idempotency_key: str) -> TaskRow | None:
        async with self._sessions.begin() as session:
            return await TaskRepository(session, principal.tenant_id).find_by_idempotency_key(idempotency_key)


def _upstream_model(spec: ModelSpec, channel: Channel) -> str:
    return channel.models.get(spec.name, spec.upstream_id)


def _is_kept(name: str, value: Any) -> bool:
    """The mirror keeps the parameters that are known and short: an unknown field may be megabytes long."""
    if isinstance(value, str):
        return name in PARAMETERS and len(value) <= _LONGEST_KEPT_TEXT
    return name in PARAMETERS and isinstance(value, bool | int | float)
