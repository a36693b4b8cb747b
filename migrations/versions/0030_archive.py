"""Copies of clips in the operator's own storage.

Revision 0030, after 0029. Processes of the version before may run: they copy nothing and show the upstream's links.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0030"
down_revision: str | Sequence[str] | None = "0029"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    time = postgresql.TIMESTAMP(timezone=True)
    op.create_table(
        "archive_copies",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("channel_id", sa.Text(), nullable=False),
        sa.Column("source_url", sa.Text(), nullable=False),
        sa.Column("object_key", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", time, nullable=True),
        sa.Column("give_up_at", time, nullable=False),
        sa.Column("lease_token", sa.Text(), nullable=True),
        sa.Column("lease_until", time, nullable=True),
        sa.Column("media_type", sa.Text(), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.LargeBinary(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", time, nullable=False),
        sa.Column("updated_at", time, nullable=False),
        sa.Column("stored_at", time, nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_archive_copies_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("tenant_id", "task_id", "member", name=op.f("pk_archive_copies")),
    )
    op.create_index(
        "ix_archive_copies_due",
        "archive_copies",
        ["next_attempt_at"],
        postgresql_where=sa.text("next_attempt_at IS NOT NULL"),
    )
    op.create_index(
        "ix_archive_copies_waiting",
        "archive_copies",
        ["status"],
        postgresql_where=sa.text("status IN ('pending', 'released')"),
    )
    op.add_column("tasks", sa.Column("archived", postgresql.JSONB(), nullable=True))
    op.add_column("tenants", sa.Column("archive", sa.Boolean(), server_default=sa.text("true"), nullable=False))
    op.add_column("tenants", sa.Column("archive_days", sa.Integer(), nullable=True))
    op.add_column(
        "channels", sa.Column("media_hosts", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False)
    )


def downgrade() -> None:
    op.drop_column("channels", "media_hosts")
    op.drop_column("tenants", "archive_days")
    op.drop_column("tenants", "archive")
    op.drop_column("tasks", "archived")
    op.drop_table("archive_copies")
