"""Tables with which processes of one database keep out of each other's way."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, BigInt


class InstanceRow(Base):
    """A process that serves or works. It holds the advisory lock ``lock_key`` for as long as it lives.

    ``seen_at`` is renewed every few seconds: the upper bound of when a dead one died is a little later.
    """

    __tablename__ = "instances"

    id: Mapped[str] = mapped_column(primary_key=True)
    lock_key: Mapped[BigInt]
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class LeaseRow(Base):
    """The right to do one piece of periodic work, until it expires; the token tells the holder from its successor."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(primary_key=True)
    token: Mapped[str]
    expires_at: Mapped[datetime]
