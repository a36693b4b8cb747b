"""Forms as they arrive: whatever their pieces, what is read is the same, and what is malformed is refused."""

import base64
import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import SeedgateError
from app.openai import multipart as limits
from app.openai.files import UploadedFile
from app.openai.form_fields import MAX_FIELDS
from app.openai.multipart import MultipartReader
from tests.openai.driving import Part, multipart
from tests.openai.pictures import MP3, MP4, data_uri, png

B = "----b"
TYPE = f"multipart/form-data; boundary={B}"
PICTURE = png(16, 9)
PART = f'--{B}\r\nContent-Disposition: form-data; name="prompt"\r\n\r\n'


def read(body: bytes, *, step: int | None = None, content_type: str = TYPE) -> list[tuple[str, Any]]:
    reader = MultipartReader(content_type)
    for start in range(0, len(body), step or len(body) or 1):
        reader.feed(body[start : start + (step or len(body))])
    reader.finish()
    return reader.pairs


def seen(value: str | bytes) -> Any:
    if isinstance(value, str):
        return value
    media_type = "image/png" if value.startswith(b"\x89PNG\r\n\x1a\n") else ""
    uri = f"data:{media_type};base64,{base64.b64encode(value).decode()}" if media_type else ""
    return UploadedFile(media_type, hashlib.sha256(value).hexdigest(), uri)


texts = st.text(max_size=40)
files = st.binary(max_size=200).map(lambda tail: b"\x89PNG\r\n\x1a\n" + tail) | st.just(b"")
# Bytes that begin like the boundary of the form.
tricky = st.lists(st.sampled_from([b"\r\n", b"\r\n--", b"\r\n----", b"--", b"\r", b"\n", b"x"]), max_size=20).map(
    b"".join
)


@given(
    st.lists(st.tuples(st.sampled_from(["prompt", "images[]", "x"]), texts | files | tricky), max_size=6),
    st.integers(min_value=1, max_value=97),
)
def test_a_form_is_read_alike_whatever_its_pieces(parts: list[Part], step: int) -> None:
    body, headers = multipart(parts)
    found = read(body, step=step, content_type=headers["Content-Type"])
    assert found == [(name, seen(value)) for name, value in parts]


def test_a_picture_is_a_data_uri_whose_type_is_sniffed() -> None:
    body, headers = multipart([("input_reference", PICTURE)])
    ((name, file),) = read(body, content_type=headers["Content-Type"])
    assert (name, file.media_type, file.data_uri) == ("input_reference", "image/png", data_uri(PICTURE))


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (MP4, "video/mp4"),
        (MP3, "audio/mpeg"),
        (b"RIFF\0\0\0\0WAVEfmt ", "audio/wav"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"\xff\xd8\xff\xe0" + bytes(30), "image/jpeg"),
        (b"GIF89a" + bytes(30), "image/gif"),
        (b"BM" + bytes(30), "image/bmp"),
        (b"II*\x00" + bytes(30), "image/tiff"),
        (b"\0\0\0\x18ftypheic" + bytes(30), "image/heic"),
        (b"\0\0\0\x14ftypqt  " + bytes(30), "video/mp4"),
        (b"<svg xmlns=", ""),
        (b"%PDF-1.7", ""),
        (b"", ""),
    ],
)
def test_the_kind_of_a_file_is_told_by_its_first_bytes(data: bytes, media_type: str) -> None:
    body, headers = multipart([("input_reference", data)])
    ((_, file),) = read(body, step=7, content_type=headers["Content-Type"])
    assert file.media_type == media_type
    assert bool(file.data_uri) is media_type.startswith("image/")


