"""How long tests wait, and have the product wait, for what comes sooner or later.

How fast a machine is must not decide about a test. What only ends a test that hangs is therefore a minute, and what
the product would give up after some seconds (a connection to the database, an answer of the upstream's) it waits for as
long in the processes of the tests themselves. A test of giving up sets its own limit.
"""

import asyncio
import importlib
from collections.abc import Callable
from typing import Any

import pytest

HANG_SECONDS = 60.0

_SHORT = (
    "app.creates.protocol._WRITE_TIMEOUT_SECONDS",
    "app.creates.retry_dedup._MARK_TIMEOUT_SECONDS",
    "app.db.engine.CONNECT_TIMEOUT_SECONDS",
    "app.db.engine._POOL_TIMEOUT_SECONDS",
    "app.core.ttl_cache._QUERY_TIMEOUT_SECONDS",
    "app.tasks.polling.poller._GETS_WAIT_SECONDS",
    "app.tasks.polling.poller._RUN_TIMEOUT_SECONDS",
    "app.tasks.polling.client_refresh._CLIENT_TIMEOUT_SECONDS",
    "app.tasks.recovery.reconciler._RUN_TIMEOUT_SECONDS",
    "app.webhooks.delivery_worker._RUN_TIMEOUT_SECONDS",
)


def make_patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has the product wait as long as a test does."""
    for name in _SHORT:
        module, _, constant = name.rpartition(".")
        monkeypatch.setattr(importlib.import_module(module), constant, HANG_SECONDS)


async def until(condition: Callable[[], Any]) -> None:
    """Waits until a condition holds, of which no event tells."""
    async with asyncio.timeout(HANG_SECONDS):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.005)
