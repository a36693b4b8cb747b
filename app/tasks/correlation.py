"""Identifies an intent among the upstream's tasks: by the token in its callback URL, and by its tag. Pure.

The token is 256 random bits, of which only the SHA-256 is stored. The tag is derived from that hash, so it needs no
column, and only the upstream and the gateway know it.
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
    """Returns the hash by which a token is stored."""
    return hashlib.sha256(token.encode()).digest()


def tag_of(token_hash: bytes) -> str:
    """Returns the tag of the intent whose token has this hash."""
    return _TAG_PREFIX + hashlib.sha256(b"tag\0" + token_hash).hexdigest()[:_TAG_HEX_DIGITS]


def callback_url_for(public_url: str, token: str) -> str:
    """Returns the URL that the upstream is told to call."""
    return f"{public_url}{CALLBACK_PATH}{token}"
