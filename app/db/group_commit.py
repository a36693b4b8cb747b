"""Commits together what many requests want to write at the same time: one transaction, one connection, one flush.

A request gives what it wants to write to a lane and waits. A worker takes everything that waits, writes it lane by lane
with set-based statements and commits; whatever arrives meanwhile is the next batch. A request by itself waits no longer
than for a transaction of its own, and many share the costs of one. A create took 2.8 ms of CPU in place of 8.7 when
creates were first written so (ADR 0010); two commits for each, which many share, are counted in ``tests/costs``.

What one request writes must not harm the others of its batch:

- A lane says of each item whether it was written. What it cannot write in a set, such as an item whose rows are
  locked, it leaves to its caller, which writes it alone, through the pool: a lane's statements wait for no lock. What
  has to wait for one goes to a second writer, whose batches may wait for half a second.
- When PostgreSQL refuses a statement because of the data (a constraint, a deadlock), the batch is rolled back and every
  item fails with ``WriteAloneError``: the one at fault then fails alone.
- A batch has three seconds, on the server and here. Then the session counts as frozen: its connection is cut without
  waiting for it, and the next batch has a new one. When that cannot be made, all that waits fails, too: each batch
  would otherwise wait for the server anew, one after the other.

**What is known after a failure**: until COMMIT is sent nothing is committed (``DatabaseUnavailableError``,
``WriteAloneError``). If COMMIT is not answered, anything may be (``UnsureCommitError``).
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import asyncpg
import structlog

from app.db.engine import DRIVER_ERRORS, DatabaseUnavailableError, connect, to_dsn

MAX_ROWS = 64
"""How many items one batch has at most."""

MAX_BYTES = 1024**2
"""How large one batch is at most, unless it is a single item."""

MAX_WAITING = 1024
"""How many items may wait. Beyond it, they are refused."""

_BATCH_SECONDS = 3.0
_CLOSE_SECONDS = 1.0
_LOCK_MILLISECONDS = 500
# A host that disappears is noticed by the database server within half a minute instead of two hours.
_KEEP_ALIVE = {"tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3"}
_BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED"

# Classes of errors that speak of the data or the statement, after which the session is as good as before: bad data,
# constraints, deadlocks and serialization, missing rights, a lock that was not to be had. All others, such as a server
# that shuts down or has become read-only (25006), speak of the session.
_STATEMENT_CLASSES = ("22", "23", "40", "42", "55")

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")

Write = Callable[[Any, Sequence[ItemT]], Awaitable[Sequence[ResultT]]]
"""Writes items on a connection, in the open transaction, and returns a result for each.

It waits for no lock, unless all that its writer writes may wait."""

_log = structlog.get_logger()


class WriteAloneError(Exception):
    """PostgreSQL refused the batch because of what an item wrote, or had no connection for it; nothing was committed.

    The cause says why.
    """


class UnsureCommitError(DatabaseUnavailableError):
    """The commit was not answered: what was written may be committed or not."""


@dataclass(eq=False, slots=True)
class _Entry:
    """An item that waits; ``write`` is its lane's."""

    write: Write[Any, Any]
    item: Any
    size_bytes: int
    result: "asyncio.Future[Any]"


class Lane(Generic[ItemT, ResultT]):
    """One kind of what is written."""

    def __init__(self, group: "GroupCommit", write: Write[ItemT, ResultT]) -> None:
        self._group = group
        self._write = write

    def add(self, item: ItemT, *, size_bytes: int = 0) -> "asyncio.Future[ResultT]":
        """Adds an item to the next batch, and returns its result, which is known when it is committed.

        An item whose future is cancelled before its batch begins is not written. A caller that is cancelled and has to
        know the result waits for the future with ``asyncio.wait``.

        Args:
            item: what is written.
            size_bytes: its size, roughly.

        Raises:
            DatabaseUnavailableError: too many items wait. In the future: nothing was committed.
            UnsureCommitError: in the future.
            WriteAloneError: in the future.
        """
        return self._group.add(self._write, item, size_bytes)


