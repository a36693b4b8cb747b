"""An index by which the copies of each tenant are found that are due.

Revision 0032, after 0031. The version before keeps working.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0032"
down_revision: str | Sequence[str] | None = "0031"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_NAME = "ix_archive_copies_tenants"


def upgrade() -> None:
    op.create_index(
        _NAME,
        "archive_copies",
        ["tenant_id", "next_attempt_at"],
        postgresql_where=sa.text("next_attempt_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index(_NAME, table_name="archive_copies")
