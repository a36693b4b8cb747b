"""The terms of polling, of abandoned attempts and of destinations, in the names of columns and indexes and in history.

Revision 0011, after 0010. No process of the version before may run: its statements name the old columns.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0011"
down_revision: str | Sequence[str] | None = "0010"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# Indexes and their conditions follow the columns that they are on.
_COLUMNS = (
    ("tasks", "looked_at", "polled_at"),
    ("tasks", "next_look_at", "next_poll_at"),
    ("assets", "looked_at", "polled_at"),
    ("assets", "next_look_at", "next_poll_at"),
    ("asset_groups", "looked_at", "polled_at"),
    ("asset_groups", "next_look_at", "next_poll_at"),
    ("asset_create_intents", "next_look_at", "next_search_at"),
    ("create_attempts", "lost_at", "abandoned_at"),
)
_INDEXES = (
    ("ix_assets_next_look_at", "ix_assets_next_poll_at"),
    ("ix_asset_groups_next_look_at", "ix_asset_groups_next_poll_at"),
    ("ix_asset_create_intents_next_look_at", "ix_asset_create_intents_next_search_at"),
    ("ix_deliveries_lanes", "ix_deliveries_destinations"),
)
_RENAME_SOURCE = sa.text("UPDATE task_events SET source = :new WHERE source = :old")


def upgrade() -> None:
    for table, old, new in _COLUMNS:
        op.alter_column(table, old, new_column_name=new)
    for old, new in _INDEXES:
        op.execute(f"ALTER INDEX {old} RENAME TO {new}")
    op.execute(_RENAME_SOURCE.bindparams(old="look", new="poll"))


def downgrade() -> None:
    op.execute(_RENAME_SOURCE.bindparams(old="poll", new="look"))
    for old, new in _INDEXES:
        op.execute(f"ALTER INDEX {new} RENAME TO {old}")
    for table, old, new in _COLUMNS:
        op.alter_column(table, new, new_column_name=old)
