"""How much room the caps on unfinished tasks have, for callers who ask."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.catalog.service import ModelCatalog
from app.limits.caps import Cap
from app.tasks.creation.unfinished_caps import count_unfinished
from app.tenants.principal import Principal


class CapRoom:
    """Counts what is left of caps. Whether a create fits is decided again in the transaction that writes it."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession], catalog: ModelCatalog) -> None:
        self._sessions = sessions
        self._catalog = catalog

    async def left(self, principal: Principal, caps: Sequence[Cap]) -> Sequence[int]:
        """Returns how many tasks more each cap of a caller allows, never less than none, in their order.

        Raises:
            ServiceUnavailableError: 503, the database is unavailable.
        """
        if not caps:
            return ()
        names = await self._catalog.names()
        counted = [(cap, None if cap.model is None else names.get(cap.model, cap.model)) for cap in caps]
        async with self._sessions() as session:
            counts = await count_unfinished(session, principal.tenant_id, counted)
        return [max(0, cap.limit - count) for cap, count in zip(caps, counts, strict=True)]
