"""The form of an API key: ``sg-<public part>-<secret part><checksum>``.

The public part finds the key's row and is safe to log. The secret part is 190 random bits, so that a plain SHA-256
is enough to keep it: there is nothing to guess. The checksum lets the gateway and a secret scanner tell a mistyped
key from a real one without a query.
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
    """A well-formed key, taken apart.

    Attributes:
        public_part: finds the row; safe to log.
        secret_hash: what the row holds of the secret.
    """

    public_part: str
    secret_hash: bytes = field(repr=False)


@dataclass(frozen=True)
class NewKey:
    """A key that was just made.

    Attributes:
        plaintext: the whole key; shown to its owner once, kept nowhere.
        parts: what is kept of it.
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
    """Returns the parts of a key, or None when it has another form or its checksum is wrong."""
    found = _FORM.fullmatch(text)
    if found is None or _checksum(text[:-_CHECKSUM_LENGTH]) != found["checksum"]:
        return None
    return KeyParts(found["public"], hash_secret(found["secret"]))


def hash_secret(secret: str) -> bytes:
    """Returns the SHA-256 of a key's secret part, for this use alone: no other hash of ours equals it."""
    return hashlib.sha256(_HASH_DOMAIN + secret.encode()).digest()


def _checksum(body: str) -> str:
    number = zlib.crc32(body.encode())
    digits = ""
    for _ in range(_CHECKSUM_LENGTH):
        number, digit = divmod(number, len(BASE62))
        digits = BASE62[digit] + digits
    return digits
