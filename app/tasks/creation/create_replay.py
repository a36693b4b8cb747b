"""Waits for the outcome of a task's create that is sent again."""

import asyncio

from app.core.background import BackgroundTasks
from app.core.turns import leave_turn, resume_turn
from app.creates.attempts import Attempt, Client
from app.creates.protocol import CreateReplay
from app.db.engine import is_unavailable
from app.errors import ServiceUnavailableError
from app.tasks.context import TasksContext
from app.tasks.creation.intent_log import IntentLog
from app.tasks.recovery.stale_creates import StaleCreates
from app.tasks.repository import TaskRepository
from app.tasks.responses import public_id

_CHECK_INTERVAL_SECONDS = 0.2
_DRAIN_TIMEOUT_SECONDS = 2.0
# A database that is available again within this time shows whether the first create still exists.
_SHOW_TIMEOUT_SECONDS = 3.0


class TaskReplay(CreateReplay):
    """Finds earlier creates of tasks.

    When waiting is no longer possible, because the database is unavailable or the server stops, the spare id is
    the answer: it finds the task whatever the outcome, and after an error the client would begin another create.
    """

    def __init__(self, context: TasksContext, intents: IntentLog) -> None:
        super().__init__(context.retry_dedup)
        self._context = context
        self._intents = intents
        self._stale_creates = StaleCreates(context)
        self._background = BackgroundTasks()

    async def wait_for(self, attempt: Attempt, client: Client) -> str | None:
        """See ``CreateReplay``."""
        tenant_id, spare_id = client.fingerprint.tenant_id, str(attempt.result_id)
        try:
            while not client.gone.is_set():
                async with self._context.sessions.begin() as session:
                    row = await TaskRepository(session, tenant_id).find_intent(spare_id, is_locked=True)
                    if row is None:
                        return None
                    if not await self._stale_creates.check(session, row):
                        return public_id(row)
                leave_turn()
                await asyncio.sleep(_CHECK_INTERVAL_SECONDS)
                await resume_turn()
        except Exception as error:
            if not is_unavailable(error):
                raise
            showing = self._intents.show_spare_id(tenant_id, spare_id)
            is_shown = await self._background.run_for(showing, timeout_seconds=_SHOW_TIMEOUT_SECONDS)
            return None if is_shown is False else spare_id
        raise ServiceUnavailableError(internal="the client left while an earlier create was awaited")

    def when_stopping(self, attempt: Attempt, client: Client) -> str:
        """See ``CreateReplay``."""
        spare_id = str(attempt.result_id)
        self._intents.give_spare_id(spare_id)  # at once: the outcome may be written in this moment
        self._background.start(self._intents.show_spare_id(client.fingerprint.tenant_id, spare_id))
        return spare_id

    async def drain(self) -> None:
        """Waits for writes in the background; called before the database is closed."""
        await self._background.drain(timeout_seconds=_DRAIN_TIMEOUT_SECONDS)
