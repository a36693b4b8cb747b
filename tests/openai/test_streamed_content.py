"""The content of a video that the gateway passes on (``SEEDGATE_VIDEO_CONTENT=stream``)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import pytest_asyncio
from prometheus_client import REGISTRY
from sqlalchemy import update

from app.openai.content import MAX_TENANT_STREAMS
from app.sandbox.signed_urls import MEDIA_FOLDER
from app.tasks.models import TaskRow
from tests.archive.s3 import answering
from tests.openai.driving import VIDEOS, check_refused, new_video
from tests.support.gateway import Gateway, Tenant, serve_gateway
from tests.support.logs import written
from tests.support.plain import PLAIN
from tests.support.timeouts import HANG_SECONDS

CLIP = (MEDIA_FOLDER / "clip.mp4").read_bytes()


@pytest_asyncio.fixture
async def streaming(gateway: Gateway) -> AsyncIterator[str]:
    """The address of a second gateway of the site, which passes content on."""
    async with open_streaming(gateway) as base_url:
        yield base_url


@asynccontextmanager
async def open_streaming(gateway: Gateway, **changes: Any) -> AsyncIterator[str]:
    """Runs one more gateway of the site, which passes content on; yields its address."""
    changed = gateway.settings.model_copy(update={"video_content": "stream", "background": "off", **changes})
    async with serve_gateway(changed, gateway.clock, gateway.seconds) as base_url:
        yield base_url


@asynccontextmanager
async def open_with_hosts(gateway: Gateway, *hosts: str) -> AsyncIterator[str]:
    """The same where the channel's clips may be fetched from these servers alone."""
    channel = f"/channels/{await gateway.channel_id()}"
    assert (await gateway.admin.patch(channel, json={"media_hosts": hosts})).status_code == 200
    try:
        # It begins after the change: one that runs would learn of it a moment later.
        async with open_streaming(gateway) as base_url:
            yield base_url
    finally:
        await gateway.admin.patch(channel, json={"media_hosts": []})


@pytest_asyncio.fixture
async def tenant(gateway: Gateway) -> Tenant:
    return await gateway.tenant()


@pytest_asyncio.fixture
async def content(gateway: Gateway, tenant: Tenant, streaming: str) -> str:
    """Where the content of a finished video is."""
    video = await new_video(tenant, metadata={"return_last_frame": True})
    await gateway.force(video["id"], "succeeded")
    gateway.clock.advance(5)
    return f"{streaming}{VIDEOS}/{video['id']}/content"


def downloads(gateway: Gateway) -> int:
    return len(gateway.received("get_media"))


async def test_a_file_is_passed_on_whole_and_shows_no_link(gateway: Gateway, tenant: Tenant, content: str) -> None:
    answer = await tenant.http.get(content)
    assert (answer.status_code, answer.content) == (200, CLIP)
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["content-length"] == str(len(CLIP))
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "location" not in answer.headers
    frame = await tenant.http.get(content, params={"variant": "thumbnail"})
    assert (frame.status_code, frame.headers["content-type"], frame.content[:4]) == (200, "image/png", b"\x89PNG")
    assert downloads(gateway) == 2


@pytest.mark.parametrize(
    ("wanted", "status", "part"),
    [
        ("bytes=0-9", 206, slice(0, 10)),
        ("bytes=10-", 206, slice(10, None)),
        ("bytes=-5", 206, slice(-5, None)),
        ("bytes=0-1,3-4", 200, slice(None)),
        ("lines=1-2", 200, slice(None)),
        ("bytes=x", 200, slice(None)),
    ],
)
async def test_a_part_is_passed_on_where_one_is_asked_for(
    tenant: Tenant, content: str, wanted: str, status: int, part: slice
) -> None:
    answer = await tenant.http.get(content, headers={"Range": wanted})
    assert (answer.status_code, answer.content) == (status, CLIP[part])
    if status == 206:
        first = range(len(CLIP))[part][0]
        assert answer.headers["content-range"] == f"bytes {first}-{first + len(answer.content) - 1}/{len(CLIP)}"


async def test_a_part_of_a_file_that_has_changed_is_the_whole_file(tenant: Tenant, content: str) -> None:
    etag = (await tenant.http.get(content)).headers["etag"]
    same = await tenant.http.get(content, headers={"Range": "bytes=0-9", "If-Range": etag})
    assert (same.status_code, len(same.content)) == (206, 10)
    changed = await tenant.http.get(content, headers={"Range": "bytes=0-9", "If-Range": '"other"'})
    assert (changed.status_code, changed.content) == (200, CLIP)
    beyond = await tenant.http.get(content, headers={"Range": f"bytes={len(CLIP)}-"})
    check_refused(beyond, 416, "InvalidRange")
    assert beyond.headers["content-range"] == f"bytes */{len(CLIP)}"
    assert "XML" not in beyond.text


async def test_a_file_on_a_server_that_is_not_the_channels_is_an_error_and_shows_no_link(
    gateway: Gateway, tenant: Tenant, streaming: str, content: str
) -> None:
    async with open_with_hosts(gateway, "elsewhere.example") as base_url:
        with written() as log:
            target = content.replace(streaming, base_url)
            answer = await tenant.http.get(target, follow_redirects=False)
            head = await tenant.http.head(target)
    check_refused(answer, 503, "ServiceUnavailable")
    assert head.status_code == 503
    told = [line["internal"] for line in log.lines() if line["event"] == "request_failed"]
    assert told == [f"content: {gateway.sandbox.origin} is not among the channel's media_hosts"] * 2


