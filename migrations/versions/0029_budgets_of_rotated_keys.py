"""A budget of a key counts the keys that replace it.

Revision 0029, after 0028. A trigger of the keys adds a new key to the budgets of the one that it replaces, in the
transaction of the rotation, so that no moment and no version of the program leaves it without them.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0029"
down_revision: str | Sequence[str] | None = "0028"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_ONE = "b.key_id = settled.key_id"
_ALL = "settled.key_id = ANY (b.key_id || b.successor_ids)"


def upgrade() -> None:
    keys = postgresql.ARRAY(sa.Text())
    op.add_column("budgets", sa.Column("successor_ids", keys, server_default=sa.text("'{}'"), nullable=False))
    _replace_in_settlement(_ONE, _ALL)
    op.execute("""
        CREATE FUNCTION follow_rotation() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            UPDATE budgets SET successor_ids = successor_ids || NEW.id
            WHERE tenant_id = NEW.tenant_id AND key_id IS NOT NULL AND NEW.rotated_from = ANY (key_id || successor_ids);
            RETURN NULL;
        END
        $$
    """)
    op.execute("""
        CREATE TRIGGER api_keys_keep_budgets AFTER INSERT ON api_keys
        FOR EACH ROW WHEN (NEW.rotated_from IS NOT NULL) EXECUTE FUNCTION follow_rotation()
    """)


def downgrade() -> None:
    op.execute("DROP TRIGGER api_keys_keep_budgets ON api_keys")
    op.execute("DROP FUNCTION follow_rotation()")
    _replace_in_settlement(_ALL, _ONE)
    op.drop_column("budgets", "successor_ids")


def _replace_in_settlement(before: str, after: str) -> None:
    """Changes the condition that a budget counts a key in the trigger of revision 0024."""
    connection = op.get_bind()
    definition = connection.scalar(sa.text("SELECT pg_get_functiondef('count_in_budgets'::regproc)"))
    if definition is None or before not in definition:
        raise LookupError(f"count_in_budgets() does not contain {before}")
    connection.exec_driver_sql(definition.replace(before, after))
