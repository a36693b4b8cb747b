"""How an intent is known again among the upstream's tasks: the token in its callback address, and its tag. Pure.

The token is 256 random bits and is never stored, only its SHA-256. The tag is made from that hash, so that nobody but
the upstream and we can know it, and nothing more has to be kept.
"""

import hashlib
import secrets

CALLBACK_PATH = "/callbacks/"
_TOKEN_BYTES = 32
_TAG_PREFIX = "sg-"
_TAG_HEX_DIGITS = 48
TAG_FIELD = "safety_identifier"
"""The field that carries the tag on channels with ``correlate: safety_identifier``; at most 64 characters."""


def new_callback_token() -> str:
    """Returns a token for one intent: 43 URL-safe characters."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def hash_of(token: str) -> bytes:
    """Returns what is stored of a token."""
    return hashlib.sha256(token.encode()).digest()


def tag_of(token_hash: bytes) -> str:
    """Returns the tag of the intent whose token has this hash."""
    return _TAG_PREFIX + hashlib.sha256(b"tag\0" + token_hash).hexdigest()[:_TAG_HEX_DIGITS]


def callback_url_for(public_url: str, token: str) -> str:
    """Returns the address that the upstream is told to call back."""
    return f"{public_url}{CALLBACK_PATH}{token}"
