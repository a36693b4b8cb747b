"""The admin routes of channels and models over real clients of the upstream: one "process" of the gateway."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from app.admin.auth_throttle import AuthThrottle
from app.admin.authentication import AdminAuthenticator
from app.admin.channel_continuity import ContinuityCheck
from app.admins.stored_admin import load_stored_admins
from app.catalog.service import ModelCatalog
from app.channels.directory import ChannelDirectory
from app.channels.probe import ChannelProbe
from app.channels.service import ChannelService
from app.core.sealing import SecretBox, generate_key
from app.db.engine import session_factory
from app.http.body import BodyAdmission
from app.money.prices.service import PriceCatalog
from app.tenants.key_cache import KeyCache
from app.upstream.ark import ArkClient
from app.upstream.destinations import DestinationRules
from app.upstream.http.client import Timeouts, open_http_client
from app.upstream.openapi import OpenApiClient
from tests.support.admin_routes import ADMIN_TOKEN, routes_over
from tests.support.clock import MovableClock
from tests.support.loopback import LOOPBACK_ALLOWED
from tests.support.plain import PLAIN
from tests.support.timeouts import HANG_SECONDS


@dataclass
class ChannelApp:
    """One process.

    Attributes:
        http: a client with the admin token.
    """

    http: httpx.AsyncClient
    sessions: async_sessionmaker[AsyncSession]
    box: SecretBox
    clock: MovableClock
    channels: ChannelService
    directory: ChannelDirectory
    catalog: ModelCatalog
    continuity: ContinuityCheck
    ark: ArkClient
    control: OpenApiClient

    async def channel(self, **fields: Any) -> dict[str, Any]:
        """Makes a channel over the admin API."""
        made = await self.http.post("/channels", json={"name": "main", **fields})
        assert made.status_code == 201, made.text
        channel: dict[str, Any] = made.json()
        return channel

    async def patch(self, channel_id: str, **fields: Any) -> dict[str, Any]:
        """Changes a channel over the admin API."""
        changed = await self.http.patch(f"/channels/{channel_id}", json=fields)
        assert changed.status_code == 200, changed.text
        channel: dict[str, Any] = changed.json()
        return channel

    async def audit(self) -> list[tuple[str, dict[str, Any]]]:
        """Returns action and detail of every audit row, oldest first."""
        async with self.sessions() as session:
            rows = await session.execute(text("SELECT action, detail FROM audit_log ORDER BY id"))
            return [(row.action, row.detail) for row in rows]


@asynccontextmanager
async def running_channel_app(
    engine: AsyncEngine, *, box: SecretBox | None = None, destinations: DestinationRules = LOOPBACK_ALLOWED
) -> AsyncIterator[ChannelApp]:
    """Runs the routes over the given database; ``destinations`` say where its channels may lead."""
    sessions = session_factory(engine)
    clock = MovableClock(stands_still=True)
    box = box or SecretBox.from_text(generate_key())
    async with AsyncExitStack() as stack:
        upstream = open_http_client(destinations=destinations, timeouts=Timeouts(read_seconds=HANG_SECONDS))
        stack.push_async_callback(upstream.aclose)
        ark, control = ArkClient(upstream), OpenApiClient(upstream, clock)
        directory = ChannelDirectory(sessions, box)
        channels = ChannelService(sessions, box, directory, clock, destinations=destinations)
        continuity = ContinuityCheck(sessions, ark, control, clock, pause_seconds=0.01)
        catalog = ModelCatalog(sessions, clock)
        state = {
            "sessions": sessions,
            "bodies": BodyAdmission(limit_bytes=64 * 1024, budget_bytes=1024 * 1024),
            "admin_authenticator": AdminAuthenticator(
                ADMIN_TOKEN, KeyCache(sessions, load_stored_admins), throttle=AuthThrottle()
            ),
            "console_sessions": None,
            "channels": channels,
            "continuity": continuity,
            "probe": ChannelProbe(ark, control),
            "catalog": catalog,
            "prices": PriceCatalog(sessions, clock),
        }
        running = routes_over(state, clock)
        http = httpx.AsyncClient(
            verify=PLAIN,
            transport=httpx.ASGITransport(running, client=("192.0.2.1", 50_000)),
            base_url="http://gateway/admin/v1",
            headers={"Authorization": f"Bearer {ADMIN_TOKEN}"},
        )
        await stack.enter_async_context(http)
        yield ChannelApp(
            http=http,
            sessions=sessions,
            box=box,
            clock=clock,
            channels=channels,
            directory=directory,
            catalog=catalog,
            continuity=continuity,
            ark=ark,
            control=control,
        )


async def everything_stored(sessions: async_sessionmaker[AsyncSession]) -> str:
    """Returns every row of every table as text, as a dump would hold it."""
    async with sessions() as session:
        names = list(await session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")))
        rows = [await session.scalars(text(f'SELECT t::text FROM "{name}" t')) for name in names]
        return "\n".join(line for lines in rows for line in lines)
