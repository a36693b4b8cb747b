"""An index for the operator's list of face verifications.

Revision 0028, after 0027. The version before keeps working.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0028"
down_revision: str | Sequence[str] | None = "0027"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_NAME = "ix_validation_sessions_created_at"


def upgrade() -> None:
    op.create_index(_NAME, "validation_sessions", ["created_at", "token_hash"])


def downgrade() -> None:
    op.drop_index(_NAME, table_name="validation_sessions")
