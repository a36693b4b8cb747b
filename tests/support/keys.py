"""API keys that were never issued."""

import zlib

from app.ids import BASE62, random_text


def with_other_secret(key: str) -> str:
    """Returns a key with the same public part, another secret and a right checksum, as any forger can make it."""
    body = f"{key[: key.rindex('-')]}-{random_text(32)}"
    number = zlib.crc32(body.encode())
    checksum = "".join(BASE62[number // 62**place % 62] for place in range(5, -1, -1))
    return body + checksum
