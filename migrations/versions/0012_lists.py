"""Indexes and a column with which lists, filters and counts read no row that they do not return.

Revision 0012, after 0011. No process of the version before may run: it inserts assets without the type of their group.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0012"
down_revision: str | Sequence[str] | None = "0011"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_NEWEST_FIRST: list[Any] = [sa.literal_column("created_at DESC"), sa.literal_column("id DESC")]
_LIVE = sa.text("deleted_at IS NULL")

# Index-only scans need pages that a vacuum has seen lately; by default it waits for a fifth of the table to change.
_VACUUM_SHARES = ("autovacuum_vacuum_scale_factor", "autovacuum_vacuum_insert_scale_factor")
_LISTED_TABLES = ("tasks", "assets", "asset_groups")


def upgrade() -> None:
    op.add_column("assets", sa.Column("group_type", sa.Text(), nullable=True))
    op.execute("""
        UPDATE assets SET group_type = asset_groups.group_type FROM asset_groups
        WHERE asset_groups.tenant_id = assets.tenant_id AND asset_groups.id = assets.group_id
    """)
    op.alter_column("assets", "group_type", nullable=False)
    for table in ("assets", "asset_groups"):
        # An entry of an index has at most 2.7 kB; the upstream's own names have at most 64 characters.
        op.execute(f"UPDATE {table} SET name = left(name, 128) WHERE length(name) > 128")  # noqa: S608 - constants
        op.drop_index(f"ix_{table}_listing", table_name=table)
        op.drop_index(f"ix_{table}_channel_id_created_at", table_name=table)
        op.create_index(
            f"ix_{table}_channel_id_created_at",
            table,
            ["channel_id", sa.literal_column("created_at DESC")],
            postgresql_where=_LIVE,
        )
    op.create_index(
        "ix_assets_listing",
        "assets",
        ["tenant_id", "group_type", *_NEWEST_FIRST],
        postgresql_include=["updated_at", "group_id", "status", "name", "project_name"],
        postgresql_where=_LIVE,
    )
    op.create_index(
        "ix_asset_groups_listing",
        "asset_groups",
        ["tenant_id", "group_type", *_NEWEST_FIRST],
        postgresql_include=["updated_at", "name", "project_name"],
        postgresql_where=_LIVE,
    )
    op.create_index(
        "ix_tasks_listing",
        "tasks",
        ["tenant_id", *_NEWEST_FIRST],
        postgresql_include=["deleted_at", "status", "model", "upstream_model", "service_tier"],
    )
    op.drop_index("ix_tasks_tenant_id_created_at_id", table_name="tasks")
    # uq_tasks_upstream_id finds the same row.
    op.drop_index("ix_tasks_tenant_id_upstream_id", table_name="tasks")
    op.create_index(
        "ix_tasks_status_created_at_id",
        "tasks",
        ["status", *_NEWEST_FIRST],
        postgresql_where=sa.text("status <> 'succeeded'"),
    )
    op.create_index("ix_tasks_model_upstream_model", "tasks", ["model", "upstream_model"])
    op.create_index(
        "ix_deliveries_status_created_at_id",
        "deliveries",
        ["status", *_NEWEST_FIRST],
        postgresql_where=sa.text("status <> 'delivered'"),
    )
    op.create_index("ix_api_keys_created_at_id", "api_keys", _NEWEST_FIRST)
    op.create_index("ix_tenants_created_at_id", "tenants", _NEWEST_FIRST)
    op.create_index("ix_audit_log_target_id_id", "audit_log", ["target_id", "id"])
    op.create_index("ix_audit_log_action_id", "audit_log", ["action", "id"])
    for table in _LISTED_TABLES:
        shares = ", ".join(f"{name} = 0.01" for name in _VACUUM_SHARES)
        op.execute(f"ALTER TABLE {table} SET ({shares})")


def downgrade() -> None:
    for table in _LISTED_TABLES:
        op.execute(f"ALTER TABLE {table} RESET ({', '.join(_VACUUM_SHARES)})")
    op.drop_index("ix_audit_log_action_id", table_name="audit_log")
    op.drop_index("ix_audit_log_target_id_id", table_name="audit_log")
    op.drop_index("ix_tenants_created_at_id", table_name="tenants")
    op.drop_index("ix_api_keys_created_at_id", table_name="api_keys")
    op.drop_index("ix_deliveries_status_created_at_id", table_name="deliveries")
    op.drop_index("ix_tasks_model_upstream_model", table_name="tasks")
    op.drop_index("ix_tasks_status_created_at_id", table_name="tasks")
    op.create_index("ix_tasks_tenant_id_upstream_id", "tasks", ["tenant_id", "upstream_id"])
    op.create_index("ix_tasks_tenant_id_created_at_id", "tasks", ["tenant_id", *_NEWEST_FIRST])
    op.drop_index("ix_tasks_listing", table_name="tasks")
    for table in ("asset_groups", "assets"):
        op.drop_index(f"ix_{table}_listing", table_name=table)
        op.drop_index(f"ix_{table}_channel_id_created_at", table_name=table)
        op.create_index(
            f"ix_{table}_channel_id_created_at", table, ["channel_id", sa.literal_column("created_at DESC")]
        )
    op.create_index("ix_asset_groups_listing", "asset_groups", ["tenant_id", "group_type", *_NEWEST_FIRST])
    op.create_index("ix_assets_listing", "assets", ["tenant_id", *_NEWEST_FIRST])
    op.drop_column("assets", "group_type")
