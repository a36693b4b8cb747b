"""A gateway whose channels move between servers, and a model of which secret was given for which server."""

import asyncio
import itertools
import re
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
from asgi_lifespan import LifespanManager
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import text

from app.admin.channel_continuity import ContinuityCheck
from app.admin.router import router as admin_router
from app.assets.routes import router as assets_router
from app.channels.default_channel import ensure_default_channel
from app.cli.reseal import reseal
from app.composition import open_services
from app.core.sealing import SealError, SecretBox, generate_key
from app.db.base import utc_now
from app.http.errors import install_error_handlers
from app.http.request_scope import RequestScope
from app.services import Services
from app.settings import Settings
from app.tasks.routes import router as tasks_router
from app.upstream.ark import ArkClient
from app.upstream.configured import destination_rules, open_http
from app.upstream.openapi import OpenApiClient
from tests.support.gateway import TASKS
from tests.support.listener import Listener, listening
from tests.support.loopback import LOOPBACK_NETWORKS
from tests.support.plain import PLAIN

ADMIN_TOKEN = "an admin token of at least 32 characters"
SERVERS = 3
NAMES = ("default", "one", "two")
_SECRET = re.compile(r"wandering-[0-9]+-(?:key|id|secret|token)")
_URLS = ("ark_base_url", "openapi_url")
_URL_OF = {"key": "ark_base_url", "id": "openapi_url", "secret": "openapi_url", "token": "openapi_url"}
# Tables that examples fill, in an order that foreign keys allow; the tenant, the models and the process stay.
_LEFT_BEHIND = (
    *("task_events", "orphans", "deliveries", "create_attempts", "asset_create_intents", "assets", "asset_groups"),
    *("tasks", "account_rates", "channel_health", "channels", "leases"),
)
_numbers = itertools.count(1)


def new_secret(kind: str) -> str:
    """Returns a secret of a kind, ``key``, ``id``, ``secret`` or ``token``, that nothing else equals."""
    return f"wandering-{next(_numbers)}-{kind}"


@dataclass
class Gateway:
    """A gateway in this process, with three servers that its channels may lead to; the last one redirects.

    Attributes:
        given: secret → the ports that it was given for, as the model knows.
        arrived: how many secrets have arrived at servers that they were given for.
    """

    services: Services
    settings: Settings
    box: SecretBox
    admin: httpx.AsyncClient
    tenant: httpx.AsyncClient
    servers: list[Listener]
    given: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    arrived: int = 0

    async def clear(self) -> None:
        """Forgets everything that an example made."""
        async with self.services.sessions.begin() as session:
            for table in _LEFT_BEHIND:
                await session.execute(text(f"DELETE FROM {table}"))
        self.services.directory.invalidate()
        self.given.clear()
        self.arrived = 0
        for server in self.servers:
            server.requests.clear()

    async def channels(self) -> list[dict[str, Any]]:
        """Returns all channels, as the admin API shows them."""
        listed: list[dict[str, Any]] = (await self.admin.get("/channels")).json()["data"]
        return listed

    async def create(self, body: dict[str, Any]) -> None:
        """Creates a channel. Even if it is refused, the secrets were given for the URLs beside them."""
        self._give(body, {})
        answer = await self.admin.post("/channels", json=body)
        assert answer.status_code in {201, 400, 409}, answer.text

    async def patch(self, channel: dict[str, Any], body: dict[str, Any]) -> None:
        """Changes a channel; secrets without a URL beside them are given for the one that the channel has."""
        self._give(body, channel)
        answer = await self.admin.patch(f"/channels/{channel['id']}", json=body)
        assert answer.status_code in {200, 400, 404, 409}, answer.text

    async def patch_twice(self, channel: dict[str, Any], one: dict[str, Any], other: dict[str, Any]) -> None:
        """Changes a channel by two requests at once; either may come first."""
        for body in (one, other):
            self._give(body, channel)
        self._give(other, {**channel, **_urls(one)})
        self._give(one, {**channel, **_urls(other)})
        path = f"/channels/{channel['id']}"
        answers = await asyncio.gather(*(self.admin.patch(path, json=body) for body in (one, other)))
        assert all(answer.status_code in {200, 400, 404, 409} for answer in answers)

    async def check(self, channel: dict[str, Any]) -> None:
        """Tries a channel's credentials."""
        answer = await self.admin.post(f"/channels/{channel['id']}/check")
        assert answer.status_code == 200, answer.text

    async def delete(self, channel: dict[str, Any]) -> None:
        """Deletes a channel, unless something lives on it."""
        answer = await self.admin.delete(f"/channels/{channel['id']}")
        assert answer.status_code in {204, 409}, answer.text

    async def seed(self, environment: dict[str, str]) -> None:
        """Starts once more with another environment for the channel ``default``."""
        self._give(environment, {})
        values = {name: value if name in _URLS else SecretStr(value) for name, value in environment.items()}
        settings = self.settings.model_copy(update=values)
        await ensure_default_channel(settings, self.services.channels, verify=self.services.continuity)

    async def edit_by_hand(self, channel: dict[str, Any], url: str, value: str) -> None:
        """Changes a URL in the database, past the gateway."""
        async with self.services.sessions.begin() as session:
            await session.execute(
                text(f"UPDATE channels SET {url} = :value WHERE id = :id"), {"value": value, "id": channel["id"]}
            )
        self.services.directory.invalidate()

    async def reseal(self) -> None:
        """Seals everything again; a row that was edited by hand stops it."""
        with suppress(SealError):
            await reseal(self.services.sessions, self.box)

    async def use(self) -> None:
        """A tenant makes a task and a group, and asks for them; then the background jobs do a round."""
        made = await self.tenant.post(TASKS, json={"model": "doubao-seedance-2", "content": [_PROMPT]})
        if made.is_success:
            await self.tenant.get(f"{TASKS}/{made.json()['id']}")
            await self.tenant.delete(f"{TASKS}/{made.json()['id']}")
        await self.tenant.post("/api/v3/open/CreateAssetGroup", json={"Name": "group", "GroupType": "AIGC"})
        for job in (self.services.task_poller, self.services.reconciler, self.services.asset_poller):
            await job.run_once()

    def examine(self) -> None:
        """Fails when a server was sent a secret that was not given for it; then forgets what they were sent."""
        for server in self.servers:
            for secret in _SECRET.findall(server.received):
                assert not secret.endswith("-secret"), "the secret half of a pair left the gateway"
                assert server.port in self.given[secret], f"{secret} was sent to a server that it was not given for"
                self.arrived += 1
            server.requests.clear()

    def _give(self, sent: dict[str, Any], channel: dict[str, Any]) -> None:
        for value in sent.values():
            if isinstance(value, str) and _SECRET.fullmatch(value):
                url = _URL_OF[value.rpartition("-")[2]]
                port = _port_of(sent.get(url) or channel.get(url) or "")
                if port is not None:
                    self.given[value].add(port)


