"""A gateway in a thread of its own, whose calls of functions are counted; its upstream is another process."""

import asyncio
import cProfile
import secrets
import sys
import threading
from collections.abc import AsyncIterator
from concurrent.futures import Future
from contextlib import asynccontextmanager
from typing import Any

from pydantic import SecretStr

from app.audit.log import Actor
from app.core.sealing import SecretBox, generate_key
from app.db.base import utc_now
from app.db.engine import open_engine, session_factory
from app.settings import Settings
from app.tenants.key_service import KeyService
from app.tenants.service import TenantService
from tests.support.clock import MovableClock
from tests.support.gateway import serve_gateway
from tests.support.loopback import LOOPBACK_NETWORKS
from tests.support.ports import free_port
from tests.support.process import ROOT
from tests.support.timeouts import HANG_SECONDS

_ACTOR = Actor("admin", "127.0.0.1")


class ProfiledGateway:
    """A running gateway.

    Attributes:
        base_url: its address.
        key: of its tenant.
    """

    def __init__(self, base_url: str, key: str, loop: asyncio.AbstractEventLoop) -> None:
        self.base_url = base_url
        self.key = key
        self._loop = loop
        self._profile = cProfile.Profile()

    def begin(self) -> None:
        """Counts the calls of its thread from now on."""
        self._loop.call_soon_threadsafe(self._profile.enable)

    async def end(self) -> int:
        """Stops counting; returns the number of calls, of Python's functions and of C's."""
        ended: Future[int] = Future()

        def stop() -> None:
            self._profile.disable()
            ended.set_result(sum(entry.callcount for entry in self._profile.getstats()))
            self._profile.clear()

        self._loop.call_soon_threadsafe(stop)
        return await asyncio.wrap_future(ended)


@asynccontextmanager
async def profiled_gateway(
    database_url: str, *, delay_milliseconds: int, **changes: Any
) -> AsyncIterator[ProfiledGateway]:
    """Runs it on a migrated, empty database, without background jobs.

    Args:
        database_url: of the database.
        delay_milliseconds: how long the upstream takes for every answer.
        changes: settings that differ from the usual ones.
    """
    port = free_port()
    command = (sys.executable, "-m", "bench.upstream", str(port), str(delay_milliseconds))
    upstream = await asyncio.create_subprocess_exec(*command, cwd=ROOT)
    started: Future[tuple[str, asyncio.AbstractEventLoop]] = Future()
    stop: Future[None] = Future()
    settings = _settings(database_url, f"http://127.0.0.1:{port}").model_copy(update=changes)
    thread = threading.Thread(target=lambda: asyncio.run(_serve(settings, started, stop)))
    try:
        await _until_it_listens(port)
        thread.start()
        base_url, loop = await asyncio.wait_for(asyncio.wrap_future(started), HANG_SECONDS)
        yield ProfiledGateway(base_url, await _make_key(settings), loop)
    finally:
        stop.set_result(None)
        if thread.ident is not None:
            await asyncio.to_thread(thread.join)
        upstream.terminate()
        await upstream.wait()


async def _serve(
    settings: Settings, started: "Future[tuple[str, asyncio.AbstractEventLoop]]", stop: "Future[None]"
) -> None:
    try:
        async with serve_gateway(settings, MovableClock()) as base_url:
            started.set_result((base_url, asyncio.get_running_loop()))
            await asyncio.wrap_future(stop)
    except BaseException as error:
        if not started.done():
            started.set_exception(error)
        raise


def _settings(database_url: str, upstream_url: str) -> Settings:
    return Settings(_env_file=None).model_copy(
        update={
            "database_url": SecretStr(database_url),
            "admin_token": SecretStr(secrets.token_urlsafe(32)),
            "secret_key": SecretStr(generate_key()),
            "ark_base_url": f"{upstream_url}/api/v3",
            "ark_api_key": SecretStr("unused"),
            "openapi_url": upstream_url,
            "channel_allow": LOOPBACK_NETWORKS,
            "drain_seconds": 0.0,
            "log_level": "warning",
            "background": "off",
        }
    )


async def _make_key(settings: Settings) -> str:
    assert settings.database_url is not None
    assert settings.secret_key is not None
    engine = open_engine(settings.database_url.get_secret_value(), pool_size=1)
    sessions = session_factory(engine)
    tenant = await TenantService(sessions, utc_now).create_tenant(_ACTOR, name="profiled")
    keys = KeyService(sessions, utc_now, SecretBox.from_text(settings.secret_key.get_secret_value()))
    issued = await keys.create(_ACTOR, tenant.id, name="profiled")
    await engine.dispose()
    return issued.secret


async def _until_it_listens(port: int) -> None:
    async with asyncio.timeout(HANG_SECONDS):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            await writer.wait_closed()
            return