@pytest.mark.parametrize(
    "content_type",
    ["multipart/form-data", "multipart/form-data; boundary=", f"multipart/form-data; boundary={'x' * 300}"],
)
def test_a_form_needs_a_boundary(content_type: str) -> None:
    with pytest.raises(SeedgateError, match="boundary"):
        MultipartReader(content_type)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no form at all",
        b"{}",
        f"{PART}a".encode(),
        f"{PART}a\r\n--{B}".encode(),
        f"--{B}\r\n".encode(),
        f"--{B}x\r\n".encode(),
        f"--{B}\r\nno header\r\n\r\n--{B}--".encode(),
        f"--{B}\r\nContent-Disposition: form-data\r\n\r\na\r\n--{B}--".encode(),
        f'--{B}\r\nContent-Disposition: form-data; name=""\r\n\r\na\r\n--{B}--'.encode(),
        f'--{B}\r\nContent-Disposition: attachment; name="a"\r\n\r\na\r\n--{B}--'.encode(),
        f'--{B}\r\nContent-Disposition: form-data; name="{"n" * 300}"\r\n\r\na\r\n--{B}--'.encode(),
        f"{PART}a".replace("\r\n\r\n", "\r\nContent-Transfer-Encoding: base64\r\n\r\n").encode(),
        PART.encode() + b"\xff\r\n--" + B.encode() + b"--",
        (f"{PART}a\r\n" * (MAX_FIELDS + 1) + f"--{B}--").encode(),
    ],
)  # fmt: skip
def test_a_malformed_form_is_refused(body: bytes) -> None:
    for step in (None, 1, 5):
        with pytest.raises(SeedgateError) as caught:
            read(body, step=step)
        assert caught.value.status == 400


@pytest.mark.parametrize(
    "head",
    [
        f"X-A: {'v' * 3000}",
        f"X-A: {' ' * 3000}",
        f"{'x' * 3000}: v",
        "x" * 2**20,
        f"X-A: {'v' * 2**20}",
        f'Content-Disposition: form-data; name="{"n" * 2**20}"',
        "\r\n".join(["X-A: v"] * 9),
        "\r\n".join(f"X-{number}: v" for number in range(5000)),
    ],
    ids=["a value", "spaces", "a name", "no end", "a value of 1 MiB", "a part's name of 1 MiB", "nine", "thousands"],
)
def test_a_part_with_a_large_head_is_refused_as_a_large_head_of_a_request_is(head: str) -> None:
    body = f"--{B}\r\n{head}\r\n\r\na\r\n--{B}--".encode()
    for step in (None, 65_536, 7):
        with pytest.raises(SeedgateError, match="more than 8 header fields, or one of more than 2048 bytes") as caught:
            read(body, step=step)
        assert (caught.value.status, caught.value.code) == (431, "RequestHeaderFieldsTooLarge")


def test_what_follows_the_end_of_a_form_is_no_part_of_it() -> None:
    assert read(f"{PART}a\r\n--{B}--\r\nepilogue {PART}".encode()) == [("prompt", "a")]


def test_a_picture_and_all_pictures_together_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_PICTURE_BYTES", 2000)
    monkeypatch.setattr(limits, "MAX_PICTURES_BYTES", 3500)
    within = png(16, 9, padding=1000)
    for files_, is_refused in (
        ([within], False),
        ([within] * 3, False),
        ([within] * 4, True),
        ([png(16, 9, padding=2000)], True),
        ([MP4 * 100] * 4, False),
    ):
        body, headers = multipart([("images[]", file) for file in files_])
        if not is_refused:
            assert len(read(body, content_type=headers["Content-Type"])) == len(files_)
            continue
        with pytest.raises(SeedgateError) as caught:
            read(body, step=100, content_type=headers["Content-Type"])
        assert (caught.value.status, caught.value.param) == (413, "images??")


@pytest.mark.parametrize("after", ["x", "-", "\r"])
def test_lines_that_begin_like_the_boundary_cost_no_more_than_parts_do(after: str) -> None:
    """The parser needs a second for each MiB of them."""
    reader = MultipartReader(TYPE)
    reader.feed(PART.encode())
    lines = f"\r\n--{B}{after}".encode() * 20
    for _ in range(MAX_FIELDS // 20):
        reader.feed(lines)
    with pytest.raises(SeedgateError, match="more than"):
        reader.feed(lines)
    assert reader.delimiters == MAX_FIELDS + 20


def test_only_what_is_kept_grows_the_form() -> None:
    """The budget of bodies counts the base64 of a picture, and nothing of a video."""
    picture = png(16, 9, padding=300_000)
    for file, kept in ((picture, len(data_uri(picture))), (MP4 + bytes(300_000), 0)):
        body, headers = multipart([("input_reference", file)])
        reader = MultipartReader(headers["Content-Type"])
        grown = sum(reader.feed(body[start : start + 65_536]) for start in range(0, len(body), 65_536))
        assert 0 <= grown - kept <= len("input_reference") + 4
