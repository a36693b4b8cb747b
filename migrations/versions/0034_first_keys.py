"""Which key a chain of rotations began with.

Revision 0034, after 0033. The version before keeps working: a trigger of the keys notes the first key of a rotation, so
that no version of the program makes one whose tasks are counted apart.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0034"
down_revision: str | Sequence[str] | None = "0033"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("api_keys", sa.Column("first_key_id", sa.Text(), nullable=True))
    op.execute("""
        WITH RECURSIVE chains (id, first_key_id) AS (
            SELECT k.id, k.rotated_from FROM api_keys AS k JOIN api_keys AS f ON f.id = k.rotated_from
            WHERE f.rotated_from IS NULL OR f.rotated_from NOT IN (SELECT id FROM api_keys)
            UNION
            SELECT k.id, c.first_key_id FROM api_keys AS k JOIN chains AS c ON k.rotated_from = c.id
        )
        UPDATE api_keys AS k SET first_key_id = c.first_key_id FROM chains AS c WHERE c.id = k.id
    """)
    op.create_index(
        "ix_api_keys_first_key_id",
        "api_keys",
        ["first_key_id"],
        postgresql_where=sa.text("first_key_id IS NOT NULL"),
    )
    op.execute("""
        CREATE FUNCTION note_first_key() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            SELECT coalesce(first_key_id, id) INTO NEW.first_key_id FROM api_keys WHERE id = NEW.rotated_from;
            RETURN NEW;
        END
        $$
    """)
    op.execute("""
        CREATE TRIGGER api_keys_note_first BEFORE INSERT ON api_keys
        FOR EACH ROW WHEN (NEW.rotated_from IS NOT NULL) EXECUTE FUNCTION note_first_key()
    """)


def downgrade() -> None:
    op.execute("DROP TRIGGER api_keys_note_first ON api_keys")
    op.execute("DROP FUNCTION note_first_key()")
    op.drop_index("ix_api_keys_first_key_id", table_name="api_keys")
    op.drop_column("api_keys", "first_key_id")
