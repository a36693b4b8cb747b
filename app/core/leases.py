"""Leases: at most one process at a time does a piece of work. No process is special.

A lease expires, so that a process that dies blocks the work only for a while. Its token identifies the holder: before a
result is written, ``extend`` returns whether the lease is still held. All times are the database's, which all processes
share. A lease that is not released serves as a schedule: the work is not repeated before it expires.
"""

import secrets
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

_TOKEN_BYTES = 16

_CLAIM = text("""
    INSERT INTO leases AS held (name, token, expires_at)
    VALUES (:name, :token, clock_timestamp() + make_interval(secs => :seconds))
    ON CONFLICT (name) DO UPDATE SET token = excluded.token, expires_at = excluded.expires_at
    WHERE held.expires_at <= clock_timestamp()
    RETURNING 1
""")
# An expired lease that no other process has claimed can still be extended.
_EXTEND = text("""
    UPDATE leases SET expires_at = clock_timestamp() + make_interval(secs => :seconds)
    WHERE name = :name AND token = :token
    RETURNING 1
""")
_IS_HELD = text("SELECT 1 FROM leases WHERE name = :name AND expires_at > clock_timestamp()")
_RELEASE = text("DELETE FROM leases WHERE name = :name AND token = :token")


@dataclass(frozen=True, slots=True)
class Lease:
    """A claimed lease.

    Attributes:
        job: the kind of work, such as ``list``; a label of the metrics.
        subject: the object of the work, such as a channel's id.
        token: identifies this holder.
        seconds: its duration from each claim or extension.
    """

    job: str
    subject: str
    token: str
    seconds: float

    @property
    def name(self) -> str:
        """The key that only one holder can have."""
        return f"{self.job}:{self.subject}"


class Leases:
    """Claims, extends and releases leases, each in a transaction of its own."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        self._sessions = sessions

    async def claim(self, job: str, subject: str, *, seconds: float) -> Lease | None:
        """Returns the lease for ``job`` on ``subject``, or None while another process holds it."""
        lease = Lease(job, subject, secrets.token_hex(_TOKEN_BYTES), seconds)
        values = {"name": lease.name, "token": lease.token, "seconds": seconds}
        async with self._sessions.begin() as session:
            is_claimed = (await session.execute(_CLAIM, values)).first() is not None
        return lease if is_claimed else None

    async def is_held(self, job: str, subject: str) -> bool:
        """Says whether any process holds the lease for ``job`` on ``subject``."""
        async with self._sessions() as session:
            return (await session.execute(_IS_HELD, {"name": f"{job}:{subject}"})).first() is not None

    async def extend(self, lease: Lease) -> bool:
        """Renews a lease for its full duration.

        Returns:
            False when another process holds it now: the result of the work must not be written.
        """
        values = {"name": lease.name, "token": lease.token, "seconds": lease.seconds}
        async with self._sessions.begin() as session:
            return (await session.execute(_EXTEND, values)).first() is not None

    async def release(self, lease: Lease) -> None:
        """Ends a lease early; does nothing when another process holds it now."""
        async with self._sessions.begin() as session:
            await session.execute(_RELEASE, {"name": lease.name, "token": lease.token})
