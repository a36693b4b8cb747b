"""Signed URLs and the files behind them."""

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.sandbox.clients import AUDIO, IMAGE, VIDEO, Caller


async def test_the_clip_is_an_mp4_and_the_last_frame_a_png(caller: Caller) -> None:
    content = (await caller.finished(return_last_frame=True))["content"]
    clip = await caller.http.get(content["video_url"])
    assert clip.status_code == 200
    assert clip.headers["content-type"] == "video/mp4"
    assert clip.content[4:8] == b"ftyp"
    assert b"avc1" in clip.content
    assert len(clip.content) < 20_000
    frame = await caller.http.get(content["last_frame_url"])
    assert frame.headers["content-type"] == "image/png"
    assert frame.content.startswith(b"\x89PNG")


async def test_ranges_are_served(caller: Caller) -> None:
    url = (await caller.finished())["content"]["video_url"]
    part = await caller.http.get(url, headers={"Range": "bytes=4-7"})
    assert (part.status_code, part.content) == (206, b"ftyp")


async def test_the_signature_is_valid_for_get_only(caller: Caller) -> None:
    url = (await caller.finished())["content"]["video_url"]
    assert (await caller.http.head(url)).status_code == 403


async def test_the_url_is_fixed_and_expires_after_24_hours(caller: Caller) -> None:
    task = await caller.finished()
    url = task["content"]["video_url"]
    assert parse_qs(urlsplit(url).query)["X-Tos-Expires"] == ["86400"]
    caller.advance(3600)
    assert (await caller.task(task["id"]))["content"]["video_url"] == url
    assert (await caller.http.get(url)).status_code == 200
    caller.advance(86_400)
    assert (await caller.http.get(url)).status_code == 403


async def test_a_video_can_be_downloaded_100_times(caller: Caller) -> None:
    content = (await caller.finished(return_last_frame=True))["content"]
    assert parse_qs(urlsplit(content["video_url"]).query)["X-Tos-Max-Requests"] == ["100"]
    assert (await caller.http.head(content["video_url"])).status_code == 403
    statuses = [(await caller.http.get(content["video_url"])).status_code for _ in range(101)]
    assert statuses == [200] * 100 + [403]
    assert (await caller.http.get(content["last_frame_url"])).status_code == 200


@pytest.mark.parametrize("change", ["X-Tos-Expires=86400", "X-Tos-Signature=", ".mp4"])
async def test_a_changed_url_is_403(caller: Caller, change: str) -> None:
    url = (await caller.finished())["content"]["video_url"]
    assert change in url
    assert (await caller.http.get(url.replace(change, f"{change}9", 1))).status_code == 403
    assert (await caller.http.get(urlsplit(url).path)).status_code == 403


@pytest.mark.parametrize(
    ("kind", "submitted", "start"), [("Image", IMAGE, b"\x89PNG"), ("Video", VIDEO, b"\x00\x00"), ("Audio", AUDIO, b"")]
)
async def test_asset_urls_differ_on_each_read_and_are_valid_for_12_hours(
    caller: Caller, kind: str, submitted: str, start: bytes
) -> None:
    asset_id = await caller.asset(await caller.group(), submitted, kind)
    first, second = [(await caller.result("GetAsset", Id=asset_id))["URL"] for _ in range(2)]
    assert len({first, second, submitted}) == 3
    assert parse_qs(urlsplit(first).query)["X-Tos-Expires"] == ["43200"]
    for url in (first, second):
        response = await caller.http.get(url)
        assert response.status_code == 200
        assert response.content.startswith(start)
    caller.advance(43_200)
    assert (await caller.http.get(first)).status_code == 403