_PROMPT = {"type": "text", "text": "a kitten"}


def _port_of(url: str) -> int | None:
    """Returns the port of the server that a URL leads to; None when it leads to none, or holds a user name."""
    scheme, _, authority = url.partition("://")
    if scheme not in {"http", "https"} or "@" in authority:
        return None
    return httpx.URL(url).port


def _urls(body: dict[str, Any]) -> dict[str, Any]:
    return {name: body[name] for name in _URLS if name in body}


@asynccontextmanager
async def wandering(database_url: str) -> AsyncIterator[Gateway]:
    """Runs the gateway on a database, with no channel and one tenant."""
    key = generate_key()
    settings = Settings(_env_file=None).model_copy(
        update={
            "database_url": SecretStr(database_url),
            "admin_token": SecretStr(ADMIN_TOKEN),
            "secret_key": SecretStr(key),
            "channel_allow": (*LOOPBACK_NETWORKS, "localhost"),
        }
    )
    async with AsyncExitStack() as stack:
        servers = await stack.enter_async_context(listening(count=SERVERS))
        servers[-1].redirect_to = servers[0].origin
        services = await stack.enter_async_context(open_services(settings))
        http = await stack.enter_async_context(open_http(settings, destination_rules(settings)))
        control = OpenApiClient(http, utc_now)
        # What may pass by itself is asked again at once.
        continuity = ContinuityCheck(services.sessions, ArkClient(http), control, utc_now, pause_seconds=0)
        services.continuity = continuity
        app = (await stack.enter_async_context(LifespanManager(_make_app(services)))).app

        async def client(path: str, token: str) -> httpx.AsyncClient:
            return await stack.enter_async_context(
                httpx.AsyncClient(
                    verify=PLAIN,
                    transport=httpx.ASGITransport(app, client=("192.0.2.1", 50_000)),
                    base_url=f"http://gateway{path}",
                    headers={"Authorization": f"Bearer {token}"},
                )
            )

        admin = await client("/admin/v1", ADMIN_TOKEN)
        tenant = (await admin.post("/tenants", json={"name": "t"})).json()["id"]
        made = (await admin.post(f"/tenants/{tenant}/keys", json={"name": "k"})).json()["key"]
        box = SecretBox.from_text(key)
        yield Gateway(services, settings, box, admin, await client("", made), servers)


def _make_app(services: Services) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        yield {**services.to_state(), "region": "cn-beijing"}

    app = FastAPI(lifespan=lifespan, redirect_slashes=False)
    for router in (tasks_router, assets_router, admin_router):
        app.include_router(router)
    install_error_handlers(app)
    app.add_middleware(RequestScope, clock=utc_now)
    return app
