"""Small pictures of a given shape, and what is none."""

import base64
import struct
import zlib


def png(width: int, height: int, *, padding: int = 0) -> bytes:
    """Returns a PNG; ``padding`` bytes of a text chunk make it longer."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    rows = zlib.compress(b"".join(b"\0" + bytes((width + 7) // 8) for _ in range(height)), 9)
    text = chunk(b"tEXt", b"k\0" + b"x" * padding) if padding else b""
    return b"\x89PNG\r\n\x1a\n" + head + text + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def data_uri(picture: bytes, media_type: str = "image/png") -> str:
    """Returns a picture as a data URI."""
    return f"data:{media_type};base64,{base64.b64encode(picture).decode()}"


AVIF = b"\0\0\0\x18ftypavif" + bytes(64)
MP4 = b"\0\0\0\x18ftypmp42" + bytes(64)
MP3 = b"ID3\x04" + bytes(64)
