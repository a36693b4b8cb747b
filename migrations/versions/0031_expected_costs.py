"""What each task is expected to cost, kept with it.

Revision 0031, after 0030. Processes of the version before may run: their tasks have no expected cost, and are settled
as before when their usage is never seen.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0031"
down_revision: str | Sequence[str] | None = "0030"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_ESTIMATED: dict[str, type[sa.Text | sa.BigInteger]] = {
    "estimated_resolution": sa.Text,
    "estimated_cost_micros": sa.BigInteger,
    "estimated_micros_per_million_tokens": sa.BigInteger,
    "estimated_currency": sa.Text,
}


def upgrade() -> None:
    for name, kind in _ESTIMATED.items():
        op.add_column("tasks", sa.Column(name, kind(), nullable=True))
    op.add_column("tasks", sa.Column("priced_at", postgresql.TIMESTAMP(timezone=True), nullable=True))


def downgrade() -> None:
    for name in ("priced_at", *reversed(_ESTIMATED)):
        op.drop_column("tasks", name)
