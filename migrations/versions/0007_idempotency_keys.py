"""Idempotency keys for creates of every kind.

Revision 0007, after 0006.

Existing keys stay in the rows of their tasks, because only a hash of the body's bytes is known for them. No process of
the version before may run: it ignores the keys of asset creates, and completes such creates without their result.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | Sequence[str] | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("value_hash", sa.LargeBinary(), nullable=False),
        sa.Column("result_id", sa.Text(), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_idempotency_keys_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("tenant_id", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index("uq_idempotency_keys_id", "idempotency_keys", ["id"], unique=True)


def downgrade() -> None:
    op.drop_index("uq_idempotency_keys_id", table_name="idempotency_keys")
    op.drop_table("idempotency_keys")
