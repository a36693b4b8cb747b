"""Use case: create a video task, exactly once per request that the upstream may have accepted."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.catalog.model_index import ModelIndex, nearest, upstream_id_on
from app.catalog.model_spec import ModelSpec
from app.catalog.service import ModelCatalog
from app.channels.directory import Channel, ChannelDirectory
from app.core.background import BackgroundTasks
from app.core.json_hash import hash_json
from app.core.process_registry import ProcessRegistry
from app.core.strict_json import parse_json_object, to_json_bytes
from app.create_parameters import PARAMETERS
from app.creates.idempotency import CREATE_TASK, IdempotencyKey
from app.creates.retry_dedup import RequestFingerprint, RetryDedup
from app.creates.task_offer import Outcome, Refused, submit
from app.errors import ModelNotFoundError, SeedgateError, ServiceUnavailableError
from app.http.body_budget import HeldBody
from app.http.body_thread import BodyThread, sha256_of
from app.ids import new_spare_task_id
from app.tasks.correlation import TAG_FIELD, callback_url_for, hash_of, new_callback_token, tag_of
from app.tasks.creation.create_replay import CreateReplay
from app.tasks.creation.intent_log import Intent, IntentLog
from app.tasks.creation.routing import Choice, choose_channels, is_served_by_any, resolve_references
from app.tasks.models import TaskRow, TaskStatus
from app.tasks.validation.create import CheckedCreate, check_create, to_upstream_body
from app.tenants.principal import Principal
from app.upstream.ark import ArkClient
from app.upstream.http.messages import RequestBody
from app.webhooks.callback_url_policy import PUBLIC_ONLY, CallbackUrlPolicy

_APPLY_PATIENCE_SECONDS = 5.0
_DRAIN_SECONDS = 5.0
_DEFAULT_TIER = PARAMETERS["service_tier"].default
# The mirror has columns of its own for the model and the address; the content is never kept.
_KEPT_PARAMETERS = frozenset(PARAMETERS) - {"model", "content", "callback_url"}
_LONGEST_KEPT_TEXT = 256


@dataclass(frozen=True)
class ClientRequest:
    """What a create has to know of the request that brought it.

    Attributes:
        id: our request id, sent upstream as ``X-Client-Request-Id``.
        idempotency_key: or None.
        is_marked_retry: the client's library says that it is one more try (``app.creates.sdk_retry_headers``).
        gone: set in the moment in which the client disconnects.
    """

    id: str
    idempotency_key: str | None = None
    is_marked_retry: bool = False
    gone: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True)
class _Submission:
    """A checked create on its way to the upstream; ``token`` is the one in its callback address."""

    checked: CheckedCreate
    choice: Choice
    token: str
    request_id: str
    held: HeldBody

    @property
    def candidates(self) -> list[Channel]:
        """The channels that may take it, best first."""
        return self.choice.channels


class TaskCreation:
    """Creates tasks of any tenant; each method takes the principal on whose behalf it acts."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        *,
        directory: ChannelDirectory,
        catalog: ModelCatalog,
        ark: ArkClient,
        processes: ProcessRegistry,
        retry_dedup: RetryDedup,
        intents: IntentLog,
        replays: CreateReplay,
        body_thread: BodyThread,
        clock: Callable[[], datetime],
        public_url: str | None = None,
        callback_targets: CallbackUrlPolicy = PUBLIC_ONLY,
    ) -> None:
        """Makes the use case.

        Args:
            sessions: of the database.
            directory: the channels.
            catalog: the models.
            ark: the client of the upstream's data plane.
            processes: this process, which carries what it creates.
            retry_dedup: recognises creates that are sent again.
            intents: writes intents and outcomes.
            replays: answers repeated creates.
            body_thread: where large bodies are parsed and checked.
            clock: the time in UTC.
            public_url: where the upstream can call us back, without a slash at its end; None: it is not asked to.
            callback_targets: where a tenant's ``callback_url`` may lead.
        """
        self._sessions = sessions
        self._directory = directory
        self._catalog = catalog
        self._ark = ark
        self._processes = processes
        self._retry_dedup = retry_dedup
        self._intents = intents
        self._replays = replays
        self._body_thread = body_thread
        self._clock = clock
        self._public_url = public_url
        self._callback_targets = callback_targets
        self._background = BackgroundTasks()

    async def create(self, principal: Principal, body: HeldBody, client: ClientRequest) -> str:
        """Creates a task and returns its id, or the id that an earlier try of the same request was given.

        Load: checks the request, resolves what it refers to, and commits the intent. Call and apply then run to
        their end whatever becomes of the client. The body is released once the upstream has it, if no other channel
        may still need it.

        Raises:
            SeedgateError: 4xx for the client's mistake; 429, 502 or 503 when no channel accepted the task. Once
                the upstream may have accepted it, there is an id and no error.
        """
        sent = RequestFingerprint(
            tenant_id=principal.tenant_id,
            key_id=principal.key_id,
            route=CREATE_TASK,
            body_hash=await sha256_of(body.data),
            is_marked_retry=client.is_marked_retry,
            idempotency_key=await self._to_key(principal, body.data, client.idempotency_key),
        )
        while True:
            earlier_id = await self._replays.find(sent, client.gone)
            if earlier_id is not None:
                return earlier_id
            checked, choice = await self._prepare(principal, body.data)
            submission = _Submission(checked, choice, new_callback_token(), client.id, body)
            row = self._to_row(principal, submission, sent)
            if client.gone.is_set():
                raise ServiceUnavailableError(internal="the client left before anything was sent")
            intent = Intent(row.tenant_id, row.id)
            if await self._open(intent, row, sent):
                body.drop()
                return await self._carry(intent, submission, client.gone)

    async def dry_run(self, principal: Principal, data: bytes) -> dict[str, Any]:
        """Validates a create and says what would be sent; stores and sends nothing."""
        checked, choice = await self._prepare(principal, data)
        upstream_model = _upstream_model(checked.model, choice.channels[0])
        return {
            "dry_run": True,
            "model": checked.model.name,
            "upstream_model": upstream_model,
            "body": to_upstream_body(checked, upstream_model),
        }

    async def drain(self) -> None:
        """Waits for the creates that are under way; called before the database is closed."""
        await asyncio.gather(self._background.drain(timeout_seconds=_DRAIN_SECONDS), self._replays.drain())

    async def _prepare(self, principal: Principal, data: bytes) -> tuple[CheckedCreate, Choice]:
        """Returns the checked request and the channels that may take it, at least one."""
        models = await self._catalog.index()

        def check(body: bytes) -> CheckedCreate:
            return check_create(parse_json_object(body), models.find, targets=self._callback_targets)

        try:
            checked = await self._body_thread.run(principal.tenant_id, data, check)
            principal.check_model(checked.model.spellings)
            async with self._sessions.begin() as session:
                pinned = await resolve_references(session, principal.tenant_id, checked)
            return checked, await choose_channels(self._directory, principal, checked, pinned)
        except ModelNotFoundError as error:
            raise ModelNotFoundError(error.model, await self._nearest(principal, models, error.model)) from None

    async def _nearest(self, principal: Principal, models: ModelIndex, text: str) -> list[str]:
        """Returns what a client may have meant, of all that its key may use and that one of its channels serves."""
        channels = await self._directory.all(principal.allowed_channels)
        allowed = principal.models(models.names)
        listed = [model for model in models.models if allowed is None or model.name in allowed]
        return nearest(text, listed, lambda model: is_served_by_any(channels, model))

    async def _to_key(self, principal: Principal, data: bytes, text: str | None) -> IdempotencyKey | None:
        """Returns a create's key with the value of its body, which is as much work as parsing it."""
        if text is None:
            return None
        value_hash = await self._body_thread.run(
            principal.tenant_id, data, lambda body: hash_json(parse_json_object(body))
        )
        return IdempotencyKey(text, value_hash)

    def _to_row(self, principal: Principal, submission: _Submission, sent: RequestFingerprint) -> TaskRow:
        now = self._clock()
        checked, channel = submission.checked, submission.candidates[0]
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
            request_hash=sent.body_hash,
            idempotency_key=None if sent.idempotency_key is None else sent.idempotency_key.text,
            instance_id=self._processes.instance_id,
            callback_token_hash=hash_of(submission.token),
            callback_url=checked.callback_url,
            is_spare_id_public=False,
            created_at=now,
            updated_at=now,
            sent_at=now,
        )

    async def _open(self, intent: Intent, row: TaskRow, sent: RequestFingerprint) -> bool:
        """Commits the intent. When that fails it may have been committed unheard; as nothing was sent, it is undone."""
        try:
            return await self._intents.open(intent, row, sent)
        except SeedgateError:
            raise
        except BaseException:
            self._background.start(self._intents.conclude(intent, Refused(ServiceUnavailableError())))
            raise

    async def _carry(self, intent: Intent, submission: _Submission, gone: asyncio.Event) -> str:
        """Calls and applies, while the client is watched; its leaving or ours stops neither."""
        work = self._background.start(self._call_and_apply(intent, submission))
        async with self._retry_dedup.tracked(intent.attempt, gone):
            try:
                return await asyncio.shield(work)
            except asyncio.CancelledError:
                if work.done() and not work.cancelled():
                    return work.result()
                # The server is stopping. An error would say that nothing was accepted, which nobody knows yet.
                intent.is_spare_id_given = True
                return intent.spare_id

    async def _call_and_apply(self, intent: Intent, submission: _Submission) -> str:
        async def before_attempt(channel: Channel) -> None:
            if channel is not submission.candidates[0]:
                model = _upstream_model(submission.checked.model, channel)
                await self._intents.note_attempt(intent, channel.id, model)

        outcome = await submit(
            self._ark,
            submission.candidates,
            body_for=lambda channel: self._body_for(channel, submission),
            before_attempt=before_attempt,
            request_id=submission.request_id,
            is_one_skipped=submission.choice.is_one_skipped,
            model=str(submission.checked.fields["model"]),
        )
        shown_id = await self._apply(intent, outcome)
        if isinstance(outcome, Refused) and not intent.has_task:
            raise outcome.error
        return shown_id

    def _body_for(self, channel: Channel, submission: _Submission) -> RequestBody:
        """Returns what a channel is sent: with where to call back, and with our tag where the channel asks for it.

        Of what the last channel is sent no other copy is left, so that sending it frees the memory of the whole body.
        """
        body = to_upstream_body(submission.checked, _upstream_model(submission.checked.model, channel))
        if self._public_url is not None:
            body["callback_url"] = callback_url_for(self._public_url, submission.token)
        if channel.correlate == TAG_FIELD:
            body.setdefault(TAG_FIELD, tag_of(hash_of(submission.token)))
        data = to_json_bytes(body)
        if channel is not submission.candidates[-1]:
            return RequestBody(data)
        submission.checked.fields.clear()
        return RequestBody(data, on_sent=submission.held.release)

    async def _apply(self, intent: Intent, outcome: Outcome) -> str:
        """Records the outcome and returns the id for the client; without a database goes on behind the answer.

        The client then gets the spare id, which finds the task before and after the outcome is recorded.
        """
        recording = self._background.start(self._intents.conclude(intent, outcome))
        await asyncio.wait({recording}, timeout=_APPLY_PATIENCE_SECONDS)
        if recording.done():
            return recording.result() or intent.spare_id
        intent.is_spare_id_given = not isinstance(outcome, Refused)
        return intent.spare_id


def _upstream_model(spec: ModelSpec, channel: Channel) -> str:
    """Returns what a channel is sent; the channels of a create all serve its model."""
    return upstream_id_on(channel, spec) or spec.upstream_id


def _is_kept(name: str, value: Any) -> bool:
    """The mirror keeps the parameters that are known and short: an unknown field may be megabytes long."""
    if isinstance(value, str):
        return name in _KEPT_PARAMETERS and len(value) <= _LONGEST_KEPT_TEXT
    return name in _KEPT_PARAMETERS and isinstance(value, bool | int | float)
