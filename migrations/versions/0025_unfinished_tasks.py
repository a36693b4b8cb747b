"""An index of the unfinished tasks of tenants and keys, which are counted against caps.

Revision 0025, after 0024.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0025"
down_revision: str | Sequence[str] | None = "0024"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_index(
        "ix_tasks_unfinished_owner",
        "tasks",
        ["tenant_id", "key_id", "model"],
        postgresql_where=sa.text("status IN ('submitting', 'unknown', 'queued', 'running')"),
    )


def downgrade() -> None:
    op.drop_index("ix_tasks_unfinished_owner", table_name="tasks")
