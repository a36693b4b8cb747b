"""The format of API keys and admin tokens: ``<prefix>-<public part>-<secret part><checksum>``.

The public part identifies the row of a token and may be logged. The secret part has 190 random bits, which cannot be
guessed, so its plain SHA-256 is stored. The checksum lets the gateway and secret scanners recognize a mistyped token
without a query.
"""

import hashlib
import re
import zlib
from dataclasses import dataclass, field

from app.ids import BASE62, random_text

_PUBLIC_LENGTH = 12
_SECRET_LENGTH = 32
_CHECKSUM_LENGTH = 6  # base62 digits that hold 32 bits


@dataclass(frozen=True)
class TokenParts:
    """The parts of a well-formed token.

    Attributes:
        public_part: identifies the row; may be logged.
        secret_hash: the hash of the secret part, as it is stored.
    """

    public_part: str
    secret_hash: bytes = field(repr=False)


@dataclass(frozen=True)
class NewToken:
    """A new token.

    Attributes:
        plaintext: the whole token; shown once and not stored.
        parts: what is stored.
    """

    plaintext: str = field(repr=False)
    parts: TokenParts


class TokenFormat:
    """One kind of tokens.

    Args:
        prefix: the first part of each token.
        hash_domain: comes before what is hashed; no other hash of the gateway begins with it.
    """

    def __init__(self, prefix: str, *, hash_domain: bytes) -> None:
        self._prefix = prefix
        self._hash_domain = hash_domain
        self._form = re.compile(
            rf"{prefix}-(?P<public>[0-9A-Za-z]{{{_PUBLIC_LENGTH}}})"
            rf"-(?P<secret>[0-9A-Za-z]{{{_SECRET_LENGTH}}})(?P<checksum>[0-9A-Za-z]{{{_CHECKSUM_LENGTH}}})"
        )

    def make(self) -> NewToken:
        """Returns a new random token."""
        public_part = random_text(_PUBLIC_LENGTH)
        secret = random_text(_SECRET_LENGTH)
        body = f"{self._prefix}-{public_part}-{secret}"
        return NewToken(body + _checksum(body), TokenParts(public_part, self._hash_secret(secret)))

    def parse(self, text: str) -> TokenParts | None:
        """Returns the parts of a token, or None if its format or its checksum is wrong."""
        found = self._form.fullmatch(text)
        if found is None or _checksum(text[:-_CHECKSUM_LENGTH]) != found["checksum"]:
            return None
        return TokenParts(found["public"], self._hash_secret(found["secret"]))

    def _hash_secret(self, secret: str) -> bytes:
        return hashlib.sha256(self._hash_domain + secret.encode()).digest()


def _checksum(body: str) -> str:
    number = zlib.crc32(body.encode())
    digits = ""
    for _ in range(_CHECKSUM_LENGTH):
        number, digit = divmod(number, len(BASE62))
        digits = BASE62[digit] + digits
    return digits
