"""What the operator has to mend about a channel: the calls that its account or URL refused last.

Every call tells ``ChannelFaults`` what became of it. A refusal is kept by channel and operation until that operation is
answered again, so that the operator sees what fails now, and in the upstream's own words.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.channels.models import ChannelFaultRow
from app.upstream.errors import AccountFaultError, ThrottledError, UpstreamError, UpstreamRejectedError

_TOLD_EVERY = timedelta(minutes=5)

_NOTE = text("""
    INSERT INTO channel_faults AS f (channel_id, operation, status, code, message, first_at, last_at, times)
    SELECT :channel_id, :operation, :status, :code, :message, :first_at, :last_at, :times
    FROM channels WHERE id = :channel_id AND deleted_at IS NULL
    ON CONFLICT (channel_id, operation) DO UPDATE
    SET status = excluded.status, code = excluded.code, message = excluded.message,
        last_at = GREATEST(f.last_at, excluded.last_at), times = f.times + excluded.times
""")
_FORGET = text("""
    DELETE FROM channel_faults AS f
    USING unnest(CAST(:channels AS text[]), CAST(:operations AS text[]), CAST(:ends AS timestamptz[]))
        AS v (channel_id, operation, answered_at)
    WHERE f.channel_id = v.channel_id AND f.operation = v.operation AND f.last_at <= v.answered_at
""")

_log = structlog.get_logger()


@dataclass(frozen=True)
class Fault:
    """Refusals of one operation on one channel, the last one's words; ``times`` since ``first_at``."""

    channel_id: str
    operation: str
    status: int
    code: str
    message: str
    first_at: datetime
    last_at: datetime
    times: int = 1


_Key = tuple[str, str]


class ChannelFaults:
    """The refusals that this process has seen and not written yet."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession], clock: Callable[[], datetime]) -> None:
        self._sessions = sessions
        self._clock = clock
        self._faults: dict[_Key, Fault] = {}
        self._answered: dict[_Key, datetime] = {}
        self._told: dict[_Key, Fault] = {}

    def observe(self, channel_id: str, operation: str, error: UpstreamError | None) -> None:
        """Takes in what became of one call; a throttle, and what was not clearly answered, tells nothing.

        Logs a refusal with the upstream's words when it is a new one, and every five minutes while it lasts.
        """
        if not channel_id:
            return
        key, now = (channel_id, operation), self._clock()
        if error is None or isinstance(error, UpstreamRejectedError):
            self._faults.pop(key, None)
            self._told.pop(key, None)
            self._answered[key] = now
        elif isinstance(error, AccountFaultError) and not isinstance(error, ThrottledError):
            fault = Fault(channel_id, operation, error.status, error.code, error.message, now, now)
            self._answered.pop(key, None)
            self._faults[key] = _joined(self._faults.get(key), fault)
            self._tell(key, fault)

    async def flush(self) -> None:
        """Writes what has changed since the last time."""
        faults, self._faults = self._faults, {}
        answered, self._answered = self._answered, {}
        if not faults and not answered:
            return
        try:
            async with self._sessions.begin() as session:
                if answered:
                    await session.execute(_FORGET, _columns(answered))
                for key in sorted(faults):
                    await session.execute(_NOTE, vars(faults[key]))
        except BaseException:
            for key, fault in faults.items():
                if key not in self._answered:
                    self._faults[key] = _joined(fault, self._faults.get(key))
            self._answered = answered | self._answered
            raise

    def _tell(self, key: _Key, fault: Fault) -> None:
        told = self._told.get(key)
        if told is not None and told.code == fault.code and fault.last_at - told.last_at < _TOLD_EVERY:
            return
        self._told[key] = fault
        _log.error(
            "channel_refused_call",
            channel=fault.channel_id,
            operation=fault.operation,
            status=fault.status,
            code=fault.code,
            message=fault.message,
        )


async def faults_of(session: AsyncSession, channel_ids: Sequence[str]) -> dict[str, list[ChannelFaultRow]]:
    """Returns the refusals that last, by channel, the newest first."""
    query = select(ChannelFaultRow).where(ChannelFaultRow.channel_id.in_(channel_ids))
    found: dict[str, list[ChannelFaultRow]] = {channel_id: [] for channel_id in channel_ids}
    for row in await session.scalars(query.order_by(ChannelFaultRow.last_at.desc(), ChannelFaultRow.operation)):
        found[row.channel_id].append(row)
    return found


async def forget_faults(session: AsyncSession, channel_id: str) -> None:
    """Forgets the refusals of a channel that leads to another address, or has other credentials, from now on."""
    await session.execute(delete(ChannelFaultRow).where(ChannelFaultRow.channel_id == channel_id))


def _joined(earlier: Fault | None, later: Fault | None) -> Fault:
    if earlier is None or later is None:
        only = later or earlier
        assert only is not None  # noqa: S101 - one of them is there
        return only
    return replace(later, first_at=earlier.first_at, times=earlier.times + later.times)


def _columns(answered: dict[_Key, datetime]) -> dict[str, list[object]]:
    return {
        "channels": [channel_id for channel_id, _ in answered],
        "operations": [operation for _, operation in answered],
        "ends": list(answered.values()),
    }
