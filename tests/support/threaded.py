"""A gateway in a thread of its own, for tools that block while they wait for it."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass

from app.sandbox.config import SandboxConfig
from tests.support.clock import MovableClock
from tests.support.database import own_database
from tests.support.gateway import open_gateway
from tests.support.timeouts import HANG_SECONDS


@dataclass(frozen=True)
class GatewayAccess:
    """The URLs of a running gateway, and credentials for it."""

    base_url: str
    key: str
    admin_token: str
    control_url: str


@contextmanager
def gateway_in_a_thread(database_url: str) -> Iterator[GatewayAccess]:
    """Runs a gateway on a database of its own, with one tenant whose requests reach no upstream but the sandbox."""
    access: Future[GatewayAccess] = Future()
    stop: Future[None] = Future()
    thread = threading.Thread(target=lambda: asyncio.run(_run(_gateway(database_url), access, stop)))
    thread.start()
    try:
        yield access.result(HANG_SECONDS)
    finally:
        stop.set_result(None)
        thread.join()


async def _run(
    gateway: AbstractAsyncContextManager[GatewayAccess], access: "Future[GatewayAccess]", stop: "Future[None]"
) -> None:
    try:
        async with gateway as found:
            access.set_result(found)
            await asyncio.wrap_future(stop)
    except BaseException as error:
        if not access.done():
            access.set_exception(error)
        raise


@asynccontextmanager
async def _gateway(database_url: str) -> AsyncIterator[GatewayAccess]:
    async with (
        own_database(database_url) as url,
        open_gateway(url, sandbox_config=SandboxConfig(limits=None), clock=MovableClock()) as gateway,
    ):
        # Generated requests of the operator may create channels. Nothing may be sent to their URLs.
        tenant = await gateway.tenant(allowed_channels=["default"])
        assert gateway.settings.admin_token is not None
        admin_token = gateway.settings.admin_token.get_secret_value()
        yield GatewayAccess(gateway.base_url, tenant.key, admin_token, gateway.sandbox.control_url)
