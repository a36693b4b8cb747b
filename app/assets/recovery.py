"""Finds out in the background what creates of unknown outcome made.

A create whose process died or lost its connection or the database, and one whose client got ``OutcomeUnknown``,
is searched for at growing intervals for a day. What it certainly made is given to its tenant, who then sees it in its
lists. When the tenant has created an equal object since, the found one is deleted instead; unless it was created with
an ``Idempotency-Key``, because the next request with that key is answered with it. An object that cannot be attributed
for certain is left alone.
"""

import asyncio
from datetime import timedelta

import structlog

from app.assets.context import AssetsContext
from app.assets.create_spec import CREATE_WINDOW, UpstreamObject, to_row
from app.assets.in_doubt import InDoubtSearch, SearchLeases
from app.assets.intent_log import IntentLog
from app.assets.models import CreateIntentRow
from app.assets.repository import AssetRepository, OpenCreates
from app.channels.channel import Channel
from app.creates.repository import AllAttempts

_BATCH_SIZE = 10
_SEARCH_TIMEOUT_SECONDS = 60.0
INTENT_RETENTION = timedelta(days=1)
# An object that was made in the window of a create is on any list that is read so long after the window.
_LIST_DELAY = timedelta(minutes=2)
# Until then a retry may still claim the attempt and be given its result.
_RETRIES_END_AFTER = timedelta(minutes=2)

_log = structlog.get_logger()


class CreateRecovery:
    """Resolves creates in doubt. Any number of processes may run one: searches are claimed by a lease."""

    def __init__(self, context: AssetsContext) -> None:
        self._context = context
        self._search = InDoubtSearch(context)
        self._leases = SearchLeases(context)
        self._intents = IntentLog(context)

    async def run_once(self) -> int:
        """Searches for at most ten creates that are due; returns how many there were."""
        await self._find_abandoned()
        intents = await self._leases.claim_due(limit=_BATCH_SIZE)
        async with asyncio.TaskGroup() as group:
            for intent in intents:
                group.create_task(self._recover(intent))
        return len(intents)

    async def _find_abandoned(self) -> None:
        """Makes creates due for a search whose process is dead or that began too long ago; deletes very old ones."""
        now = self._context.clock()
        async with self._context.sessions.begin() as session:
            opened = OpenCreates(session)
            await opened.delete_begun_before(now - INTENT_RETENTION, now=now)
            await opened.set_expired(now - CREATE_WINDOW, now=now)
            for instance_id in await opened.instances():
                dead_since = await self._context.processes.dead_since(session, instance_id)
                if dead_since is not None:
                    await opened.set_instance_dead(instance_id, since=dead_since, now=now)

    async def _recover(self, intent: CreateIntentRow) -> None:
        """Searches for one create; an error ends this search and not the others."""
        try:
            async with asyncio.timeout(_SEARCH_TIMEOUT_SECONDS):
                channel = await self._context.upstream.find_usable(str(intent.channel_id))
                found = await self._search.search(intent, channel)
                is_absent = found is None and await self._is_absent(intent, channel)
            if found is not None and await self._settle(intent, found):
                return
            if is_absent:
                await self._intents.write_absent(intent)
                _log.warning("recovered_create_made_nothing", action=intent.kind, intent=intent.id)
                return
        except Exception as error:  # noqa: BLE001 - see the docstring
            _log.warning("create_recovery_failed", action=intent.kind, channel=intent.channel_id, error=repr(error))
        await self._leases.release(intent)

    async def _is_absent(self, intent: CreateIntentRow, channel: Channel) -> bool:
        is_over = self._context.clock() - intent.started_at > CREATE_WINDOW + _LIST_DELAY
        return is_over and await self._search.is_absent(intent, channel)

    async def _settle(self, intent: CreateIntentRow, found: UpstreamObject) -> bool:
        """Gives what was found to its tenant, or has it deleted; False: it must be searched for again later."""
        now = self._context.clock()
        row = to_row(intent, found, now)
        async with self._context.sessions.begin() as session:
            objects = AssetRepository(session, intent.tenant_id)
            is_keyed = await AllAttempts(session).is_keyed(intent.id)
            is_duplicate = not is_keyed and await objects.has_another(row, since=intent.in_doubt_since)
            if is_duplicate and now - intent.in_doubt_since < _RETRIES_END_AFTER:
                return False
            if is_duplicate:
                # A tombstone reserves the id, and AssetPoller deletes the object upstream.
                row.deleted_at = row.next_poll_at = now
            is_settled = await self._intents.apply_made(session, intent, row)
        if is_settled:
            _log.warning("recovered_create_found", action=intent.kind, object=found.id, is_deleted=is_duplicate)
        return is_settled
