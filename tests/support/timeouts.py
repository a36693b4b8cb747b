"""Timeouts of tests, long enough that the speed of the machine decides no test.

A timeout that only ends a hanging test is a minute. The product's short timeouts (a connection to the database, an
answer of the upstream) are as long in the processes of the tests, and so is what their HTTP clients wait that name no
timeout. A test of such a timeout sets its own.
"""

import asyncio
import importlib
import inspect
from collections.abc import Callable
from typing import Any

import httpx
import pytest

HANG_SECONDS = 60.0

_SHORT = (
    "app.creates.protocol._WRITE_TIMEOUT_SECONDS",
    "app.creates.retry_dedup._MARK_TIMEOUT_SECONDS",
    "app.db.engine.CONNECT_TIMEOUT_SECONDS",
    "app.db.group_commit._BATCH_SECONDS",
    "app.db.engine._POOL_TIMEOUT_SECONDS",
    "app.core.ttl_cache._QUERY_TIMEOUT_SECONDS",
    "app.limits.redis_store._TIMEOUT_SECONDS",
    "app.tasks.polling.poller._GETS_WAIT_SECONDS",
    "app.tasks.polling.poller._RUN_TIMEOUT_SECONDS",
    "app.tasks.polling.client_refresh._CLIENT_TIMEOUT_SECONDS",
    "app.tasks.recovery.reconciler._RUN_TIMEOUT_SECONDS",
    "app.webhooks.delivery_worker._RUN_TIMEOUT_SECONDS",
)


def lengthen_timeouts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sets the product's short timeouts, and the five seconds of an HTTP client, to ``HANG_SECONDS``."""
    for name in _SHORT:
        module, _, constant = name.rpartition(".")
        monkeypatch.setattr(importlib.import_module(module), constant, HANG_SECONDS)
    # Of all clients, as an argument's default; the product has none.
    default = inspect.signature(httpx.Client).parameters["timeout"].default
    for phase in ("connect", "read", "write", "pool"):
        monkeypatch.setattr(default, phase, HANG_SECONDS)


async def until(condition: Callable[[], Any]) -> None:
    """Waits until a condition holds that no event announces; polls it."""
    async with asyncio.timeout(HANG_SECONDS):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.005)
