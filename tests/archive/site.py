"""A gateway with an archive, whose job the tests run."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from pydantic import SecretStr
from sqlalchemy import func, select, update

from app.archive.models import ArchiveCopyRow
from app.composition import open_services
from app.sandbox.config import SandboxConfig
from app.sandbox.signed_urls import MEDIA_FOLDER
from app.services import Services
from tests.archive.s3 import ACCESS_KEY, BUCKET, REGION, SECRET_KEY, S3Server
from tests.support.clock import MovableClock
from tests.support.gateway import Gateway, Tenant, get, open_gateway
from tests.support.loopback import LOOPBACK_NETWORKS
from tests.support.plain import PLAIN
from tests.support.timeouts import HANG_SECONDS

CLIP = (MEDIA_FOLDER / "clip.mp4").read_bytes()
FRAME = (MEDIA_FOLDER / "last_frame.png").read_bytes()
LINK_SECONDS = 3600


async def run_copier(services: Services) -> None:
    """Runs the job of a process until nothing that is due is left; a run itself waits for some seconds at most."""
    copier = services.archive_copier
    assert copier is not None
    await copier.run_once()
    await copier.drain(timeout_seconds=HANG_SECONDS)


class ArchiveSite:
    """A gateway, the services of a worker beside it, and what is in the store."""

    def __init__(self, gateway: Gateway, services: Services, store: S3Server) -> None:
        self.gateway = gateway
        self.services = services
        self.store = store
        # Without a key or a header: what a client of the links has.
        self.plain = httpx.AsyncClient(verify=PLAIN)

    async def finished(self, tenant: Tenant, **fields: Any) -> str:
        """Returns the id of a task that has succeeded, and that the gateway knows to have."""
        task_id = await tenant.new_task(**fields)
        await self.gateway.force(task_id, "succeeded")
        self.gateway.clock.advance(3)
        self.gateway.expire_caches()
        assert (await get(tenant, task_id)).json()["status"] == "succeeded"
        return task_id

    async def work(self) -> None:
        """Runs the job until nothing that is due is left."""
        await run_copier(self.services)

    async def copies(self, task_id: str) -> dict[str, ArchiveCopyRow]:
        """Returns the rows of a task's copies."""
        row = await self.gateway.row(task_id)
        async with self.gateway.sessions() as session:
            query = select(ArchiveCopyRow)
            if row is not None:
                query = query.where(ArchiveCopyRow.tenant_id == row.tenant_id, ArchiveCopyRow.task_id == row.id)
            return {each.member: each for each in await session.scalars(query)}

    async def waiting(self, tenant: Tenant) -> int:
        """Returns how many copies of a tenant are to be made or deleted."""
        is_waiting = ArchiveCopyRow.status.in_(["pending", "released"])
        counted = (
            select(func.count()).select_from(ArchiveCopyRow).where(ArchiveCopyRow.tenant_id == tenant.id, is_waiting)
        )
        async with self.gateway.sessions() as session:
            return int(await session.scalar(counted) or 0)

    async def count(self, tenant: Tenant) -> int:
        """Returns how many copies of a tenant there are, whatever their state."""
        counted = select(func.count()).select_from(ArchiveCopyRow).where(ArchiveCopyRow.tenant_id == tenant.id)
        async with self.gateway.sessions() as session:
            return int(await session.scalar(counted) or 0)

    async def change_source(self, task_id: str, url: str) -> None:
        """Makes a copy that is due one of another file."""
        row = await self.gateway.row(task_id)
        assert row is not None
        async with self.gateway.sessions.begin() as session:
            change = update(ArchiveCopyRow).where(ArchiveCopyRow.task_id == row.id).values(source_url=url)
            await session.execute(change)

    def objects_of(self, tenant: Tenant) -> dict[str, bytes]:
        """Returns what the store has of a tenant."""
        return {key: data for key, data in self.store.objects().items() if f"/{tenant.id}/" in f"/{key}"}


def archive_settings(store: S3Server, **changes: Any) -> dict[str, Any]:
    """Returns the settings of an archive in the store; the gateway serves its files."""
    return {
        "archive_url": f"s3://{BUCKET}/kept/here",
        "archive_endpoint": store.url,
        "archive_region": REGION,
        "archive_access_key_id": SecretStr(ACCESS_KEY),
        "archive_secret_access_key": SecretStr(SECRET_KEY),
        "archive_link_seconds": LINK_SECONDS,
        "public_url": "http://gateway.example",
        "callback_allow": LOOPBACK_NETWORKS,
        **changes,
    }


@asynccontextmanager
async def open_site(database_url: str, store: S3Server, **changes: Any) -> AsyncIterator[ArchiveSite]:
    """Runs a gateway whose clock stands still, and beside it the services of a worker."""
    clock = MovableClock(stands_still=True)
    config = SandboxConfig(clock=clock, limits=None)
    async with (
        open_gateway(
            database_url, sandbox_config=config, clock=clock, background="off", **archive_settings(store, **changes)
        ) as gateway,
        open_worker(gateway) as services,
    ):
        site = ArchiveSite(gateway, services, store)
        yield site
        await site.plain.aclose()


@asynccontextmanager
async def open_worker(gateway: Gateway, **changes: Any) -> AsyncIterator[Services]:
    """Opens the services of one more process on the database of a gateway."""
    async with open_services(gateway.settings.model_copy(update=changes), clock=gateway.clock) as services:
        yield services


@asynccontextmanager
async def media_hosts(site: ArchiveSite, url: str, *others: str) -> AsyncIterator[None]:
    """Lets the channel's clips be fetched from these servers meanwhile."""
    channel_id = await site.gateway.channel_id()
    hosts = [url.partition("://")[2], *others]
    changed = await site.gateway.admin.patch(f"/channels/{channel_id}", json={"media_hosts": hosts})
    assert changed.status_code == 200, changed.text
    assert changed.json()["media_hosts"] == hosts
    await asyncio.sleep(1)
    try:
        yield
    finally:
        await site.gateway.admin.patch(f"/channels/{channel_id}", json={"media_hosts": []})
        await asyncio.sleep(1)
