"""Uploaded files: what kind one is by its first bytes, and the shape of a picture. Pure.

The type that a client names is not believed. Some name none, or the one that their library has as its default, and the
upstream would refuse the picture only after it was paid for with time.
"""

import base64
import os
import re
from dataclasses import dataclass

import imagesize

SNIFFED_BYTES = 32
"""How many bytes at the beginning of a file tell its kind."""

# What is read of a picture at most to find its shape: a file may be made so that there is no end to it.
_MAX_READS = 1000
_MAX_READ_BYTES = 256 * 1024

PICTURES = (
    *("image/jpeg", "image/png", "image/webp", "image/bmp", "image/tiff", "image/gif"),
    *("image/heic", "image/heif"),
)
"""The media types of the pictures that the upstream takes. Source: reference ``upstream.md`` §1.2."""

_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs")
_AVIF_BRANDS = (b"avif", b"avis")
# Of any coding, which a compatible brand names.
_HEIF_BRANDS = (b"mif1", b"msf1")
_AUDIO_BRANDS = (b"M4A ", b"M4B ", b"M4P ")
_BRANDS_AT = 16
_OF_BOXES = ("image/heic", "image/heif", "image/avif")

_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (0, b"BM", "image/bmp"),
    (8, b"WEBP", "image/webp"),
    (4, b"moov", "video/quicktime"),
    (8, b"AVI ", "video/x-msvideo"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (8, b"WAVE", "audio/wav"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"\xff\xf3", "audio/mpeg"),
    (0, b"OggS", "audio/ogg"),
    (0, b"fLaC", "audio/flac"),
)
_PICTURE = re.compile(r"data:image/[a-z0-9][a-z0-9.+-]{0,126};base64,")


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file of a form.

    Attributes:
        media_type: what its first bytes say; empty when that is no picture, video or sound that is known here.
        sha256: of its bytes, in hex.
        data_uri: the whole of a picture of ``PICTURES``; empty for anything else, of which nothing is kept.
    """

    media_type: str
    sha256: str
    data_uri: str


def sniff(head: bytes) -> str:
    """Returns the media type of a file by its first bytes, or an empty text."""
    if head.startswith(b"ftyp", 4):
        return _type_of_iso(head)
    for offset, signature, media_type in _SIGNATURES:
        if head.startswith(signature, offset):
            return media_type
    return ""


def frame_of_picture(data_uri: str) -> tuple[int, int] | None:
    """Returns width and height of a picture as it is shown, in pixels; None when that is not found.

    It is not looked for in HEIC, HEIF and AVIF: a short file can make the library build tables without an end.
    """
    match = _PICTURE.match(data_uri)
    if match is None:
        return None
    file = _EncodedFile(data_uri, match.end())
    try:
        head = file.read(SNIFFED_BYTES)
    except ValueError:
        return None
    # The library also reads formats that are XML or name other files.
    media_type = sniff(head)
    if not media_type.startswith("image/") or media_type in _OF_BOXES:
        return None
    # It reports an error of the file as a negative width.
    width, height = imagesize.get(file)
    return (width, height) if width > 0 and height > 0 else None


class _EncodedFile:
    """The bytes of a text in base64, decoded only where they are read: a picture may have 30 MiB."""

    def __init__(self, text: str, start: int) -> None:
        self._text = text
        self._start = start
        self._size = (len(text) - start - text.endswith("=") - text.endswith("==")) * 3 // 4
        self._position = 0
        self._reads = 0
        self._read_bytes = 0

    def read(self, size: int) -> bytes:
        """Returns the next bytes, fewer at the end.

        Raises:
            ValueError: the text is no base64, or too much was read.
        """
        begin = min(self._position, self._size)
        end = min(begin + size, self._size) if size >= 0 else self._size
        self._reads += 1
        self._read_bytes += end - begin
        if self._reads > _MAX_READS or self._read_bytes > _MAX_READ_BYTES:
            raise ValueError("too much was read of a picture")
        first = begin // 3
        text = self._text[self._start + first * 4 : self._start + -(-end // 3) * 4]
        data = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
        self._position = end
        return data[begin - first * 3 : end - first * 3]

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Moves to a place, and returns it."""
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        self._position = max(0, origin + offset)
        return self._position

    def tell(self) -> int:
        """Returns the place."""
        return self._position


def _type_of_iso(head: bytes) -> str:
    """Returns the type of an ISO base media file, such as HEIC or MP4, by its brands."""
    size, brand = int.from_bytes(head[:4]), head[8:12]
    end = min(size, SNIFFED_BYTES)
    brands = {head[place : place + 4] for place in range(_BRANDS_AT, end, 4)}
    if brand in _AVIF_BRANDS or (brand in _HEIF_BRANDS and brands.intersection(_AVIF_BRANDS)):
        return "image/avif"
    if brand in _HEIC_BRANDS:
        return "image/heic"
    if brand in _HEIF_BRANDS:
        return "image/heif"
    return "audio/mp4" if brand in _AUDIO_BRANDS else "video/mp4"
