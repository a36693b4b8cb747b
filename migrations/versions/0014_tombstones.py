"""Tombstones of tasks that are removed by age.

Revision 0014, after 0013.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0014"
down_revision: str | Sequence[str] | None = "0013"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "task_tombstones",
        sa.Column("upstream_id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("removed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_task_tombstones_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("upstream_id", name=op.f("pk_task_tombstones")),
    )
    op.create_index("ix_task_tombstones_removed_at", "task_tombstones", ["removed_at"])


def downgrade() -> None:
    op.drop_table("task_tombstones")
