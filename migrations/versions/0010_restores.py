"""The place of the database, by which a restore is noticed.

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
    op.create_table(
        "database_place",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("place", sa.Text(), nullable=True),
        sa.Column("noticed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_database_place")),
        sa.CheckConstraint("id = 1", name=op.f("ck_database_place_is_only")),
    )
    op.add_column(
        "instances",
        sa.Column("renewed_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
    )


def downgrade() -> None:
    op.drop_column("instances", "renewed_at")
    op.drop_table("database_place")
