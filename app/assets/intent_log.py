"""Writes the intent of a create before the upstream is called, and its outcome afterwards."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.assets.context import AssetsContext
from app.assets.create_spec import UpstreamObject, to_row, with_project
from app.assets.models import AssetGroupRow, AssetRow, CreateIntentRow
from app.assets.repository import AllAssets, OpenCreates
from app.channels.channel import Channel
from app.core.backoff import retry
from app.creates.locks import lock_owners
from app.creates.repository import AllAttempts
from app.db.engine import is_unavailable
from app.errors import NoChannelError

FIRST_SEARCH_DELAY = timedelta(seconds=3)
_RETRY_TIMEOUT_SECONDS = 3600.0

ResultT = TypeVar("ResultT")

_log = structlog.get_logger()


class IntentLog:
    """Each method writes in a short transaction of its own; ``conclude`` retries one of them."""

    def __init__(self, context: AssetsContext) -> None:
        self._sessions = context.sessions
        self._clock = context.clock

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

    async def write_absent(self, intent: CreateIntentRow) -> None:
        """Closes a create that made nothing, which frees its key."""
        async with self._sessions.begin() as session:
            await OpenCreates(session).delete(intent)
            await AllAttempts(session).remove(intent.id)

    async def write_unknown(self, intent: CreateIntentRow) -> None:
        """Writes that the outcome is unknown: from now on the create is searched for in the background."""
        now = self._clock()
        async with self._sessions.begin() as session:
            await OpenCreates(session).set_in_doubt(intent, since=now, next_search_at=now + FIRST_SEARCH_DELAY)

    async def write_made(self, intent: CreateIntentRow, made: UpstreamObject) -> bool:
        """Gives the object that a create made to its tenant; see ``apply_made``."""
        async with self._sessions.begin() as session:
            return await self.apply_made(session, intent, to_row(intent, made, self._clock()))

    async def conclude(
        self, intent: CreateIntentRow, write: Callable[[], Awaitable[ResultT]], *, object_id: str | None = None
    ) -> ResultT | None:
        """Writes an outcome, and retries for an hour while the database is unavailable.

        Returns:
            What was written; None when it could not be, and the log has what an operator needs.
        """
        names = {"intent": intent.id, "action": intent.kind, "object": object_id, "tenant": intent.tenant_id}
        try:
            return await retry(
                write,
                is_temporary=is_unavailable,
                on_retry=lambda error: _log.warning("create_outcome_not_written_yet", **names, error=repr(error)),
                timeout_seconds=_RETRY_TIMEOUT_SECONDS,
            )
        except Exception:  # noqa: BLE001 - the log keeps the id that an operator needs
            _log.exception("create_outcome_not_written", **names)
            return None

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
        await AllAttempts(session).set_result(intent.id, row.id)
        await OpenCreates(session).delete(intent)
        return True
