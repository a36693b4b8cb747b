"""Indexes by which the operator's lists are filtered and the summary is counted.

Revision 0023, after 0022. The version before keeps working, and reads some lists more slowly.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0023"
down_revision: str | Sequence[str] | None = "0022"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_NEWEST_FIRST: list[Any] = [sa.literal_column("created_at DESC"), sa.literal_column("id DESC")]
_LIVE = sa.text("deleted_at IS NULL")
_NOT_DELIVERED = sa.text("status <> 'delivered'")
_SEARCHED = ["name", "public_part", "revoked_at", "expires_at", "grace_ends_at"]
_LISTED = ["deleted_at", "status", "model", "upstream_model", "service_tier"]
_SUMMED = ["total_tokens", "cost_micros", "currency", "kind", "is_estimated", "web_searches"]
_LEDGER = ["tenant_id", "key_id", "model", "channel_id"]

# Name, table, columns, included columns, condition.
_Index = tuple[str, str, list[Any], list[str] | None, Any]
_NEW: list[_Index] = [
    ("ix_tenants_listing", "tenants", _NEWEST_FIRST, ["name", "status"], _LIVE),
    ("ix_api_keys_listing", "api_keys", _NEWEST_FIRST, ["tenant_id", *_SEARCHED], None),
    ("ix_api_keys_tenant_listing", "api_keys", ["tenant_id", *_NEWEST_FIRST], _SEARCHED, None),
    ("ix_tasks_listing", "tasks", ["tenant_id", *_NEWEST_FIRST], [*_LISTED, "key_id"], None),
    ("ix_deliveries_created_at_id", "deliveries", _NEWEST_FIRST, ["origin", "tenant_id"], None),
    (
        "ix_deliveries_status_created_at_id",
        "deliveries",
        ["status", *_NEWEST_FIRST],
        ["origin", "tenant_id", "attempts"],
        _NOT_DELIVERED,
    ),
    (
        "ix_deliveries_tenant_id_created_at",
        "deliveries",
        ["tenant_id", *_NEWEST_FIRST],
        ["origin", "status"],
        None,
    ),
    ("ix_audit_log_at_id", "audit_log", ["at", "id"], None, None),
    ("ix_audit_log_tenant_id_at_id", "audit_log", ["tenant_id", "at", "id"], None, None),
    ("ix_audit_log_target_id_at_id", "audit_log", ["target_id", "at", "id"], None, None),
    ("ix_audit_log_action_at_id", "audit_log", ["action", "at", "id"], None, None),
    ("ix_audit_log_actor_at_id", "audit_log", ["actor", "at", "id"], None, None),
    ("ix_ledger_created_at_id", "ledger", ["created_at", "id"], [*_LEDGER, "status", *_SUMMED], None),
    ("ix_asset_groups_newest", "asset_groups", _NEWEST_FIRST, ["tenant_id", "group_type", "name"], _LIVE),
    (
        "ix_assets_newest",
        "assets",
        _NEWEST_FIRST,
        ["tenant_id", "group_id", "group_type", "asset_type", "status", "name"],
        _LIVE,
    ),
]
_OLD: list[_Index] = [
    ("ix_tenants_created_at_id", "tenants", _NEWEST_FIRST, None, None),
    ("ix_api_keys_created_at_id", "api_keys", _NEWEST_FIRST, None, None),
    ("ix_api_keys_tenant_id_created_at", "api_keys", ["tenant_id", "created_at"], None, None),
    ("ix_tasks_listing", "tasks", ["tenant_id", *_NEWEST_FIRST], _LISTED, None),
    ("ix_deliveries_created_at_id", "deliveries", _NEWEST_FIRST, None, None),
    ("ix_deliveries_status_created_at_id", "deliveries", ["status", *_NEWEST_FIRST], None, _NOT_DELIVERED),
    ("ix_deliveries_tenant_id_created_at", "deliveries", ["tenant_id", *_NEWEST_FIRST], None, None),
    ("ix_audit_log_tenant_id_id", "audit_log", ["tenant_id", "id"], None, None),
    ("ix_audit_log_target_id_id", "audit_log", ["target_id", "id"], None, None),
    ("ix_audit_log_action_id", "audit_log", ["action", "id"], None, None),
    ("ix_ledger_created_at_id", "ledger", ["created_at", "id"], [*_LEDGER, *_SUMMED], None),
]


def upgrade() -> None:
    _replace(_OLD, _NEW)


def downgrade() -> None:
    _replace(_NEW, _OLD)


def _replace(before: list[_Index], after: list[_Index]) -> None:
    for name, table, *_ in before:
        op.drop_index(name, table_name=table)
    for name, table, columns, included, condition in after:
        op.create_index(name, table, columns, postgresql_include=included, postgresql_where=condition)
