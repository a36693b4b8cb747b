"""The format of API keys: ``sg-<public part>-<secret part><checksum>``.

The public part identifies the key's row and may be logged. The secret part has 190 random bits, which cannot be
guessed, so its plain SHA-256 is stored. The checksum lets the gateway and secret scanners recognize a mistyped key
without a query.
"""

import hashlib
import re
import zlib
from dataclasses import dataclass, field

from app.ids import BASE62, random_text

_PREFIX = "sg"
_PUBLIC_LENGTH = 12
_SECRET_LENGTH = 32
_CHECKSUM_LENGTH = 6  # base62 digits that hold 32 bits
_FORM = re.compile(
    rf"{_PREFIX}-(?P<public>[0-9A-Za-z]{{{_PUBLIC_LENGTH}}})"
    rf"-(?P<secret>[0-9A-Za-z]{{{_SECRET_LENGTH}}})(?P<checksum>[0-9A-Za-z]{{{_CHECKSUM_LENGTH}}})"
)
_HASH_DOMAIN = b"seedgate api key\0"


@dataclass(frozen=True)
class KeyParts:
    """The parts of a well-formed key.

    Attributes:
        public_part: identifies the row; may be logged.
        secret_hash: the hash of the secret part, as it is stored.
    """

    public_part: str
    secret_hash: bytes = field(repr=False)


@dataclass(frozen=True)
class NewKey:
    """A new key.

    Attributes:
        plaintext: the whole key; shown once and not stored.
        parts: what is stored.
    """

    plaintext: str = field(repr=False)
    parts: KeyParts


def make_key() -> NewKey:
    """Returns a new random key."""
    public_part = random_text(_PUBLIC_LENGTH)
    secret = random_text(_SECRET_LENGTH)
    body = f"{_PREFIX}-{public_part}-{secret}"
    return NewKey(body + _checksum(body), KeyParts(public_part, hash_secret(secret)))


def parse_key(text: str) -> KeyParts | None:
    """Returns the parts of a key, or None if its format or its checksum is wrong."""
    found = _FORM.fullmatch(text)
    if found is None or _checksum(text[:-_CHECKSUM_LENGTH]) != found["checksum"]:
        return None
    return KeyParts(found["public"], hash_secret(found["secret"]))


def hash_secret(secret: str) -> bytes:
    """Returns the SHA-256 of a key's secret part, with a prefix that no other hash uses."""
    return hashlib.sha256(_HASH_DOMAIN + secret.encode()).digest()


def _checksum(body: str) -> str:
    number = zlib.crc32(body.encode())
    digits = ""
    for _ in range(_CHECKSUM_LENGTH):
        number, digit = divmod(number, len(BASE62))
        digits = BASE62[digit] + digits
    return digits
