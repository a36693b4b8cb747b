"""The end of a key's grace period after a rotation, in a column apart from its expiry.

Revision 0005, after 0004. No process of the version before may run: it ignores the new column, and accepts a key
in its grace period until the key expires.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | Sequence[str] | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# Until now a rotation copied the expiry of the old key to the new one, and replaced it by the end of the grace period.
# The expiry is copied back. Two kinds of keys get the end of their grace period in both columns:
# - Keys whose first successor expires before their grace period ends: the successor was shortened since, by an operator
#   or another rotation, and the old key must go on working until its grace period ends.
# - Keys whose grace period is over: a later expiry would have no effect.
_SPLIT_EXPIRY = sa.text("""
    UPDATE api_keys AS rotated SET
        grace_ends_at = rotated.expires_at,
        expires_at = CASE
            WHEN successor.expires_at < rotated.expires_at OR rotated.expires_at <= now() THEN rotated.expires_at
            ELSE successor.expires_at
        END
    FROM (
        SELECT DISTINCT ON (rotated_from) rotated_from, expires_at FROM api_keys
        WHERE rotated_from IS NOT NULL ORDER BY rotated_from, created_at
    ) AS successor
    WHERE successor.rotated_from = rotated.id AND rotated.expires_at IS NOT NULL
""")
_MERGE_EXPIRY = sa.text(
    "UPDATE api_keys SET expires_at = LEAST(expires_at, grace_ends_at) WHERE grace_ends_at IS NOT NULL"
)


def upgrade() -> None:
    op.add_column("api_keys", sa.Column("grace_ends_at", sa.TIMESTAMP(timezone=True), nullable=True))
    op.execute(_SPLIT_EXPIRY)


def downgrade() -> None:
    op.execute(_MERGE_EXPIRY)
    op.drop_column("api_keys", "grace_ends_at")