class GroupCommit:
    """The writer of one process. Its connection is opened by the first batch.

    Args:
        url: the URL of the database, as ``open_engine`` takes it.
    """

    def __init__(self, url: str) -> None:
        self._dsn = to_dsn(url)
        self._connection: Any = None
        self._waiting: deque[_Entry] = deque()
        self._worker: asyncio.Task[None] | None = None

    def lane(self, write: Write[ItemT, ResultT]) -> Lane[ItemT, ResultT]:
        """Returns a lane; in a batch, the lanes are written in the order of their first items."""
        return Lane(self, write)

    def add(self, write: Write[Any, Any], item: Any, size_bytes: int) -> "asyncio.Future[Any]":
        """See ``Lane.add``."""
        if len(self._waiting) >= MAX_WAITING:
            raise DatabaseUnavailableError("too many writes wait for the database")
        entry = _Entry(write, item, size_bytes, asyncio.get_running_loop().create_future())
        # Without a caller that still waits, asyncio would log the error.
        entry.result.add_done_callback(lambda result: result.cancelled() or result.exception())
        self._waiting.append(entry)
        if self._worker is None:
            self._worker = asyncio.create_task(self._work())
        return entry.result

    @property
    def waiting(self) -> int:
        """How many items wait for the batch after the present one."""
        return len(self._waiting)

    async def aclose(self) -> None:
        """Waits for what is being written, and closes the connection."""
        if self._worker is not None:
            await asyncio.wait({self._worker}, timeout=_BATCH_SECONDS)
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.wait({self._worker})
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                await connection.close(timeout=_CLOSE_SECONDS)
            except (OSError, *DRIVER_ERRORS):
                connection.terminate()

    async def _work(self) -> None:
        try:
            while self._waiting:
                batch = self._next_batch()
                if batch:
                    await self._write(batch)
        finally:
            self._worker = None
            self._fail_waiting(DatabaseUnavailableError("the process stops"))  # only when it was cancelled

    def _next_batch(self) -> list[_Entry]:
        batch: list[_Entry] = []
        size_bytes = 0
        while self._waiting and len(batch) < MAX_ROWS:
            size_bytes += self._waiting[0].size_bytes
            if batch and size_bytes > MAX_BYTES:
                break
            entry = self._waiting.popleft()
            if not entry.result.done():
                batch.append(entry)
        return batch

    async def _write(self, batch: Sequence[_Entry]) -> None:
        """Writes a batch, and gives each of its items the result or the error."""
        is_committing = False
        try:
            async with asyncio.timeout(_BATCH_SECONDS):
                connection = await self._connected()
                await connection.execute(_BEGIN)
                results = await _write_lanes(connection, batch)
                is_committing = True
                await connection.execute("COMMIT")
        except BaseException as error:
            failure: Exception = (UnsureCommitError if is_committing else DatabaseUnavailableError)("the process stops")
            try:
                failure = await self._recover(error, is_committing=is_committing)
            finally:
                for entry in batch:
                    _fail(entry, failure)
            if not isinstance(error, Exception):
                raise
            return
        for entry, result in zip(batch, results, strict=True):
            if not entry.result.done():
                entry.result.set_result(result)

    async def _connected(self) -> Any:
        if self._connection is None or self._connection.is_closed():
            self._connection = None
            connection = await connect(self._dsn, command_timeout_seconds=None, server_settings=_KEEP_ALIVE)
            try:
                await _limit(connection)
            except BaseException:
                connection.terminate()
                raise
            self._connection = connection
        return self._connection

    async def _recover(self, error: BaseException, *, is_committing: bool) -> Exception:
        """Rolls back or cuts the connection, and returns what became of the batch."""
        failure: Exception
        is_connected = self._connection is not None
        if is_connected and not is_committing and not _is_of_session(error) and await self._rolled_back():
            _log.warning("group_commit_refused", error=repr(error))
            failure = WriteAloneError(f"not written: {error!r}")
        else:
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.terminate()
            _log.warning("group_commit_failed", error=repr(error), may_be_committed=is_committing)
            failure = _failure_of_session(error, is_committing=is_committing)(f"not written: {error!r}")
        failure.__cause__ = error
        if not is_connected:
            self._fail_waiting(failure)
        return failure

    def _fail_waiting(self, failure: Exception) -> None:
        while self._waiting:
            _fail(self._waiting.popleft(), failure)

    async def _rolled_back(self) -> bool:
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._connection.execute("ROLLBACK")
        except (OSError, *DRIVER_ERRORS):
            return False
        return True


def _is_of_session(error: BaseException) -> bool:
    """Says whether an error speaks of the session or its server, which is then given up."""
    if isinstance(error, asyncpg.PostgresError):
        return not str(error.sqlstate).startswith(_STATEMENT_CLASSES)
    # A timeout is an OSError.
    is_of_connection = isinstance(error, OSError | DatabaseUnavailableError | asyncpg.InternalClientError)
    return is_of_connection or not isinstance(error, Exception)


def _failure_of_session(error: BaseException, *, is_committing: bool) -> type[Exception]:
    if is_committing:
        return UnsureCommitError
    # The server has no connection left for the group, but the pool has its own.
    is_full = isinstance(error.__cause__, asyncpg.TooManyConnectionsError)
    return WriteAloneError if is_full else DatabaseUnavailableError


async def _limit(connection: Any) -> None:
    """Sets the timeouts of a session; by statements, as poolers refuse them as parameters of the connection."""
    limit = int(_BATCH_SECONDS * 1000)
    # A process that freezes in the middle of a batch must not keep its locks. Plans are kept, whatever the number of
    # rows: PostgreSQL would plan three statements of a batch with caps and holds anew each time, in 0.8 ms; that is 0.3
    # now. They may be made while tables are empty, so they use indexes; what has none would seem worth compiling.
    await connection.execute(f"""
        SET statement_timeout = {limit}; SET idle_in_transaction_session_timeout = {limit};
        SET lock_timeout = {_LOCK_MILLISECONDS}; SET plan_cache_mode = force_generic_plan;
        SET enable_seqscan = off; SET jit = off
    """)


async def _write_lanes(connection: Any, batch: Sequence[_Entry]) -> list[Any]:
    """Writes each lane's items by one call, and returns the results in the order of the batch."""
    lanes: dict[Write[Any, Any], list[int]] = {}
    for position, entry in enumerate(batch):
        lanes.setdefault(entry.write, []).append(position)
    results: list[Any] = [None] * len(batch)
    for write, positions in lanes.items():
        written = await write(connection, [batch[position].item for position in positions])
        for position, result in zip(positions, written, strict=True):
            results[position] = result
    return results


def _fail(entry: _Entry, failure: Exception) -> None:
    if not entry.result.done():
        entry.result.set_exception(failure)
