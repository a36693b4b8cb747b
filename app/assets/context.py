"""What the parts of this package share."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.assets.upstream import AssetsUpstream
from app.core.process_registry import ProcessRegistry
from app.creates.group_insert import GroupInsert
from app.creates.retry_dedup import RetryDedup
from app.db.hot_reads import Reads
from app.upstream.openapi import OpenApiClient
from app.upstream.rate_limits import RateLimiter


@dataclass(frozen=True)
class AssetsContext:
    """The process-long objects that use cases and background work are built from."""

    sessions: async_sessionmaker[AsyncSession]
    """Of the database."""

    reads: Reads
    """Reads of the lists."""

    clock: Callable[[], datetime]
    """The time in UTC."""

    upstream: AssetsUpstream
    """The Assets actions of all channels."""

    control: OpenApiClient
    """The client of the upstream's control plane."""

    rates: RateLimiter
    """The call rates of the upstream accounts."""

    retry_dedup: RetryDedup
    """Recognises creates that are sent again."""

    processes: ProcessRegistry
    """Knows which processes live; its ``instance_id`` is this one's."""

    group_insert: GroupInsert | None = None
    """Writes the intents of concurrent creates together; None: each by itself."""

    search_timeout_seconds: float = 10.0
    """How long a request searches the upstream for what a create of unknown outcome made."""
