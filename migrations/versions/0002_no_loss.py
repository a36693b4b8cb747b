"""Recovery of unknown outcomes: processes, leases, attempts at creates, history, deliveries and their secrets.

Revision 0002, after 0001.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0002"
down_revision: str | Sequence[str] | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "instances",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("lock_key", sa.BigInteger(), nullable=False),
        sa.Column("started_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("seen_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instances")),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "channel_health",
        sa.Column("channel_id", sa.Text(), nullable=False),
        sa.Column("unknowns", sa.Integer(), nullable=False),
        sa.Column("opened_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("updated_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name=op.f("fk_channel_health_channel_id_channels")),
        sa.PrimaryKeyConstraint("channel_id", name=op.f("pk_channel_health")),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("retry_until", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("lease_token", sa.Text(), nullable=True),
        sa.Column("lease_until", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("last_status", sa.Integer(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("delivered_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_deliveries_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
    )
    op.create_index(
        "ix_deliveries_lanes",
        "deliveries",
        ["tenant_id", "origin", "next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("next_attempt_at IS NOT NULL"),
    )
    op.create_index(
        "ix_deliveries_created_at_id",
        "deliveries",
        [sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index("ix_deliveries_task_id", "deliveries", ["task_id"], unique=False)
    op.create_index(
        "ix_deliveries_tenant_id_created_at",
        "deliveries",
        ["tenant_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_table(
        "orphans",
        sa.Column("channel_id", sa.Text(), nullable=False),
        sa.Column("upstream_id", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("service_tier", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("first_seen_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("last_seen_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name=op.f("fk_orphans_channel_id_channels")),
        sa.PrimaryKeyConstraint("channel_id", "upstream_id", name=op.f("pk_orphans")),
    )
    op.create_table(
        "webhook_secrets",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("secret_sealed", sa.Text(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_webhook_secrets_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_webhook_secrets")),
    )
    op.create_table(
        "create_attempts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.Column("instance_id", sa.Text(), nullable=False),
        sa.Column("result_id", sa.Text(), nullable=True),
        sa.Column("started_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("answered_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("lost_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["key_id"], ["api_keys.id"], name=op.f("fk_create_attempts_key_id_api_keys")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_create_attempts_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_create_attempts")),
    )
    op.create_index(
        "ix_create_attempts_request", "create_attempts", ["key_id", "route", "body_hash", "started_at"], unique=False
    )
    op.create_index(
        "ix_create_attempts_open",
        "create_attempts",
        ["key_id", "route", "body_hash"],
        unique=False,
        postgresql_where=sa.text("answered_at IS NULL"),
    )
    op.create_index("ix_create_attempts_started_at", "create_attempts", ["started_at"], unique=False)
    op.create_table(
        "task_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "task_id"],
            ["tasks.tenant_id", "tasks.id"],
            name=op.f("fk_task_events_tenant_id_task_id_tasks"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_events")),
    )
    op.create_index("ix_task_events_tenant_id_task_id", "task_events", ["tenant_id", "task_id", "id"], unique=False)
    op.add_column("asset_create_intents", sa.Column("channel_id", sa.Text(), nullable=True))
    op.add_column(
        "asset_create_intents",
        sa.Column("members", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
    )
    op.add_column("asset_create_intents", sa.Column("instance_id", sa.Text(), nullable=True))
    op.add_column("asset_create_intents", sa.Column("cut_at", postgresql.TIMESTAMP(timezone=True), nullable=True))
    op.add_column("asset_create_intents", sa.Column("next_look_at", postgresql.TIMESTAMP(timezone=True), nullable=True))
    op.create_index(
        "ix_asset_create_intents_next_look_at",
        "asset_create_intents",
        ["next_look_at"],
        unique=False,
        postgresql_where=sa.text("next_look_at IS NOT NULL"),
    )
    op.create_foreign_key(
        op.f("fk_asset_create_intents_channel_id_channels"), "asset_create_intents", "channels", ["channel_id"], ["id"]
    )
    op.add_column("channels", sa.Column("correlate", sa.Text(), server_default="off", nullable=False))
    op.add_column("tasks", sa.Column("instance_id", sa.Text(), nullable=True))
    op.add_column("tasks", sa.Column("callback_token_hash", sa.LargeBinary(), nullable=True))
    op.add_column("tasks", sa.Column("callback_url", sa.Text(), nullable=True))
    op.add_column("tasks", sa.Column("claimed_upstream_id", sa.Text(), nullable=True))
    op.add_column("tasks", sa.Column("sent_at", postgresql.TIMESTAMP(timezone=True), nullable=True))
    op.add_column("tasks", sa.Column("cut_at", postgresql.TIMESTAMP(timezone=True), nullable=True))
    op.add_column("tasks", sa.Column("absent_at", postgresql.TIMESTAMP(timezone=True), nullable=True))
    op.create_index(
        "ix_tasks_open_intents",
        "tasks",
        ["channel_id", "sent_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('submitting', 'unknown')"),
    )
    op.create_index("ix_tasks_id", "tasks", ["id"], unique=False)
    op.create_index(
        "ix_tasks_created_at_id",
        "tasks",
        [sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index("uq_tasks_callback_token_hash", "tasks", ["callback_token_hash"], unique=True)
    op.add_column(
        "tasks", sa.Column("is_spare_id_public", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    # Lists of allowed channels could hold names. Ids survive a rename, and lists of ids can be intersected.
    for table in ("tenants", "api_keys"):
        op.execute(f"""
            UPDATE {table} SET allowed_channels = ARRAY(
                SELECT coalesce(channels.id, word)
                FROM unnest(allowed_channels) WITH ORDINALITY AS words (word, position)
                LEFT JOIN channels ON channels.name = word AND channels.deleted_at IS NULL
                ORDER BY position
            )
            WHERE allowed_channels IS NOT NULL
        """)  # noqa: S608 - the tables are the two named above
    # The reconciler searches for the creates whose outcome the version before left unknown.
    op.execute("UPDATE tasks SET sent_at = created_at")
    op.execute(
        "UPDATE tasks SET cut_at = updated_at, next_look_at = now(), is_spare_id_public = true WHERE status = 'unknown'"
    )


def downgrade() -> None:
    op.drop_index("uq_tasks_callback_token_hash", table_name="tasks")
    op.drop_index("ix_tasks_created_at_id", table_name="tasks")
    op.drop_index("ix_tasks_id", table_name="tasks")
    op.drop_index(
        "ix_tasks_open_intents", table_name="tasks", postgresql_where=sa.text("status IN ('submitting', 'unknown')")
    )
    op.drop_column("tasks", "is_spare_id_public")
    op.drop_column("tasks", "absent_at")
    op.drop_column("tasks", "cut_at")
    op.drop_column("tasks", "sent_at")
    op.drop_column("tasks", "claimed_upstream_id")
    op.drop_column("tasks", "callback_url")
    op.drop_column("tasks", "callback_token_hash")
    op.drop_column("tasks", "instance_id")
    op.drop_column("channels", "correlate")
    op.drop_constraint(op.f("fk_asset_create_intents_channel_id_channels"), "asset_create_intents", type_="foreignkey")
    op.drop_index(
        "ix_asset_create_intents_next_look_at",
        table_name="asset_create_intents",
        postgresql_where=sa.text("next_look_at IS NOT NULL"),
    )
    op.drop_column("asset_create_intents", "next_look_at")
    op.drop_column("asset_create_intents", "cut_at")
    op.drop_column("asset_create_intents", "instance_id")
    op.drop_column("asset_create_intents", "members")
    op.drop_column("asset_create_intents", "channel_id")
    op.drop_index("ix_task_events_tenant_id_task_id", table_name="task_events")
    op.drop_table("task_events")
    op.drop_index("ix_create_attempts_started_at", table_name="create_attempts")
    op.drop_index("ix_create_attempts_request", table_name="create_attempts")
    op.drop_index(
        "ix_create_attempts_open",
        table_name="create_attempts",
        postgresql_where=sa.text("answered_at IS NULL"),
    )
    op.drop_table("create_attempts")
    op.drop_table("webhook_secrets")
    op.drop_table("orphans")
    op.drop_index("ix_deliveries_tenant_id_created_at", table_name="deliveries")
    op.drop_index("ix_deliveries_task_id", table_name="deliveries")
    op.drop_index("ix_deliveries_created_at_id", table_name="deliveries")
    op.drop_index(
        "ix_deliveries_lanes",
        table_name="deliveries",
        postgresql_where=sa.text("next_attempt_at IS NOT NULL"),
    )
    op.drop_table("deliveries")
    op.drop_table("channel_health")
    op.drop_table("leases")
    op.drop_table("instances")
