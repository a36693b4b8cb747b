"""What a task may cost at most, and indexes by which the ledger finds the rows of a task.

Revision 0021, after 0020.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0021"
down_revision: str | Sequence[str] | None = "0020"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("tasks", sa.Column("estimated_tokens", sa.BigInteger(), nullable=True))
    op.create_index("ix_ledger_task_id", "ledger", ["task_id"])
    op.create_index("ix_ledger_upstream_id", "ledger", ["upstream_id"])


def downgrade() -> None:
    op.drop_index("ix_ledger_upstream_id", table_name="ledger")
    op.drop_index("ix_ledger_task_id", table_name="ledger")
    op.drop_column("tasks", "estimated_tokens")
