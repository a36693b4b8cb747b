"""Creates that are sent again: by the same ``Idempotency-Key``, or by a client library whose first try was lost.

Both wait for the outcome of the first create and get its id. They never begin a second one while the first may have
been accepted.
"""

import asyncio
from contextlib import suppress

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.core.background import BackgroundTasks
from app.core.turns import leave_turn
from app.creates.retry_dedup import RequestFingerprint, RetryDedup
from app.db.engine import is_unavailable
from app.errors import ConflictError, ServiceUnavailableError
from app.tasks.creation.intent_log import IntentLog
from app.tasks.recovery.stale_creates import StaleCreates
from app.tasks.repository import TaskRepository
from app.tasks.responses import public_id

_POLL_SECONDS = 0.2
_DRAIN_SECONDS = 2.0
# A database that is back in that time tells whether the id is worth anything.
_SHOW_PATIENCE_SECONDS = 3.0


class CreateReplay:
    """Finds the earlier create of a request, and answers with its id."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        *,
        retry_dedup: RetryDedup,
        intents: IntentLog,
        abandonment: StaleCreates,
    ) -> None:
        self._sessions = sessions
        self._retry_dedup = retry_dedup
        self._intents = intents
        self._abandonment = abandonment
        self._background = BackgroundTasks()

    async def find(self, sent: RequestFingerprint, gone: asyncio.Event) -> str | None:
        """Returns the id of the first create as its client is to know it; None: this request is a create of its own.

        Waits while the first one is running, unless its process is dead.

        Args:
            sent: the request.
            gone: set when the client disconnects.

        Raises:
            ConflictError: 409, the key was used with another body or for another kind of create.
            ServiceUnavailableError: 503, the database is away and nothing is known of an earlier create.
        """
        refused_id = None
        while True:
            attempt = await self._retry_dedup.claim(sent)
            if attempt is None:
                return None
            if attempt.id == refused_id:
                raise ConflictError("IdempotencyConflict", "The task of this Idempotency-Key is no longer stored.")
            async with self._retry_dedup.tracked(attempt, gone):
                found_id = await self._outcome(sent.tenant_id, str(attempt.result_id), gone)
            if found_id is not None or not attempt.is_keyed:
                return found_id
            # It was refused, and its key with it; another request may have taken that since.
            refused_id = attempt.id

    async def drain(self) -> None:
        """Waits for what is being written behind answers; called before the database is closed."""
        await self._background.drain(timeout_seconds=_DRAIN_SECONDS)

    async def _outcome(self, tenant_id: str, spare_id: str, gone: asyncio.Event) -> str | None:
        """Waits for a create to be concluded; None: nothing came of it, and another one may begin.

        When we cannot wait any longer, because the database is away or the server stops, the spare id is the answer:
        it finds the task whatever becomes of it, and an error would make the client begin another one.
        """
        try:
            while not gone.is_set():
                async with self._sessions.begin() as session:
                    row = await TaskRepository(session, tenant_id).find_intent(spare_id, is_locked=True)
                    if row is None:
                        return None
                    if not await self._abandonment.settle(session, row):
                        return public_id(row)
                leave_turn()
                await asyncio.sleep(_POLL_SECONDS)
        except (Exception, asyncio.CancelledError) as error:
            if isinstance(error, Exception) and not is_unavailable(error):
                raise
            showing = self._background.start(self._intents.show_spare_id(tenant_id, spare_id))
            if isinstance(error, Exception):
                with suppress(asyncio.CancelledError):  # the server stops now; the answer is the same
                    await asyncio.wait({showing}, timeout=_SHOW_PATIENCE_SECONDS)
            is_told = showing.done() and not showing.cancelled() and showing.exception() is None
            is_refused = is_told and not showing.result()
            return None if is_refused else spare_id
        raise ServiceUnavailableError(internal="the client left while an earlier create was awaited")
