"""The price list.

Revision 0013, after 0012.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0013"
down_revision: str | Sequence[str] | None = "0012"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "prices",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("upstream_model", sa.Text(), nullable=False),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.Column("has_video_input", sa.Boolean(), nullable=True),
        sa.Column("service_tier", sa.Text(), nullable=True),
        sa.Column("has_audio", sa.Boolean(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("micros_per_million_tokens", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("replaced_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prices")),
    )


def downgrade() -> None:
    op.drop_table("prices")
