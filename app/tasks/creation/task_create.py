"""One create of a task, as the protocol of creates carries it out (``app.creates.protocol``)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.channels.channel import Channel
from app.core.background import BackgroundTasks
from app.core.strict_json import to_json_bytes
from app.create_parameters import DEFAULT_TIER, PARAMETERS
from app.creates.attempts import Attempt, RequestFingerprint
from app.creates.idempotency import CREATE_TASK
from app.creates.offer import Outcome, Refused, Send
from app.creates.protocol import Create
from app.db.base import Base
from app.db.plain_row import PlainRow
from app.errors import ServiceUnavailableError
from app.ids import new_spare_task_id
from app.limits.caps import Cap
from app.money.budgets.budget import Hold
from app.money.budgets.holds import HoldRequest
from app.money.estimates.tokens import DraftFacts
from app.tasks.context import TasksContext
from app.tasks.correlation import TAG_FIELD, callback_url_for, hash_of, new_callback_token, tag_of
from app.tasks.creation.admission import TaskDemand, admit
from app.tasks.creation.create_body import CreateBody
from app.tasks.creation.expected_cost import ExpectedCost
from app.tasks.creation.intent_log import Intent, IntentLog
from app.tasks.creation.routing import Choice
from app.tasks.creation.unfinished_caps import CapRequest
from app.tasks.models import TaskRow, TaskStatus
from app.tasks.validation.content import has_video
from app.tasks.validation.create import CheckedCreate, to_upstream_body
from app.upstream.http.messages import RequestBody

# The model and the URL have columns of their own; the content is never stored.
_STORED_PARAMETERS = frozenset(PARAMETERS) - {"model", "content", "callback_url"}
_MAX_STORED_LENGTH = 256


class TaskCreate(Create[str]):
    """The create of a checked request; its result is the upstream's id of the task."""

    demand: TaskDemand | None = None

    def __init__(
        self,
        context: TasksContext,
        intents: IntentLog,
        background: BackgroundTasks,
        *,
        checked: CheckedCreate,
        choice: Choice,
        costs: Mapping[str, ExpectedCost],
        holds: Mapping[str, Sequence[Hold]],
        caps: Sequence[Cap],
        created_at: datetime,
        draft: DraftFacts | None,
        fingerprint: RequestFingerprint,
        body: CreateBody,
        request_id: str,
        public_url: str | None,
    ) -> None:
        """``body`` is the request's, ``draft`` what is known of the draft that it finishes, if it finishes one.

        ``costs`` are the most that it may cost, and ``holds`` what it asks of budgets at ``created_at``, both by the
        ids of channels; without holds no budget counts it. ``caps`` are those that count it.

        See ``TaskCreation`` for ``public_url``.
        """
        super().__init__(background)
        self._context = context
        self._intents = intents
        self._checked = checked
        self._draft = draft
        self._held = body
        self._request_id = request_id
        self._public_url = public_url
        self._token = new_callback_token()
        now = created_at
        self.action = CREATE_TASK
        self.tenant_id = fingerprint.tenant_id
        self.candidates = choice.channels
        self.result_id = spare_id = new_spare_task_id(now)
        self._costs = costs
        self._holds_of = holds
        self._holds = holds.get(choice.channels[0].id, ())
        self._row = self._to_row(choice.channels[0], fingerprint, spare_id, now)
        self._intent = Intent(self.tenant_id, spare_id, created_at=now)
        self.model = str(checked.fields["model"])
        self.is_one_skipped = choice.is_one_skipped
        if self._holds or caps:
            self.demand = TaskDemand(
                caps=CapRequest(self.tenant_id, checked.model.name, caps) if caps else None,
                holds=HoldRequest(self.tenant_id, spare_id, self._holds) if self._holds else None,
            )

    def row(self, attempt: Attempt) -> Base:
        """See ``Create``."""
        return self.plain_row(attempt).to_object()

    def plain_row(self, attempt: Attempt) -> PlainRow:
        """See ``Create``."""
        self._intent.attempt = attempt
        self._intents.watch(self._intent)
        return self._row

    async def admit(self, session: AsyncSession) -> None:
        """See ``Create``."""
        if self.demand is not None:
            await admit(session, self.demand)

    @property
    def is_locked_out(self) -> bool:  # type: ignore[override]  # read from what the check notes
        """See ``Create``."""
        return self.demand is not None and self.demand.is_locked_out

    async def is_ours(self) -> bool:
        """See ``Create``."""
        return await self._intents.is_submitting(self._intent)

    async def withdraw(self) -> None:
        """See ``Create``."""
        await self._intents.conclude(self._intent, Refused(ServiceUnavailableError()))

    async def prepare(self, channel: Channel) -> Send[str]:
        """See ``Create``.

        The body is built before the intent names the channel: a channel for which that fails is not asked.
        """
        assert channel.ark is not None  # noqa: S101 - only such channels are chosen
        self._held.drop()
        account, body = channel.ark, self._body_for(channel)
        if channel is not self.candidates[0]:
            await self._move_to(channel)

        async def send() -> str:
            return await self._context.ark.create(account, body, request_id=self._request_id)

        return send

    async def _move_to(self, channel: Channel) -> None:
        """Writes that another channel is asked, and takes its cost and holds in place of those of the one before."""
        holds = self._holds_of.get(channel.id, ())
        change = None if holds == self._holds else holds
        await self._intents.set_channel(self._intent, channel.id, self._costs[channel.id], holds=change)
        self._holds = holds

    async def conclude(self, outcome: Outcome[str]) -> str:
        """Writes the outcome and returns the id for the client.

        While the database is unavailable, the client gets the spare id after five seconds, and the write is retried in
        the background. The spare id finds the task before and after that write.
        """
        shown_id = await self._write(self._intents.conclude(self._intent, outcome))
        if isinstance(outcome, Refused) and not self._intent.has_task:
            raise outcome.error
        if shown_id is None:
            self._intent.is_spare_id_given = True
        return shown_id or self._intent.spare_id

    def _body_for(self, channel: Channel) -> RequestBody:
        """Returns what a channel is sent, with our callback URL, and with our tag if the channel is set to use it.

        For the last channel the parsed request is dropped, and the body is released from memory once it is sent.
        """
        body = to_upstream_body(self._checked, self._costs[channel.id].upstream_model)
        if self._public_url is not None:
            body["callback_url"] = callback_url_for(self._public_url, self._token)
        if channel.correlate == TAG_FIELD:
            body.setdefault(TAG_FIELD, tag_of(hash_of(self._token)))
        data = to_json_bytes(body)
        if channel is not self.candidates[-1]:
            return RequestBody(data)
        self._checked.fields.clear()
        return RequestBody(data, on_sent=self._held.release)

    def _to_row(self, channel: Channel, fingerprint: RequestFingerprint, spare_id: str, now: datetime) -> PlainRow:
        """Returns the row of the task in state ``submitting``."""
        fields, key = self._checked.fields, fingerprint.idempotency_key
        cost = self._costs[channel.id]
        values = {
            "tenant_id": fingerprint.tenant_id,
            "id": spare_id,
            "key_id": fingerprint.key_id,
            "channel_id": channel.id,
            "model": self._checked.model.name,
            "upstream_model": cost.upstream_model,
            "service_tier": fields.get("service_tier", DEFAULT_TIER),
            "status": TaskStatus.SUBMITTING.value,
            "parameters": {name: value for name, value in fields.items() if _is_stored(name, value)},
            **cost.columns(),
            "has_video_input": has_video(fields["content"]) if self._draft is None else self._draft.has_video_input,
            "request_hash": fingerprint.body_hash,
            "idempotency_key": None if key is None else key.text,
            "instance_id": self._context.processes.instance_id,
            "callback_token_hash": hash_of(self._token),
            "callback_url": self._checked.callback_url,
            "is_spare_id_public": False,
            "created_at": now,
            "updated_at": now,
            "sent_at": now,
        }
        return PlainRow(TaskRow, values)


def _is_stored(name: str, value: Any) -> bool:
    """Says whether a parameter is known and short; an unknown one may be megabytes long."""
    if isinstance(value, str):
        return name in _STORED_PARAMETERS and len(value) <= _MAX_STORED_LENGTH
    return name in _STORED_PARAMETERS and isinstance(value, bool | int | float)
