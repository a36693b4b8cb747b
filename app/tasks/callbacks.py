"""Takes in the upstream's callbacks: that a task changed, or which task an intent became.

A callback only makes a poll due, which then happens within the account's rate limit, however many callbacks arrive. Of
its body nothing but the task's id is used, which is verified by asking the upstream.

Any client may send callbacks with guessed tokens. Tokens are therefore looked up in batches, over one connection, with
turns for each network, and only callbacks with an existing token are written.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar

import structlog
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.core.background import BackgroundTasks
from app.core.backoff import retry
from app.core.lookup_queue import Lookup, LookupQueue
from app.core.strict_json import parse_json_object
from app.db.engine import is_unavailable
from app.errors import SeedgateError
from app.observability.counters import OWNERSHIP_CONFLICTS
from app.tasks.correlation import hash_of
from app.tasks.models import TaskRow, TaskStatus
from app.tasks.recovery.repository import AllIntents
from app.upstream.ark import is_usable_id

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
# The upstream waits five seconds for the answer.
_ANSWER_TIMEOUT_SECONDS = 3.0
_DRAIN_TIMEOUT_SECONDS = 5.0
_MAX_RETRY_SECONDS = 5.0
_MAX_CONCURRENT = 4
MAX_PENDING = 10_000
"""How many callbacks may wait for the look-up of their tokens."""

MAX_PENDING_PER_NETWORK = MAX_PENDING // 4
"""How many of them may be from one network."""

_DROPS_LOG_INTERVAL = timedelta(minutes=1)
# A task has some forty; the limit bounds the cost of parsing.
_MAX_VALUES = 1000
_MIN_POLL_INTERVAL = timedelta(seconds=2)

ResultT = TypeVar("ResultT")

_log = structlog.get_logger()


class CallbackInbox:
    """Writes callbacks; keeps a bounded number of them in memory while the database is unavailable."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession], clock: Callable[[], datetime]) -> None:
        self._sessions = sessions
        self._clock = clock
        self._background = BackgroundTasks()
        # A semaphore is fair: callbacks with known tokens are written before the next tokens are looked up.
        self._slots = asyncio.Semaphore(_MAX_CONCURRENT)
        self._queue: LookupQueue[bytes, bool] = LookupQueue(
            self._look_up, max_queries=1, max_waiting=MAX_PENDING, max_per_network=MAX_PENDING_PER_NETWORK
        )
        self._dropped = 0
        self._drops_logged_at: datetime | None = None

    async def receive(self, token: str, body: bytes | None, network: str) -> bool:
        """Takes in one callback, and waits three seconds until it is written; never raises.

        Args:
            token: the token of the URL that was called; a token of no intent has no effect.
            body: what was sent; None when it was too long or did not arrive.
            network: the network of the sender (``network_of``). Callbacks beyond a network's share are dropped, and
                their number is logged once a minute.

        Returns:
            Whether it is written, or has no effect. If not, it may still be written, unless the process dies before:
            the upstream has to send it again.
        """
        if not _TOKEN.fullmatch(token):
            return True
        lookup: Lookup[bytes, bool] = Lookup(hash_of(token))
        if not self._queue.add(lookup, network):
            self._count_drop()
            return False
        writing = self._background.start(self._write_if_known(lookup, _task_id(body)))
        done, _ = await asyncio.wait({writing}, timeout=_ANSWER_TIMEOUT_SECONDS)
        return bool(done) and not writing.cancelled() and writing.result()

    async def drain(self) -> None:
        """Waits up to five seconds for callbacks that are not written yet; called before the database is closed."""
        lost = await self._background.drain(timeout_seconds=_DRAIN_TIMEOUT_SECONDS)
        await self._queue.aclose()
        if lost:
            _log.error("callbacks_lost", callbacks=lost)

    async def _write_if_known(self, lookup: Lookup[bytes, bool], upstream_id: str | None) -> bool:
        """Writes a callback if its token is an intent's; returns False when that failed."""
        is_known = await lookup.answer
        if is_known is None:
            return False
        try:
            if is_known:
                await self._retry(lambda intents: self._write(intents, lookup.name, upstream_id))
        except Exception:  # noqa: BLE001 - the upstream sends it again, whatever the error is
            _log.exception("callback_not_written", upstream_id=upstream_id)
            return False
        return True

    async def _look_up(self, lookups: list[Lookup[bytes, bool]]) -> None:
        """Sets for each look-up whether an intent has its token; None when that could not be found out."""
        hashes = [lookup.name for lookup in lookups]
        known: set[bytes] | None = None
        try:
            known = await self._retry(lambda intents: intents.known_tokens(hashes))
        except Exception:  # noqa: BLE001 - as above
            _log.exception("callbacks_not_looked_up", callbacks=len(lookups))
        for lookup in lookups:
            if not lookup.answer.done():
                lookup.answer.set_result(None if known is None else lookup.name in known)

    async def _retry(self, work: Callable[[AllIntents], Awaitable[ResultT]]) -> ResultT:
        """Runs ``work`` in one transaction, and retries while the database is unavailable.

        A few run at the same time, so that connections are left for clients.
        """

        async def try_once() -> ResultT:
            async with self._slots, self._sessions.begin() as session:
                return await work(AllIntents(session))

        return await retry(try_once, is_temporary=is_unavailable, max_seconds=_MAX_RETRY_SECONDS)

    async def _write(self, intents: AllIntents, token_hash: bytes, upstream_id: str | None) -> None:
        row = await intents.lock_by_token(token_hash)
        if row is None:
            return
        is_known = row.upstream_id is not None
        if not is_known and upstream_id is not None and await intents.owned([upstream_id]):
            _log_conflict("upstream_id_already_owned", row, upstream_id)
        elif is_known:
            _apply_change(row, upstream_id, now=self._clock())
        elif upstream_id is not None:
            _apply_named(row, upstream_id, now=self._clock())

    def _count_drop(self) -> None:
        """Counts a dropped callback; the count is logged at most once a minute, since any client can cause it."""
        self._dropped += 1
        now = self._clock()
        if self._drops_logged_at is None or now - self._drops_logged_at >= _DROPS_LOG_INTERVAL:
            _log.warning("callbacks_dropped", callbacks=self._dropped)
            self._dropped, self._drops_logged_at = 0, now


