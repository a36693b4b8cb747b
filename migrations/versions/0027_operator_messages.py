"""Messages to the operator in the outbox, about budgets.

Revision 0027, after 0026. Their ``tenant_id`` and that of their secret is ``operator``, so that these
columns refer to no table.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0027"
down_revision: str | Sequence[str] | None = "0026"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_TABLES = ("deliveries", "webhook_secrets")


def upgrade() -> None:
    for table in _TABLES:
        op.drop_constraint(op.f(f"fk_{table}_tenant_id_tenants"), table, type_="foreignkey")
    op.add_column("deliveries", sa.Column("budget_id", sa.Text(), nullable=True))
    op.add_column("budget_periods", sa.Column("refused_at", postgresql.TIMESTAMP(timezone=True), nullable=True))
    op.create_index("ix_budget_periods_ends_at", "budget_periods", ["ends_at"])


def downgrade() -> None:
    op.drop_index("ix_budget_periods_ends_at", table_name="budget_periods")
    op.drop_column("budget_periods", "refused_at")
    op.drop_column("deliveries", "budget_id")
    for table in _TABLES:
        op.execute(f"DELETE FROM {table} WHERE tenant_id = 'operator'")  # noqa: S608 - constants
        op.create_foreign_key(op.f(f"fk_{table}_tenant_id_tenants"), table, "tenants", ["tenant_id"], ["id"])
