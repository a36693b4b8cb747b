"""The next try of a client that was lost, or one with the same key: it is given what the first one made.

Which try was the first is what ``app.attempts`` tells.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.assets.calling import AssetsUpstream
from app.assets.client import Client
from app.assets.intents import IntentLog
from app.assets.models import CreateIntentRow
from app.assets.refusals import outcome_unknown, stopped_meanwhile
from app.assets.search_turns import SearchTurns
from app.assets.searching import Searcher, is_certain_on
from app.channels.channel import Channel
from app.creates.retry_dedup import Attempt, RetryDedup
from app.db.presence import Presence
from app.errors import SeedgateError, ServiceUnavailableError
from app.turns import leave_turn

_WAIT_SECONDS = 120.0
_WAIT_PAUSE_SECONDS = 0.2
_SEARCH_PAUSE_SECONDS = 1.0

_log = structlog.get_logger()


@dataclass(frozen=True)
class _Ended:
    """The outcome is known: the id of what was made, or None for a create that was refused or never sent."""

    made_id: str | None


@dataclass(frozen=True)
class _Left:
    """No process has carried the create since ``left_at``, and its outcome is unknown."""

    intent: CreateIntentRow
    left_at: datetime


class _NothingToWaitForError(Exception):
    """Nothing more will be known soon."""


class Joiner:
    """Joins requests to creates that are under way, or whose clients were lost."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        upstream: AssetsUpstream,
        *,
        intents: IntentLog,
        retry_dedup: RetryDedup,
        presence: Presence,
        turns: SearchTurns,
        search_seconds: float,
    ) -> None:
        self._sessions = sessions
        self._upstream = upstream
        self._intents = intents
        self._retry_dedup = retry_dedup
        self._presence = presence
        self._turns = turns
        self._searcher = Searcher(sessions, upstream)
        self._search_seconds = search_seconds

    async def join(self, client: Client) -> str | None:
        """Returns what an earlier try of the same request made; None: the request is a create of its own.

        Waits for a create that is still under way. One that its process has left is searched for, as long as the
        create itself would have been, by one of those that ask; the others wait for what it finds.

        Raises:
            ConflictError: 409 ``OutcomeUnknown``, nobody knows what became of that try. Since it may have made
                something, there is no other error. 409 ``IdempotencyConflict``, the key identifies another create.
            ServiceUnavailableError: 503, the client left; or the server stops, and the request has a key.
        """
        attempt = await self._retry_dedup.claim(client.sent)
        if attempt is None:
            return None
        async with self._retry_dedup.tracked(attempt, client.gone):
            try:
                return await self._outcome_of(attempt, client)
            except asyncio.CancelledError:
                # The server is stopping. Its own error would say that nothing was made, which nobody knows.
                raise stopped_meanwhile(client.sent.route, is_keyed=attempt.is_keyed) from None

    async def _outcome_of(self, attempt: Attempt, client: Client) -> str | None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _WAIT_SECONDS
        while not client.gone.is_set():
            try:
                known = await self._look(attempt)
                if isinstance(known, _Ended):
                    return known.made_id
                if isinstance(known, _Left):
                    deadline = min(deadline, loop.time() + self._search_seconds)
                    channel = await self._take_turn(known)
                    if channel is not None:
                        await self._search(known.intent, channel, deadline, client.gone)
                        continue
            except _NothingToWaitForError:
                break
            except Exception as error:  # noqa: BLE001 - not even a database that is away makes the answer an error
                _log.warning("create_join_failed", action=client.sent.route, attempt=attempt.id, error=repr(error))
                deadline = min(deadline, loop.time() + self._search_seconds)
            if loop.time() + _WAIT_PAUSE_SECONDS > deadline:
                break
            leave_turn()
            await _pause(_WAIT_PAUSE_SECONDS, client.gone)
        if client.gone.is_set():
            raise ServiceUnavailableError(internal="the client left while an earlier create was awaited")
        raise outcome_unknown(client.sent.route, is_keyed=attempt.is_keyed)

    async def _look(self, attempt: Attempt) -> _Ended | _Left | None:
        """Returns what is known of a create; None: a process is carrying it.

        Raises:
            _NothingToWaitForError: nothing is known, and no process will ever write anything.
        """
        intent = await self._intents.find(attempt.id)
        # Read after the intent: in one transaction the intent goes and the result comes.
        current = await self._retry_dedup.reload(attempt)
        if current is None or current.result_id is not None:
            return _Ended(None if current is None else current.result_id)
        if intent is None:
            raise _NothingToWaitForError
        left_at = await self._left_at(intent)
        return None if left_at is None else _Left(intent, left_at)

    async def _take_turn(self, left: _Left) -> Channel | None:
        """Returns where to search for a create; None: another request or process is searching.

        Raises:
            _NothingToWaitForError: it was searched for a moment ago, or what is found would not be certain.
        """
        if self._turns.is_searched(left.intent):
            return None
        channel = await self._channel_of_search(left.intent)
        if channel is None or not self._turns.is_due(left.intent):
            raise _NothingToWaitForError
        return channel if await self._turns.take(left.intent, left_at=left.left_at) else None

    async def _left_at(self, intent: CreateIntentRow) -> datetime | None:
        """Returns since when no process carries a create any more; None: one does."""
        if intent.cut_at is not None:
            return intent.cut_at
        async with self._sessions.begin() as session:
            return await self._presence.is_dead(session, str(intent.instance_id))

    async def _channel_of_search(self, intent: CreateIntentRow) -> Channel | None:
        """Returns the channel on which the create can be found; None: nothing that is found there would be certain."""
        try:
            channel = await self._upstream.find_usable(str(intent.channel_id))
        except ServiceUnavailableError:
            raise
        except SeedgateError:
            return None
        return channel if is_certain_on(intent, channel) else None

    async def _search(self, intent: CreateIntentRow, channel: Channel, deadline: float, gone: asyncio.Event) -> None:
        """Searches while the client waits, writes what is found, and gives up the turn at the end."""
        loop = asyncio.get_running_loop()
        is_complete = False
        leave_turn()
        try:
            while not gone.is_set():
                try:
                    async with asyncio.timeout_at(deadline):
                        found = await self._searcher.look(intent, channel)
                    if found is not None and await self._intents.write_made(intent, found):
                        return
                except Exception as error:  # noqa: BLE001 - whatever it was, the outcome is as unknown as before
                    _log.warning("create_search_failed", action=intent.kind, channel=channel.name, error=repr(error))
                if loop.time() + _SEARCH_PAUSE_SECONDS > deadline:
                    is_complete = True
                    break
                await _pause(_SEARCH_PAUSE_SECONDS, gone)
        finally:
            await self._turns.end(intent, is_complete=is_complete)


async def _pause(seconds: float, gone: asyncio.Event) -> None:
    """Waits, but not longer than the client does."""
    with suppress(TimeoutError):
        await asyncio.wait_for(gone.wait(), seconds)
