"""Callbacks: the JSON of GET, posted to a task's ``callback_url`` on each change of status.

A final status (succeeded, failed) has up to three delivery attempts until a 2xx response arrives within the timeout,
any other status one. Callbacks are not signed, and their order is not guaranteed.

Source: reference ``upstream.md`` §3.
"""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime

import httpx
import orjson
import structlog

from app.sandbox.faults import CALLBACK, Fault, Faults
from app.sandbox.ledger import CallbackEntry, Ledger
from app.sandbox.tasks import FAILED, SUCCEEDED, Task, to_wire

_MAX_FINAL_ATTEMPTS = 3
_log = structlog.get_logger()


class CallbackSender:
    """Posts callbacks in background tasks and records each attempt in the ledger.

    Args:
        ledger: the ledger of the sandbox.
        faults: the faults of the sandbox.
        now: returns the time, for the ledger.
        timeout_seconds: the timeout of one attempt.
        retry_seconds: between two attempts.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        faults: Faults,
        now: Callable[[], datetime],
        timeout_seconds: float,
        retry_seconds: float,
    ) -> None:
        self._ledger = ledger
        self._faults = faults
        self._now = now
        self._timeout_seconds = timeout_seconds
        self._retry_seconds = retry_seconds
        self._running: set[asyncio.Task[None]] = set()
        self._client: httpx.AsyncClient | None = None

    def send(self, task: Task) -> None:
        """Starts the delivery of a task's present status, if it has a ``callback_url``; needs a running event loop."""
        url = task.plan.parameters.callback_url
        if url is None:
            return
        fault = self._faults.take(CALLBACK, task.account.name)
        copies = 2 if fault and fault.script.effect.kind == "duplicate" else 1
        body = orjson.dumps(to_wire(task))
        for _ in range(copies):
            delivery = asyncio.create_task(self._deliver(url, body, task.id, task.status, fault))
            self._running.add(delivery)
            delivery.add_done_callback(self._running.discard)

    async def aclose(self) -> None:
        """Cancels the deliveries in progress."""
        running = list(self._running)
        for delivery in running:
            delivery.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()

    async def _deliver(self, url: str, body: bytes, task_id: str, status: str, fault: Fault | None) -> None:
        effect = fault.script.effect if fault else None
        if fault and effect and effect.delay_seconds > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(effect.delay_seconds):
                    await fault.removed.wait()
        attempts = _MAX_FINAL_ATTEMPTS if status in {SUCCEEDED, FAILED} else 1
        for attempt in range(1, attempts + 1):
            if attempt > 1:
                await asyncio.sleep(self._retry_seconds)
            is_dropped = effect is not None and effect.kind == "drop"
            answer = None if is_dropped else await self._post(url, body)
            self._ledger.callbacks.append(
                CallbackEntry(
                    at=self._now().isoformat(),
                    task_id=task_id,
                    status=status,
                    attempt=attempt,
                    answer=answer,
                    is_dropped=is_dropped,
                )
            )
            if is_dropped or (answer is not None and 200 <= answer < 300):  # noqa: PLR2004 - HTTP
                return

    async def _post(self, url: str, body: bytes) -> int | None:
        """Returns the receiver's HTTP status; None when no response arrived in time."""
        if self._client is None:
            # Without the proxies of the environment: receivers have private addresses, which a proxy cannot reach.
            self._client = httpx.AsyncClient(trust_env=False, timeout=self._timeout_seconds)
        try:
            # Limits the whole attempt: httpx's timeout applies to each phase of a request separately.
            async with asyncio.timeout(self._timeout_seconds):
                response = await self._client.post(url, content=body, headers={"content-type": "application/json"})
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            _log.info("sandbox.callback_failed", reason=type(error).__name__)
            return None
        return response.status_code
