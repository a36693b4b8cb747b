"""Table of the call rates that an upstream account allows."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base


class AccountRateRow(Base):
    """A token bucket for one kind of call on one channel, shared by all processes."""

    __tablename__ = "account_rates"

    channel_id: Mapped[str] = mapped_column(ForeignKey("channels.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    tokens: Mapped[float]
    refilled_at: Mapped[datetime]
