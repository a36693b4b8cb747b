"""Use case: create a video task, at most once for each request that the upstream may have accepted."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from app.catalog.model_index import ModelIndex, nearest
from app.catalog.service import ModelCatalog
from app.channels.channel import Channel
from app.core.background import BackgroundTasks
from app.core.json_hash import hash_json
from app.core.strict_json import parse_json_object, to_json_bytes
from app.creates.idempotency import CREATE_TASK, IdempotencyKey
from app.creates.retry_dedup import RequestFingerprint
from app.creates.task_offer import Outcome, Refused, offer_task
from app.errors import ModelNotFoundError, SeedgateError, ServiceUnavailableError
from app.http.body_budget import HeldBody
from app.http.body_thread import BodyThread, sha256_of
from app.tasks.context import TasksContext
from app.tasks.correlation import TAG_FIELD, callback_url_for, hash_of, new_callback_token, tag_of
from app.tasks.creation.create_replay import CreateReplay
from app.tasks.creation.intent_log import Intent, IntentLog
from app.tasks.creation.routing import Choice, choose_channels, is_served_by_any, resolve_references
from app.tasks.creation.row import new_row, upstream_model
from app.tasks.models import TaskRow
from app.tasks.validation.create import CheckedCreate, check_create, to_upstream_body
from app.tenants.principal import Principal
from app.upstream.http.messages import RequestBody
from app.webhooks.callback_url_policy import PUBLIC_ONLY, CallbackUrlPolicy

_WRITE_TIMEOUT_SECONDS = 5.0
_DRAIN_TIMEOUT_SECONDS = 5.0


@dataclass(frozen=True)
class ClientRequest:
    """The client's request that carries a create.

    Attributes:
        id: our request id, sent upstream as ``X-Client-Request-Id``.
        idempotency_key: or None.
        is_marked_retry: the client's library says that it is a retry (``app.creates.sdk_retry_headers``).
        gone: set when the client disconnects.
    """

    id: str
    idempotency_key: str | None = None
    is_marked_retry: bool = False
    gone: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True)
class _Submission:
    """A checked create; ``token`` is that of its callback URL."""

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
        context: TasksContext,
        catalog: ModelCatalog,
        body_thread: BodyThread,
        *,
        public_url: str | None = None,
        callback_targets: CallbackUrlPolicy = PUBLIC_ONLY,
    ) -> None:
        """``public_url`` is where the upstream can call us back, without a slash at its end; None: no callbacks."""
        self._context = context
        self._catalog = catalog
        self._body_thread = body_thread
        self._public_url = public_url
        self._callback_targets = callback_targets
        self._intents = IntentLog(context)
        self._replay = CreateReplay(context, self._intents)
        self._background = BackgroundTasks()

    async def create(self, principal: Principal, body: HeldBody, client: ClientRequest) -> str:
        """Creates a task and returns its id, or the id that an earlier attempt of the same request was given.

        The request is checked, its references are resolved, and the intent is committed. The call and the write of its
        outcome then finish even if the client disconnects. The body is released as soon as the last channel that may
        need it has been sent it.

        Raises:
            SeedgateError: 4xx for the client's mistake; 429, 502 or 503 when no channel accepted the task. When the
                upstream may have accepted it, an id is returned, and no error is raised.
        """
        fingerprint = RequestFingerprint(
            tenant_id=principal.tenant_id,
            key_id=principal.key_id,
            route=CREATE_TASK,
            body_hash=await sha256_of(body.data),
            is_marked_retry=client.is_marked_retry,
            idempotency_key=await self._to_key(principal, body.data, client.idempotency_key),
        )
        while True:
            earlier_id = await self._replay.find(fingerprint, client.gone)
            if earlier_id is not None:
                return earlier_id
            checked, choice = await self._prepare(principal, body.data)
            submission = _Submission(checked, choice, new_callback_token(), client.id, body)
            row = new_row(
                checked,
                submission.candidates[0],
                fingerprint,
                token=submission.token,
                instance_id=self._context.processes.instance_id,
                now=self._context.clock(),
            )
            if client.gone.is_set():
                raise ServiceUnavailableError(internal="the client left before anything was sent")
            intent = Intent(row.tenant_id, row.id)
            if await self._open(intent, row, fingerprint):
                body.drop()
                return await self._submit(intent, submission, client.gone)

    async def dry_run(self, principal: Principal, data: bytes) -> dict[str, Any]:
        """Checks a create and returns what would be sent; stores and sends nothing."""
        checked, choice = await self._prepare(principal, data)
        model = upstream_model(checked.model, choice.channels[0])
        return {
            "dry_run": True,
            "model": checked.model.name,
            "upstream_model": model,
            "body": to_upstream_body(checked, model),
        }

    async def drain(self) -> None:
        """Waits for the creates under way; called before the database is closed."""
        await asyncio.gather(self._background.drain(timeout_seconds=_DRAIN_TIMEOUT_SECONDS), self._replay.drain())

    async def _prepare(self, principal: Principal, data: bytes) -> tuple[CheckedCreate, Choice]:
        """Returns the checked request and the channels that may take it, at least one."""
        models = await self._catalog.index()

        def check(body: bytes) -> CheckedCreate:
            return check_create(parse_json_object(body), models.find, targets=self._callback_targets)

        try:
            checked = await self._body_thread.run(principal.tenant_id, data, check)
            principal.check_model(checked.model.spellings)
            async with self._context.sessions.begin() as session:
                pinned = await resolve_references(session, principal.tenant_id, checked)
            return checked, await choose_channels(self._context.directory, principal, checked, pinned)
        except ModelNotFoundError as error:
            raise ModelNotFoundError(error.model, await self._nearest(principal, models, error.model)) from None

    async def _nearest(self, principal: Principal, models: ModelIndex, text: str) -> list[str]:
        """Returns the likeliest names that were meant, among the models that the key may use and its channels serve."""
        channels = await self._context.directory.all(principal.allowed_channels)
        allowed = principal.models(models.names)
        listed = [model for model in models.models if allowed is None or model.name in allowed]
        return nearest(text, listed, lambda model: is_served_by_any(channels, model))

    async def _to_key(self, principal: Principal, data: bytes, text: str | None) -> IdempotencyKey | None:
        """Returns the key with the hash of the body's JSON value, which takes as much work as parsing the body."""
        if text is None:
            return None
        value_hash = await self._body_thread.run(
            principal.tenant_id, data, lambda body: hash_json(parse_json_object(body))
        )
        return IdempotencyKey(text, value_hash)

    async def _open(self, intent: Intent, row: TaskRow, fingerprint: RequestFingerprint) -> bool:
        """Commits the intent. The commit may have succeeded although it failed here; it is undone, as nothing was sent.

        Returns False when another request has just taken the ``Idempotency-Key``.
        """
        try:
            return await self._intents.open(intent, row, fingerprint)
        except SeedgateError:
            raise
        except BaseException:
            self._background.start(self._intents.conclude(intent, Refused(ServiceUnavailableError())))
            raise

    async def _submit(self, intent: Intent, submission: _Submission, gone: asyncio.Event) -> str:
        """Calls the upstream and writes the outcome in the background; neither a disconnect nor a shutdown stops it."""
        work = self._background.start(self._call_and_apply(intent, submission))
        async with self._context.retry_dedup.tracked(intent.attempt, gone):
            try:
                return await asyncio.shield(work)
            except asyncio.CancelledError:
                if work.done() and not work.cancelled():
                    return work.result()
                # The server is stopping. An error would say that nothing was accepted, which is not known yet.
                intent.is_spare_id_given = True
                return intent.spare_id

    async def _call_and_apply(self, intent: Intent, submission: _Submission) -> str:
        async def before_attempt(channel: Channel) -> None:
            if channel is not submission.candidates[0]:
                model = upstream_model(submission.checked.model, channel)
                await self._intents.set_channel(intent, channel.id, model)

        outcome = await offer_task(
            self._context.ark,
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
        """Returns what a channel is sent, with our callback URL, and with our tag if the channel is set to use it.

        The body for the last channel is the only copy that is left: once it was sent, its memory is free.
        """
        body = to_upstream_body(submission.checked, upstream_model(submission.checked.model, channel))
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
        """Writes the outcome and returns the id for the client.

        While the database is unavailable, the client gets the spare id after five seconds, by which the task is found
        before and after the outcome is written, and the write is retried in the background.
        """
        writing = self._background.start(self._intents.conclude(intent, outcome))
        await asyncio.wait({writing}, timeout=_WRITE_TIMEOUT_SECONDS)
        if writing.done():
            return writing.result() or intent.spare_id
        intent.is_spare_id_given = not isinstance(outcome, Refused)
        return intent.spare_id
