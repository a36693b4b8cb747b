"""The API keys of deliveries and of audit rows, for the operator's lists.

Deliveries note which key made the task that they are about; an index has the audit rows by the id of their author.

Revision 0035, after 0034. The version before keeps working: a trigger notes the key of what it delivers. No lock is
held for longer than a moment: the rows are changed in small steps, and the index is built while they are in use. So
this is no single transaction; it can be run again after it was interrupted.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0035"
down_revision: str | Sequence[str] | None = "0034"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# By name: table, columns, included columns, condition.
_INDEXES: dict[str, tuple[str, list[Any], list[str] | None, str]] = {
    "ix_deliveries_key_id_created_at_id": (
        "deliveries",
        ["key_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        ["origin", "status", "tenant_id"],
        "key_id IS NOT NULL",
    ),
    "ix_audit_log_actor_id_at_id": ("audit_log", ["actor_id", "at", "id"], None, "actor_id IS NOT NULL"),
}
_STEP = 5000
_NOTE_KEYS = sa.text("""
    WITH step AS (SELECT id, tenant_id, task_id FROM deliveries WHERE id > :after ORDER BY id LIMIT :step),
    noted AS (
        UPDATE deliveries AS d SET key_id = t.key_id
        FROM step AS s JOIN tasks AS t ON t.tenant_id = s.tenant_id AND t.id = s.task_id
        WHERE d.id = s.id AND d.key_id IS NULL
    )
    SELECT max(id) FROM step
""")


def upgrade() -> None:
    op.execute("ALTER TABLE deliveries ADD COLUMN IF NOT EXISTS key_id text")
    op.execute("""
        CREATE OR REPLACE FUNCTION note_key_of_delivery() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            SELECT key_id INTO NEW.key_id FROM tasks WHERE tenant_id = NEW.tenant_id AND id = NEW.task_id;
            RETURN NEW;
        END
        $$
    """)
    op.execute("""
        CREATE OR REPLACE TRIGGER deliveries_note_key BEFORE INSERT ON deliveries
        FOR EACH ROW WHEN (NEW.key_id IS NULL AND NEW.task_id <> '') EXECUTE FUNCTION note_key_of_delivery()
    """)
    with op.get_context().autocommit_block():
        after: str | None = ""
        while after is not None:
            after = op.get_bind().scalar(_NOTE_KEYS, {"after": after, "step": _STEP})
        # The build waits for the transactions that were open before, and holds up nothing meanwhile.
        before = op.get_bind().scalar(sa.text("SHOW lock_timeout"))
        op.execute("SET lock_timeout = 0")
        for name, (table, columns, included, condition) in _INDEXES.items():
            # One that was interrupted is there, but not used.
            op.drop_index(name, table_name=table, if_exists=True, postgresql_concurrently=True)
            op.create_index(
                name,
                table,
                columns,
                postgresql_include=included,
                postgresql_where=sa.text(condition),
                postgresql_concurrently=True,
            )
        op.execute(f"SET lock_timeout = '{before}'")


def downgrade() -> None:
    for name, (table, *_) in _INDEXES.items():
        op.drop_index(name, table_name=table)
    op.execute("DROP TRIGGER deliveries_note_key ON deliveries")
    op.execute("DROP FUNCTION note_key_of_delivery()")
    op.drop_column("deliveries", "key_id")
