"""Changes of keys, tenants, channels and models are announced to the processes that have them in memory.

Revision 0019, after 0018. By triggers, so that the changes of every program count: those of a process of the version
before, which itself reads these rows each second, and those that an operator makes with ``psql``.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0019"
down_revision: str | Sequence[str] | None = "0018"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# Table, the changes that matter, and the arguments: the kind of rows and the column with the name under which they are
# held. A key that did not exist is in no memory.
_TRIGGERS = (
    ("api_keys", "UPDATE OR DELETE", "'keys', 'tenant_id'"),
    ("tenants", "UPDATE OR DELETE", "'keys', 'id'"),
    ("channels", "INSERT OR UPDATE OR DELETE", "'channels'"),
    ("channel_health", "INSERT OR UPDATE OR DELETE", "'channels'"),
    ("models", "INSERT OR UPDATE OR DELETE", "'models'"),
)


def upgrade() -> None:
    # chr(31) separates the parts of an announcement; the first one, which asks for a confirmation, is empty. Several
    # equal announcements of a transaction are one.
    op.execute("""
        CREATE FUNCTION announce_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
        DECLARE
            name text := chr(31) || TG_ARGV[0];
        BEGIN
            IF TG_OP = 'UPDATE' AND to_jsonb(OLD) - 'last_used_at' = to_jsonb(NEW) - 'last_used_at' THEN
                RETURN NULL;
            END IF;
            IF TG_NARGS > 1 AND TG_OP <> 'TRUNCATE' THEN
                name := name || chr(31) || (to_jsonb(OLD) ->> TG_ARGV[1]);
            END IF;
            PERFORM pg_notify('seedgate_changes', name);
            RETURN NULL;
        END
        $$
    """)
    for table, changes, arguments in _TRIGGERS:
        call = f"EXECUTE FUNCTION announce_change({arguments})"
        op.execute(f"CREATE TRIGGER {table}_announced AFTER {changes} ON {table} FOR EACH ROW {call}")
        op.execute(f"CREATE TRIGGER {table}_emptied AFTER TRUNCATE ON {table} FOR EACH STATEMENT {call}")


def downgrade() -> None:
    for table, _, _ in _TRIGGERS:
        op.execute(f"DROP TRIGGER {table}_emptied ON {table}")
        op.execute(f"DROP TRIGGER {table}_announced ON {table}")
    op.execute("DROP FUNCTION announce_change()")
