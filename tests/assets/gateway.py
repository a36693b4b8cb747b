"""The gateway as the tests of the Assets API use it: with the services of a second process over its database."""

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
from pydantic import SecretStr
from sqlalchemy import delete

from app.assets.actions import ACTIONS, AssetService
from app.assets.context import AssetsContext
from app.assets.models import AssetGroupRow, AssetRow, CreateIntentRow, ValidationSessionRow
from app.assets.schemas import parse_request
from app.assets.upstream import AssetsUpstream
from app.composition import open_services
from app.core.watched_event import WatchedEvent
from app.creates.attempts import Client, RequestFingerprint
from app.ids import new_id
from app.sandbox.config import DEFAULT_ACCOUNT, Account, SandboxConfig
from app.services import Services
from app.tasks.models import TaskRow
from app.tenants.principal import Principal
from app.upstream.http.client import HttpClient, open_http_client
from app.upstream.openapi import OpenApiClient
from app.upstream.rate_limits import RateLimiter
from tests.support.clock import MovableClock
from tests.support.database import as_owner, own_database
from tests.support.driving import URL, act, new_group, new_session, pass_verification
from tests.support.gateway import Gateway, Tenant, open_gateway
from tests.support.loopback import LOOPBACK_ALLOWED

OTHER_ACCOUNT = Account(
    name="other",
    api_key="other-ark-key",
    access_key_id="AKOTHER00000000000000000000",
    secret_access_key="other-secret-access-key",
)
OPEN = "/api/v3/open/"
ENTRIES: dict[str, str] = {
    "by path": OPEN + "{action}",
    "by query": "/api/v3/assets?Action={action}&Version=2024-01-01",
    "natively": "/?Action={action}&Version=2024-01-01",
}
"""The addresses at which an action is offered."""

Call = Callable[[Tenant, str, dict[str, Any]], Any]


class AssetsGateway(Gateway):
    """A running gateway, and the services of a second process over its database.

    Attributes:
        services: the services of a second process, whose jobs a test runs by hand.
    """

    def __init__(self, running: Gateway, services: Services) -> None:
        super().__init__(running.base_url, running.settings, running.sandbox, running.clock, running.sessions)
        self.services = services

    async def empty(self) -> None:
        """Deletes every object here and upstream, every fault and channel, and makes a new channel ``default``."""
        await self.control.post("/reset")
        async with self.sessions.begin() as session:
            for table in (CreateIntentRow, AssetRow, AssetGroupRow, ValidationSessionRow, TaskRow):
                await session.execute(delete(table))
        for channel in (await self.admin.get("/channels")).json()["data"]:
            deleted = await self.admin.delete(f"/channels/{channel['id']}")
            assert deleted.status_code == 204, deleted.text
        key = {"ark_base_url": self.sandbox.ark_base_url, "ark_api_key": DEFAULT_ACCOUNT.api_key}
        await self.add_assets_channel("default", DEFAULT_ACCOUNT, exclusive=True, **key)
        await self.prepare()

    async def change_channel(self, name: str = "default", **fields: Any) -> None:
        """Changes a channel, and makes the second process read it again."""
        changed = await self.admin.patch(f"/channels/{await self.channel_id(name)}", json=fields)
        assert changed.status_code == 200, changed.text
        self.services.directory.invalidate()

    async def add_assets_channel(self, name: str, account: Account, **fields: Any) -> None:
        """Adds a channel for the Assets API on one of the sandbox's accounts."""
        body = {
            "name": name,
            "openapi_url": self.sandbox.openapi_url,
            "access_key_id": account.access_key_id,
            "secret_access_key": account.secret_access_key,
            **fields,
        }
        made = await self.admin.post("/channels", json=body)
        assert made.status_code == 201, made.text
        self.services.directory.invalidate()

    def context(self, http: HttpClient, *, search_timeout_seconds: float = 1.0) -> AssetsContext:
        """Returns what one more process over the same database and upstream has."""
        services = self.services
        control = OpenApiClient(http, self.clock)
        return AssetsContext(
            sessions=services.sessions,
            reads=services.reads,
            clock=self.clock,
            upstream=AssetsUpstream(services.directory, control),
            control=control,
            rates=RateLimiter(services.sessions),
            retry_dedup=services.retry_dedup,
            processes=services.processes,
            search_timeout_seconds=search_timeout_seconds,
        )

    async def run(
        self,
        tenant: Tenant,
        action: str,
        *,
        search_timeout_seconds: float = 1.0,
        sent: RequestFingerprint | None = None,
        gone: WatchedEvent | None = None,
        **body: Any,
    ) -> dict[str, Any]:
        """Carries an action out below the routes, with a shorter search for a create of unknown outcome."""
        async with open_http_client(destinations=LOOPBACK_ALLOWED) as http:
            service = AssetService(self.context(http, search_timeout_seconds=search_timeout_seconds))
            client = Client(sent or fingerprint(tenant, action), gone or WatchedEvent())
            try:
                parsed = parse_request(ACTIONS[action].request, body)
                reply = await ACTIONS[action].use_case(service, principal(tenant), parsed, client)
            finally:
                await service.drain()
            return dict(reply.body.to_wire())

    @asynccontextmanager
    async def without_table(self, name: str) -> AsyncIterator[None]:
        """Lets every statement about a table fail inside the block."""
        await as_owner(self.database_url, f"ALTER TABLE {name} RENAME TO away")
        try:
            yield
        finally:
            await as_owner(self.database_url, f"ALTER TABLE away RENAME TO {name}")

    def upstream_ids(self, kind: str, name: str) -> list[str]:
        """Returns the ids of the live objects of a name that the upstream has; ``kind`` is ``groups`` or ``assets``."""
        store = getattr(self.sandbox.store.assets, kind)
        return [found.id for found in store.values() if found.name == name and found.deleted_at is None]

    def created(self, action: str, body: dict[str, Any]) -> list[str]:
        """Returns the ids of the live objects that a create with this body made upstream."""
        return self.upstream_ids("groups" if action == "CreateAssetGroup" else "assets", body["Name"])

    def count(self, operation: str) -> int:
        """Returns how many calls of an operation the upstream has received."""
        return len(self.received(operation))

    @property
    def calls(self) -> int:
        """How many calls the upstream has received."""
        return len(self.sandbox.store.ledger.requests)

    def finish_processing(self) -> None:
        """Lets the upstream finish every asset that it is processing; no time passes for the gateway."""
        self.sandbox.store.clock.advance(60)

    def delete_upstream(self, object_id: str) -> None:
        """Deletes an object upstream, of which the gateway is not told."""
        store = self.sandbox.store.assets
        (store.groups.get(object_id) or store.assets[object_id]).deleted_at = self.clock()

    async def new_face_group(self, tenant: Tenant) -> str:
        """Makes a LivenessFace group by verification."""
        opened = await new_session(tenant)
        await pass_verification(opened["H5Link"])
        return str((await act(tenant, "GetVisualValidateResult", BytedToken=opened["BytedToken"]))["GroupId"])


