"""The next try of a client that was lost, or one with the same key: it is given what the first one made.

Which try was the first is what ``app.attempts`` tells.
"""

import asyncio

import structlog
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.assets.calling import AssetsUpstream
from app.assets.client import Client
from app.assets.intents import IntentLog
from app.assets.models import CreateIntentRow
from app.assets.refusals import outcome_unknown
from app.assets.searching import Searcher
from app.attempts.attempts import Attempt, Attempts
from app.db.presence import Presence
from app.turns import leave_turn

_WAIT_SECONDS = 120.0
_WAIT_PAUSE_SECONDS = 0.2
_SEARCH_PAUSE_SECONDS = 1.0

_log = structlog.get_logger()


class Joiner:
    """Joins requests to creates that are under way, or whose clients were lost."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        upstream: AssetsUpstream,
        *,
        intents: IntentLog,
        attempts: Attempts,
        presence: Presence,
        search_seconds: float,
    ) -> None:
        self._sessions = sessions
        self._upstream = upstream
        self._intents = intents
        self._attempts = attempts
        self._presence = presence
        self._searcher = Searcher(sessions, upstream)
        self._search_seconds = search_seconds

    async def join(self, client: Client) -> str | None:
        """Returns what an earlier try of the same request made; None: the request is a create of its own.

        Waits for a create that is still under way. One that its process has left is searched for, as long as the
        create itself would have been.

        Raises:
            ConflictError: 409 ``OutcomeUnknown``, nobody knows what became of that try. Since it may have made
                something, there is no other error. 409 ``IdempotencyConflict``, the key identifies another create.
        """
        attempt = await self._attempts.find(client.sent)
        if attempt is None:
            return None
        async with self._attempts.carried(attempt, client.gone):
            try:
                return await self._outcome_of(attempt, client.sent.route)
            except asyncio.CancelledError:
                # The server is stopping. Its own error would say that nothing was made, which nobody knows.
                raise outcome_unknown(client.sent.route) from None

    async def _outcome_of(self, attempt: Attempt, action: str) -> str | None:
        loop = asyncio.get_running_loop()
        deadline, is_left = loop.time() + _WAIT_SECONDS, False
        while True:
            try:
                intent = await self._intents.find(attempt.id)
                # Read after the intent: in one transaction the intent goes and the result comes.
                current = await self._attempts.reload(attempt)
                if current is None or current.result_id is not None:
                    return None if current is None else current.result_id
                if intent is None:
                    break
                if not is_left and await self._is_left(intent):
                    deadline, is_left = loop.time() + self._search_seconds, True
                if is_left:
                    async with asyncio.timeout_at(deadline):
                        made = await self._search(intent)
                    if made is not None:
                        return made
            except Exception as error:  # noqa: BLE001 - not even a database that is away makes the answer an error
                _log.warning("create_join_failed", action=action, attempt=attempt.id, error=repr(error))
                deadline = min(deadline, loop.time() + self._search_seconds)
            pause = _SEARCH_PAUSE_SECONDS if is_left else _WAIT_PAUSE_SECONDS
            if loop.time() + pause > deadline:
                break
            leave_turn()
            await asyncio.sleep(pause)
        raise outcome_unknown(action)

    async def _is_left(self, intent: CreateIntentRow) -> bool:
        """Says whether nobody carries a create any more."""
        if intent.cut_at is not None:
            return True
        async with self._sessions.begin() as session:
            return await self._presence.is_dead(session, str(intent.instance_id)) is not None

    async def _search(self, intent: CreateIntentRow) -> str | None:
        channel = await self._upstream.find_usable(str(intent.channel_id))
        found = await self._searcher.look(intent, channel)
        return found.id if found is not None and await self._intents.write_made(intent, found) else None
