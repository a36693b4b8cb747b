"""Waits for the outcome of a create of a group or an asset that is sent again."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

import structlog

from app.assets.context import AssetsContext
from app.assets.errors import outcome_unknown, server_stopping
from app.assets.in_doubt import InDoubtSearch, SearchLeases, is_attributable, pause
from app.assets.intent_log import IntentLog
from app.assets.models import CreateIntentRow
from app.channels.channel import Channel
from app.core.turns import leave_turn, resume_turn
from app.creates.attempts import Attempt, Client
from app.creates.protocol import CreateReplay
from app.errors import SeedgateError, ServiceUnavailableError

_WAIT_TIMEOUT_SECONDS = 120.0
_CHECK_INTERVAL_SECONDS = 0.2

_log = structlog.get_logger()


@dataclass(frozen=True)
class _Concluded:
    """The outcome is known: the id of what was made, or None when the create was refused or never sent."""

    made_id: str | None


@dataclass(frozen=True)
class _InDoubt:
    """The outcome is unknown, and no process has worked on the create since then."""

    intent: CreateIntentRow
    since: datetime


class _UnresolvableError(Exception):
    """The outcome is unknown and will not become known soon."""


class AssetReplay(CreateReplay):
    """Finds earlier creates of groups and assets."""

    def __init__(self, context: AssetsContext) -> None:
        super().__init__(context.retry_dedup)
        self._context = context
        self._intents = IntentLog(context)
        self._leases = SearchLeases(context)
        self._search = InDoubtSearch(context)

    async def wait_for(self, attempt: Attempt, client: Client) -> str | None:
        """Waits for a create, and searches for one in doubt as long as the create itself would have searched.

        That is done by one of the requests that wait for it; the others wait for what that one finds.

        Raises:
            ConflictError: 409 ``OutcomeUnknown``, the outcome of the attempt is unknown. Since it may have made an
                object, there is no other error.
            ServiceUnavailableError: 503, the client left.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _WAIT_TIMEOUT_SECONDS
        action = client.fingerprint.route
        while not client.gone.is_set():
            try:
                known = await self._check(attempt)
                if isinstance(known, _Concluded):
                    return known.made_id
                if known is not None:
                    deadline = min(deadline, loop.time() + self._context.search_timeout_seconds)
                    channel = await self._claim_search(known)
                    if channel is not None:
                        await self._search_for(known.intent, channel, deadline, client.gone)
                        continue
            except _UnresolvableError:
                break
            except Exception as error:  # noqa: BLE001 - the attempt may have made an object, so only 409 may follow
                _log.warning("create_replay_failed", action=action, attempt=attempt.id, error=repr(error))
                deadline = min(deadline, loop.time() + self._context.search_timeout_seconds)
            if loop.time() + _CHECK_INTERVAL_SECONDS > deadline:
                break
            leave_turn()
            await pause(_CHECK_INTERVAL_SECONDS, client.gone)
            await resume_turn()
        if client.gone.is_set():
            raise ServiceUnavailableError(internal="the client left while an earlier create was awaited")
        raise outcome_unknown(action, is_keyed=attempt.is_keyed)

    def when_stopping(self, attempt: Attempt, client: Client) -> str:
        """See ``CreateReplay``."""
        raise server_stopping(client.fingerprint.route, is_keyed=attempt.is_keyed)

    async def _check(self, attempt: Attempt) -> _Concluded | _InDoubt | None:
        """Returns what is known of a create; None: a process is carrying it out.

        Raises:
            _UnresolvableError: nothing is known, and no process will write an outcome.
        """
        intent = await self._intents.find(attempt.id)
        # Read after the intent: one transaction deletes the intent and writes the result.
        current = await self._retry_dedup.reload(attempt)
        if current is None or current.result_id is not None:
            return _Concluded(None if current is None else current.result_id)
        if intent is None:
            raise _UnresolvableError
        since = await self._in_doubt_since(intent)
        return None if since is None else _InDoubt(intent, since)

    async def _in_doubt_since(self, intent: CreateIntentRow) -> datetime | None:
        """Returns since when no process has worked on a create; None: a process is carrying it out."""
        if intent.cut_at is not None:
            return intent.cut_at
        async with self._context.sessions.begin() as session:
            return await self._context.processes.dead_since(session, str(intent.instance_id))

    async def _claim_search(self, known: _InDoubt) -> Channel | None:
        """Returns where this request is to search for a create; None: another request or process is searching.

        Raises:
            _UnresolvableError: it was searched for a moment ago, or what is found could not be attributed.
        """
        if self._leases.is_searched(known.intent):
            return None
        channel = await self._channel_of(known.intent)
        if channel is None or not self._leases.is_due(known.intent):
            raise _UnresolvableError
        return channel if await self._leases.claim(known.intent, since=known.since) else None

    async def _channel_of(self, intent: CreateIntentRow) -> Channel | None:
        """Returns the channel on which a create can be found, or None when there is none."""
        try:
            channel = await self._context.upstream.find_usable(str(intent.channel_id))
        except ServiceUnavailableError:
            raise
        except SeedgateError:
            return None
        return channel if is_attributable(intent, channel) else None

    async def _search_for(
        self, intent: CreateIntentRow, channel: Channel, deadline: float, gone: asyncio.Event
    ) -> None:
        """Searches while the client waits, writes what is found, and releases the lease."""
        is_complete = False
        leave_turn()
        try:
            await self._search.search_until(
                deadline, intent, channel, record=lambda found: self._intents.write_made(intent, found), gone=gone
            )
            is_complete = not gone.is_set()
        finally:
            await self._leases.release(intent, is_complete=is_complete)
