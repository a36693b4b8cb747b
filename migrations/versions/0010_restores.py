"""Which server a process saw the database on, and which creates are older than a restore.

Revision 0010, after 0009.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | Sequence[str] | None = "0009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("instances", sa.Column("place", sa.Text(), nullable=True))
    op.add_column("tasks", sa.Column("is_restored", sa.Boolean(), server_default=sa.text("false"), nullable=False))


def downgrade() -> None:
    op.drop_column("tasks", "is_restored")
    op.drop_column("instances", "place")
