"""kill -9 of a worker at every await of the job that copies."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text

from app.archive.copier import LEASE
from app.archive.store_settings import PART_BYTES
from tests.archive.s3 import ACCESS_KEY, BUCKET, REGION, SECRET_KEY, S3Server
from tests.archive.site import CLIP
from tests.archive.source import serving
from tests.chaos.clients import Create, send_until_answered
from tests.chaos.dooming import doomed_gateways
from tests.chaos.launcher import Launcher, Process, launching
from tests.chaos.site import TASKS, Site, Tenant, open_site
from tests.support.database import own_database
from tests.support.timeouts import HANG_SECONDS

pytestmark = pytest.mark.archive

# How long one that has made its copy may take to end that run.
_DOOM_SECONDS = 3.0
_MIN_KILLS = 8
# A copy of several parts has hundreds of suspensions.
_LONG_STEP = 31
_STORED = "SELECT count(*) AS stored FROM archive_copies WHERE status = 'stored'"
_PENDING = "SELECT count(*) AS left FROM archive_copies WHERE status <> 'stored'"
_CHANGE_SOURCES = text("UPDATE archive_copies SET source_url = :url WHERE status = 'pending'")


@pytest_asyncio.fixture(scope="module")
async def launcher(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Launcher]:
    """Starts the processes of this file."""
    async with launching(tmp_path_factory.mktemp("chaos")) as started:
        yield started


async def test_a_clip_is_kept_although_its_copier_dies_at_any_await(
    database_url: str, launcher: Launcher, store: S3Server
) -> None:
    async with own_database(database_url) as url, open_site(url, launcher) as site:
        archive = archive_in(store, "deaths")
        creator = await site.gateway(background="off", **archive)
        tenant = await site.tenant(creator)
        ids: list[str] = []
        async for doomed in doomed_gateways(site, "job:archive", timeout_seconds=_DOOM_SECONDS, **archive):
            site.front.lead_to(creator.url)
            ids.append(await finished(site, creator, tenant, len(ids)))
            await copying_ends(site, doomed)
        assert len(ids) > _MIN_KILLS
        await check_kept(site, tenant, ids, CLIP, store=store, archive=archive)


async def test_a_clip_of_several_parts_is_kept_although_its_copier_dies_in_the_middle_of_it(
    database_url: str, launcher: Launcher, store: S3Server
) -> None:
    long_clip = CLIP + bytes(2 * PART_BYTES)
    async with (
        own_database(database_url) as url,
        open_site(url, launcher) as site,
        serving(long_clip, pause_at=len(long_clip)) as source,
    ):
        archive = archive_in(store, "long-deaths")
        source.going_on.set()
        creator = await site.gateway(background="off", **archive)
        (channel,) = (await site.admin(creator, "GET", "/channels"))["data"]
        hosts = [source.url.partition("://")[2]]
        await site.admin(creator, "PATCH", f"/channels/{channel['id']}", json={"media_hosts": hosts})
        tenant = await site.tenant(creator)
        ids: list[str] = []
        async for doomed in doomed_gateways(
            site, "job:archive", timeout_seconds=_DOOM_SECONDS, step=_LONG_STEP, **archive
        ):
            site.front.lead_to(creator.url)
            ids.append(await finished(site, creator, tenant, len(ids)))
            async with site.engine.begin() as connection:
                await connection.execute(_CHANGE_SOURCES, {"url": f"{source.url}/clip.mp4"})
            await copying_ends(site, doomed)
        assert len(ids) > _MIN_KILLS
        await check_kept(site, tenant, ids, long_clip, store=store, archive=archive)


async def copying_ends(site: Site, doomed: Process) -> None:
    """Lets a gateway copy what is due, until it dies of that or has done it."""
    (before,) = await site.query(_STORED)
    doomed.let_go()
    async with asyncio.timeout(HANG_SECONDS):
        while doomed.is_alive and await site.query(_STORED) == [before]:  # noqa: ASYNC110 - another process has no event
            await asyncio.sleep(0.1)


def archive_in(store: S3Server, prefix: str) -> dict[str, Any]:
    """Returns the settings of an archive below a prefix."""
    return {
        "archive_url": f"s3://{BUCKET}/{prefix}",
        "archive_endpoint": store.url,
        "archive_region": REGION,
        "archive_access_key_id": ACCESS_KEY,
        "archive_secret_access_key": SECRET_KEY,
    }


async def check_kept(
    site: Site, tenant: Tenant, ids: list[str], clip: bytes, *, store: S3Server, archive: dict[str, Any]
) -> None:
    """Lets one more gateway copy what is left, and checks that each clip is in the store once, whole and shown."""
    # The leases of the dead are over on its clock.
    last = await site.gateway(shift_seconds=LEASE.total_seconds() + 60, **archive)
    async with asyncio.timeout(60):
        while (await site.query(_PENDING))[0]["left"]:  # noqa: ASYNC110 - another process has no event
            await asyncio.sleep(0.2)
    copies = await site.query("SELECT object_key FROM archive_copies")
    prefix = archive["archive_url"].rpartition("/")[2]
    objects = {key: data for key, data in store.objects().items() if key.startswith(f"{prefix}/")}
    assert {f"{prefix}/{copy['object_key']}" for copy in copies} == objects.keys()
    assert len(objects) == len(ids)
    assert set(objects.values()) == {clip}
    for task_id in ids:
        shown = (await site.http.get(f"{last.url}{TASKS}/{task_id}", headers=tenant.headers)).json()
        assert shown["archive"] == {"state": "stored", "last_error": None}
        assert (await site.http.get(shown["content"]["video_url"])).content == clip


async def finished(site: Site, gateway: Process, tenant: Tenant, number: int) -> str:
    """Returns the id of a task that the gateway has seen succeed."""
    create = Create(tenant, f"[queue:0][run:0] {number}")
    await send_until_answered(create, site.http, lambda: gateway.url)
    task_id = create.ids[0]
    async with asyncio.timeout(60):
        while True:
            shown = await site.http.get(f"{gateway.url}{TASKS}/{task_id}", headers=tenant.headers)
            if shown.json()["status"] == "succeeded":
                return task_id
            await asyncio.sleep(0.2)
