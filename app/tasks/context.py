"""What the parts of this package share."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.archive.links import ArchiveLinks
from app.channels.directory import ChannelDirectory
from app.core.process_registry import ProcessRegistry
from app.creates.retry_dedup import RetryDedup
from app.db.hot_reads import Reads
from app.upstream.ark import ArkClient
from app.upstream.rate_limits import RateLimiter
from app.usage.pricing import PricingSource


@dataclass(frozen=True)
class TasksContext:
    """The process-long objects that use cases and background work are built from."""

    sessions: async_sessionmaker[AsyncSession]
    """Of the database."""

    reads: Reads
    """Reads of the lists."""

    clock: Callable[[], datetime]
    """The time in UTC."""

    directory: ChannelDirectory
    """The channels."""

    ark: ArkClient
    """The client of the upstream's data plane."""

    rates: RateLimiter
    """The call rates of the upstream accounts."""

    pricing: PricingSource
    """By what tasks that end are settled."""

    retry_dedup: RetryDedup
    """Recognises creates that are sent again."""

    processes: ProcessRegistry
    """Knows which processes live; its ``instance_id`` is this one's."""

    create_window: timedelta
    """A create that began longer ago is no longer under way, even in a living process."""

    links: ArchiveLinks | None
    """Makes the links to copies in the archive; None without one."""

    grace: timedelta
    """How long after its cut a create may still turn up as an upstream task."""
