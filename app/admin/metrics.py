"""``/metrics`` for Prometheus: the counters of all processes, and gauges from the database."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

import structlog
from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from app.admin.authentication import require_admin
from app.admin.backlog import Backlog, read_backlog
from app.core.ttl_cache import CachedRead
from app.errors import ServiceUnavailableError
from app.http.openapi import ADMIN_SECURITY, tenant_errors
from app.observability.exposition import exposition

METRICS_PATH = "/metrics"
# Prometheus waits ten seconds for a scrape, in which the counters must arrive even without a database.
_DATABASE_TIMEOUT_SECONDS = 3.0

router = APIRouter(tags=["operations"])

_log = structlog.get_logger()


class Metrics:
    """All metrics of the gateway."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        clock: Callable[[], datetime],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._backlog = CachedRead(self._load, monotonic=monotonic)

    async def text(self) -> bytes:
        """Returns the metrics; without a database only the counters, and ``seedgate_database_up`` is 0."""
        backlog: Backlog | None = None
        try:
            backlog = await self._backlog.get()
        except ServiceUnavailableError as error:
            _log.warning("metrics_without_database", reason=error.internal)
        return await asyncio.to_thread(exposition, list(gauges(backlog)))

    async def _load(self) -> Backlog:
        async with asyncio.timeout(_DATABASE_TIMEOUT_SECONDS), self._sessions() as session:
            return await read_backlog(session, now=self._clock())


@router.get(
    METRICS_PATH,
    summary="Metrics for Prometheus",
    response_class=PlainTextResponse,
    responses=tenant_errors(400, 401, 403, 429, 503),
    openapi_extra={"security": ADMIN_SECURITY},
)
async def metrics(request: Request) -> Response:
    """Answers the metrics of all worker processes; needs the admin token except on the metrics port."""
    if not request.scope["state"].get("is_metrics_port"):
        await require_admin(request)
    service: Metrics = request.state.metrics
    return Response(await service.text(), media_type=CONTENT_TYPE_LATEST)


def gauges(backlog: Backlog | None) -> Iterator[GaugeMetricFamily]:
    """Yields the gauges from the database; ``backlog`` is None when it did not answer."""
    yield _gauge("database_up", "Whether the database answered this fetch in time.", float(backlog is not None))
    if backlog is None:
        return
    yield _gauge("tasks", "Unfinished tasks by status.", backlog.tasks, label="status")
    polls, unknown = backlog.polls, backlog.unknown
    yield _gauge("overdue_polls", "Polls that are due.", {k: v.count for k, v in polls.items()}, label="kind")
    text = "How long the oldest poll is overdue."
    yield _gauge("oldest_poll_seconds", text, {k: v.oldest_seconds for k, v in polls.items()}, label="kind")
    text = "Creates of unknown outcome."
    yield _gauge("unknown_outcomes", text, {k: v.count for k, v in unknown.items()}, label="kind")
    text = "Time since the oldest create of unknown outcome was cut."
    yield _gauge("oldest_unknown_seconds", text, {k: v.oldest_seconds for k, v in unknown.items()}, label="kind")
    yield _gauge("orphans", "Upstream tasks without an owner.", backlog.orphans.count)
    yield _gauge("outbox_messages", "Messages to tenants that are not delivered.", backlog.outbox.count)
    yield _gauge(
        "outbox_oldest_seconds",
        "How long the next attempt of the oldest message is overdue.",
        backlog.due.oldest_seconds,
    )
    yield _gauge("archive_waiting", "Files to copy into the archive, and copies to delete.", backlog.copies.count)
    text = "How long the next attempt of the oldest copy or deletion is overdue."
    yield _gauge("archive_oldest_seconds", text, backlog.copies.oldest_seconds)
    yield _gauge("open_breakers", "Channels whose circuit breaker is open.", len(backlog.breakers))
    text = "Creates whose client waits for an answer, and creates that a retry may claim."
    yield _gauge("create_attempts", text, backlog.attempts, label="state")


def _gauge(name: str, text: str, value: float | Mapping[str, float], *, label: str | None = None) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"seedgate_{name}", text, labels=[label] if label else [])
    for labelled, number in value.items() if isinstance(value, Mapping) else [("", value)]:
        family.add_metric([labelled] if label else [], number)
    return family