async def by_path(tenant: Tenant, action: str, body: dict[str, Any]) -> httpx.Response:
    """Calls an action on the entry that has a route for each."""
    return await tenant.http.post(OPEN + action, json=body)


async def by_query(tenant: Tenant, action: str, body: dict[str, Any]) -> httpx.Response:
    """Calls an action on the entry that names it in the query."""
    return await tenant.http.post("/api/v3/assets", params={"Action": action, "Version": "2024-01-01"}, json=body)


async def natively(tenant: Tenant, action: str, body: dict[str, Any]) -> httpx.Response:
    """Calls an action on the native OpenAPI entry."""
    return await tenant.http.post("/", params={"Action": action, "Version": "2024-01-01"}, json=body)


async def create_body(tenant: Tenant, action: str) -> dict[str, Any]:
    """Returns the body of CreateAssetGroup or CreateAsset, with a name of its own."""
    if action == "CreateAssetGroup":
        return {"Name": new_id("name"), "GroupType": "AIGC"}
    return {"GroupId": await new_group(tenant), "URL": URL, "AssetType": "Image", "Name": new_id("name")}


def created_id(response: httpx.Response) -> str:
    """Returns the id in the answer to a create that must have succeeded, on any entry."""
    assert response.status_code == 200, response.text
    body = response.json()
    return str(body.get("Result", body)["Id"])


async def refused(tenant: Tenant, action: str, status: int, code: str, **body: Any) -> dict[str, Any]:
    """Calls an action that must be refused with this status and code; returns the error."""
    response = await by_path(tenant, action, body)
    assert (response.status_code, response.json()["error"]["code"]) == (status, code), response.text
    assert response.json()["ResponseMetadata"]["Error"]["Code"] == code
    error: dict[str, Any] = response.json()["error"]
    return error


async def list_assets(tenant: Tenant, *, page: int = 1, size: int = 100, **fields: Any) -> dict[str, Any]:
    """Lists AIGC assets; ``Filter`` is merged with the group type."""
    filters = {"GroupType": "AIGC", **fields.pop("Filter", {})}
    return await act(tenant, "ListAssets", Filter=filters, PageNumber=page, PageSize=size, **fields)


async def list_groups(tenant: Tenant, **fields: Any) -> dict[str, Any]:
    """Lists AIGC groups."""
    filters = {"GroupType": "AIGC", **fields.pop("Filter", {})}
    return await act(tenant, "ListAssetGroups", Filter=filters, **fields)


def fingerprint(tenant: Tenant, action: str) -> RequestFingerprint:
    """Returns the fingerprint of a request that is equal to no other."""
    return RequestFingerprint(tenant.id, tenant.key_id, action, secrets.token_bytes(32))


def principal(tenant: Tenant) -> Principal:
    """Returns the principal of a tenant's key."""
    return Principal(
        tenant_id=tenant.id,
        tenant_name="tenant",
        key_id=tenant.key_id,
        key_public_part="public",
        allowed_models=(),
        allowed_channels=None,
    )


@asynccontextmanager
async def open_assets_gateway(server_url: str, *, stands_still: bool = True) -> AsyncIterator[AssetsGateway]:
    """Runs a gateway with a database and a sandbox of its own; no background job runs.

    The clock of both stands still until a test moves it, unless other processes, whose clocks run, share the database.
    """
    clock = MovableClock(stands_still=stands_still)
    config = SandboxConfig(accounts=(DEFAULT_ACCOUNT, OTHER_ACCOUNT), clock=clock, limits=None)
    async with (
        own_database(server_url) as url,
        open_gateway(url, sandbox_config=config, clock=clock, background="off", ark_exclusive="on") as running,
    ):
        # Its parts read the channel's keys from the database.
        settings = running.settings.model_copy(
            update={"admin_token": SecretStr("t" * 32), "ark_api_key": None, "access_key_id": None}
        )
        async with open_services(settings, clock=clock) as services:
            gateway = AssetsGateway(running, services)
            try:
                yield gateway
            finally:
                await gateway.close()
