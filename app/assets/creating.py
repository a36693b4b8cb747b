"""Creates of groups and assets: the intent before the call, the outcome after it, the search when it is unknown.

A create is never sent twice. When its outcome is unknown (cut, timeout, 5xx), the upstream is searched for what it
made (``app.assets.searching``), here for as long as the client waits, then by ``app.assets.create_follower``. A
client library's next try, or another request with its ``Idempotency-Key``, is joined to the create that the first one
began (``app.assets.joining``).
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import structlog
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.assets.calling import AssetsUpstream, project_for
from app.assets.client import Client
from app.assets.intents import IntentLog
from app.assets.joining import Joiner
from app.assets.models import CreateIntentRow
from app.assets.refusals import outcome_unknown, stopped_meanwhile
from app.assets.searching import Searcher, is_certain_on
from app.assets.wanted import Found, Kind, with_project
from app.channels.channel import Channel
from app.creates.channel_offer import Accepted, Refused, Unknown
from app.creates.retry_dedup import Attempt, RequestFingerprint, RetryDedup
from app.db.presence import Presence
from app.errors import SeedgateError, ServiceUnavailableError
from app.jobs import WorkUnderWay

_SEARCH_PAUSE_SECONDS = 1.0
_APPLY_PATIENCE_SECONDS = 5.0
_DRAIN_SECONDS = 5.0

ResultT = TypeVar("ResultT")

_log = structlog.get_logger()


@dataclass(frozen=True)
class Create:
    """One create, ready to be sent.

    Attributes:
        tenant_id: on whose behalf.
        kind: of what.
        body: its parameters.
        members: what the object will look like and its row be made of, its project apart.
        project_name: as the client named it, or None.
    """

    tenant_id: str
    kind: Kind
    body: Mapping[str, Any]
    members: Mapping[str, str]
    project_name: str | None


class Creator:
    """Carries creates out."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        upstream: AssetsUpstream,
        clock: Callable[[], datetime],
        *,
        intents: IntentLog,
        joiner: Joiner,
        retry_dedup: RetryDedup,
        presence: Presence,
        search_seconds: float,
    ) -> None:
        self._joiner = joiner
        self._upstream = upstream
        self._clock = clock
        self._retry_dedup = retry_dedup
        self._presence = presence
        self._search_seconds = search_seconds
        self._intents = intents
        self._searcher = Searcher(sessions, upstream)
        self._under_way = WorkUnderWay()

    async def create(self, client: Client, prepare: Callable[[], Awaitable[tuple[Create, Sequence[Channel]]]]) -> str:
        """Creates an object and returns its id, or the id of what an earlier try of the same request made.

        Runs to its end even when the client goes away.

        Args:
            client: who sent it; when that is lost, its next try is given the result.
            prepare: returns what to create, and the channels that may take it, best first; called when no earlier
                try is found.

        Raises:
            SeedgateError: the upstream's own 4xx, or 429, 502 or 503 when no channel accepted it; and what
                ``prepare`` raises.
            ConflictError: 409 ``OutcomeUnknown``, it may exist, but it was not found or cannot be written now. Once
                the upstream may have made it, there is no other error, but 503 when the server stops and the request
                has a key. Or ``IdempotencyConflict``, the key identifies another create.
        """
        while True:
            made = await self._joiner.join(client)
            if made is None:
                made = await self._carry_out(*await prepare(), client)
            if made is not None:
                return made

    async def _carry_out(self, create: Create, candidates: Sequence[Channel], client: Client) -> str | None:
        """Creates an object and returns its id; None: another request has just taken the key of this one."""
        if client.gone.is_set():
            raise ServiceUnavailableError(internal="the client left before anything was sent")
        intent = self._to_intent(create, candidates[0])
        attempt = await self._open(intent, client.sent)
        if attempt is None:
            return None
        work = self._under_way.start(self._call_and_apply(intent, create, candidates, is_keyed=attempt.is_keyed))
        async with self._retry_dedup.tracked(attempt, client.gone):
            try:
                return await asyncio.shield(work)
            except asyncio.CancelledError:
                if work.done() and not work.cancelled():
                    return work.result()
                # The server is stopping. Its own error would say that nothing was made, which nobody knows yet.
                raise stopped_meanwhile(create.kind.value, is_keyed=attempt.is_keyed) from None

    async def drain(self) -> None:
        """Waits for the creates that are under way; called before the database is closed."""
        await self._under_way.drain(patience_seconds=_DRAIN_SECONDS)

    def _to_intent(self, create: Create, channel: Channel) -> CreateIntentRow:
        return CreateIntentRow(
            tenant_id=create.tenant_id,
            channel_id=channel.id,
            kind=create.kind.value,
            group_id=create.members.get("GroupId"),
            name=create.members["Name"],
            members=with_project(create.members, project_for(channel, create.project_name)),
            instance_id=self._presence.id,
            started_at=self._clock(),
        )

    async def _open(self, intent: CreateIntentRow, sent: RequestFingerprint) -> Attempt | None:
        """Commits the intent. When that fails it may have been committed unheard; as nothing was sent, it is undone."""
        try:
            return await self._intents.open(intent, sent)
        except SeedgateError:
            raise
        except BaseException:
            self._under_way.start(self._intents.forget(intent))
            raise

    async def _call_and_apply(
        self, intent: CreateIntentRow, create: Create, candidates: Sequence[Channel], *, is_keyed: bool
    ) -> str:
        async def before_attempt(channel: Channel) -> None:
            if channel is not candidates[0]:
                await self._intents.note_attempt(intent, channel, project_for(channel, create.project_name))

        outcome = await self._upstream.offer(
            candidates,
            create.kind.value,
            create.body,
            project_name=create.project_name,
            needed=["Id"],
            before_attempt=before_attempt,
        )
        if isinstance(outcome, Refused):
            await self._patiently(self._intents.forget(intent))
            raise outcome.error
        found = await self._find(intent, outcome)
        if found is not None and await self._patiently(self._intents.record(intent, found)):
            return found.id
        if found is None:
            await self._patiently(self._intents.note_cut(intent))
        raise outcome_unknown(create.kind.value, is_keyed=is_keyed)

    async def _find(self, intent: CreateIntentRow, outcome: Accepted | Unknown) -> Found | None:
        if isinstance(outcome, Accepted):
            return Found(outcome.result["Id"], self._clock())
        if not is_certain_on(intent, outcome.channel):
            return None
        return await self._search(intent, outcome.channel)

    async def _search(self, intent: CreateIntentRow, channel: Channel) -> Found | None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._search_seconds
        while True:
            found = None
            try:
                async with asyncio.timeout_at(deadline):
                    found = await self._searcher.look(intent, channel)
            except Exception as error:  # noqa: BLE001 - not even a database that is away makes the answer an error
                _log.warning("create_search_failed", action=intent.kind, channel=channel.name, error=repr(error))
            if found is not None or loop.time() + _SEARCH_PAUSE_SECONDS > deadline:
                return found
            await asyncio.sleep(_SEARCH_PAUSE_SECONDS)

    async def _patiently(self, writing: Coroutine[Any, Any, ResultT]) -> ResultT | None:
        """Returns what was written; without a database None after five seconds, and goes on trying behind it."""
        task = self._under_way.start(writing)
        done, _ = await asyncio.wait({task}, timeout=_APPLY_PATIENCE_SECONDS)
        return task.result() if done else None
