"""Clip and last frame of a task that has succeeded are copied once, checked, and shown from then on."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from app.archive.models import ArchiveCopyRow
from app.archive.store import ArchiveStore
from tests.archive.s3 import answering
from tests.archive.site import CLIP, FRAME, ArchiveSite, media_hosts, open_worker, run_copier
from tests.support.gateway import get

pytestmark = pytest.mark.archive

DOWNLOAD = "get_media"
COLUMNS = ArchiveCopyRow.__table__.columns


async def test_clip_and_last_frame_are_copied_and_shown_from_then_on(site: ArchiveSite) -> None:
    tenant = await site.gateway.tenant()
    task_id = await site.finished(tenant, return_last_frame=True)
    before = (await get(tenant, task_id)).json()
    assert before["content"]["video_url"].startswith(site.gateway.sandbox.ark_base_url.removesuffix("/api/v3"))
    assert "archive" not in before

    await site.work()

    after = (await get(tenant, task_id)).json()
    assert after["archive"] == {"state": "stored", "last_error": None}
    assert {name for name in after if after[name] != before.get(name)} == {"content", "archive"}
    for member, data, media_type in (("video_url", CLIP, "video/mp4"), ("last_frame_url", FRAME, "image/png")):
        link = after["content"][member]
        assert link.startswith("http://gateway.example/media/")
        answer = await site.plain.get(link.replace("http://gateway.example", site.gateway.base_url))
        assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, data, media_type)
    copies = await site.copies(task_id)
    assert {
        member: (row.status, row.media_type, row.size_bytes, row.sha256, row.source_url, row.attempts)
        for member, row in copies.items()
    } == {
        "video_url": ("stored", "video/mp4", len(CLIP), hashlib.sha256(CLIP).digest(), "", 0),
        "last_frame_url": ("stored", "image/png", len(FRAME), hashlib.sha256(FRAME).digest(), "", 0),
    }
    keys = {row.object_key for row in copies.values()}
    assert site.objects_of(tenant).keys() == {f"kept/here/{key}" for key in keys}
    assert sorted(key.rpartition(".")[2] for key in keys) == ["mp4", "png"]


async def test_each_of_a_thousand_clips_is_copied_once_by_two_workers(site: ArchiveSite) -> None:
    number, sources = 1000, 20  # the upstream serves a clip a hundred times
    tenant = await site.gateway.tenant()
    tasks = [await site.finished(tenant) for _ in range(sources)]
    copies = [(await site.copies(task))["video_url"] for task in tasks]
    async with site.gateway.sessions.begin() as session:
        for index in range(number - sources):
            values = {column.key: getattr(copies[index % sources], column.key) for column in COLUMNS}
            values |= {"task_id": f"task-{index}", "object_key": f"{values['object_key']}-{index}"}
            session.add(ArchiveCopyRow(**values))
    before = len(site.gateway.received(DOWNLOAD))
    async with open_worker(site.gateway) as other:
        copiers = [site.services.archive_copier, other.archive_copier]
        for _ in range(number):
            await asyncio.gather(*(copier.run_once() for copier in copiers if copier is not None))
            if not await site.waiting(tenant):
                break
    objects = site.objects_of(tenant)
    assert len(objects) == number
    assert set(objects.values()) == {CLIP}
    assert len(site.gateway.received(DOWNLOAD)) - before == number
    async with site.gateway.sessions() as session:
        rows = (await session.scalars(select(ArchiveCopyRow).where(ArchiveCopyRow.tenant_id == tenant.id))).all()
    assert {(row.status, row.sha256) for row in rows} == {("stored", hashlib.sha256(CLIP).digest())}


async def test_a_store_that_fails_loses_nothing_and_mostly_costs_no_download(site: ArchiveSite) -> None:
    tenant = await site.gateway.tenant()
    task_id = await site.finished(tenant)
    upstream = (await get(tenant, task_id)).json()["content"]["video_url"]
    before = len(site.gateway.received(DOWNLOAD))
    for trouble in ("away", "full", "garbage", "slow"):
        async with troubled_store(trouble) as url, open_worker(site.gateway, archive_endpoint=url) as worker:
            await run_copier(worker)
        copy = (await site.copies(task_id))["video_url"]
        assert (copy.status, copy.lease_token) == ("pending", None), trouble
        assert copy.last_error is not None
        assert "http" not in copy.last_error
        shown = (await get(tenant, task_id)).json()
        assert (shown["content"]["video_url"], "archive" in shown) == (upstream, False), trouble
        assert site.objects_of(tenant) == {}
        site.gateway.clock.advance(5000)
    # Only a full store shows its trouble after the download has begun.
    assert len(site.gateway.received(DOWNLOAD)) == before + 1
    site.gateway.clock.advance(3600)
    await site.work()
    assert site.objects_of(tenant).popitem()[1] == CLIP
    assert (await get(tenant, task_id)).json()["archive"]["state"] == "stored"


@asynccontextmanager
async def troubled_store(trouble: str) -> AsyncIterator[str]:
    """Runs a store that fails in one way; yields its URL."""
    missing = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    answers = {
        "full": b"HTTP/1.1 507 Insufficient Storage\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "garbage": b"\x16\x03\x01 this is no answer\r\n\r\n" * 10,
    }
    if trouble == "away":
        yield "http://127.0.0.1:1"
        return
    with pytest.MonkeyPatch.context() as patch:
        if trouble == "slow":
            patch.setattr("app.archive.store._CLIENT", {"allow_http": True, "timeout": timedelta(seconds=0.2)})
        to_head = missing if trouble == "full" else None
        async with answering(answers.get(trouble, b""), to_head=to_head, is_slow=trouble == "slow") as url:
            yield url


async def test_a_file_that_the_store_has_not_got_whole_is_copied_again(site: ArchiveSite) -> None:
    tenant = await site.gateway.tenant()
    task_id = await site.finished(tenant)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ArchiveStore, "size", lying_size)
        await site.work()
    copy = (await site.copies(task_id))["video_url"]
    assert (copy.status, copy.last_error) == ("pending", f"the store has 7 bytes of {len(CLIP)}")
    site.gateway.clock.advance(60)
    await site.work()
    assert (await site.copies(task_id))["video_url"].status == "stored"


async def lying_size(_store: ArchiveStore, _key: str) -> int:
    return 7


async def test_what_the_upstream_no_longer_has_is_told(site: ArchiveSite) -> None:
    tenant = await site.gateway.tenant()
    task_id = await site.finished(tenant)
    before = (await get(tenant, task_id)).json()
    await site.gateway.fault(DOWNLOAD, kind="error", at="before", status=410, code="AccessDenied")
    await site.work()
    shown = (await get(tenant, task_id)).json()
    assert shown["archive"] == {"state": "failed", "last_error": "the upstream no longer has the file"}
    assert shown["content"] == before["content"]
    site.gateway.clock.advance(7200)
    await site.work()
    assert (await site.copies(task_id))["video_url"].attempts == 1


async def test_an_expired_link_ends_the_attempts(site: ArchiveSite) -> None:
    tenant = await site.gateway.tenant()
    task_id = await site.finished(tenant)
    site.gateway.clock.advance(25 * 3600)
    await site.work()
    shown = (await get(tenant, task_id)).json()
    assert shown["archive"] == {"state": "failed", "last_error": "the upstream no longer has the file"}
    assert (await site.copies(task_id))["video_url"].last_error == "the upstream answered 403"


async def test_a_storage_that_is_away_is_tried_to_the_end_of_the_link_and_told_in_full_to_the_operator_alone(
    site: ArchiveSite,
) -> None:
    tenant = await site.gateway.tenant()
    task_id = await site.finished(tenant)
    ends_at = (await get(tenant, task_id)).json()["content"]["expires_at"]
    settings = {"archive_secret_access_key": SecretStr("wrong")}
    async with open_worker(site.gateway, **settings) as worker:
        while (copy := (await site.copies(task_id))["video_url"]).status == "pending":
            assert copy.next_attempt_at is not None
            site.gateway.clock.advance(max((copy.next_attempt_at - site.gateway.clock()).total_seconds(), 0))
            await run_copier(worker)
    left = ends_at - site.gateway.clock().timestamp()
    assert 0 < left < 1.2 * 3600, "no other attempt came before the end"
    shown = (await get(tenant, task_id)).json()
    assert shown["archive"] == {"state": "failed", "last_error": "the file could not be copied in time"}
    (told,) = (await site.gateway.admin.get(f"/tasks/{task_id}")).json()["copies"]
    assert (told["member"], told["status"]) == ("video_url", "failed")
    assert told["last_error"] == "the store refuses the credentials"


async def test_a_tenant_is_not_told_which_hosts_the_operator_allows(site: ArchiveSite) -> None:
    tenant = await site.gateway.tenant()
    task_id = await site.finished(tenant)
    await site.change_source(task_id, "https://elsewhere.example/clip.mp4")
    site.gateway.clock.advance(25 * 3600)
    await site.work()
    shown = (await get(tenant, task_id)).json()
    assert shown["archive"] == {"state": "failed", "last_error": "the file could not be copied in time"}
    (told,) = (await site.gateway.admin.get(f"/tasks/{task_id}")).json()["copies"]
    assert told["last_error"] == "https://elsewhere.example is not among the channel's media_hosts"


async def test_an_upstream_that_stumbles_is_asked_again(site: ArchiveSite) -> None:
    tenant = await site.gateway.tenant()
    task_id = await site.finished(tenant)
    for effect in (
        {"kind": "error", "at": "before", "status": 500, "code": "AccessDenied"},
        {"kind": "error", "at": "before", "status": 403, "code": "AccessDenied"},
        {"kind": "error", "at": "before", "status": 404, "code": "AccessDenied"},
        {"kind": "cut", "at": "body"},
        {"kind": "cut", "at": "before"},
    ):
        await site.gateway.fault(DOWNLOAD, **effect)
        await site.work()
        assert (await site.copies(task_id))["video_url"].status == "pending", effect
        assert site.objects_of(tenant) == {}
        site.gateway.clock.advance(400)
    await site.work()
    assert site.objects_of(tenant).popitem()[1] == CLIP


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"<html>" + b"x" * 1000, "the file is no video or image that is copied"),
        (b"", "the file is no video or image that is copied"),
        (FRAME, "the file is no video or image that is copied"),
    ],
)
async def test_a_file_that_is_no_clip_is_not_kept(site: ArchiveSite, answer: bytes, reason: str) -> None:
    tenant = await site.gateway.tenant()
    task_id = await site.finished(tenant)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
    async with answering(head % len(answer) + answer) as url, media_hosts(site, url):
        await site.change_source(task_id, f"{url}/clip.mp4?X-Tos-Signature=secret")
        await site.work()
    assert (await get(tenant, task_id)).json()["archive"] == {"state": "failed", "last_error": reason}
    assert site.objects_of(tenant) == {}


async def test_only_the_hosts_of_the_channel_are_asked_and_no_redirect_is_followed(site: ArchiveSite) -> None:
    tenant = await site.gateway.tenant()
    asked: list[bytes] = []
    moved = b"HTTP/1.1 302 Found\r\nLocation: %b/media/x.mp4\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    origin = site.gateway.sandbox.origin.encode()
    async with answering(moved % origin, seen=asked) as url:
        task_id = await site.finished(tenant)
        await site.change_source(task_id, f"{url}/clip.mp4")
        await site.work()
        copy = (await site.copies(task_id))["video_url"]
        assert (copy.status, asked) == ("pending", [])
        assert "media_hosts" in str(copy.last_error)
        async with media_hosts(site, url):
            site.gateway.clock.advance(60)
            await site.work()
        copy = (await site.copies(task_id))["video_url"]
        assert (copy.status, copy.last_error, len(asked)) == ("pending", "the upstream answered 302", 1)
    assert site.objects_of(tenant) == {}


async def test_a_private_address_is_not_connected_to_unless_the_operator_allows_it(site: ArchiveSite) -> None:
    tenant = await site.gateway.tenant()
    asked: list[bytes] = []
    async with (
        answering(b"", seen=asked) as url,
        media_hosts(site, url, f"localhost:{url.rpartition(':')[2]}", "192.168.7.7", "[::1]:9"),
        open_worker(site.gateway, channel_allow=()) as worker,
    ):
        port = url.rpartition(":")[2]
        for source in (
            f"{url}/a.mp4",
            f"https://127.0.0.1:{port}/a.mp4",
            f"https://[::ffff:127.0.0.1]:{port}/a.mp4",
            "https://192.168.7.7/a.mp4",
            f"http://localhost:{port}/a.mp4",
            f"https://localhost:{port}/a.mp4",
            "https://[::1]:9/a.mp4",
            "file:///etc/passwd",
            "https://u:p@127.0.0.1/a.mp4",
        ):
            task_id = await site.finished(tenant)
            await site.change_source(task_id, source)
            await run_copier(worker)
            copy = (await site.copies(task_id))["video_url"]
            assert (copy.status, copy.attempts) == ("pending", 1), source
            assert copy.last_error is not None
            refused = ("may not be called", "SEEDGATE_CHANNEL_ALLOW", "media_hosts", "no http or https URL")
            assert any(words in copy.last_error for words in refused), (source, copy.last_error)
    assert asked == []
