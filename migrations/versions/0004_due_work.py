"""Indexes with which each background job finds its due work without reading rows that are not due.

Revision 0004, after 0003.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | Sequence[str] | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_POLLED_BEFORE = "next_look_at IS NOT NULL"
_POLLED = "next_look_at IS NOT NULL AND upstream_id IS NOT NULL"
_INDEXES: tuple[tuple[str, str, list[str], str | None], ...] = (
    ("ix_deliveries_due", "deliveries", ["next_attempt_at"], "next_attempt_at IS NOT NULL"),
    ("ix_deliveries_ended", "deliveries", ["updated_at"], "next_attempt_at IS NULL"),
    ("ix_tasks_polls", "tasks", ["channel_id", "next_look_at"], _POLLED),
    ("ix_tasks_searches", "tasks", ["channel_id", "next_look_at"], "next_look_at IS NOT NULL AND upstream_id IS NULL"),
    ("ix_tasks_unfinished_created_at", "tasks", ["created_at"], _POLLED),
    ("ix_tasks_submitting", "tasks", ["instance_id"], "status = 'submitting'"),
    ("ix_tasks_unknown_created_at", "tasks", ["created_at"], "status = 'unknown'"),
    ("ix_orphans_upstream_id", "orphans", ["upstream_id"], None),
    ("ix_orphans_created_at", "orphans", ["created_at"], None),
    ("ix_asset_create_intents_started_at", "asset_create_intents", ["started_at"], None),
    (
        "ix_asset_create_intents_under_way",
        "asset_create_intents",
        ["instance_id"],
        "cut_at IS NULL AND members IS NOT NULL",
    ),
)


def upgrade() -> None:
    for name, table, columns, condition in _INDEXES:
        where = sa.text(condition) if condition is not None else None
        op.create_index(name, table, columns, unique=False, postgresql_where=where)
    op.drop_index("ix_tasks_next_look_at", table_name="tasks", postgresql_where=sa.text(_POLLED_BEFORE))


def downgrade() -> None:
    where = sa.text(_POLLED_BEFORE)
    op.create_index("ix_tasks_next_look_at", "tasks", ["next_look_at"], unique=False, postgresql_where=where)
    for name, table, _, _ in reversed(_INDEXES):
        op.drop_index(name, table_name=table)
