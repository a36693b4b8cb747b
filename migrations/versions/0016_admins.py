"""Named admin tokens, and the id of the admin in the audit log.

Revision 0016, after 0015. Processes of the version before may run: they accept the token of the environment only.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0016"
down_revision: str | Sequence[str] | None = "0015"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "admins",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("public_part", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admins")),
        sa.UniqueConstraint("public_part", name=op.f("uq_admins_public_part")),
    )
    newest_first: list[Any] = [sa.literal_column("created_at DESC"), sa.literal_column("id DESC")]
    op.create_index("ix_admins_created_at_id", "admins", newest_first)
    op.add_column("audit_log", sa.Column("actor_id", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("audit_log", "actor_id")
    op.drop_table("admins")
