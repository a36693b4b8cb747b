"""Creates groups and assets: what they give to the protocol of creates (``app.creates.protocol``).

When the outcome of a create is unknown (a cut connection, a timeout, 5xx), the upstream is searched for what it made
(``app.assets.in_doubt``): here while the client waits, later by ``app.assets.recovery``.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from app.assets.context import AssetsContext
from app.assets.create_replay import AssetReplay
from app.assets.create_spec import CreateSpec, UpstreamObject, with_project
from app.assets.errors import outcome_unknown
from app.assets.in_doubt import InDoubtSearch, is_attributable
from app.assets.intent_log import IntentLog
from app.assets.models import CreateIntentRow
from app.assets.upstream import project_for
from app.channels.channel import Channel
from app.core.background import BackgroundTasks
from app.creates.attempts import Attempt, Client
from app.creates.offer import Accepted, Outcome, Refused, Send
from app.creates.protocol import Create, CreateProtocol

Prepared = tuple[CreateSpec, Sequence[Channel]]
"""What to create, and the channels that may take it, best first."""


class AssetCreation:
    """Creates groups and assets of any tenant."""

    def __init__(self, context: AssetsContext) -> None:
        self._context = context
        self._protocol = CreateProtocol(
            context.sessions, context.retry_dedup, AssetReplay(context), context.group_insert
        )

    async def create(self, client: Client, prepare: Callable[[], Awaitable[Prepared]]) -> str:
        """Creates an object and returns its id, or the id of what an earlier attempt of the same request made.

        Args:
            client: the request that the create serves.
            prepare: is called when there is no earlier attempt.

        Raises:
            SeedgateError: the upstream's own 4xx, or 429, 502 or 503 when no channel accepted it; and what
                ``prepare`` raises.
            ConflictError: 409 ``OutcomeUnknown``, the object may exist, but it was not found or cannot be written now.
                Once the upstream may have made it, there is no other error, but 503 when the server stops and the
                request has a key. Or ``IdempotencyConflict``, the key identifies another create.
        """

        async def check() -> AssetCreate:
            return AssetCreate(self._context, self._protocol.background, *await prepare())

        return await self._protocol.run(client, check)

    async def drain(self) -> None:
        """Waits for the creates that are under way; called before the database is closed."""
        await self._protocol.drain()


class AssetCreate(Create[dict[str, Any]]):
    """One create of a group or an asset; its result is the upstream's."""

    def __init__(
        self, context: AssetsContext, background: BackgroundTasks, spec: CreateSpec, candidates: Sequence[Channel]
    ) -> None:
        super().__init__(background)
        self._context = context
        self._intents = IntentLog(context)
        self._spec = spec
        self._channel = candidates[0]
        self._is_keyed = False
        self._intent = CreateIntentRow(
            tenant_id=spec.tenant_id,
            channel_id=self._channel.id,
            kind=spec.kind.value,
            group_id=spec.members.get("GroupId"),
            name=spec.members["Name"],
            members=with_project(spec.members, project_for(self._channel, spec.project_name)),
            instance_id=context.processes.instance_id,
            started_at=context.clock(),
        )
        self.action = spec.kind.value
        self.tenant_id = spec.tenant_id
        self.candidates = candidates

    def row(self, attempt: Attempt) -> CreateIntentRow:
        """See ``Create``."""
        self._is_keyed = attempt.is_keyed
        self._intent.id = attempt.id
        return self._intent

    async def is_ours(self) -> bool:
        """See ``Create``."""
        kept = await self._intents.find(self._intent.id)
        return kept is not None and kept.cut_at is None

    async def withdraw(self) -> None:
        """See ``Create``."""
        await self._intents.conclude(self._intent, lambda: self._intents.write_absent(self._intent))

    async def prepare(self, channel: Channel) -> Send[dict[str, Any]]:
        """See ``Create``."""
        project_name = self._spec.project_name
        if channel is not self.candidates[0]:
            await self._intents.set_channel(self._intent, channel, project_for(channel, project_name))
        self._channel = channel
        create = self._context.upstream.create
        return partial(create, channel, self.action, self._spec.body, project_name=project_name)

    async def conclude(self, outcome: Outcome[dict[str, Any]]) -> str:
        """See ``Create``; searches for what was made when that is unknown."""
        intents, intent = self._intents, self._intent
        if isinstance(outcome, Refused):
            await self._write(intents.conclude(intent, lambda: intents.write_absent(intent)))
            raise outcome.error
        made = await self._find(outcome)
        if made is None:
            await self._write(intents.conclude(intent, lambda: intents.write_unknown(intent)))
        elif await self._write(intents.conclude(intent, lambda: intents.write_made(intent, made), object_id=made.id)):
            return made.id
        raise outcome_unknown(self.action, is_keyed=self._is_keyed)

    async def _find(self, outcome: Outcome[dict[str, Any]]) -> UpstreamObject | None:
        """Returns what the create made; None when that is unknown."""
        if isinstance(outcome, Accepted):
            return UpstreamObject(outcome.result["Id"], self._context.clock())
        if not is_attributable(self._intent, self._channel):
            return None
        deadline = asyncio.get_running_loop().time() + self._context.search_timeout_seconds
        return await InDoubtSearch(self._context).search_until(deadline, self._intent, self._channel)
