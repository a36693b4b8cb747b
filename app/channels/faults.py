"""Recent calls that a channel's account or URL has refused, for the operator to fix.

``ChannelFaults`` observes the outcome of every call. A refusal is kept by channel, operation and code, with the
upstream's message, until the operation succeeds and the refusal has not recurred for five minutes: a success with one
model proves nothing about another one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import TextClause, delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.channels.models import ChannelFaultRow
from app.upstream.errors import AccountFaultError, ThrottledError, UpstreamError, UpstreamRejectedError

_FAULT_LIFETIME = timedelta(minutes=5)
# The codes come from the upstream, so their number has to be limited.
_MAX_CODES = 20

# Faults from before a channel's last change are skipped: the change may have fixed them.
_RECORD = text("""
    INSERT INTO channel_faults AS f (channel_id, operation, status, code, message, first_at, last_at, times)
    SELECT :channel_id, :operation, :status, :code, :message, :first_at, :last_at, :times
    FROM channels WHERE id = :channel_id AND deleted_at IS NULL AND updated_at <= :last_at
    ON CONFLICT (channel_id, operation, code) DO UPDATE
    SET status = excluded.status, message = excluded.message,
        last_at = GREATEST(f.last_at, excluded.last_at), times = f.times + excluded.times
""")
# Both statements skip rows that another process is writing, so that they never wait while holding a lock.
_CLEAR = text("""
    DELETE FROM channel_faults WHERE (channel_id, operation, code) IN (
        SELECT f.channel_id, f.operation, f.code
        FROM channel_faults AS f
        JOIN unnest(CAST(:channels AS text[]), CAST(:operations AS text[]), CAST(:ends AS timestamptz[]))
            AS v (channel_id, operation, ended_at)
            ON f.channel_id = v.channel_id AND f.operation = v.operation AND f.last_at <= v.ended_at
        FOR UPDATE OF f SKIP LOCKED
    )
""")
_TRIM = text("""
    DELETE FROM channel_faults WHERE (channel_id, operation, code) IN (
        SELECT channel_id, operation, code FROM channel_faults
        WHERE (channel_id, operation, code) IN (
            SELECT channel_id, operation, code FROM (
                SELECT channel_id, operation, code,
                    row_number() OVER (PARTITION BY channel_id, operation ORDER BY last_at DESC, code) AS position
                FROM channel_faults
            ) AS ranked WHERE position > :max_codes
        )
        FOR UPDATE SKIP LOCKED
    )
""")

_log = structlog.get_logger()


@dataclass(frozen=True)
class Fault:
    """Refusals of one operation on one channel with one code: the last message, and how often since ``first_at``."""

    channel_id: str
    operation: str
    status: int
    code: str
    message: str
    first_at: datetime
    last_at: datetime
    times: int = 1


_Operation = tuple[str, str]
_Key = tuple[str, str, str]


class ChannelFaults:
    """Observes calls, and keeps the refusals that are not written to the database yet."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession], clock: Callable[[], datetime]) -> None:
        self._sessions = sessions
        self._clock = clock
        self._faults: dict[_Key, Fault] = {}
        self._answered: dict[_Operation, datetime] = {}
        self._logged_at: dict[_Key, datetime] = {}

    def observe(self, channel_id: str, operation: str, error: UpstreamError | None) -> None:
        """Records the outcome of one call; throttles and unknown outcomes are ignored.

        A refusal is logged with the upstream's message when it is new, and every five minutes while it recurs.
        """
        if not channel_id:
            return
        now = self._clock()
        if error is None or isinstance(error, UpstreamRejectedError):
            self._answered[channel_id, operation] = now
        elif isinstance(error, AccountFaultError) and not isinstance(error, ThrottledError):
            fault = Fault(channel_id, operation, error.status, error.code, error.message, now, now)
            key = (channel_id, operation, error.code)
            if self._log_unless_recent(key, fault):
                self._faults[key] = _merge(self._faults.get(key), fault)

    async def flush(self) -> None:
        """Writes what has changed since the last call.

        Each statement has its own transaction: one that locked several rows, or a row and its channel, could deadlock.
        """
        faults, self._faults = self._faults, {}
        answered, self._answered = self._answered, {}
        has_faults = bool(faults)
        try:
            for key in sorted(faults):
                await self._write(_RECORD, vars(faults[key]))
                del faults[key]
            if answered:
                await self._write(_CLEAR, _columns(answered))
            if has_faults:
                await self._write(_TRIM, {"max_codes": _MAX_CODES})
        except BaseException:
            for key, fault in faults.items():
                self._faults[key] = _merge(fault, self._faults.get(key))
            self._answered = answered | self._answered
            raise

    async def _write(self, statement: TextClause, values: Mapping[str, object]) -> None:
        async with self._sessions.begin() as session:
            await session.execute(statement, values)

    def _log_unless_recent(self, key: _Key, fault: Fault) -> bool:
        """Logs a refusal unless it was logged less than five minutes ago; False when there are too many codes."""
        logged_at = self._logged_at.get(key)
        if logged_at is not None and fault.last_at - logged_at < _FAULT_LIFETIME:
            return True
        if logged_at is None:
            self._logged_at = {each: at for each, at in self._logged_at.items() if fault.last_at - at < _FAULT_LIFETIME}
            if sum(each[:2] == key[:2] for each in self._logged_at) >= _MAX_CODES:
                return False
        self._logged_at[key] = fault.last_at
        _log.error(
            "channel_refused_call",
            channel=fault.channel_id,
            operation=fault.operation,
            status=fault.status,
            code=fault.code,
            message=fault.message,
        )
        return True


async def load_faults(session: AsyncSession, channel_ids: Sequence[str]) -> dict[str, list[ChannelFaultRow]]:
    """Returns the recorded refusals by channel, newest first."""
    query = select(ChannelFaultRow).where(ChannelFaultRow.channel_id.in_(channel_ids))
    found: dict[str, list[ChannelFaultRow]] = {channel_id: [] for channel_id in channel_ids}
    for row in await session.scalars(
        query.order_by(ChannelFaultRow.last_at.desc(), ChannelFaultRow.operation, ChannelFaultRow.code)
    ):
        found[row.channel_id].append(row)
    return found


async def clear_faults(session: AsyncSession, channel_id: str) -> None:
    """Deletes the refusals of a channel whose URL or credentials change."""
    await session.execute(delete(ChannelFaultRow).where(ChannelFaultRow.channel_id == channel_id))


def _merge(earlier: Fault | None, later: Fault | None) -> Fault:
    if earlier is None or later is None:
        only = later or earlier
        assert only is not None  # noqa: S101 - one of them is given
        return only
    return replace(later, first_at=earlier.first_at, times=earlier.times + later.times)


def _columns(answered: dict[_Operation, datetime]) -> dict[str, list[object]]:
    return {
        "channels": [channel_id for channel_id, _ in answered],
        "operations": [operation for _, operation in answered],
        "ends": [at - _FAULT_LIFETIME for at in answered.values()],
    }
