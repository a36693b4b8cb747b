"""Creates groups and assets: the intent before the call, the outcome after it, a search when the outcome is unknown.

A create is never sent twice. When its outcome is unknown (a cut connection, a timeout, 5xx), the upstream is searched
for what it made (``app.assets.in_doubt``): here while the client waits, later by ``app.assets.recovery``. A request
that is sent again gets what the first attempt made (``app.assets.create_replay``).
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar

from app.assets.context import AssetsContext
from app.assets.create_replay import CreateReplay
from app.assets.create_spec import Client, CreateSpec, UpstreamObject, with_project
from app.assets.errors import outcome_unknown, server_stopping
from app.assets.in_doubt import InDoubtSearch, is_attributable
from app.assets.intent_log import IntentLog
from app.assets.models import CreateIntentRow
from app.assets.upstream import project_for
from app.channels.channel import Channel
from app.core.background import BackgroundTasks
from app.creates.channel_offer import Accepted, Refused, Unknown
from app.creates.retry_dedup import Attempt, RequestFingerprint
from app.errors import SeedgateError, ServiceUnavailableError

_WRITE_TIMEOUT_SECONDS = 5.0
_DRAIN_TIMEOUT_SECONDS = 5.0

ResultT = TypeVar("ResultT")


class AssetCreation:
    """Carries creates out."""

    def __init__(self, context: AssetsContext) -> None:
        self._context = context
        self._replay = CreateReplay(context)
        self._intents = IntentLog(context)
        self._search = InDoubtSearch(context)
        self._background = BackgroundTasks()

    async def create(
        self, client: Client, prepare: Callable[[], Awaitable[tuple[CreateSpec, Sequence[Channel]]]]
    ) -> str:
        """Creates an object and returns its id, or the id of what an earlier attempt of the same request made.

        Runs to its end even when the client disconnects.

        Args:
            client: the request that the create serves.
            prepare: returns what to create, and the channels that may take it, best first; called when there is no
                earlier attempt.

        Raises:
            SeedgateError: the upstream's own 4xx, or 429, 502 or 503 when no channel accepted it; and what
                ``prepare`` raises.
            ConflictError: 409 ``OutcomeUnknown``, the object may exist, but it was not found or cannot be written now.
                Once the upstream may have made it, there is no other error, but 503 when the server stops and the
                request has a key. Or ``IdempotencyConflict``, the key identifies another create.
        """
        while True:
            made_id = await self._replay.find(client)
            if made_id is None:
                made_id = await self._carry_out(*await prepare(), client)
            if made_id is not None:
                return made_id

    async def drain(self) -> None:
        """Waits for the creates that are under way; called before the database is closed."""
        await self._background.drain(timeout_seconds=_DRAIN_TIMEOUT_SECONDS)

    async def _carry_out(self, spec: CreateSpec, candidates: Sequence[Channel], client: Client) -> str | None:
        """Creates an object and returns its id; None: another request has just taken the key of this one."""
        if client.gone.is_set():
            raise ServiceUnavailableError(internal="the client left before anything was sent")
        intent = self._to_intent(spec, candidates[0])
        attempt = await self._open(intent, client.fingerprint)
        if attempt is None:
            return None
        work = self._background.start(self._call_and_apply(intent, spec, candidates, is_keyed=attempt.is_keyed))
        async with self._context.retry_dedup.tracked(attempt, client.gone):
            try:
                return await asyncio.shield(work)
            except asyncio.CancelledError:
                if work.done() and not work.cancelled():
                    return work.result()
                # The server is stopping. Its own error would say that nothing was made, which is not known yet.
                raise server_stopping(spec.kind.value, is_keyed=attempt.is_keyed) from None

    def _to_intent(self, spec: CreateSpec, channel: Channel) -> CreateIntentRow:
        return CreateIntentRow(
            tenant_id=spec.tenant_id,
            channel_id=channel.id,
            kind=spec.kind.value,
            group_id=spec.members.get("GroupId"),
            name=spec.members["Name"],
            members=with_project(spec.members, project_for(channel, spec.project_name)),
            instance_id=self._context.processes.instance_id,
            started_at=self._context.clock(),
        )

    async def _open(self, intent: CreateIntentRow, fingerprint: RequestFingerprint) -> Attempt | None:
        """Commits the intent. A commit that fails may have succeeded all the same, so the intent is then removed."""
        try:
            return await self._intents.open(intent, fingerprint)
        except SeedgateError:
            raise
        except BaseException:
            self._background.start(self._intents.conclude_absent(intent))
            raise

    async def _call_and_apply(
        self, intent: CreateIntentRow, spec: CreateSpec, candidates: Sequence[Channel], *, is_keyed: bool
    ) -> str:
        async def before_attempt(channel: Channel) -> None:
            if channel is not candidates[0]:
                await self._intents.set_channel(intent, channel, project_for(channel, spec.project_name))

        outcome = await self._context.upstream.offer(
            candidates,
            spec.kind.value,
            spec.body,
            project_name=spec.project_name,
            required=["Id"],
            before_attempt=before_attempt,
        )
        if isinstance(outcome, Refused):
            await self._write(self._intents.conclude_absent(intent))
            raise outcome.error
        made = await self._find(intent, outcome)
        if made is not None and await self._write(self._intents.conclude_made(intent, made)):
            return made.id
        if made is None:
            await self._write(self._intents.conclude_unknown(intent))
        raise outcome_unknown(spec.kind.value, is_keyed=is_keyed)

    async def _find(self, intent: CreateIntentRow, outcome: Accepted | Unknown) -> UpstreamObject | None:
        """Returns what the create made; None when that is unknown."""
        if isinstance(outcome, Accepted):
            return UpstreamObject(outcome.result["Id"], self._context.clock())
        if not is_attributable(intent, outcome.channel):
            return None
        deadline = asyncio.get_running_loop().time() + self._context.search_timeout_seconds
        return await self._search.search_until(deadline, intent, outcome.channel)

    async def _write(self, writing: Coroutine[Any, Any, ResultT]) -> ResultT | None:
        """Returns what was written; without a database None after five seconds, and goes on in the background."""
        task = self._background.start(writing)
        done, _ = await asyncio.wait({task}, timeout=_WRITE_TIMEOUT_SECONDS)
        return task.result() if done else None
