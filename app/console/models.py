"""Table of console sessions."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, utc_now


class ConsoleSessionRow(Base):
    """A signed-in browser: the hash of its token, and on whose behalf it acts; never that one's own secret.

    It belongs to a named admin, to an API key, or to the token of the environment. Of the last there is no row, so that
    ``environment_mac`` binds the session to the token that the setting had.
    """

    __tablename__ = "console_sessions"
    __table_args__ = (CheckConstraint("num_nonnulls(admin_id, key_id, environment_mac) = 1", name="one_owner"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    admin_id: Mapped[str | None] = mapped_column(ForeignKey("admins.id", ondelete="CASCADE"), index=True)
    key_id: Mapped[str | None] = mapped_column(ForeignKey("api_keys.id", ondelete="CASCADE"), index=True)
    environment_mac: Mapped[bytes | None]
    address: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime] = mapped_column(index=True)
