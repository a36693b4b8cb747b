"""The table of models: filled once from the environment, changed by the operator, read by every create."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.audit.log import Actor, Target, record
from app.catalog.model_index import ModelIndex
from app.catalog.model_spec import ModelSpec
from app.catalog.models import ModelRow
from app.core.change_feed import ChangeFeed
from app.core.ttl_cache import CachedRead
from app.core.watched_rows import WatchedRows
from app.db.base import utc_now

# Blocks other writers until the transaction ends; readers see the previous rows.
_LOCK = text("LOCK TABLE models IN SHARE ROW EXCLUSIVE MODE")

_Row = tuple[dict[str, Any], list[str], dict[str, str | None]]
_ROWS_AT_A_TIME = 50


class ModelCatalog:
    """The models, cached. A change counts within a second in every process."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        clock: Callable[[], datetime] = utc_now,
        *,
        feed: ChangeFeed | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """``feed`` hears changes; ``monotonic`` returns the seconds that decide when a cached read expires."""
        self._sessions = sessions
        self._clock = clock
        rows = None if feed is None else WatchedRows(feed, "models")
        self._models = CachedRead(self._load, rows=rows, monotonic=monotonic)
        self._latest: tuple[list[_Row], ModelIndex] | None = None

    async def index(self) -> ModelIndex:
        """Returns all models by name and alias.

        Raises:
            ServiceUnavailableError: 503, the database is unavailable.
        """
        return await self._models.get()

    async def names(self) -> Mapping[str, str]:
        """Returns the name of each model, by name and alias.

        Raises:
            ServiceUnavailableError: 503, the database is unavailable.
        """
        return (await self._models.get()).names

    async def stored(self) -> Sequence[ModelSpec]:
        """Returns all models, read now, for the operator who has just changed them."""
        return (await self._load()).models

    async def replace(self, actor: Actor, models: Sequence[ModelSpec]) -> None:
        """Replaces all models by at least one, in this order, with every name and alias once.

        Every process uses them within a second.
        """
        now = self._clock()
        async with self._sessions.begin() as session:
            await session.execute(_LOCK)
            before = {model.name: model async for model in _to_models(await _read(session))}
            await session.execute(delete(ModelRow))
            _insert(session, models, now)
            difference = _difference(before, {model.name: model for model in models})
            record(session, actor, "models.replace", Target("models", "models"), at=now, **difference)
        self._models.invalidate()

    async def _load(self) -> ModelIndex:
        async with self._sessions() as session:
            rows = await _read(session)
        # Parsing a thousand models takes a tenth of a second, so unchanged rows are not parsed again.
        if self._latest is not None and self._latest[0] == rows:
            return self._latest[1]
        index = ModelIndex([model async for model in _to_models(rows)])
        self._latest = rows, index
        return index


async def seed_models(
    sessions: async_sessionmaker[AsyncSession],
    models: Sequence[ModelSpec],
    clock: Callable[[], datetime] = utc_now,
) -> None:
    """Fills the table of models when it is empty. Several processes may do so at the same time."""
    is_empty = ~select(ModelRow.name).exists()
    async with sessions.begin() as session:
        if not await session.scalar(select(is_empty)):
            return
        await session.execute(_LOCK)
        if await session.scalar(select(is_empty)):
            _insert(session, models, clock())


async def _read(session: AsyncSession) -> list[_Row]:
    found = await session.execute(select(ModelRow.spec, ModelRow.aliases, ModelRow.regions).order_by(ModelRow.position))
    return [(row.spec, row.aliases, row.regions) for row in found]


async def _to_models(rows: Iterable[_Row]) -> AsyncIterator[ModelSpec]:
    """Yields the models of rows, and lets other coroutines run in between."""
    for position, (spec, aliases, regions) in enumerate(rows, start=1):
        yield ModelSpec.from_json({**spec, "aliases": aliases, "regions": regions})
        if position % _ROWS_AT_A_TIME == 0:
            await asyncio.sleep(0)


def _insert(session: AsyncSession, models: Sequence[ModelSpec], now: datetime) -> None:
    for position, model in enumerate(models):
        # A gateway of the previous version refuses every create when a row has an unknown member.
        spec = model.to_short_json()
        aliases, regions = spec.pop("aliases"), spec.pop("regions")
        row = ModelRow(name=model.name, spec=spec, aliases=aliases, regions=regions, position=position, updated_at=now)
        session.add(row)


def _difference(before: Mapping[str, ModelSpec], after: Mapping[str, ModelSpec]) -> dict[str, list[str]]:
    return {
        "added": sorted(after.keys() - before.keys()),
        "removed": sorted(before.keys() - after.keys()),
        "changed": sorted(name for name in after.keys() & before.keys() if after[name] != before[name]),
    }
