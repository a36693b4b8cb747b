"""Tables of asset groups, assets, face verification sessions and open creates."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, Json


class GroupType(StrEnum):
    """What an asset group holds: generated material, or one verified person."""

    AIGC = "AIGC"
    LIVENESS_FACE = "LivenessFace"


class AssetStatus(StrEnum):
    """How far the upstream's processing of an asset is."""

    PROCESSING = "Processing"
    ACTIVE = "Active"
    FAILED = "Failed"


class UpstreamObjectColumns:
    """What groups and assets have in common. Their id is the upstream's and belongs to one tenant permanently.

    ``polled_at`` is when an answer of the upstream was last written here; ``next_poll_at`` is when the poller asks
    again: while an asset is processed, after a first "not found", after an update without a clear answer, and once
    after a deletion that the upstream may not have carried out. ``missing_since`` is the time of the first "not found".
    """

    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    channel_id: Mapped[str] = mapped_column(ForeignKey("channels.id"))
    name: Mapped[str]
    project_name: Mapped[str]
    extra: Mapped[Json]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    polled_at: Mapped[datetime | None]
    next_poll_at: Mapped[datetime | None]
    missing_since: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]


class AssetGroupRow(UpstreamObjectColumns, Base):
    """A group as last known."""

    __tablename__ = "asset_groups"
    __table_args__ = (
        Index("uq_asset_groups_id", "id", unique=True),
        Index(
            "ix_asset_groups_listing",
            "tenant_id",
            "group_type",
            text("created_at DESC"),
            text("id DESC"),
            postgresql_include=["updated_at", "name", "project_name"],
            postgresql_where=text("deleted_at IS NULL"),
        ),
        # For the operator's list.
        Index(
            "ix_asset_groups_newest",
            text("created_at DESC"),
            text("id DESC"),
            postgresql_include=["tenant_id", "group_type", "name"],
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index(
            "ix_asset_groups_channel_id_created_at",
            "channel_id",
            text("created_at DESC"),
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index("ix_asset_groups_next_poll_at", "next_poll_at", postgresql_where=text("next_poll_at IS NOT NULL")),
    )

    description: Mapped[str]
    group_type: Mapped[str]


class AssetRow(UpstreamObjectColumns, Base):
    """An asset as last known. ``url`` is what the tenant submitted, never the upstream's signed one.

    ``group_type`` is that of its group, which never changes; lists filter by it.
    """

    __tablename__ = "assets"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "group_id"], ["asset_groups.tenant_id", "asset_groups.id"]),
        Index("uq_assets_id", "id", unique=True),
        # Has every column that a list filters or sorts by, so that counting and skipping rows reads no row.
        Index(
            "ix_assets_listing",
            "tenant_id",
            "group_type",
            text("created_at DESC"),
            text("id DESC"),
            postgresql_include=["updated_at", "group_id", "status", "name", "project_name"],
            postgresql_where=text("deleted_at IS NULL"),
        ),
        # For the operator's list.
        Index(
            "ix_assets_newest",
            text("created_at DESC"),
            text("id DESC"),
            postgresql_include=["tenant_id", "group_id", "group_type", "asset_type", "status", "name"],
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index("ix_assets_tenant_id_group_id", "tenant_id", "group_id"),
        Index(
            "ix_assets_channel_id_created_at",
            "channel_id",
            text("created_at DESC"),
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index("ix_assets_next_poll_at", "next_poll_at", postgresql_where=text("next_poll_at IS NOT NULL")),
    )

    group_id: Mapped[str]
    group_type: Mapped[str]
    url: Mapped[str]
    asset_type: Mapped[str]
    status: Mapped[str]
    error: Mapped[Json | None]


class ValidationSessionRow(Base):
    """A face verification. Its token is a secret, so only the SHA-256 of it is kept."""

    __tablename__ = "validation_sessions"
    __table_args__ = (
        Index("uq_validation_sessions_token_hash", "token_hash", unique=True),
        Index("ix_validation_sessions_created_at", "created_at", "token_hash"),
    )

    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    channel_id: Mapped[str] = mapped_column(ForeignKey("channels.id"))
    project_name: Mapped[str]
    group_id: Mapped[str | None]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class CreateIntentRow(Base):
    """A create of a group or an asset whose outcome is not known (yet).

    Inserted before the upstream is called and deleted with the outcome. While two intents of the same kind, group and
    name exist, an object found upstream cannot be attributed to either.

    ``members`` is what the object must look like upstream and what its row is made of. ``channel_id`` is the channel
    that was asked last. ``cut_at`` is since when the create is in doubt; until then ``instance_id`` is the process
    that carries it out, afterwards the one that searches for what it made. ``next_search_at`` is when the next search
    is due.
    """

    __tablename__ = "asset_create_intents"
    __table_args__ = (
        Index("ix_asset_create_intents_kind_name", "kind", "name"),
        Index(
            "ix_asset_create_intents_next_search_at",
            "next_search_at",
            postgresql_where=text("next_search_at IS NOT NULL"),
        ),
        Index("ix_asset_create_intents_started_at", "started_at"),
        Index(
            "ix_asset_create_intents_under_way",
            "instance_id",
            postgresql_where=text("cut_at IS NULL AND members IS NOT NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    channel_id: Mapped[str | None] = mapped_column(ForeignKey("channels.id"))
    kind: Mapped[str]
    group_id: Mapped[str | None]
    name: Mapped[str]
    members: Mapped[Json | None]
    instance_id: Mapped[str | None]
    started_at: Mapped[datetime]
    cut_at: Mapped[datetime | None]
    next_search_at: Mapped[datetime | None]

    @property
    def in_doubt_since(self) -> datetime:
        """Since when the outcome is unknown; for a create whose process has died, since it began."""
        return self.cut_at or self.started_at
