"""Tables of money."""

from datetime import datetime

from sqlalchemy import Identity
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, BigInt


class PriceRow(Base):
    """A price (``app.money.prices.price.Price``) and when it was in the list; only ``replaced_at`` ever changes."""

    __tablename__ = "prices"

    id: Mapped[BigInt] = mapped_column(Identity(always=True), primary_key=True)
    upstream_model: Mapped[str]
    resolution: Mapped[str | None]
    has_video_input: Mapped[bool | None]
    service_tier: Mapped[str | None]
    has_audio: Mapped[bool | None]
    currency: Mapped[str]
    micros_per_million_tokens: Mapped[BigInt]
    valid_from: Mapped[datetime]
    recorded_at: Mapped[datetime]
    replaced_at: Mapped[datetime | None]
