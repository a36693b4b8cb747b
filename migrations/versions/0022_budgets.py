"""Budgets, what is used and held of them in each period, and the holds of unfinished tasks.

Revision 0022, after 0021. Processes of the version before may run while no budget is made: they take no holds.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0022"
down_revision: str | Sequence[str] | None = "0021"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_CHANGES = "INSERT OR UPDATE OR DELETE"


def upgrade() -> None:
    time = postgresql.TIMESTAMP(timezone=True)
    op.create_table(
        "budgets",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=True),
        sa.Column("amount_micros", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("is_hard", sa.Boolean(), nullable=False),
        sa.Column("created_at", time, nullable=False),
        sa.Column("deleted_at", time, nullable=True),
        sa.CheckConstraint("amount_micros > 0", name=op.f("ck_budgets_amount_positive")),
        sa.CheckConstraint("period IN ('day', 'month', 'total')", name=op.f("ck_budgets_period_known")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_budgets_tenant_id_tenants")),
        sa.ForeignKeyConstraint(["key_id"], ["api_keys.id"], name=op.f("fk_budgets_key_id_api_keys")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budgets")),
    )
    op.create_index("ix_budgets_tenant_id", "budgets", ["tenant_id"])
    op.create_table(
        "budget_periods",
        sa.Column("budget_id", sa.Text(), nullable=False),
        sa.Column("starts_at", time, nullable=False),
        sa.Column("ends_at", time, nullable=True),
        sa.Column("used_micros", sa.BigInteger(), nullable=False),
        sa.Column("held_micros", sa.BigInteger(), nullable=False),
        sa.Column("warned_percent", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(["budget_id"], ["budgets.id"], name=op.f("fk_budget_periods_budget_id_budgets")),
        sa.PrimaryKeyConstraint("budget_id", "starts_at", name=op.f("pk_budget_periods")),
    )
    op.create_table(
        "budget_holds",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("budget_id", sa.Text(), nullable=False),
        sa.Column("period_starts_at", time, nullable=False),
        sa.Column("amount_micros", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "task_id", "budget_id", name=op.f("pk_budget_holds")),
    )
    op.create_index("ix_budget_holds_budget_id", "budget_holds", ["budget_id", "period_starts_at"])
    # Without the name of a tenant: the budgets of all are read at once.
    call = "EXECUTE FUNCTION announce_change('budgets')"
    op.execute(f"CREATE TRIGGER budgets_announced AFTER {_CHANGES} ON budgets FOR EACH ROW {call}")
    op.execute(f"CREATE TRIGGER budgets_emptied AFTER TRUNCATE ON budgets FOR EACH STATEMENT {call}")


def downgrade() -> None:
    for table in ("budget_holds", "budget_periods", "budgets"):
        op.drop_table(table)
