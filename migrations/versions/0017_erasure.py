"""The erasure of deleted tenants.

Revision 0017, after 0016.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0017"
down_revision: str | Sequence[str] | None = "0016"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("tenants", sa.Column("erase_requested_at", sa.TIMESTAMP(timezone=True), nullable=True))
    op.add_column("tenants", sa.Column("erased_at", sa.TIMESTAMP(timezone=True), nullable=True))
    op.create_index(
        "ix_tenants_to_erase",
        "tenants",
        ["erase_requested_at"],
        postgresql_where=sa.text("erase_requested_at IS NOT NULL AND erased_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_tenants_to_erase", table_name="tenants")
    op.drop_column("tenants", "erased_at")
    op.drop_column("tenants", "erase_requested_at")
