"""Whether the operator was told that a period of a budget has refused a create, apart from its marks.

Revision 0033, after 0032. The version before keeps working. Its message of a refusal took the marks of 80 and 100 per
cent for reached, so that these were never told; they are here what is spent.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0033"
down_revision: str | Sequence[str] | None = "0032"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_NAME = "is_refusal_told"
_TABLE = "budget_periods"


def upgrade() -> None:
    op.add_column(_TABLE, sa.Column(_NAME, sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.execute("""
        UPDATE budget_periods AS p
        SET is_refusal_told = p.warned_percent = 100,
            warned_percent = CASE
                WHEN p.used_micros + p.held_micros >= b.amount_micros THEN p.warned_percent
                WHEN p.used_micros + p.held_micros >= ceil(b.amount_micros * 0.8) THEN least(p.warned_percent, 80)
                ELSE 0
            END,
            -- Else a process of the version before would take the marks for reached again.
            refused_at = CASE WHEN p.warned_percent < 100 THEN p.refused_at END
        FROM budgets AS b WHERE b.id = p.budget_id AND p.refused_at IS NOT NULL
    """)


def downgrade() -> None:
    op.drop_column(_TABLE, _NAME)
