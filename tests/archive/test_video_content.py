"""The content of a video of OpenAI's dialect whose clip is in the archive comes from there."""

import httpx
import pytest
from sqlalchemy import update

from app.archive.models import ArchiveCopyRow
from tests.archive.s3 import BUCKET, answering
from tests.archive.site import CLIP, FRAME, ArchiveSite
from tests.openai.driving import VIDEOS, check_refused
from tests.support.gateway import Tenant, get, serve_gateway
from tests.support.logs import written

pytestmark = pytest.mark.archive


async def test_the_content_of_an_archived_video_is_passed_on_from_the_store(site: ArchiveSite) -> None:
    tenant, stranger = await site.gateway.tenant(), await site.gateway.tenant()
    task_id = await site.finished(tenant, return_last_frame=True)
    path = f"{VIDEOS}/{task_id}/content"
    before = await tenant.http.get(path, follow_redirects=False)
    assert before.status_code == 302, "not copied yet: the upstream's"
    await site.work()
    # Long after the upstream's own links have ended.
    site.gateway.clock.advance(3 * 86_400)
    downloads = len(site.gateway.received("get_media"))

    whole = await tenant.http.get(path, follow_redirects=False)
    assert (whole.status_code, whole.content, whole.headers["content-type"]) == (200, CLIP, "video/mp4")
    assert (whole.headers["cache-control"], whole.headers["content-security-policy"]) == ("no-store", "sandbox")
    frame = await tenant.http.get(path, params={"variant": "thumbnail"}, follow_redirects=False)
    assert (frame.status_code, frame.content, frame.headers["content-type"]) == (200, FRAME, "image/png")
    for if_range, status, part in ((whole.headers["etag"], 206, CLIP[2:6]), ('"other"', 200, CLIP)):
        answer = await tenant.http.get(path, headers={"Range": "bytes=2-5", "If-Range": if_range})
        assert (answer.status_code, answer.content) == (status, part)
    beyond = await tenant.http.get(path, headers={"Range": f"bytes={len(CLIP)}-"})
    check_refused(beyond, 416, "InvalidRange")
    assert beyond.headers["content-range"] == f"bytes */{len(CLIP)}"
    head = await tenant.http.head(path, headers={"Range": "bytes=0-1"})
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(CLIP)))
    check_refused(await stranger.http.get(path), 404, "NotFound.id", "id")
    assert (await site.plain.get(f"{site.gateway.base_url}{path}")).status_code == 401
    assert len(site.gateway.received("get_media")) == downloads


@pytest.mark.parametrize("lost", ["last_frame_url", "video_url"])
async def test_a_file_that_is_archived_stays_when_the_other_one_could_not_be_copied(
    site: ArchiveSite, lost: str
) -> None:
    tenant = await site.gateway.tenant()
    task_id = await site.finished(tenant, return_last_frame=True)
    path = f"{VIDEOS}/{task_id}/content"
    await lose(site, task_id, lost)
    await site.work()
    assert (await get(tenant, task_id)).json()["archive"]["state"] == "failed"
    variants = {"video_url": ({}, CLIP), "last_frame_url": ({"variant": "thumbnail"}, FRAME)}
    lost_query, _ = variants.pop(lost)
    ((query, data),) = variants.values()
    answer = await tenant.http.get(path, params=lost_query, follow_redirects=False)
    assert answer.status_code == 302, "the upstream still has it"

    site.gateway.clock.advance(25 * 3600)
    site.gateway.expire_caches()
    answer = await tenant.http.get(path, params=query, follow_redirects=False)
    assert (answer.status_code, answer.content) == (200, data)
    check_refused(await tenant.http.get(path, params=lost_query, follow_redirects=False), 410, "video_expired")
    ends = [
        (await get(tenant, task_id)).json()["content"]["expires_at"],
        (await tenant.http.get(f"{VIDEOS}/{task_id}")).json()["expires_at"],
    ]
    is_clip_there = lost == "last_frame_url"
    assert [end > site.gateway.clock().timestamp() for end in ends] == [is_clip_there] * 2


async def lose(site: ArchiveSite, task_id: str, member: str) -> None:
    """Changes a due copy so that its next attempt is its last, and fails."""
    row = (await site.copies(task_id))[member]
    row.source_url, row.give_up_at = "https://elsewhere.example/file", site.gateway.clock()
    async with site.gateway.sessions.begin() as session:
        await session.merge(row)


async def test_a_store_that_breaks_off_cuts_the_response_and_is_logged_in_one_line_without_a_key(
    site: ArchiveSite,
) -> None:
    tenant = await site.gateway.tenant()
    task_id = await site.finished(tenant)
    await site.work()
    key = (await site.copies(task_id))["video_url"].object_key
    content = f"{site.gateway.base_url}{VIDEOS}/{task_id}/content"
    head = b"HTTP/1.1 206 Partial Content\r\nContent-Length: %d\r\nContent-Range: bytes 0-%d/%d\r\nETag: x\r\n"
    head += b"Last-Modified: Mon, 30 Nov 2026 00:00:00 GMT\r\nConnection: close\r\n\r\n"
    length = 3 * 1024 * 1024
    async with site.gateway.sessions.begin() as session:
        await session.execute(update(ArchiveCopyRow).where(ArchiveCopyRow.object_key == key).values(size_bytes=length))
    broken = head % (length, length - 1, length) + bytes(length // 2)
    async with answering(broken) as url:
        settings = site.gateway.settings.model_copy(update={"archive_endpoint": url})
        async with serve_gateway(settings, site.gateway.clock) as base_url:
            link = await link_of(site, tenant, task_id)
            with written() as log:
                for target in (link, content):
                    with pytest.raises(httpx.RemoteProtocolError):
                        await tenant.http.get(target.replace(site.gateway.base_url, base_url))
    told = [line for line in log.lines() if line["level"] != "info"]
    assert [(line["event"], line["reason"]) for line in told] == [
        ("response_cut", "archive: the store failed: GenericError")
    ] * 2
    assert [(line["status"], line["code"]) for line in log.requests()] == [(200, "ResponseCut")] * 2
    text = log.stream.getvalue()
    for secret in ("Traceback", key, key.rpartition("/")[2], url):
        assert secret not in text


async def test_a_copy_that_the_store_does_not_have_is_not_available_to_get_and_to_head(site: ArchiveSite) -> None:
    tenant = await site.gateway.tenant()
    task_id = await site.finished(tenant)
    await site.work()
    link = await link_of(site, tenant, task_id)
    key = (await site.copies(task_id))["video_url"].object_key
    (site.store.folder / "data" / BUCKET / "kept/here" / key).unlink()
    path = f"{VIDEOS}/{task_id}/content"
    check_refused(await tenant.http.get(path, follow_redirects=False), 404, "video_not_available")
    assert (await tenant.http.head(path)).status_code == 404
    answers = [await site.plain.get(link), await site.plain.head(link)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json()["error"]["code"] == "NotFound"


async def link_of(site: ArchiveSite, tenant: Tenant, task_id: str) -> str:
    link: str = (await get(tenant, task_id)).json()["content"]["video_url"]
    return link.replace("http://gateway.example", site.gateway.base_url)
