"""The ledger of what tasks cost, with a row for each task that has ended, and whether a task was sent videos.

Revision 0015, after 0014. No process of the version before may run: it ends tasks without their row in the ledger.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0015"
down_revision: str | Sequence[str] | None = "0014"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_SUMMED = ["total_tokens", "cost_micros", "currency", "kind", "is_estimated", "web_searches"]

# The request of an ended task is not known, so neither is whether it had videos. Only a succeeded task costs tokens. An
# expired one whose end the upstream never showed may have cost some.
_SETTLE_ENDED = """
    INSERT INTO ledger (kind, tenant_id, key_id, task_id, upstream_id, channel_id, model, upstream_model, resolution,
                        service_tier, has_audio, status, total_tokens, web_searches, is_estimated, created_at,
                        settled_at)
    SELECT 'settlement', tenant_id, key_id, id, upstream_id, channel_id, model, upstream_model,
           coalesce(CASE WHEN jsonb_typeof(snapshot -> 'resolution') = 'string' THEN snapshot ->> 'resolution' END,
                    parameters ->> 'resolution'),
           coalesce(CASE WHEN jsonb_typeof(snapshot -> 'service_tier') = 'string' THEN snapshot ->> 'service_tier' END,
                    service_tier),
           coalesce(
               CASE WHEN jsonb_typeof(snapshot -> 'generate_audio') = 'boolean'
                    THEN (snapshot -> 'generate_audio')::boolean END,
               CASE WHEN jsonb_typeof(parameters -> 'generate_audio') = 'boolean'
                    THEN (parameters -> 'generate_audio')::boolean END),
           status,
           CASE WHEN status = 'succeeded' THEN total_tokens WHEN NOT is_erased THEN 0 END,
           CASE WHEN web_searches ~ '^[0-9]{1,9}$' THEN web_searches::integer ELSE 0 END,
           is_erased OR (status = 'succeeded' AND total_tokens IS NULL),
           created_at, coalesce(finished_at, updated_at)
    FROM tasks,
        LATERAL (SELECT snapshot #>> '{usage,tool_usage,web_search}' AS web_searches,
                        status = 'expired' AND upstream_id IS NOT NULL
                            AND coalesce(snapshot ->> 'status', '') <> 'expired' AS is_erased) AS found
    WHERE status IN ('succeeded', 'failed', 'expired', 'cancelled')
    ORDER BY finished_at
"""


def upgrade() -> None:
    op.add_column("tasks", sa.Column("has_video_input", sa.Boolean(), nullable=True))
    op.create_table(
        "ledger",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("upstream_id", sa.Text(), nullable=True),
        sa.Column("channel_id", sa.Text(), nullable=True),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("upstream_model", sa.Text(), nullable=False),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.Column("service_tier", sa.Text(), nullable=False),
        sa.Column("has_video_input", sa.Boolean(), nullable=True),
        sa.Column("has_audio", sa.Boolean(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("total_tokens", sa.BigInteger(), nullable=True),
        sa.Column("web_searches", sa.Integer(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("micros_per_million_tokens", sa.BigInteger(), nullable=True),
        sa.Column("cost_micros", sa.BigInteger(), nullable=True),
        sa.Column("is_estimated", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("settled_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("total_tokens IS NOT NULL OR is_estimated", name=op.f("ck_ledger_tokens_known")),
        sa.CheckConstraint("total_tokens >= 0 OR kind = 'correction'", name=op.f("ck_ledger_tokens_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger")),
    )
    # Before the indexes, which are then built at once.
    op.execute(_SETTLE_ENDED)
    op.create_index(
        "uq_ledger_settlement",
        "ledger",
        ["tenant_id", "task_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'settlement'"),
    )
    op.create_index(
        "ix_ledger_created_at_id",
        "ledger",
        ["created_at", "id"],
        postgresql_include=["tenant_id", "key_id", "model", "channel_id", *_SUMMED],
    )
    op.create_index(
        "ix_ledger_tenant_id_created_at",
        "ledger",
        ["tenant_id", "created_at", "id"],
        postgresql_include=["key_id", "model", "channel_id", *_SUMMED],
    )
    # Index-only scans need pages that a vacuum has seen lately.
    op.execute("ALTER TABLE ledger SET (autovacuum_vacuum_insert_scale_factor = 0.01)")
    op.execute("""
        CREATE FUNCTION refuse_change_of_ledger() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'rows of the ledger are neither changed nor deleted: a correction is a row of its own';
        END
        $$
    """)
    op.execute("""
        CREATE TRIGGER ledger_is_append_only BEFORE UPDATE OR DELETE ON ledger
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_ledger()
    """)


def downgrade() -> None:
    op.drop_table("ledger")
    op.execute("DROP FUNCTION refuse_change_of_ledger()")
    op.drop_column("tasks", "has_video_input")
