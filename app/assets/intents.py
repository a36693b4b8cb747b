"""The written side of a create: the intent before the upstream is called, the outcome after it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.assets.models import AssetGroupRow, AssetRow, CreateIntentRow
from app.assets.open_creates import OpenCreates
from app.assets.repository import AllAssets
from app.assets.wanted import Found, to_row, with_project
from app.channels.channel import Channel
from app.creates.idempotency import is_key_taken
from app.creates.locks import lock_owners
from app.creates.retry_dedup import Attempt, RequestFingerprint, RetryDedup
from app.db.engine import is_unavailable
from app.errors import NoChannelError

FIRST_SEARCH = timedelta(seconds=3)
_FIRST_PAUSE_SECONDS = 0.3
_LONGEST_PAUSE_SECONDS = 10.0
_INSIST_SECONDS = 3600.0

ResultT = TypeVar("ResultT")

_log = structlog.get_logger()


class IntentLog:
    """Writes intents and their outcomes, each in a short transaction of its own."""

    def __init__(
        self, sessions: async_sessionmaker[AsyncSession], retry_dedup: RetryDedup, clock: Callable[[], datetime]
    ) -> None:
        self._sessions = sessions
        self._retry_dedup = retry_dedup
        self._clock = clock

    async def open(self, intent: CreateIntentRow, sent: RequestFingerprint) -> Attempt | None:
        """Commits an intent and its attempt, which share their id; None: another one has just taken its key.

        From then on the tenant and the channel are not deleted until the outcome is written.

        Raises:
            NoChannelError: 503, its tenant or its channel was deleted in this very moment.
        """
        try:
            async with self._sessions.begin() as session:
                await lock_owners(session, intent.tenant_id, str(intent.channel_id))
                attempt = self._retry_dedup.add(session, sent)
                intent.id = attempt.id
                session.add(intent)
        except IntegrityError as error:
            if not is_key_taken(error):
                raise
            return None
        return attempt

    async def note_attempt(self, intent: CreateIntentRow, channel: Channel, project_name: str) -> None:
        """Records which channel is about to be asked, and in which of its projects.

        Raises:
            NoChannelError: 503, the channel was deleted in this very moment.
        """
        intent.channel_id = channel.id
        intent.members = with_project(intent.members or {}, project_name)
        async with self._sessions.begin() as session:
            await lock_owners(session, intent.tenant_id, str(intent.channel_id))
            await OpenCreates(session).set_attempt(intent)

    async def forget(self, intent: CreateIntentRow) -> None:
        """Closes a create of which the upstream made nothing; keeps trying while the database is away."""
        await self._insist(intent, lambda: self.write_absent(intent))

    async def write_absent(self, intent: CreateIntentRow) -> None:
        """Does the same, but tries only once. The key of the create is free from then on."""
        async with self._sessions.begin() as session:
            await OpenCreates(session).delete(intent)
            await self._retry_dedup.remove(session, intent.id)

    async def note_cut(self, intent: CreateIntentRow) -> None:
        """Records that nobody knows the outcome: from now on the follower searches. Keeps trying likewise."""

        async def write() -> None:
            now = self._clock()
            async with self._sessions.begin() as session:
                await OpenCreates(session).set_cut(intent, cut_at=now, next_look_at=now + FIRST_SEARCH)

        await self._insist(intent, write)

    async def record(self, intent: CreateIntentRow, found: Found) -> bool:
        """Gives what was made to the tenant; keeps trying while the database is away.

        Returns:
            False when it could not be written, or belongs to somebody else; the log then holds what an operator needs.
        """
        return bool(await self._insist(intent, lambda: self.write_made(intent, found), object_id=found.id))

    async def write_made(self, intent: CreateIntentRow, found: Found) -> bool:
        """Does the same, but tries only once; see ``apply_made``."""
        async with self._sessions.begin() as session:
            return await self.apply_made(session, intent, to_row(intent, found, self._clock()))

    async def apply_made(self, session: AsyncSession, intent: CreateIntentRow, row: AssetGroupRow | AssetRow) -> bool:
        """Writes what a create made in an open transaction, and closes its intent.

        Returns:
            False when the id turns out to be another tenant's; or when the tenant or the channel was deleted
            meanwhile, since a row would be nobody's to delete. Then the intent is closed too.
        """
        try:
            await lock_owners(session, row.tenant_id, row.channel_id)
        except NoChannelError:
            _log.error("created_object_has_no_owner", object=row.id, tenant=row.tenant_id, channel=row.channel_id)
            await OpenCreates(session).delete(intent)
            return False
        everything = AllAssets(session)
        is_new = (
            await everything.insert_group(row) if isinstance(row, AssetGroupRow) else await everything.insert_asset(row)
        )
        # An earlier try may have been committed although its answer was lost.
        if not is_new and await everything.find_owner(row.id) != row.tenant_id:
            _log.error("created_id_belongs_to_another_tenant", object=row.id, tenant=row.tenant_id)
            return False
        await self._retry_dedup.set_result(session, intent.id, row.id)
        await OpenCreates(session).delete(intent)
        return True

    async def find(self, intent_id: str) -> CreateIntentRow | None:
        """Returns an intent, or None when its outcome is known."""
        async with self._sessions.begin() as session:
            return await session.get(CreateIntentRow, intent_id)

    async def _insist(
        self, intent: CreateIntentRow, write: Callable[[], Awaitable[ResultT]], *, object_id: str | None = None
    ) -> ResultT | None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _INSIST_SECONDS
        pause = _FIRST_PAUSE_SECONDS
        names = {"intent": intent.id, "action": intent.kind, "object": object_id, "tenant": intent.tenant_id}
        while True:
            try:
                return await write()
            except Exception as error:  # noqa: BLE001 - the log keeps the id that an operator needs
                if not is_unavailable(error) or loop.time() > deadline:
                    _log.exception("create_outcome_not_written", **names)
                    return None
                _log.warning("create_outcome_not_written_yet", **names, error=repr(error))
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
