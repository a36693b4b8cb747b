"""A gateway over a sandbox, used through its Assets entries."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from pydantic import SecretStr

from app.assets.actions import ACTIONS, AssetService
from app.assets.context import AssetsContext
from app.assets.create_spec import Client
from app.assets.upstream import AssetsUpstream
from app.composition import Services, open_services
from app.core.sealing import generate_key
from app.creates.retry_dedup import RequestFingerprint
from app.sandbox.config import DEFAULT_ACCOUNT, Account, SandboxConfig
from app.sandbox.faults import Effect, FaultScript
from app.settings import Settings
from app.tenants.principal import Principal
from app.upstream.http.client import HttpClient, open_http_client
from app.upstream.openapi import OpenApiClient
from tests.support.clock import MovableClock
from tests.support.database import own_database
from tests.support.gateway import Gateway, Tenant, open_gateway
from tests.support.loopback import LOOPBACK_ALLOWED, LOOPBACK_NETWORKS
from tests.support.plain import PLAIN

OTHER_ACCOUNT = Account(
    name="other",
    api_key="other-ark-key",
    access_key_id="AKOTHER00000000000000000000",
    secret_access_key="other-secret-access-key",
)
OPEN = "/api/v3/open/"
URL = "https://example.com/reference.png"

Call = Callable[[Tenant, str, dict[str, Any]], Any]


async def by_path(tenant: Tenant, action: str, body: dict[str, Any]) -> httpx.Response:
    """Calls an action on the entry that has a route for each."""
    return await tenant.http.post(OPEN + action, json=body)


async def by_query(tenant: Tenant, action: str, body: dict[str, Any]) -> httpx.Response:
    """Calls an action on the entry that names it in the query."""
    return await tenant.http.post("/api/v3/assets", params={"Action": action, "Version": "2024-01-01"}, json=body)


async def natively(tenant: Tenant, action: str, body: dict[str, Any]) -> httpx.Response:
    """Calls an action on the native OpenAPI entry."""
    return await tenant.http.post("/", params={"Action": action, "Version": "2024-01-01"}, json=body)


@dataclass
class Library:
    """A running gateway, a second set of services over its database in this process, and the clock of both."""

    gateway: Gateway
    services: Services
    clock: MovableClock

    async def tenant(self, **key_fields: Any) -> Tenant:
        """Makes a tenant with a key."""
        return await self.gateway.tenant(**key_fields)

    async def channel_id(self, name: str = "default") -> str:
        """The id of a channel."""
        listed = await self.gateway.admin.get("/channels")
        return str(next(row["id"] for row in listed.json()["data"] if row["name"] == name))

    async def change_channel(self, name: str = "default", **fields: Any) -> None:
        """Changes a channel, and makes this process read it anew."""
        changed = await self.gateway.admin.patch(f"/channels/{await self.channel_id(name)}", json=fields)
        assert changed.status_code == 200, changed.text
        self.services.directory.invalidate()

    async def add_channel(self, name: str, account: Account, **fields: Any) -> None:
        """Adds a channel on one of the sandbox's accounts."""
        body = {
            "name": name,
            "openapi_url": self.gateway.sandbox.openapi_url,
            "access_key_id": account.access_key_id,
            "secret_access_key": account.secret_access_key,
            **fields,
        }
        made = await self.gateway.admin.post("/channels", json=body)
        assert made.status_code == 201, made.text
        self.services.directory.invalidate()

    def sent_by(self, tenant: Tenant, action: str) -> RequestFingerprint:
        """A fingerprint unlike any other."""
        return RequestFingerprint(tenant.id, tenant.key_id, action, secrets.token_bytes(32))

    def context(self, http: HttpClient, *, search_timeout_seconds: float = 1.0) -> AssetsContext:
        """What another process over the same database and upstream would have."""
        services = self.services
        upstream = AssetsUpstream(services.directory, OpenApiClient(http, self.clock))
        return AssetsContext(
            services.sessions, self.clock, upstream, services.retry_dedup, services.processes, search_timeout_seconds
        )

    async def run(
        self,
        tenant: Tenant,
        action: str,
        *,
        search_timeout_seconds: float = 1.0,
        sent: RequestFingerprint | None = None,
        gone: asyncio.Event | None = None,
        **body: Any,
    ) -> dict[str, Any]:
        """Carries an action out below the routes, with a shorter search for a create of unknown outcome."""
        async with open_http_client(destinations=LOOPBACK_ALLOWED) as http:
            service = AssetService(self.context(http, search_timeout_seconds=search_timeout_seconds))
            client = Client(sent or self.sent_by(tenant, action), gone or asyncio.Event())
            try:
                reply = await ACTIONS[action].run(service, self.principal(tenant), ACTIONS[action].parse(body), client)
            finally:
                await service.drain()
            return reply.body.to_wire()

    def principal(self, tenant: Tenant) -> Principal:
        """The tenant's principal."""
        return Principal(
            tenant_id=tenant.id,
            tenant_name="tenant",
            key_id=tenant.key_id,
            key_public_part="public",
            allowed_models=(),
            allowed_channels=None,
        )

    def upstream_ids(self, kind: str, name: str) -> list[str]:
        """The ids of the live objects of a name that the upstream has."""
        store = getattr(self.gateway.sandbox.store.assets, kind)
        return [found.id for found in store.values() if found.name == name and found.deleted_at is None]

    def fault(self, operation: str, *, times: int | None = 1, **effect: Any) -> None:
        """Has the upstream misbehave."""
        script = FaultScript(operation=operation, times=times, effect=Effect(**effect))
        self.gateway.sandbox.store.faults.add(script)

    def clear_faults(self) -> None:
        """Has the upstream behave again, and answer the calls that it holds."""
        self.gateway.sandbox.store.faults.clear()

    def count(self, operation: str) -> int:
        """How many calls of an operation the upstream received."""
        return sum(entry.operation == operation for entry in self.gateway.sandbox.store.ledger.requests)

    @property
    def calls(self) -> int:
        """How many calls the upstream received."""
        return len(self.gateway.sandbox.store.ledger.requests)

    def advance(self, seconds: float) -> None:
        """Lets time pass for the gateway and the upstream."""
        self.clock.advance(seconds)
        self.gateway.sandbox.store.clock.advance(seconds)

    def move_clocks(self, seconds: float) -> None:
        """Lets time pass for both, however much: a signature's time must agree with the upstream's."""
        self.clock.advance(seconds)
        self.gateway.sandbox.store.clock.skew_seconds += seconds

    def finish_processing(self) -> None:
        """Lets the upstream finish every asset that it is processing; no time passes for the gateway."""
        self.gateway.sandbox.store.clock.advance(60)

    def delete_upstream(self, object_id: str) -> None:
        """Deletes an object behind the gateway's back."""
        store = self.gateway.sandbox.store.assets
        (store.groups.get(object_id) or store.assets[object_id]).deleted_at = self.clock()

    async def pass_verification(self, link: str) -> None:
        """Does what the person in front of the camera does."""
        async with httpx.AsyncClient(verify=PLAIN) as browser:
            token = httpx.URL(link).params["bytedToken"]
            page = await browser.post(link.partition("?")[0], data={"bytedToken": token, "outcome": "complete"})
            assert page.status_code == 303, page.text

    async def until_abandoned(self, tenant: Tenant) -> None:
        """Waits until the gateway has noticed that a client of the tenant has disconnected."""
        await self.gateway.until_abandoned(tenant)

    async def until_claimed(self, tenant: Tenant) -> None:
        """Waits until a retry has claimed the abandoned attempt and waits for its end."""
        await self.gateway.until_claimed(tenant)

    async def new_face_group(self, tenant: Tenant) -> str:
        """Makes a LivenessFace group by verification."""
        opened = await ok(tenant, "CreateVisualValidateSession", CallbackURL="https://example.com/back")
        await self.pass_verification(opened["H5Link"])
        result = await ok(tenant, "GetVisualValidateResult", BytedToken=opened["BytedToken"])
        return str(result["GroupId"])


