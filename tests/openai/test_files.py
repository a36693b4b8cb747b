"""What a file is by its bytes, and the shape of a picture, wherever in the file it stands."""

import struct

import pytest

from app.openai.files import PICTURES, frame_of_picture, sniff
from tests.openai.pictures import data_uri, png

FAR = 5_000_000


def box(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I", 8 + len(payload)) + kind + payload


def brand(major: bytes, *compatible: bytes) -> bytes:
    return box(b"ftyp", major + bytes(4) + b"".join(compatible))


def tiff(*, before_directory: int) -> bytes:
    directory = struct.pack("<HHHIIHHII", 2, 256, 3, 1, 900, 257, 3, 1, 1600) + bytes(4)
    return b"II*\0" + struct.pack("<I", 8 + before_directory) + bytes(before_directory) + directory


def jpeg(*, previews: int) -> bytes:
    preview = b"\xff\xe2" + struct.pack(">H", 65_535) + bytes(65_533)
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 17, 8, 1600, 900, 3) + b"\1\x11\0\2\x11\1\3\x11\1"
    return b"\xff\xd8" + preview * previews + frame + b"\xff\xd9"


def heic(*, items: int) -> bytes:
    """Has a table of items whose numbers take no bytes, each with 65,535 places in the file."""
    item = struct.pack(">HHH", 1, 0, 65_535)
    places = box(b"iloc", bytes(4) + b"\0\0" + struct.pack(">H", items) + item * items)
    return brand(b"heic", b"mif1") + box(b"meta", bytes(4) + places)


@pytest.mark.parametrize(
    ("major", "compatible", "media_type"),
    [
        *(
            (each, (), "image/heic")
            for each in (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs")
        ),
        (b"mif1", (b"heic",), "image/heif"),
        (b"msf1", (), "image/heif"),
        (b"avif", (b"mif1",), "image/avif"),
        (b"avis", (), "image/avif"),
        (b"mif1", (b"miaf", b"avif"), "image/avif"),
        (b"M4A ", (b"isom",), "audio/mp4"),
        (b"isom", (b"iso2", b"avif"), "video/mp4"),
        (b"qt  ", (), "video/mp4"),
    ],
)
def test_a_file_of_boxes_is_what_its_brands_say(major: bytes, compatible: tuple[bytes, ...], media_type: str) -> None:
    assert sniff(brand(major, *compatible) + bytes(64)) == media_type
    assert (media_type in PICTURES) is media_type.startswith("image/he")


@pytest.mark.parametrize(
    "picture",
    [
        png(900, 1600),
        tiff(before_directory=0),
        tiff(before_directory=FAR),
        jpeg(previews=0),
        jpeg(previews=70),
    ],
    ids=["PNG", "TIFF", "TIFF, directory at the end", "JPEG", "JPEG, previews before it"],
)
def test_the_shape_of_a_picture_is_found_wherever_it_stands(picture: bytes) -> None:
    assert frame_of_picture(data_uri(picture)) == (900, 1600)
    assert frame_of_picture(data_uri(picture).rstrip("=")) == (900, 1600)


@pytest.mark.parametrize(
    "uri",
    [
        "https://example.com/a.png",
        "data:image/png;base64,",
        "data:image/png;base64,A",
        "data:image/png;base64,****",
        data_uri(b"<svg width='900' height='1600'/>"),
        data_uri(tiff(before_directory=FAR)[:1000]),
        # Without an end: the search stops.
        data_uri(b"\xff\xd8" + b"\xff\xe2\0\2" * 100_000),
        # Would take gigabytes.
        data_uri(heic(items=8000)),
        data_uri(heic(items=8000).replace(b"ftypheic", b"ftypavif")),
    ],
    ids=["a URL", "nothing", "half a byte", "no base64", "SVG", "broken off", "many segments", "HEIC", "AVIF"],
)
def test_a_picture_whose_shape_is_not_found_has_none(uri: str) -> None:
    assert frame_of_picture(uri) is None
