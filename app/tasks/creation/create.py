"""Use case: create a video task, at most once for each request that the upstream may have accepted."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from app.catalog.model_index import ModelIndex, nearest
from app.catalog.service import ModelCatalog
from app.core.watched_event import WatchedEvent
from app.creates.attempts import Client, RequestFingerprint
from app.creates.group_insert import GroupInsert
from app.creates.idempotency import IdempotencyKey
from app.creates.protocol import CreateProtocol
from app.db.group_commit import GroupCommit
from app.errors import ModelNotFoundError
from app.http.body_thread import BodyThread
from app.money.budgets.budget import Hold
from app.tasks.context import TasksContext
from app.tasks.creation.affordable import CreateBudgets
from app.tasks.creation.create_body import CreateBody
from app.tasks.creation.create_replay import TaskReplay
from app.tasks.creation.estimate import distinct, find_draft_facts, to_estimate
from app.tasks.creation.expected_cost import expected_costs
from app.tasks.creation.intent_log import IntentLog
from app.tasks.creation.routing import Choice, choose_channels, is_served_by_any, resolve_references
from app.tasks.creation.task_create import TaskCreate
from app.tasks.validation.create import CheckedCreate, to_upstream_body
from app.tenants.principal import Principal
from app.webhooks.callback_url_policy import PUBLIC_ONLY, CallbackUrlPolicy

_NO_HOLDS: Mapping[str, Sequence[Hold]] = {}


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
    gone: WatchedEvent = field(default_factory=WatchedEvent)


class TaskCreation:
    """Creates tasks of any tenant; each method takes the principal on whose behalf it acts."""

    def __init__(
        self,
        context: TasksContext,
        catalog: ModelCatalog,
        body_thread: BodyThread,
        *,
        group: GroupCommit,
        group_insert: GroupInsert,
        waiting_insert: GroupInsert,
        budgets: CreateBudgets,
        public_url: str | None = None,
        callback_targets: CallbackUrlPolicy = PUBLIC_ONLY,
    ) -> None:
        """``group`` and ``group_insert`` write the outcomes and the intents of concurrent creates together.

        ``waiting_insert`` writes the intents that were locked out of the batches of ``group_insert``.

        ``budgets`` says what each create asks of budgets.

        ``public_url`` is where the upstream can call us back, without a slash at its end; None: no callbacks.
        """
        self._context = context
        self._catalog = catalog
        self._body_thread = body_thread
        self._budgets = budgets
        self._public_url = public_url
        self._callback_targets = callback_targets
        self._intents = IntentLog(context, group)
        self._replay = TaskReplay(context, self._intents)
        self._protocol = CreateProtocol(
            context.sessions, context.retry_dedup, self._replay, group_insert, waiting_insert
        )

    async def create(self, principal: Principal, body: CreateBody, client: ClientRequest) -> str:
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
            route=body.route,
            body_hash=await body.identity(self._body_thread, principal.tenant_id),
            is_marked_retry=client.is_marked_retry,
            idempotency_key=await self._to_key(principal, body, client.idempotency_key),
        )

        async def check() -> TaskCreate:
            checked, choice = await self._check(principal, body)
            draft = None
            if checked.drafts:
                async with self._context.sessions() as session:
                    draft = await find_draft_facts(session, principal.tenant_id, checked)
            prices, now, holds = (await self._context.pricing.current()).index, self._context.clock(), _NO_HOLDS
            costs = expected_costs(choice.channels, checked, draft, prices, now)
            if budgets := await self._budgets.of(principal):
                affordable = await self._budgets.plan(budgets, choice.channels, costs, now)
                choice, holds = replace(choice, channels=affordable.channels), affordable.holds
            return TaskCreate(
                self._context,
                self._intents,
                self._protocol.background,
                checked=checked,
                choice=choice,
                costs=costs,
                holds=holds,
                caps=[cap for cap in principal.caps if cap.counts(checked.model.spellings)],
                created_at=now,
                draft=draft,
                fingerprint=fingerprint,
                body=body,
                request_id=client.id,
                public_url=self._public_url,
            )

        with self._budgets.noting_refusals():
            return await self._protocol.run(Client(fingerprint, client.gone), check)

    async def dry_run(self, principal: Principal, body: CreateBody) -> dict[str, Any]:
        """Checks a create and returns what would be sent and what it costs at most; stores and sends nothing."""
        checked, choice = await self._check(principal, body)
        async with self._context.sessions.begin() as session:
            draft = await find_draft_facts(session, principal.tenant_id, checked)
        prices, now = (await self._context.pricing.current()).index, self._context.clock()
        first, *others = distinct(
            map(to_estimate, expected_costs(choice.channels, checked, draft, prices, now).values())
        )
        caps = [cap for cap in principal.caps if cap.counts(checked.model.spellings)]
        limits = await self._budgets.preview(principal, [first, *others], caps)
        answer = {
            "dry_run": True,
            "model": checked.model.name,
            "upstream_model": first.upstream_model,
            "body": to_upstream_body(checked, first.upstream_model),
            "estimate": first.model_dump(mode="json"),
            "alternatives": [other.model_dump(mode="json") for other in others],
        }
        return answer if limits is None else answer | {"limits": limits.model_dump(mode="json")}

    async def drain(self) -> None:
        """Waits for the creates under way; called before the database is closed."""
        await asyncio.gather(self._protocol.drain(), self._replay.drain())

    async def _check(self, principal: Principal, body: CreateBody) -> tuple[CheckedCreate, Choice]:
        """Returns the checked request and the channels that may take it, at least one."""
        models = await self._catalog.index()
        try:
            checked = await body.check(self._body_thread, principal.tenant_id, models, self._callback_targets)
            principal.check_model(checked.model.spellings)
            for permission, param in checked.permissions.items():
                principal.check_permission(permission, param=param)
            pinned = None
            if checked.assets or checked.drafts:  # a transaction of no statement costs 40 µs
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

    async def _to_key(self, principal: Principal, body: CreateBody, text: str | None) -> IdempotencyKey | None:
        if text is None:
            return None
        return IdempotencyKey(text, await body.value_hash(self._body_thread, principal.tenant_id))
