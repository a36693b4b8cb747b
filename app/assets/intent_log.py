"""Writes the intent of a create before the upstream is called, and its outcome afterwards."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.assets.context import AssetsContext
from app.assets.create_spec import UpstreamObject, to_row, with_project
from app.assets.models import AssetGroupRow, AssetRow, CreateIntentRow
from app.assets.repository import AllAssets, OpenCreates
from app.channels.channel import Channel
from app.creates.idempotency import is_key_taken
from app.creates.locks import lock_owners
from app.creates.retry_dedup import Attempt, RequestFingerprint
from app.db.engine import is_unavailable
from app.errors import NoChannelError

FIRST_SEARCH_DELAY = timedelta(seconds=3)
_MIN_RETRY_SECONDS = 0.3
_MAX_RETRY_SECONDS = 10.0
_RETRY_TIMEOUT_SECONDS = 3600.0

ResultT = TypeVar("ResultT")

_log = structlog.get_logger()


class IntentLog:
    """Each method writes in a short transaction of its own; ``conclude_*`` retry while the database is unavailable."""

    def __init__(self, context: AssetsContext) -> None:
        self._sessions = context.sessions
        self._retry_dedup = context.retry_dedup
        self._clock = context.clock

    async def open(self, intent: CreateIntentRow, fingerprint: RequestFingerprint) -> Attempt | None:
        """Commits an intent and its attempt under one id; None: another request has just taken the key.

        From then on the tenant and the channel are not deleted until the outcome is written.

        Raises:
            NoChannelError: 503, the tenant or the channel has just been deleted.
        """
        try:
            async with self._sessions.begin() as session:
                await lock_owners(session, intent.tenant_id, str(intent.channel_id))
                attempt = self._retry_dedup.add(session, fingerprint)
                intent.id = attempt.id
                session.add(intent)
        except IntegrityError as error:
            if not is_key_taken(error):
                raise
            return None
        return attempt

    async def set_channel(self, intent: CreateIntentRow, channel: Channel, project_name: str) -> None:
        """Writes which channel is about to be asked, and in which of its projects.

        Raises:
            NoChannelError: 503, the channel has just been deleted.
        """
        intent.channel_id = channel.id
        intent.members = with_project(intent.members or {}, project_name)
        async with self._sessions.begin() as session:
            await lock_owners(session, intent.tenant_id, channel.id)
            await OpenCreates(session).set_channel(intent)

    async def find(self, intent_id: str) -> CreateIntentRow | None:
        """Returns an intent, or None when its outcome is known."""
        async with self._sessions.begin() as session:
            return await session.get(CreateIntentRow, intent_id)

    async def conclude_absent(self, intent: CreateIntentRow) -> None:
        """Closes a create that made nothing, which frees its key."""
        await self._retry(intent, lambda: self.write_absent(intent))

    async def conclude_unknown(self, intent: CreateIntentRow) -> None:
        """Writes that the outcome is unknown: from now on the create is searched for in the background."""

        async def write() -> None:
            now = self._clock()
            async with self._sessions.begin() as session:
                await OpenCreates(session).set_in_doubt(intent, since=now, next_search_at=now + FIRST_SEARCH_DELAY)

        await self._retry(intent, write)

    async def conclude_made(self, intent: CreateIntentRow, made: UpstreamObject) -> bool:
        """Gives the object that a create made to its tenant.

        Returns:
            False when it could not be written or belongs to another tenant; the log then has what an operator needs.
        """
        return bool(await self._retry(intent, lambda: self.write_made(intent, made), object_id=made.id))

    async def write_absent(self, intent: CreateIntentRow) -> None:
        """Does what ``conclude_absent`` does, without retries."""
        async with self._sessions.begin() as session:
            await OpenCreates(session).delete(intent)
            await self._retry_dedup.remove(session, intent.id)

    async def write_made(self, intent: CreateIntentRow, made: UpstreamObject) -> bool:
        """Does what ``conclude_made`` does, without retries; see ``apply_made``."""
        async with self._sessions.begin() as session:
            return await self.apply_made(session, intent, to_row(intent, made, self._clock()))

    async def apply_made(self, session: AsyncSession, intent: CreateIntentRow, row: AssetGroupRow | AssetRow) -> bool:
        """Inserts what a create made and closes its intent, in an open transaction.

        Returns:
            False when the id belongs to another tenant. Also when the tenant or the channel was deleted meanwhile: no
            tenant could delete the object then, so that it is not inserted, but the intent is closed.
        """
        try:
            await lock_owners(session, row.tenant_id, row.channel_id)
        except NoChannelError:
            _log.error("created_object_has_no_owner", object=row.id, tenant=row.tenant_id, channel=row.channel_id)
            await OpenCreates(session).delete(intent)
            return False
        objects = AllAssets(session)
        # An earlier try may have been committed although its answer was lost; the id is then the tenant's already.
        if not await objects.insert(row) and await objects.find_owner(row.id) != row.tenant_id:
            _log.error("created_id_belongs_to_another_tenant", object=row.id, tenant=row.tenant_id)
            return False
        await self._retry_dedup.set_result(session, intent.id, row.id)
        await OpenCreates(session).delete(intent)
        return True

    async def _retry(
        self, intent: CreateIntentRow, write: Callable[[], Awaitable[ResultT]], *, object_id: str | None = None
    ) -> ResultT | None:
        """Retries with exponential backoff for an hour; None: it was not written, and the log says so."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _RETRY_TIMEOUT_SECONDS
        delay = _MIN_RETRY_SECONDS
        names = {"intent": intent.id, "action": intent.kind, "object": object_id, "tenant": intent.tenant_id}
        while True:
            try:
                return await write()
            except Exception as error:  # noqa: BLE001 - the log keeps the id that an operator needs
                if not is_unavailable(error) or loop.time() > deadline:
                    _log.exception("create_outcome_not_written", **names)
                    return None
                _log.warning("create_outcome_not_written_yet", **names, error=repr(error))
                await asyncio.sleep(delay)
                delay = min(2 * delay, _MAX_RETRY_SECONDS)
