"""Tables that coordinate the processes of one database."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, BigInt


class InstanceRow(Base):
    """A gateway or worker process. It holds the advisory lock ``lock_key`` while it lives.

    ``seen_at`` is renewed every few seconds; a dead process died at most a little later. ``place`` tells on which
    server the database was then, see ``app.core.process_registry``.
    """

    __tablename__ = "instances"

    id: Mapped[str] = mapped_column(primary_key=True)
    lock_key: Mapped[BigInt]
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    place: Mapped[str | None]


class LeaseRow(Base):
    """The exclusive right to a piece of periodic work until it expires; the token identifies the holder."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(primary_key=True)
    token: Mapped[str]
    expires_at: Mapped[datetime]
