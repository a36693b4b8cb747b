"""Tables of channels, and of the canary that detects a wrong sealing key."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, Json, StrList, utc_now


class ChannelRow(Base):
    """One upstream account. The ``…_sealed`` columns are sealed for their row and column (``app.core.sealing``).

    A deleted channel keeps its row, which old tasks and assets refer to, but not its secrets; its name is free again.
    """

    __tablename__ = "channels"
    __table_args__ = (Index("uq_channels_name", "name", unique=True, postgresql_where=text("deleted_at IS NULL")),)

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    ark_base_url: Mapped[str]
    ark_api_key_sealed: Mapped[str | None]
    openapi_url: Mapped[str]
    access_key_id_sealed: Mapped[str | None]
    secret_access_key_sealed: Mapped[str | None]
    session_token_sealed: Mapped[str | None]
    region: Mapped[str]
    projects: Mapped[StrList]
    media_hosts: Mapped[StrList] = mapped_column(server_default="{}")
    exclusive: Mapped[bool]
    correlate: Mapped[str] = mapped_column(server_default="off")
    models: Mapped[Json]
    priority: Mapped[int]
    weight: Mapped[int]
    status: Mapped[str]
    status_reason: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(default=utc_now)
    deleted_at: Mapped[datetime | None]


class ChannelHealthRow(Base):
    """The circuit breaker of a channel; without a row it is closed.

    ``unknowns`` counts the creates in a row whose outcome is unknown; ``opened_at`` is set while the breaker is open.
    """

    __tablename__ = "channel_health"

    channel_id: Mapped[str] = mapped_column(ForeignKey("channels.id"), primary_key=True)
    unknowns: Mapped[int]
    opened_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]


class ChannelFaultRow(Base):
    """Refusals of one operation by a channel's account, or at its URL, with one code; see ``app.channels.faults``."""

    __tablename__ = "channel_faults"

    channel_id: Mapped[str] = mapped_column(ForeignKey("channels.id"), primary_key=True)
    operation: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    status: Mapped[int]
    message: Mapped[str]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    times: Mapped[int]


class SealedCanaryRow(Base):
    """A sealed known text. A process whose keys do not open it must not start."""

    __tablename__ = "sealed_canary"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sealed: Mapped[str]
