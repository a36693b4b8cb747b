"""Schemas of groups, assets and face verifications.

Names and descriptions are texts of tenants, errors those of upstreams.
"""

from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, Field

from app.assets.admin_service import AssetLook
from app.http.schemas import RowView


class GroupView(RowView):
    """A group of assets, as last known."""

    id: str
    tenant_id: str
    channel_id: str
    name: str
    description: str
    group_type: str
    project_name: str
    created_at: datetime
    updated_at: datetime
    polled_at: datetime | None


class AssetView(RowView):
    """An asset as last known, without its content and without an address of it."""

    id: str
    tenant_id: str
    channel_id: str
    group_id: str
    group_type: str
    name: str
    project_name: str
    asset_type: str
    status: str
    error: dict[str, Any] | None
    created_at: datetime
    updated_at: datetime
    polled_at: datetime | None


class AssetMediaView(BaseModel):
    """The content of an asset."""

    id: str
    tenant_id: str
    asset_type: str
    status: str
    url: str = Field(description="the upstream's link, which works for hours, or the address that the tenant submitted")
    is_signed: bool = Field(description="it is the upstream's link")

    @classmethod
    def of_look(cls, look: AssetLook) -> Self:
        """Returns the view of an asset that is looked at."""
        row = look.row
        return cls(
            id=row.id,
            tenant_id=row.tenant_id,
            asset_type=row.asset_type,
            status=row.status,
            url=look.signed_url or row.url,
            is_signed=look.signed_url is not None,
        )


class VerificationView(RowView):
    """A face verification; ``group_id`` is the group that it yielded."""

    tenant_id: str
    channel_id: str
    project_name: str
    group_id: str | None
    created_at: datetime
    finished_at: datetime | None
