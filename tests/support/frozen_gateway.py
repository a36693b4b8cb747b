"""A gateway whose clocks stand still until a test moves them, with three channels, for tests of failures.

All channels but ``dead`` lead to the same sandbox, each to an account of its own:

=========  ========  =========================================================
name       priority  leads to
=========  ========  =========================================================
default    0         the account ``default``, with Assets
second     -10       the account ``second``; has its own endpoint for one model
dead       -5        a port that refuses connections
=========  ========  =========================================================

No background job runs. Tenants may use ``default`` unless the test names other channels.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest_asyncio

from app.sandbox.config import DEFAULT_ACCOUNT, Account, SandboxConfig
from tests.support.clock import ManualSeconds, MovableClock
from tests.support.gateway import MODEL, Gateway, open_gateway

ENDPOINT = "ep-20260101000000-abcde"
SECOND_ACCOUNT = Account(
    name="second", api_key="second-ark-key", access_key_id="AKSECOND", secret_access_key="second-secret"
)


@asynccontextmanager
async def open_frozen_gateway(database_url: str) -> AsyncIterator[Gateway]:
    """Runs it on a migrated database without tenants."""
    clock = MovableClock(stands_still=True)
    config = SandboxConfig(
        accounts=(DEFAULT_ACCOUNT, SECOND_ACCOUNT),
        clock=clock,
        limits=None,
        endpoints={ENDPOINT: "doubao-seedance-2-0-260128"},
    )
    async with open_gateway(
        database_url,
        sandbox_config=config,
        clock=clock,
        seconds=ManualSeconds(),
        background="off",
        upstream_max_response_bytes=64 * 1024,
    ) as gateway:
        gateway.default_channels = ("default",)
        base_url, key = gateway.sandbox.ark_base_url, SECOND_ACCOUNT.api_key
        await gateway.add_channel("second", base_url, key, priority=-10, models={MODEL: ENDPOINT})
        await gateway.add_channel("dead", "http://127.0.0.1:1/api/v3", key, priority=-5)
        yield gateway


@pytest_asyncio.fixture
async def prepared_gateway(frozen_gateway: Gateway) -> Gateway:
    """The shared gateway whose clocks stand still, without faults."""
    await frozen_gateway.prepare()
    return frozen_gateway
