"""Permissions of tenants and keys; null leaves all of them.

Revision 0018, after 0017. Processes of the version before may run: they permit everything.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision: str = "0018"
down_revision: str | Sequence[str] | None = "0017"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_TABLES = ("tenants", "api_keys")


def upgrade() -> None:
    for table in _TABLES:
        op.add_column(table, sa.Column("permissions", ARRAY(sa.Text()), nullable=True))


def downgrade() -> None:
    for table in _TABLES:
        op.drop_column(table, "permissions")
