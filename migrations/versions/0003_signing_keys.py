"""Signing keys, and the setting of a tenant that accepts an API key as the access key id of a request.

Revision 0003, after 0002.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | Sequence[str] | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("api_keys", sa.Column("access_key_id", sa.Text(), nullable=True))
    op.add_column("api_keys", sa.Column("secret_access_key_sealed", sa.Text(), nullable=True))
    op.create_unique_constraint(op.f("uq_api_keys_access_key_id"), "api_keys", ["access_key_id"])
    op.create_check_constraint(
        op.f("ck_api_keys_whole_pair"),
        "api_keys",
        "(access_key_id IS NULL) = (secret_access_key_sealed IS NULL)",
    )
    op.add_column(
        "tenants",
        sa.Column("allow_key_as_access_key_id", sa.Boolean(), server_default=sa.text("true"), nullable=False),
    )


def downgrade() -> None:
    op.drop_column("tenants", "allow_key_as_access_key_id")
    op.drop_constraint(op.f("ck_api_keys_whole_pair"), "api_keys", type_="check")
    op.drop_constraint(op.f("uq_api_keys_access_key_id"), "api_keys", type_="unique")
    op.drop_column("api_keys", "secret_access_key_sealed")
    op.drop_column("api_keys", "access_key_id")
