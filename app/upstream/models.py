"""Table of the call rates of upstream accounts."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base


class RateLimitRow(Base):
    """A token bucket for one class of calls to one account, shared by all processes."""

    __tablename__ = "account_rates"

    channel_id: Mapped[str] = mapped_column(ForeignKey("channels.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    tokens: Mapped[float]
    refilled_at: Mapped[datetime]
