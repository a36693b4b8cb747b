"""Links to copies work without credentials for their time, and no longer; what shows them is kept for half of it."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from pydantic import SecretStr

from app.archive.media_routes import MAX_TENANT_STREAMS
from app.core.sealing import generate_key
from tests.archive.s3 import S3Server
from tests.archive.site import CLIP, LINK_SECONDS, ArchiveSite, open_site
from tests.support.database import own_database
from tests.support.gateway import TASKS, Tenant, get, serve_gateway
from tests.support.logs import written
from tests.support.timeouts import HANG_SECONDS

pytestmark = pytest.mark.archive

HALF = LINK_SECONDS // 2
OWN = "http://gateway.example"


@pytest_asyncio.fixture(scope="session")
async def presigning(database_url: str, store: S3Server) -> AsyncIterator[ArchiveSite]:
    """A gateway whose store clients reach themselves, under another name than the gateway does."""
    public = store.url.replace("127.0.0.1", "localhost")
    async with own_database(database_url) as url, open_site(url, store, archive_public_endpoint=public) as opened:
        yield opened


async def link_of(site: ArchiveSite, tenant: Tenant, task_id: str) -> str:
    """Returns the link that a task shows now, at the address where the tests reach the gateway."""
    link: str = (await get(tenant, task_id)).json()["content"]["video_url"]
    return link.replace(OWN, site.gateway.base_url)


async def archived(site: ArchiveSite, tenant: Tenant) -> str:
    task_id = await site.finished(tenant)
    await site.work()
    return task_id


async def test_a_link_is_the_same_for_half_its_life_and_works_to_its_end(site: ArchiveSite) -> None:
    tenant = await site.gateway.tenant()
    task_id = await archived(site, tenant)
    first = await link_of(site, tenant, task_id)
    shown = (await get(tenant, task_id)).json()["content"]["expires_at"]
    now = int(site.gateway.clock().timestamp())
    assert HALF <= shown - now <= LINK_SECONDS
    left = shown - now - HALF
    site.gateway.clock.advance(max(left - 5, 0))
    assert await link_of(site, tenant, task_id) == first
    listed = (await tenant.http.get(TASKS)).json()["items"][0]
    assert listed["content"]["video_url"].replace(OWN, site.gateway.base_url) == first
    site.gateway.clock.advance(10)
    second = await link_of(site, tenant, task_id)
    assert second != first
    listed = (await tenant.http.get(TASKS)).json()["items"][0]
    assert listed["content"]["video_url"].replace(OWN, site.gateway.base_url) == second
    assert (listed["content"]["expires_at"], listed["archive"]["state"]) == (shown + HALF, "stored")
    assert (await site.plain.get(first)).content == CLIP
    site.gateway.clock.advance(HALF)
    gone = await site.plain.get(first)
    assert (gone.status_code, gone.json()["error"]["code"]) == (410, "LinkExpired")
    assert (await site.plain.get(second)).content == CLIP


async def test_a_store_with_a_public_endpoint_signs_links(presigning: ArchiveSite) -> None:
    await presigning.gateway.prepare()
    tenant = await presigning.gateway.tenant()
    task_id = await archived(presigning, tenant)
    shown = (await get(tenant, task_id)).json()["content"]
    link = shown["video_url"]
    assert link.startswith(presigning.store.url.replace("127.0.0.1", "localhost") + "/clips/kept/here/")
    answer = await presigning.plain.get(link, headers={"Range": "bytes=4-7"})
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (206, CLIP[4:8], "video/mp4")
    for changed in (
        link.replace("/kept/here/", "/kept/there/"),
        link[:-1] + ("0" if link[-1] != "0" else "1"),
        link.partition("?")[0],
    ):
        assert (await presigning.plain.get(changed)).status_code in {400, 403, 404}
    assert (await presigning.plain.delete(link)).status_code == 403
    assert (await get(tenant, task_id)).json()["content"]["video_url"] == link
    overseen = (await presigning.gateway.admin.get(f"/tasks/{task_id}/media")).json()["content"]
    assert overseen == shown


@pytest.mark.parametrize(
    ("header", "status", "part"),
    [
        (None, 200, slice(None)),
        ("bytes=0-99", 206, slice(0, 100)),
        ("bytes=100-", 206, slice(100, None)),
        ("bytes=-7", 206, slice(-7, None)),
        ("bytes=0-0", 206, slice(0, 1)),
        (f"bytes=1-{len(CLIP) * 2}", 206, slice(1, None)),
        (f"bytes={len(CLIP) - 1}-", 206, slice(-1, None)),
        ("BYTES = 5-9", 206, slice(5, 10)),
        ("bytes=0-1,4-5", 200, slice(None)),
        ("bytes=9-5", 200, slice(None)),
        ("bytes=a-b", 200, slice(None)),
        ("bytes=-", 200, slice(None)),
        ("seconds=0-1", 200, slice(None)),
        (f"bytes={len(CLIP)}-", 416, slice(0, 0)),
        ("bytes=-0", 416, slice(0, 0)),
    ],
)
async def test_a_range_of_a_file_is_served(site: ArchiveSite, header: str | None, status: int, part: slice) -> None:
    tenant = await site.gateway.tenant()
    link = await link_of(site, tenant, await archived(site, tenant))
    headers = {} if header is None else {"Range": header}
    answer = await site.plain.get(link, headers=headers)
    assert answer.status_code == status
    if status == 416:
        assert answer.json()["error"]["code"] == answer.json()["ResponseMetadata"]["Error"]["Code"] == "InvalidRange"
    else:
        assert answer.content == CLIP[part]
    expected = {200: None, 416: f"bytes */{len(CLIP)}"}
    if status == 206:
        first, last, _ = part.indices(len(CLIP))
        expected[206] = f"bytes {first}-{last - 1}/{len(CLIP)}"
    assert answer.headers.get("content-range") == expected[status]
    assert answer.headers["content-length"] == str(len(answer.content))
    head = await site.plain.head(link, headers=headers)
    assert (head.status_code, head.content) == (200, b""), "a range is one of a GET"
    assert head.headers["content-length"] == str(len(CLIP))
    for each in [answer, head] if status != 416 else [head]:
        assert each.headers["content-type"] == "video/mp4"
        assert each.headers["x-content-type-options"] == "nosniff"
        assert each.headers["content-security-policy"] == "sandbox"
        assert each.headers["accept-ranges"] == "bytes"


async def test_a_range_is_served_only_of_the_file_that_the_client_has(site: ArchiveSite) -> None:
    tenant = await site.gateway.tenant()
    link = await link_of(site, tenant, await archived(site, tenant))
    etag = (await site.plain.head(link)).headers["etag"]
    for if_range, status in ((etag, 206), ('"other"', 200), ("Mon, 30 Nov 2026 00:00:00 GMT", 200)):
        answer = await site.plain.get(link, headers={"Range": "bytes=0-1", "If-Range": if_range})
        assert answer.status_code == status
    for known, status in (
        (f'"x", {etag}', 304),
        (f"W/{etag}", 304),
        ("*", 304),
        ('"x"', 200),
        (f"w/{etag}", 200),
        (etag.strip('"'), 200),
    ):
        answer = await site.plain.get(link, headers={"If-None-Match": known})
        assert (answer.status_code, answer.content) == (status, CLIP if status == 200 else b""), known


async def test_a_tenant_whose_files_take_long_leaves_places_to_others(site: ArchiveSite) -> None:
    tenant, other = await site.gateway.tenant(), await site.gateway.tenant()
    slow, link = [await link_of(site, each, await archived(site, each)) for each in (tenant, other)]
    with site.store.paused():
        waiting = [asyncio.create_task(site.plain.get(slow)) for _ in range(MAX_TENANT_STREAMS + 3)]
        async with asyncio.timeout(HANG_SECONDS):
            while sum(each.done() for each in waiting) < 3:
                pending = [each for each in waiting if not each.done()]
                await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        others = asyncio.create_task(site.plain.get(link))
        await asyncio.wait([others], timeout=0.5)
        assert not others.done()
        refused = [each for each in waiting if each.done()]
        assert [each.result().status_code for each in refused] == [503] * 3
    answers = [await each for each in [*waiting, others] if each not in refused]
    assert [answer.content for answer in answers] == [CLIP] * (MAX_TENANT_STREAMS + 1)
    assert (await site.plain.get(slow)).content == CLIP


async def test_no_other_link_opens_a_file(site: ArchiveSite) -> None:
    tenant, stranger = await site.gateway.tenant(), await site.gateway.tenant()
    link = await link_of(site, tenant, await archived(site, tenant))
    other = await link_of(site, stranger, await archived(site, stranger))
    base, token = link.rsplit("/", 1)
    foreign = other.rsplit("/", 1)[1]
    assert token != foreign
    cut = len(token) // 2
    wrong = {
        token[:-1],
        token + "A",
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        token[:40] + foreign[40:],
        token[:cut] + foreign[cut:],
        token.swapcase(),
        token + "=",
        "A" * len(token),
        "x",
        "é",
        token * 9,
        *(token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :] for at in range(0, len(token), 7)),
    }
    for each in wrong:
        answer = await site.plain.get(f"{base}/{each}")
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/json"), each
    for path in (f"/{token}", f"//{token}", f"/{token}/", f"/{token}/x", "/"):
        assert (await site.plain.get(f"{site.gateway.base_url}/media{path}")).status_code == (
            200 if path == f"/{token}" else 404
        )
    for method in ("POST", "PUT", "DELETE"):
        assert (await site.plain.request(method, link)).status_code == 405
    # Neither tenant sees or deletes what is the other's.
    assert (
        await stranger.http.get(f"{TASKS}/{(await tenant.http.get(TASKS)).json()['items'][0]['id']}")
    ).status_code == 404


async def test_a_link_survives_the_rotation_of_the_sealing_key_while_the_old_key_is_named(site: ArchiveSite) -> None:
    tenant = await site.gateway.tenant()
    link = await link_of(site, tenant, await archived(site, tenant))
    secret = site.gateway.settings.secret_key
    assert secret is not None
    rotated = SecretStr(f"{generate_key()},{secret.get_secret_value()}")
    settings = site.gateway.settings.model_copy(update={"secret_key": rotated})
    async with serve_gateway(settings, site.gateway.clock) as url:
        assert (await site.plain.get(link.replace(site.gateway.base_url, url))).content == CLIP


async def test_links_of_a_suspended_tenant_work_to_their_end(site: ArchiveSite) -> None:
    tenant = await site.gateway.tenant()
    task_id = await archived(site, tenant)
    link = await link_of(site, tenant, task_id)
    changed = await site.gateway.admin.patch(f"/tenants/{tenant.id}", json={"status": "suspended"})
    assert changed.status_code == 200, changed.text
    async with asyncio.timeout(HANG_SECONDS):
        while (await tenant.http.get(f"{TASKS}/{task_id}")).status_code != 403:  # noqa: ASYNC110 - no event tells it
            await asyncio.sleep(0.1)
    assert (await site.plain.get(link)).content == CLIP
    site.gateway.clock.advance(LINK_SECONDS)
    assert (await site.plain.get(link)).status_code == 410


async def test_links_are_not_logged(site: ArchiveSite) -> None:
    tenant = await site.gateway.tenant()
    task_id = await site.finished(tenant)
    with written() as log:
        await site.work()
        link = await link_of(site, tenant, task_id)
        await site.plain.get(link)
        await site.plain.get(link + "x")
        await site.gateway.fault("get_media", kind="error", at="before", status=500, code="InternalError")
        await site.finished(tenant)
        await site.work()
    text = log.stream.getvalue()
    assert "archive_copied" in text
    assert "archive_copy_failed" in text
    assert link.rsplit("/", 1)[1] not in text
    assert "X-Tos-Signature" not in text
