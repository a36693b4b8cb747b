"""The end that a rotation gives a key, apart from the end that its owner gave it.

Revision 0005, after 0004. No process of the version before may run: it knows no grace, and accepts a key in its grace
until the end that its owner gave it.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | Sequence[str] | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# Until now a rotation wrote the end of the grace over the key's own end, which it had copied to the new key before, and
# the old key gets it back from there. Two kinds of keys keep what they have in both columns:
# - Those whose first new key ends before their grace: an operator or another rotation has shortened that key's life
#   since, and the old key, which works until the end of its grace, must not end with it.
# - Those whose grace is over: no new end is of use to them.
_PART_ENDS = sa.text("""
    UPDATE api_keys AS rotated SET
        grace_ends_at = rotated.expires_at,
        expires_at = CASE
            WHEN first_new.expires_at < rotated.expires_at OR rotated.expires_at <= now() THEN rotated.expires_at
            ELSE first_new.expires_at
        END
    FROM (
        SELECT DISTINCT ON (rotated_from) rotated_from, expires_at FROM api_keys
        WHERE rotated_from IS NOT NULL ORDER BY rotated_from, created_at
    ) AS first_new
    WHERE first_new.rotated_from = rotated.id AND rotated.expires_at IS NOT NULL
""")
_JOIN_ENDS = sa.text(
    "UPDATE api_keys SET expires_at = LEAST(expires_at, grace_ends_at) WHERE grace_ends_at IS NOT NULL"
)


def upgrade() -> None:
    op.add_column("api_keys", sa.Column("grace_ends_at", sa.TIMESTAMP(timezone=True), nullable=True))
    op.execute(_PART_ENDS)


def downgrade() -> None:
    op.execute(_JOIN_ENDS)
    op.drop_column("api_keys", "grace_ends_at")
