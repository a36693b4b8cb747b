"""Of the upstream's storage only whole files are taken, whatever it answers, and however it spells its headers."""

import pytest

from app.upstream.destinations import DestinationRules
from app.upstream.downloads import DownloadError, open_downloader
from app.upstream.origins import parse_origin
from tests.archive.s3 import answering

OK = b"HTTP/1.1 200 OK\r\n"


async def fetch(answer: bytes) -> tuple[int | None, bytes]:
    """Returns the length that a download tells before its body, and the body."""
    async with answering(answer) as url:
        rules = DestinationRules(named=frozenset({parse_origin(url)}))
        async with (
            open_downloader(rules, max_concurrent=1) as downloader,
            downloader.open(f"{url}/clip.mp4", is_allowed=lambda _: True) as download,
        ):
            return download.length, b"".join([piece async for piece in download.pieces()])


@pytest.mark.parametrize("name", [b"Content-Length", b"content-length", b"CONTENT-LENGTH"])
async def test_the_length_of_a_file_is_known_before_its_body(name: bytes) -> None:
    assert await fetch(OK + name + b": 4\r\n\r\nclip") == (4, b"clip")


async def test_a_file_may_come_in_chunks() -> None:
    assert await fetch(OK + b"Transfer-Encoding: chunked\r\n\r\n4\r\nclip\r\n0\r\n\r\n") == (None, b"clip")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (OK + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nclip", "encoded"),
        (OK + b"content-encoding: br\r\nContent-Length: 4\r\n\r\nclip", "encoded"),
        # The same bytes are on the wire when the server dies after four of a million.
        (OK + b"\r\nclip", "where the file ends"),
        (b"HTTP/1.0 200 OK\r\n\r\nclip", "where the file ends"),
        (OK + b"Content-Length: 5\r\n\r\nclip", "failed"),
        (OK + b"Content-Length: -4\r\n\r\nclip", "failed"),
        (OK + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nclip", "failed"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n4\r\nclip\r\n", "failed"),
        (b"HTTP/1.1 206 Partial Content\r\nContent-Length: 4\r\n\r\nclip", "206"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n", "302"),
    ],
)
async def test_what_is_no_whole_file_is_refused(answer: bytes, reason: str) -> None:
    with pytest.raises(DownloadError, match=reason):
        await fetch(answer)


async def fetch_through(proxy: str, url: str, *named: str) -> bytes:
    """Returns a file that is fetched through a proxy, beside whose own rule some servers are named."""
    rules = DestinationRules(named=frozenset(map(parse_origin, named)))
    async with (
        open_downloader(rules, max_concurrent=1, proxy=proxy) as downloader,
        downloader.open(url, is_allowed=lambda _: True) as download,
    ):
        return b"".join([piece async for piece in download.pieces()])


async def test_a_file_is_fetched_through_the_egress_proxy() -> None:
    asked: list[bytes] = []
    async with answering(OK + b"Content-Length: 4\r\n\r\nclip", seen=asked) as url:
        proxy = url.replace("://", "://user:secret@")
        # No name server knows it: the proxy is the one that resolves names.
        assert await fetch_through(proxy, "http://clips.invalid/clip.mp4?a=b", "http://clips.invalid") == b"clip"
        with pytest.raises(DownloadError, match="failed"):
            await fetch_through(proxy, "https://clips.invalid/clip.mp4?a=b")
    plain, tunnel = (head.splitlines() for head in asked)
    assert plain[0] == b"GET http://clips.invalid:80/clip.mp4?a=b HTTP/1.1"
    assert tunnel[0].startswith(b"CONNECT clips.invalid:443 ")
    assert not any(b"clip.mp4" in line for line in tunnel), "the link, which is signed, is for the server alone"
    for head in (plain, tunnel):
        assert b"proxy-authorization: basic dxnlcjpzzwnyzxq=" in [line.lower() for line in head]


@pytest.mark.parametrize(
    "url",
    ["https://127.0.0.1/a.mp4", "https://[::1]/a.mp4", "https://169.254.169.254/a.mp4", "http://clips.invalid/a.mp4"],
)
async def test_the_egress_proxy_is_not_asked_for_a_private_address_or_plain_http(url: str) -> None:
    asked: list[bytes] = []
    async with answering(OK, seen=asked) as proxy:
        with pytest.raises(DownloadError, match="may not be called"):
            await fetch_through(proxy, url)
    assert asked == []
