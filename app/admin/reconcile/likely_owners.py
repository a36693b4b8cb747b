"""Which tenant may have created an upstream task, by the rights of all tenants. Pure except for the load."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalog.model_index import ModelIndex, upstream_id_on
from app.channels.channel import Channel
from app.tenants.models import TenantRow

# With more tenants, rights are no evidence.
_MAX_TENANTS = 1000


@dataclass(frozen=True, slots=True)
class _Rights:
    tenant_id: str
    models: Sequence[str] | None
    channels: Sequence[str] | None


class LikelyOwners:
    """The rights of all tenants at one moment."""

    def __init__(self, rights: Sequence[_Rights], index: ModelIndex) -> None:
        self._rights = rights
        self._index = index
        self._known: dict[tuple[str, str], str | None] = {}

    def only_one(self, channel: Channel, upstream_model: str) -> str | None:
        """Returns the tenant if it is the only one that may use this channel and upstream model, else None."""
        key = (channel.id, upstream_model)
        if key not in self._known:
            able = [each.tenant_id for each in self._rights if self._may_use(each, channel, upstream_model)]
            is_evidence = len(able) == 1 and len(self._rights) < _MAX_TENANTS
            self._known[key] = able[0] if is_evidence else None
        return self._known[key]

    def _may_use(self, rights: _Rights, channel: Channel, upstream_model: str) -> bool:
        if rights.channels is not None and channel.id not in rights.channels:
            return False
        if rights.models is None:
            return True
        models = [model for name in rights.models if (model := self._index.find(name)) is not None]
        return any(upstream_id_on(channel, model) == upstream_model for model in models)


async def load_likely_owners(session: AsyncSession, index: ModelIndex) -> LikelyOwners:
    """Returns the rights of the tenants that are not deleted."""
    query = (
        select(TenantRow.id, TenantRow.allowed_models, TenantRow.allowed_channels)
        .where(TenantRow.deleted_at.is_(None))
        .order_by(TenantRow.id)
        .limit(_MAX_TENANTS)
    )
    return LikelyOwners([_Rights(*found) for found in await session.execute(query)], index)
