"""Answers a create that is sent again with the id of the first attempt, waiting for its outcome if necessary.

A second create never begins while the first one may have been accepted. Which request is sent again is decided by
``app.creates.retry_dedup``.
"""

import asyncio
from contextlib import suppress

from app.core.background import BackgroundTasks
from app.core.turns import leave_turn
from app.creates.retry_dedup import RequestFingerprint
from app.db.engine import is_unavailable
from app.errors import ConflictError, ServiceUnavailableError
from app.tasks.context import TasksContext
from app.tasks.creation.intent_log import IntentLog
from app.tasks.recovery.stale_creates import StaleCreates
from app.tasks.repository import TaskRepository
from app.tasks.responses import public_id

_CHECK_INTERVAL_SECONDS = 0.2
_DRAIN_TIMEOUT_SECONDS = 2.0
# A database that is available again within this time shows whether the first create still exists.
_SHOW_TIMEOUT_SECONDS = 3.0


class CreateReplay:
    """Finds the earlier attempt of a request and its result."""

    def __init__(self, context: TasksContext, intents: IntentLog) -> None:
        self._context = context
        self._intents = intents
        self._stale_creates = StaleCreates(context)
        self._background = BackgroundTasks()

    async def find(self, fingerprint: RequestFingerprint, gone: asyncio.Event) -> str | None:
        """Returns the id of the first create as its client knows it; None: this request is a create of its own.

        Waits while the first create is under way, unless its process is dead.

        Args:
            fingerprint: of the request.
            gone: set when the client disconnects.

        Raises:
            ConflictError: 409, the key was used with another body or for another kind of create.
            ServiceUnavailableError: 503, the client left, or the database is unavailable and no earlier create known.
        """
        refused_id = None
        while True:
            attempt = await self._context.retry_dedup.claim(fingerprint)
            if attempt is None:
                return None
            if attempt.id == refused_id:
                raise ConflictError("IdempotencyConflict", "The task of this Idempotency-Key is no longer stored.")
            async with self._context.retry_dedup.tracked(attempt, gone):
                found_id = await self._outcome(fingerprint.tenant_id, str(attempt.result_id), gone)
            if found_id is not None or not attempt.is_keyed:
                return found_id
            # It was refused, which freed its key; another request may have taken the key since.
            refused_id = attempt.id

    async def drain(self) -> None:
        """Waits for writes in the background; called before the database is closed."""
        await self._background.drain(timeout_seconds=_DRAIN_TIMEOUT_SECONDS)

    async def _outcome(self, tenant_id: str, spare_id: str, gone: asyncio.Event) -> str | None:
        """Waits for the outcome of a create; None: it made nothing, and another one may begin.

        When waiting is no longer possible, because the database is unavailable or the server stops, the spare id is
        returned: it finds the task whatever the outcome, and after an error the client would begin another create.
        """
        try:
            while not gone.is_set():
                async with self._context.sessions.begin() as session:
                    row = await TaskRepository(session, tenant_id).find_intent(spare_id, is_locked=True)
                    if row is None:
                        return None
                    if not await self._stale_creates.check(session, row):
                        return public_id(row)
                leave_turn()
                await asyncio.sleep(_CHECK_INTERVAL_SECONDS)
        except (Exception, asyncio.CancelledError) as error:
            if isinstance(error, Exception) and not is_unavailable(error):
                raise
            showing = self._background.start(self._intents.show_spare_id(tenant_id, spare_id))
            if isinstance(error, Exception):
                with suppress(asyncio.CancelledError):  # the server stops now, and the answer is the same
                    await asyncio.wait({showing}, timeout=_SHOW_TIMEOUT_SECONDS)
            is_known = showing.done() and not showing.cancelled() and showing.exception() is None
            is_refused = is_known and not showing.result()
            return None if is_refused else spare_id
        raise ServiceUnavailableError(internal="the client left while an earlier create was awaited")
