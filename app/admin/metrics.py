"""``/metrics``: what every process has counted, and what the database says, for Prometheus."""

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
from app.admin.standing import Standing, read_standing
from app.core.ttl_cache import CachedRead
from app.errors import ServiceUnavailableError
from app.observability.exposition import exposition

METRICS_PATH = "/metrics"
# A scrape is given up after ten seconds; what we have counted ourselves must still get through.
_DATABASE_SECONDS = 3.0

router = APIRouter(tags=["operations"])

_log = structlog.get_logger()


class Metrics:
    """Everything that Prometheus is told."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        clock: Callable[[], datetime],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._standing = CachedRead(self._load, monotonic=monotonic)

    async def text(self) -> bytes:
        """Returns the metrics; the database's are left out while it is away, and ``seedgate_database_up`` is 0."""
        standing: Standing | None = None
        try:
            standing = await self._standing.get()
        except ServiceUnavailableError as error:
            _log.warning("metrics_without_database", reason=error.internal)
        return await asyncio.to_thread(exposition, list(gauges(standing)))

    async def _load(self) -> Standing:
        async with asyncio.timeout(_DATABASE_SECONDS), self._sessions() as session:
            return await read_standing(session, now=self._clock())


@router.get(
    METRICS_PATH,
    operation_id="metrics",
    summary="Metrics for Prometheus",
    response_class=PlainTextResponse,
    response_model=None,
    openapi_extra={
        "security": [{"AdminToken": []}],
        "responses": {
            "401": {"description": "no admin token, or a wrong one; the metrics port needs none"},
            "429": {"description": "too many wrong admin tokens came from this network"},
        },
    },
)
async def metrics(request: Request) -> Response:
    """Answers the metrics of all worker processes, to the operator or on the metrics port."""
    if not request.scope["state"].get("is_metrics_port"):
        await require_admin(request, None)
    told: Metrics = request.state.metrics
    return Response(await told.text(), media_type=CONTENT_TYPE_LATEST)


def gauges(standing: Standing | None) -> Iterator[GaugeMetricFamily]:
    """Yields what the database tells; None: it did not answer."""
    yield _gauge("database_up", "Whether the database answered this fetch in time.", float(standing is not None))
    if standing is None:
        return
    yield _gauge("tasks", "Unfinished tasks by status.", standing.tasks, label="status")
    looks, unknown = standing.looks, standing.unknown
    yield _gauge("overdue_looks", "Looks that are due.", {k: v.count for k, v in looks.items()}, label="kind")
    text = "How long the oldest look is overdue."
    yield _gauge("oldest_look_seconds", text, {k: v.oldest_seconds for k, v in looks.items()}, label="kind")
    text = "Creates of which nobody knows what became of them."
    yield _gauge("unknown_outcomes", text, {k: v.count for k, v in unknown.items()}, label="kind")
    text = "Time since the oldest create of unknown outcome was cut off."
    yield _gauge("oldest_unknown_seconds", text, {k: v.oldest_seconds for k, v in unknown.items()}, label="kind")
    yield _gauge("orphans", "Upstream tasks that nobody owns.", standing.orphans.count)
    yield _gauge("outbox_messages", "Messages to tenants that are not delivered.", standing.outbox.count)
    yield _gauge("outbox_oldest_seconds", "How long the oldest message's try is overdue.", standing.due.oldest_seconds)
    yield _gauge("open_breakers", "Channels that are given no creates for a while.", len(standing.breakers))
    text = "Creates whose client waits, and those that its next try may take over."
    yield _gauge("create_attempts", text, standing.attempts, label="state")


def _gauge(name: str, text: str, value: float | Mapping[str, float], *, label: str | None = None) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"seedgate_{name}", text, labels=[label] if label else [])
    for labelled, number in value.items() if isinstance(value, Mapping) else [("", value)]:
        family.add_metric([labelled] if label else [], number)
    return family