async def ok(tenant: Tenant, action: str, **body: Any) -> dict[str, Any]:
    """Calls an action that must succeed and returns its result."""
    response = await by_path(tenant, action, body)
    assert response.status_code == 200, response.text
    result: dict[str, Any] = response.json()
    return result


async def refused(tenant: Tenant, action: str, status: int, code: str, **body: Any) -> dict[str, Any]:
    """Calls an action that must be refused in a certain way and returns the error."""
    response = await by_path(tenant, action, body)
    assert (response.status_code, response.json()["error"]["code"]) == (status, code), response.text
    assert response.json()["ResponseMetadata"]["Error"]["Code"] == code
    error: dict[str, Any] = response.json()["error"]
    return error


async def new_group(tenant: Tenant, name: str = "MyAssetGroup", **fields: Any) -> str:
    """Makes a group and returns its id."""
    return str((await ok(tenant, "CreateAssetGroup", Name=name, GroupType="AIGC", **fields))["Id"])


async def new_asset(tenant: Tenant, group_id: str, **fields: Any) -> str:
    """Makes an asset and returns its id."""
    body = {"GroupId": group_id, "URL": URL, "AssetType": "Image", **fields}
    return str((await ok(tenant, "CreateAsset", **body))["Id"])


async def list_assets(tenant: Tenant, *, page: int = 1, size: int = 100, **fields: Any) -> dict[str, Any]:
    """Lists AIGC assets; ``Filter`` is merged with the group type."""
    filters = {"GroupType": "AIGC", **fields.pop("Filter", {})}
    return await ok(tenant, "ListAssets", Filter=filters, PageNumber=page, PageSize=size, **fields)


async def list_groups(tenant: Tenant, **fields: Any) -> dict[str, Any]:
    """Lists AIGC groups."""
    filters = {"GroupType": "AIGC", **fields.pop("Filter", {})}
    return await ok(tenant, "ListAssetGroups", Filter=filters, **fields)


@asynccontextmanager
async def running_library(server_url: str, *, stands_still: bool = True, **settings: Any) -> AsyncIterator[Library]:
    """Runs a gateway with a database and a sandbox of its own; nothing runs in the background.

    Their clocks stand still until a test moves them, unless other processes, whose clocks run, share the database.
    """
    clock = MovableClock(stands_still=stands_still)
    upstream_clock = MovableClock(stands_still=stands_still)
    config = SandboxConfig(accounts=(DEFAULT_ACCOUNT, OTHER_ACCOUNT), clock=upstream_clock, limits=None)
    secret_key = SecretStr(generate_key())
    changes: dict[str, Any] = {"background": "off", "secret_key": secret_key, "ark_exclusive": "on", **settings}
    async with (
        own_database(server_url) as database_url,
        open_gateway(database_url, sandbox_config=config, clock=clock, **changes) as gateway,
    ):
        twin = Settings(_env_file=None).model_copy(
            update={
                "database_url": SecretStr(database_url),
                "admin_token": SecretStr("t" * 32),
                "secret_key": secret_key,
                "ark_api_key": None,
                "access_key_id": None,
                "channel_allow": LOOPBACK_NETWORKS,
            }
        )
        async with open_services(twin, clock=clock) as services:
            yield Library(gateway, services, clock)