def _apply_change(row: TaskRow, upstream_id: str | None, *, now: datetime) -> None:
    """Makes a poll of a task due, at most every two seconds."""
    if upstream_id is not None and upstream_id != row.upstream_id:
        _log_conflict("callback_names_another_task", row, upstream_id)
    elif not TaskStatus(row.status).is_final:
        due_at = now if row.polled_at is None else max(now, row.polled_at + _MIN_POLL_INTERVAL)
        row.next_poll_at = due_at if row.next_poll_at is None else min(row.next_poll_at, due_at)


def _apply_named(row: TaskRow, upstream_id: str, *, now: datetime) -> None:
    """Stores which task an intent is said to have become; while its create is under way, its own answer is awaited."""
    if row.claimed_upstream_id == upstream_id:
        return
    if row.claimed_upstream_id is not None:
        _log_conflict("callbacks_name_two_tasks", row, upstream_id)
    row.claimed_upstream_id = upstream_id
    if row.status != TaskStatus.SUBMITTING.value:
        row.next_poll_at = now


def _log_conflict(event: str, row: TaskRow, upstream_id: str) -> None:
    OWNERSHIP_CONFLICTS.inc()
    _log.error(event, task=row.id, upstream_id=upstream_id)


def _task_id(body: bytes | None) -> str | None:
    """Returns the task's id in a callback, or None."""
    try:
        found = parse_json_object(body, max_values=_MAX_VALUES).get("id") if body else None
    except SeedgateError:
        return None
    return found if isinstance(found, str) and is_usable_id(found) else None
