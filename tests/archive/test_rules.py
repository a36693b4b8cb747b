"""The rules of the archive that need no store: which hosts, which types, which links."""

import pytest

from app.archive.links import LinkedFile, MediaTokens
from app.archive.media_types import sniff
from app.archive.store_settings import check_endpoint, read_archive_url
from app.channels.media_hosts import check_media_host, may_fetch
from app.upstream.origins import parse_origin

BEIJING = "https://ark.cn-beijing.volces.com/api/v3"
ABROAD = "https://ark.ap-southeast.bytepluses.com/api/v3"
LOCAL = "http://127.0.0.1:8090/api/v3"
CLIPS = "https://ark-content-generation-cn-beijing.tos-cn-beijing.volces.com"


@pytest.mark.parametrize(
    ("base_url", "entries", "origin", "is_allowed"),
    [
        (BEIJING, [], CLIPS, True),
        (BEIJING, [], "https://ark.cn-beijing.volces.com", True),
        (BEIJING, [], CLIPS + ":8443", False),
        (BEIJING, [], CLIPS.replace("https", "http"), False),
        (BEIJING, [], "https://volces.com.example", False),
        (BEIJING, [], "https://evilvolces.com", False),
        (ABROAD, [], "https://clips.tos-ap-southeast-1.volces.com", True),
        (ABROAD, [], "https://clips.tos-ap-southeast-1.bytepluses.com", True),
        (LOCAL, [], "http://127.0.0.1:8090", True),
        (LOCAL, [], "http://127.0.0.1:8091", False),
        (LOCAL, [], CLIPS, False),
        (BEIJING, ["cdn.example"], "https://cdn.example", True),
        (BEIJING, ["cdn.example"], "https://a.cdn.example", False),
        (BEIJING, ["cdn.example"], CLIPS, False),
        (BEIJING, ["*.cdn.example"], "https://a.b.cdn.example", True),
        (BEIJING, ["*.cdn.example"], "https://cdn.example", False),
        (BEIJING, ["*.cdn.example"], "https://xcdn.example", False),
        (BEIJING, ["cdn.example:8443"], "https://cdn.example:8443", True),
        (BEIJING, ["cdn.example:8443"], "https://cdn.example", False),
        (BEIJING, ["127.0.0.1"], "https://0x7f.1", True),
        (BEIJING, ["[::1]:9"], "https://[::1]:9", True),
        (BEIJING, ["[::1]:9"], "https://[::1]", False),
    ],
)
def test_a_clip_is_fetched_from_the_hosts_of_its_channel_alone(
    base_url: str, entries: list[str], origin: str, *, is_allowed: bool
) -> None:
    assert may_fetch(parse_origin(origin), entries=entries, ark_base_url=base_url) is is_allowed


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("CDN.Example.", "cdn.example"),
        ("*.cdn.example:8443", "*.cdn.example:8443"),
        ("[::1]:9", "[::1]:9"),
        ("[2001:DB8::1]", "[2001:db8::1]"),
        ("::1", "[::1]"),
        ("https://cdn.example", None),
        ("cdn.example/path", None),
        ("*", None),
        ("*.com", None),
        ("*.", None),
        ("a.*.example", None),
        ("cdn.example:0", None),
        ("cdn.example:65536", None),
        ("cdn.example:http", None),
        ("u@cdn.example", None),
        ("", None),
    ],
)
def test_an_entry_of_media_hosts_is_a_host_or_a_domain(text: str, stored: str | None) -> None:
    if stored is None:
        with pytest.raises(ValueError, match=r"host|domain|port"):
            check_media_host(text)
    else:
        assert check_media_host(text) == stored


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00", "video/mp4"),
        (b"\x00\x00\x00\x14ftypqt  \x00\x00\x02\x00", "video/quicktime"),
        (b"\x00\x00\x00\x08wide\x00\x00\x00\x00", "video/quicktime"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"GIF89a", None),
        (b"<svg xmlns=", None),
        (b"<!DOCTYPE html>", None),
        (b"%PDF-1.7", None),
        (b"RIFF\x00\x00\x00\x00WAVE", None),
        (b"", None),
    ],
)
def test_the_type_of_a_file_is_that_of_its_first_bytes(head: bytes, media_type: str | None) -> None:
    assert sniff(head) == media_type


def test_a_token_names_its_file_and_no_other_and_outlives_a_change_of_keys() -> None:
    old, new = MediaTokens([b"o" * 32]), MediaTokens([b"n" * 32, b"o" * 32])
    file = LinkedFile("tenant_1", "cgt-1", "video_url", 1_900_000_000)
    token = old.make(file)
    assert (old.read(token), new.read(token)) == (file, file)
    assert old.read(new.make(file)) is None
    assert {old.read(token[:at] + token[at + 1 :]) for at in range(len(token))} == {None}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("s3://clips", ("clips", "")),
        ("s3://clips/", ("clips", "")),
        ("s3://clips/a/b/", ("clips", "a/b")),
        ("s3://UP/a", None),
        ("s3://", None),
        ("s3://clips/a/../b", None),
        ("s3://clips//a//b", None),
        ("s3://clips/a b", None),
        ("https://clips", None),
        ("clips", None),
    ],
)
def test_the_place_of_the_archive_is_a_bucket_and_a_prefix(text: str, found: tuple[str, str] | None) -> None:
    if found is None:
        with pytest.raises(ValueError, match=r"s3://|prefix"):
            read_archive_url(text)
    else:
        assert read_archive_url(text) == found


def test_an_endpoint_is_a_server_without_a_path() -> None:
    assert check_endpoint("https://S3.example:443/") == "https://s3.example"
    for wrong in (
        "https://s3.example/bucket",
        "https://s3.example?a=1",
        "ftp://s3.example",
        "s3.example",
        "https://u:p@s",
    ):
        with pytest.raises(ValueError, match=r"path|http|user|URL"):
            check_endpoint(wrong)
