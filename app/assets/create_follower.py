"""The background search for what creates of unknown outcome made, whoever began them.

A create that its process could not bring to an end (killed, cut off, no database), and one whose client was told
``OutcomeUnknown``, is searched for at growing intervals for a day. What was certainly made by it is given to its
tenant, who then sees it in its lists; unless the tenant has made the same once more since then: in that case nobody
wants the stray, and it is deleted. One that was asked for under an ``Idempotency-Key`` is wanted all the same: the next
request with that key is answered with it. What cannot be told for certain is left alone.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.assets.calling import AssetsUpstream
from app.assets.intents import IntentLog
from app.assets.models import CreateIntentRow
from app.assets.open_creates import OpenCreates
from app.assets.repository import AssetRepository
from app.assets.search_turns import SearchTurns, cut_at
from app.assets.searching import Searcher
from app.assets.wanted import OPEN_FOR, Found, to_row
from app.channels.channel import Channel
from app.channels.directory import ChannelDirectory
from app.creates.retry_dedup import RetryDedup
from app.db.presence import Presence
from app.upstream.openapi import OpenApiClient

_BATCH = 10
_SEARCH_SECONDS = 60.0
_KEEP_INTENTS = timedelta(days=1)
# A create that began so long before a list was read, beyond the time for which it is open, is on that list.
_PROOF_MARGIN = timedelta(minutes=2)
# So long a retry of a lost client may still be given the result.
_TICKETS_OVER_AFTER = timedelta(minutes=2)

_log = structlog.get_logger()


class CreateFollower:
    """Finds out what became of open creates. Any number of processes may run one: searches are claimed by a lease."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        directory: ChannelDirectory,
        control: OpenApiClient,
        clock: Callable[[], datetime],
        *,
        retry_dedup: RetryDedup,
        presence: Presence,
    ) -> None:
        self._sessions = sessions
        self._upstream = AssetsUpstream(directory, control)
        self._searcher = Searcher(sessions, self._upstream)
        self._turns = SearchTurns(sessions, clock, instance_id=presence.id)
        self._presence = presence
        self._retry_dedup = retry_dedup
        self._intents = IntentLog(sessions, retry_dedup, clock)
        self._clock = clock

    async def run_once(self) -> int:
        """Searches for what is due, at most ten creates; returns how many that were."""
        await self._cut_abandoned()
        intents = await self._turns.take_due(limit=_BATCH)
        async with asyncio.TaskGroup() as group:
            for intent in intents:
                group.create_task(self._follow(intent))
        return len(intents)

    async def _cut_abandoned(self) -> None:
        now = self._clock()
        async with self._sessions.begin() as session:
            opened = OpenCreates(session)
            await opened.delete_begun_before(now - _KEEP_INTENTS, now=now)
            await opened.cut_begun_before(now - OPEN_FOR, now=now)
            for instance_id in await opened.carriers():
                gone_at = await self._presence.is_dead(session, instance_id)
                if gone_at is not None:
                    await opened.cut_carried_by(instance_id, at=gone_at, now=now)

    async def _follow(self, intent: CreateIntentRow) -> None:
        """One create's failure must not keep the others from being searched for."""
        try:
            async with asyncio.timeout(_SEARCH_SECONDS):
                channel = await self._upstream.find_usable(str(intent.channel_id))
                found = await self._searcher.look(intent, channel)
                is_absent = found is None and await self._is_absent(intent, channel)
            if found is not None and await self._settle(intent, found):
                return
            if is_absent:
                await self._intents.write_absent(intent)
                _log.warning("lost_create_made_nothing", action=intent.kind, intent=intent.id)
                return
        except Exception as error:  # noqa: BLE001 - see above
            _log.warning("create_follow_failed", action=intent.kind, channel=intent.channel_id, error=repr(error))
        await self._turns.end(intent)

    async def _is_absent(self, intent: CreateIntentRow, channel: Channel) -> bool:
        is_over = self._clock() - intent.started_at > OPEN_FOR + _PROOF_MARGIN
        return is_over and await self._searcher.is_absent(intent, channel)

    async def _settle(self, intent: CreateIntentRow, found: Found) -> bool:
        """Gives what was found to its tenant, or has it deleted; False: it must be looked at again."""
        now = self._clock()
        row = to_row(intent, found, now)
        async with self._sessions.begin() as session:
            mirror = AssetRepository(session, intent.tenant_id)
            is_keyed = await self._retry_dedup.is_keyed(session, intent.id)
            is_unwanted = not is_keyed and await mirror.has_another(row, since=cut_at(intent))
            if is_unwanted and now - cut_at(intent) < _TICKETS_OVER_AFTER:
                return False
            if is_unwanted:
                # A tombstone keeps the id from everybody, and AssetFollower deletes what lies under it.
                row.deleted_at = row.next_look_at = now
            is_settled = await self._intents.apply_made(session, intent, row)
        if is_settled:
            _log.warning("lost_create_found", action=intent.kind, object=found.id, is_deleted=is_unwanted)
        return is_settled
