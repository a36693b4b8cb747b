"""Tables that coordinate the processes of one database."""

from datetime import datetime

from sqlalchemy import CheckConstraint, SmallInteger, func
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, BigInt


class InstanceRow(Base):
    """A gateway or worker process. It holds the advisory lock ``lock_key`` while it lives.

    ``seen_at`` is renewed every few seconds, on the clock of the process; a dead process died at most a little later.
    ``renewed_at`` is the same on the clock of the database, which all processes share.
    """

    __tablename__ = "instances"

    id: Mapped[str] = mapped_column(primary_key=True)
    lock_key: Mapped[BigInt]
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    renewed_at: Mapped[datetime] = mapped_column(server_default=func.now())


class DatabasePlaceRow(Base):
    """The only row of its table: where the database is, see ``app.core.database_place``.

    ``place`` is None when the role may not know it. ``noticed_at`` is when a process last noticed that the database may
    have been restored, on the clock of the database; None: never.
    """

    __tablename__ = "database_place"
    __table_args__ = (CheckConstraint("id = 1", name="is_only"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    place: Mapped[str | None]
    noticed_at: Mapped[datetime | None]


class LeaseRow(Base):
    """The exclusive right to a piece of periodic work until it expires; the token identifies the holder."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(primary_key=True)
    token: Mapped[str]
    expires_at: Mapped[datetime]
