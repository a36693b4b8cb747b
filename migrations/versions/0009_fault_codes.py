"""The error code in the key of channel faults, so that one operation can have several.

Revision 0009, after 0008.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0009"
down_revision: str | Sequence[str] | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_NAME = "pk_channel_faults"


def upgrade() -> None:
    op.drop_constraint(_NAME, "channel_faults", type_="primary")
    op.create_primary_key(_NAME, "channel_faults", ["channel_id", "operation", "code"])


def downgrade() -> None:
    op.execute("DELETE FROM channel_faults")
    op.drop_constraint(_NAME, "channel_faults", type_="primary")
    op.create_primary_key(_NAME, "channel_faults", ["channel_id", "operation"])
