"""The routes of tenants and of the admin API as a small application: one "process" of the gateway, without upstream."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Self

import httpx
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from app.admin.auth_throttle import AuthThrottle
from app.admin.authentication import AdminAuthenticator
from app.admin.bulk_resend import BulkResend
from app.admin.metrics import Metrics
from app.admin.summary.service import SummaryService
from app.admin.webhook_service import WebhookService
from app.admins.service import AdminService
from app.admins.stored_admin import load_stored_admins
from app.catalog.model_spec import ModelSpec
from app.catalog.service import ModelCatalog
from app.channels.models import ChannelRow
from app.channels.schemas import ChannelCreate
from app.core.sealing import SecretBox, generate_key
from app.core.turns import Turns
from app.db.base import utc_now
from app.db.engine import session_factory
from app.http.body import BodyAdmission
from app.ids import new_id
from app.limits.counters import RateLimits
from app.money.budgets.service import BudgetService
from app.money.prices.service import PriceCatalog
from app.tasks.creation.cap_room import CapRoom
from app.tenants.api_key import KeyParts
from app.tenants.authentication import Authenticator, LastUsedWriter
from app.tenants.key_cache import KeyCache
from app.tenants.key_service import KeyService
from app.tenants.service import TenantService
from app.tenants.stored_key import StoredKey, load_signers, load_stored_keys
from app.usage.budget_periods import begin_period
from tests.support.admin_routes import ADMIN_TOKEN, routes_over
from tests.support.clock import MovableClock
from tests.support.plain import PLAIN


def _spec_of(name: str) -> dict[str, Any]:
    spec = ModelSpec(name=name, upstream_id="ep-1").to_short_json()
    return {member: value for member, value in spec.items() if member not in {"aliases", "regions"}}


# All processes of a gateway have the same.
BOX = SecretBox.from_text(generate_key())
WHOAMI = "/api/v3/whoami"
MODELS = ("a", "b", "c", "m", "n", "x", "allowed")
# What the fixture ``process`` puts into its database.
MODEL_ROWS = [
    {"name": name, "spec": _spec_of(name), "position": position, "updated_at": utc_now()}
    for position, name in enumerate(MODELS)
]


@dataclass
class Process:
    """One process of the gateway.

    Attributes:
        admin: a client with the admin token.
        clients: makes a client that comes from an address.
    """

    sessions: async_sessionmaker[AsyncSession]
    key_cache: KeyCache[KeyParts, StoredKey]
    keys: KeyService
    budgets: BudgetService
    authenticator: Authenticator
    last_used: LastUsedWriter
    tenants: TenantService
    admin: httpx.AsyncClient
    clients: Callable[[str], httpx.AsyncClient]

    async def tenant(self, **fields: Any) -> dict[str, Any]:
        """Makes a tenant over the admin API."""
        made = await self.admin.post("/tenants", json={"name": "tenant", **fields})
        assert made.status_code == 201, made.text
        tenant: dict[str, Any] = made.json()
        return tenant

    async def key(self, tenant_id: str | None = None, **fields: Any) -> dict[str, Any]:
        """Makes a key over the admin API, of a new tenant unless one is named."""
        owner = tenant_id or (await self.tenant())["id"]
        made = await self.admin.post(f"/tenants/{owner}/keys", json={"name": "key", **fields})
        assert made.status_code == 201, made.text
        key: dict[str, Any] = made.json()
        return key

    async def channel(self, name: str) -> str:
        """Adds a channel without credentials; returns its id."""
        plain = ChannelCreate.model_validate({"name": name}).model_dump(
            exclude={"ark_api_key", "access_key_id", "secret_access_key", "session_token"}
        )
        row = ChannelRow(id=new_id("ch"), **plain)
        async with self.sessions.begin() as session:
            session.add(row)
        return row.id

    async def whoami(self, key: str, *, address: str = "203.0.113.7") -> httpx.Response:
        """Asks who a key belongs to."""
        return await self.clients(address).get(WHOAMI, headers={"Authorization": f"Bearer {key}"})


@asynccontextmanager
async def running_process(
    engine: AsyncEngine, clock: MovableClock, seconds: Callable[[], float]
) -> AsyncIterator[Process]:
    """Runs one process's worth of routes over the given database."""
    sessions = session_factory(engine)
    last_used = LastUsedWriter(sessions)
    key_cache = KeyCache(sessions, load_stored_keys, monotonic=seconds)
    signers = KeyCache(sessions, partial(load_signers, box=BOX), monotonic=seconds)
    authenticator = Authenticator(key_cache, signers, clock, last_used=last_used, region="cn-beijing")
    tenants = TenantService(sessions, clock)
    keys = KeyService(sessions, clock, BOX)
    prices = PriceCatalog(sessions, clock)
    budgets = BudgetService(sessions, prices, clock, begin_period=begin_period)
    state = {
        "sessions": sessions,
        "bodies": BodyAdmission(limit_bytes=64 * 1024, budget_bytes=1024 * 1024),
        "admin_authenticator": AdminAuthenticator(
            ADMIN_TOKEN,
            KeyCache(sessions, load_stored_admins, monotonic=seconds),
            throttle=AuthThrottle(monotonic=seconds),
            clock=clock,
        ),
        "console_sessions": None,
        "admins": AdminService(sessions, clock),
        "authenticator": authenticator,
        "turns": Turns(max_per_party=5),
        "rate_limits": RateLimits(None, _alone, monotonic=seconds),
        "tenants": tenants,
        "keys": keys,
        "webhooks": WebhookService(sessions, BOX, clock),
        "bulk_resend": BulkResend(sessions, clock),
        "metrics": Metrics(sessions, clock),
        "summary": SummaryService(sessions, clock, timedelta(minutes=10)),
        "catalog": ModelCatalog(sessions, clock),
        "prices": prices,
        "budgets": budgets,
        "cap_room": CapRoom(sessions, ModelCatalog(sessions, clock)),
    }
    running = routes_over(state, clock)
    async with AsyncExitStack() as stack:
        made: dict[str, httpx.AsyncClient] = {}

        def client_from(address: str) -> httpx.AsyncClient:
            if address not in made:
                transport = httpx.ASGITransport(running, client=(address, 50_000))
                made[address] = httpx.AsyncClient(verify=PLAIN, transport=transport, base_url="http://gateway")
                stack.push_async_callback(made[address].aclose)
            return made[address]

        admin = httpx.AsyncClient(
            verify=PLAIN,
            transport=httpx.ASGITransport(running, client=("192.0.2.1", 50_000)),
            base_url="http://gateway/admin/v1",
            headers={"Authorization": f"Bearer {ADMIN_TOKEN}"},
        )
        await stack.enter_async_context(admin)
        yield Process(sessions, key_cache, keys, budgets, authenticator, last_used, tenants, admin, client_from)


async def _alone() -> int:
    return 1


class QueryCount:
    """Counts the statements that an engine executes and that hold a text."""

    def __init__(self, engine: AsyncEngine, text: str) -> None:
        self.count = 0

        def seen(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            self.count += text in statement

        self._engine = engine.sync_engine
        self._seen = seen

    def __enter__(self) -> Self:
        event.listen(self._engine, "before_cursor_execute", self._seen)
        return self

    def __exit__(self, *_exception: object) -> None:
        event.remove(self._engine, "before_cursor_execute", self._seen)


def in_the_future(clock: Callable[[], datetime], seconds: float) -> str:
    """Returns a moment as the admin API takes it."""
    return (clock() + timedelta(seconds=seconds)).isoformat()
