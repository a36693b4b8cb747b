"""Limits on the requests of tenants and keys; null sets none.

Revision 0020, after 0019. Processes of the version before may run: they limit nothing.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0020"
down_revision: str | Sequence[str] | None = "0019"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_TABLES = ("tenants", "api_keys")


def upgrade() -> None:
    for table in _TABLES:
        op.add_column(table, sa.Column("limits", JSONB(), nullable=True))


def downgrade() -> None:
    for table in _TABLES:
        op.drop_column(table, "limits")
