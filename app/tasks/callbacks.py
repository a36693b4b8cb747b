"""What the upstream tells by calling back: that something has happened, and which task an intent became.

Nothing of a callback is believed but the id that it names, and that only until the upstream itself was asked: a
callback makes a look due, which then happens within the account's budget, however many callbacks there are.
"""

import asyncio
import re
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.db.engine import is_unavailable
from app.errors import SeedgateError
from app.http.json_body import parse_json_object
from app.jobs import WorkUnderWay
from app.observability.metrics import FOREIGN_CLAIMS
from app.tasks.binding_queries import AllIntents
from app.tasks.correlation import hash_of
from app.tasks.models import TaskRow, TaskStatus
from app.upstream.ark import is_usable_id

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
# The upstream waits five seconds for the answer.
_PATIENCE_SECONDS = 3.0
_DRAIN_SECONDS = 5.0
_FIRST_RETRY_SECONDS = 0.2
_LONGEST_RETRY_SECONDS = 5.0
_MOST_AT_ONCE = 4
_MOST_KEPT = 10_000
# A task has some forty; anybody may send a callback.
_MAX_VALUES = 1000
_LOOK_PAUSE = timedelta(seconds=2)

_log = structlog.get_logger()


class CallbackInbox:
    """Writes down what callbacks tell; while the database is away it keeps that in memory, up to a bound."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession], clock: Callable[[], datetime]) -> None:
        self._sessions = sessions
        self._clock = clock
        self._under_way = WorkUnderWay()
        self._slots = asyncio.Semaphore(_MOST_AT_ONCE)
        self._kept = 0

    async def receive(self, token: str, body: bytes | None) -> None:
        """Takes in one callback; returns when it is written, or after three seconds, and never raises.

        Args:
            token: of the address that was called; that of no intent is without effect.
            body: what was sent; None when it was too long or did not arrive.
        """
        if not _TOKEN.fullmatch(token):
            return
        if self._kept >= _MOST_KEPT:
            _log.error("callback_dropped", kept=self._kept)
            return
        writing = self._under_way.start(self._insist(hash_of(token), _task_id(body)))
        await asyncio.wait({writing}, timeout=_PATIENCE_SECONDS)

    async def drain(self) -> None:
        """Waits a moment for what is not written yet; called before the database is closed."""
        lost = await self._under_way.drain(patience_seconds=_DRAIN_SECONDS)
        if lost:
            _log.error("callbacks_lost", callbacks=lost)

    async def _insist(self, token_hash: bytes, upstream_id: str | None) -> None:
        """Writes what a callback told, and goes on trying while the database is away."""
        pause = _FIRST_RETRY_SECONDS
        self._kept += 1
        try:
            while not await self._try_to_write(token_hash, upstream_id):
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_RETRY_SECONDS)
        except Exception:  # noqa: BLE001 - the upstream cannot mend what went wrong here
            _log.exception("callback_not_written", upstream_id=upstream_id)
        finally:
            self._kept -= 1

    async def _try_to_write(self, token_hash: bytes, upstream_id: str | None) -> bool:
        """Returns False when the database is away; a few at a time, so that clients get connections too."""
        try:
            async with self._slots, self._sessions.begin() as session:
                intents = AllIntents(session)
                row = await intents.lock_by_token(token_hash)
                if row is None:
                    return True
                is_bound = row.upstream_id is not None
                if not is_bound and upstream_id is not None and await intents.owned([upstream_id]):
                    _alarm("upstream_id_already_owned", row, upstream_id)
                elif is_bound:
                    _note_change(row, upstream_id, now=self._clock())
                elif upstream_id is not None:
                    _note_claim(row, upstream_id, now=self._clock())
        except Exception as error:
            if not is_unavailable(error):
                raise
            return False
        return True


def _note_change(row: TaskRow, upstream_id: str | None, *, now: datetime) -> None:
    """Makes a look at a task due, but not more often than every two seconds."""
    if upstream_id is not None and upstream_id != row.upstream_id:
        _alarm("callback_names_another_task", row, upstream_id)
    elif not TaskStatus(row.status).is_final:
        due_at = now if row.looked_at is None else max(now, row.looked_at + _LOOK_PAUSE)
        row.next_look_at = due_at if row.next_look_at is None else min(row.next_look_at, due_at)


def _note_claim(row: TaskRow, upstream_id: str, *, now: datetime) -> None:
    """Keeps which task an intent is said to have become. While its create is under way, that has the first word."""
    if row.claimed_upstream_id == upstream_id:
        return
    if row.claimed_upstream_id is not None:
        _alarm("callbacks_name_two_tasks", row, upstream_id)
    row.claimed_upstream_id = upstream_id
    if row.status != TaskStatus.SUBMITTING.value:
        row.next_look_at = now


def _alarm(event: str, row: TaskRow, upstream_id: str) -> None:
    FOREIGN_CLAIMS.inc()
    _log.error(event, task=row.id, upstream_id=upstream_id)


def _task_id(body: bytes | None) -> str | None:
    """Returns the id that a callback names, the one thing of it that is used, or None."""
    try:
        found = parse_json_object(body, max_values=_MAX_VALUES).get("id") if body else None
    except SeedgateError:
        return None
    return found if isinstance(found, str) and is_usable_id(found) else None