@pytest.mark.parametrize("status", [b"206 Partial Content", b"416 Range Not Satisfiable"])
async def test_a_part_that_was_not_asked_for_is_no_file(
    gateway: Gateway, tenant: Tenant, streaming: str, content: str, status: bytes
) -> None:
    part = b"HTTP/1.1 %b\r\nContent-Length: 3\r\nContent-Range: bytes 0-2/9\r\nConnection: close\r\n\r\nabc" % status
    async with answering(part) as url, open_with_hosts(gateway, url.partition("://")[2]) as base_url:
        video_id = content.split("/")[-2]
        assert (await tenant.http.get(f"{VIDEOS}/{video_id}")).json()["status"] == "completed"
        row = await gateway.row(video_id)
        assert row is not None
        async with gateway.sessions.begin() as session:
            moved = {**(row.snapshot or {}), "content": {"video_url": f"{url}/clip.mp4"}}
            await session.execute(update(TaskRow).where(TaskRow.id == row.id).values(snapshot=moved))
        with written() as log:
            answer = await tenant.http.get(content.replace(streaming, base_url))
    check_refused(answer, 503, "ServiceUnavailable")
    told = [line["internal"] for line in log.lines() if line["event"] == "request_failed"]
    assert told == [f"content: the upstream answered {status[:3].decode()}"]


@pytest.mark.parametrize("public_url", [None, "https://gateway.example"])
async def test_no_video_shows_a_link_of_the_upstream(gateway: Gateway, tenant: Tenant, public_url: str | None) -> None:
    video = await new_video(tenant, metadata={"return_last_frame": True})
    await gateway.force(video["id"], "succeeded")
    gateway.clock.advance(5)
    async with open_streaming(gateway, public_url=public_url) as base_url:
        one = await tenant.http.get(f"{base_url}{VIDEOS}/{video['id']}")
        listed = await tenant.http.get(f"{base_url}{VIDEOS}")
    own = public_url and f"{public_url}{VIDEOS}/{video['id']}/content"
    for shown in (one.json(), listed.json()["data"][0]):
        assert shown["status"] == "completed"
        assert shown["metadata"]["url"] == own
        assert shown["metadata"]["last_frame_url"] == (own and f"{own}?variant=thumbnail")
        assert "X-Tos-Signature" not in str(shown)


async def test_head_is_answered_without_a_download(gateway: Gateway, tenant: Tenant, content: str) -> None:
    head = await tenant.http.head(content)
    assert (head.status_code, head.headers["content-type"], head.headers["accept-ranges"]) == (
        200,
        "video/mp4",
        "bytes",
    )
    assert downloads(gateway) == 0


async def test_a_foreign_video_and_an_unfinished_one_are_refused_without_a_download(
    gateway: Gateway, tenant: Tenant, streaming: str, content: str
) -> None:
    stranger = await gateway.tenant()
    check_refused(await stranger.http.get(content), 404, "NotFound.id", "id")
    unfinished = await new_video(tenant)
    check_refused(await tenant.http.get(f"{streaming}{VIDEOS}/{unfinished['id']}/content"), 400, "video_not_ready")
    assert (await gateway.anonymous.get(content)).status_code == 401
    assert downloads(gateway) == 0


async def test_a_link_that_the_storage_refuses_is_gone(gateway: Gateway, tenant: Tenant, content: str) -> None:
    for _ in range(100):
        assert (await tenant.http.get(content, headers={"Range": "bytes=0-0"})).status_code == 206
    check_refused(await tenant.http.get(content), 410, "video_expired")


async def test_a_file_that_breaks_off_is_cut_and_logged_in_one_line_without_its_address(
    gateway: Gateway, tenant: Tenant, content: str
) -> None:
    await gateway.fault("get_media", kind="cut", at="body")
    before = cuts()
    with written() as log:
        with pytest.raises(httpx.RemoteProtocolError):
            await tenant.http.get(content)
        whole = await tenant.http.get(content)
    assert whole.content == CLIP
    assert cuts() - before == 1
    told = [line for line in log.lines() if line["level"] != "info"]
    assert [(line["event"], line["level"]) for line in told] == [("response_cut", "warning")]
    assert told[0]["reason"].startswith("content: the connection to the upstream's storage failed: ")
    assert [log.requests()[0][name] for name in ("status", "code")] == [200, "ResponseCut"]
    text = log.stream.getvalue()
    assert "Traceback" not in text
    assert "X-Tos-Signature" not in text
    assert "/media/videos" not in text


def cuts() -> float:
    return REGISTRY.get_sample_value("seedgate_connections_cut_total", {"reason": "source"}) or 0.0


async def test_a_client_that_leaves_ends_its_download(tenant: Tenant, content: str) -> None:
    for _ in range(MAX_TENANT_STREAMS + 1):
        async with (
            httpx.AsyncClient(verify=PLAIN, headers=tenant.http.headers) as client,
            client.stream("GET", content) as answer,
        ):
            assert answer.status_code == 200
            await anext(answer.aiter_raw(16))
        async with asyncio.timeout(HANG_SECONDS):
            while (whole := await tenant.http.get(content)).status_code == 503:
                check_refused(whole, 503, "ServiceUnavailable")
        assert whole.content == CLIP
