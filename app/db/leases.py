"""The right to do one piece of work, which at most one process has at a time. No process is special.

A lease ends by itself, so that a process that dies holds nobody up. Its token tells the holder from a successor: who
writes a result asks with ``extend`` right before whether the lease is still his. All times are the database's, the one
clock that all processes share. A lease that is never released is a schedule: nobody does the work again before it ends.
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
# One that has run out and that nobody took meanwhile is still the holder's.
_EXTEND = text("""
    UPDATE leases SET expires_at = clock_timestamp() + make_interval(secs => :seconds)
    WHERE name = :name AND token = :token
    RETURNING 1
""")
_RELEASE = text("DELETE FROM leases WHERE name = :name AND token = :token")


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease that was claimed.

    Attributes:
        job: the kind of work, such as ``list``; a label of the metrics.
        subject: what the work is about, such as a channel's id.
        token: tells this holder from the next one.
        seconds: how long it lasts from each claim or extension.
    """

    job: str
    subject: str
    token: str
    seconds: float

    @property
    def name(self) -> str:
        """What no two holders share."""
        return f"{self.job}:{self.subject}"


class Leases:
    """Claims, extends and releases leases, each in a transaction of its own."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        self._sessions = sessions

    async def claim(self, job: str, subject: str, *, seconds: float) -> Lease | None:
        """Returns the lease for ``job`` on ``subject``, or None while another holder's runs."""
        lease = Lease(job, subject, secrets.token_hex(_TOKEN_BYTES), seconds)
        values = {"name": lease.name, "token": lease.token, "seconds": seconds}
        async with self._sessions.begin() as session:
            is_claimed = (await session.execute(_CLAIM, values)).first() is not None
        return lease if is_claimed else None

    async def extend(self, lease: Lease) -> bool:
        """Makes a lease last its full time again.

        Returns:
            False when it has passed to another holder: what was done under it must not be written.
        """
        values = {"name": lease.name, "token": lease.token, "seconds": lease.seconds}
        async with self._sessions.begin() as session:
            return (await session.execute(_EXTEND, values)).first() is not None

    async def release(self, lease: Lease) -> None:
        """Ends a lease early; does nothing when it has passed to another holder."""
        async with self._sessions.begin() as session:
            await session.execute(_RELEASE, {"name": lease.name, "token": lease.token})
