"""Table of the video models."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, Json, StrList, utc_now


class ModelRow(Base):
    """A video model (``app.catalog.model_spec.ModelSpec``); ``spec`` has the members that have no columns."""

    __tablename__ = "models"

    name: Mapped[str] = mapped_column(primary_key=True)
    spec: Mapped[Json]
    aliases: Mapped[StrList] = mapped_column(server_default="{}")
    regions: Mapped[Json] = mapped_column(server_default="{}")
    position: Mapped[int]
    updated_at: Mapped[datetime] = mapped_column(default=utc_now)
