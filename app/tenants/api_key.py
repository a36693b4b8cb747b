"""The format of API keys: ``sg-<public part>-<secret part><checksum>``."""

from app.core.token_format import NewToken, TokenFormat, TokenParts

KeyParts = TokenParts
"""The parts of a well-formed key."""

NewKey = NewToken
"""A new key."""

_FORMAT = TokenFormat("sg", hash_domain=b"seedgate api key\0")


def make_key() -> NewKey:
    """Returns a new random key."""
    return _FORMAT.make()


def parse_key(text: str) -> KeyParts | None:
    """Returns the parts of a key, or None if its format or its checksum is wrong."""
    return _FORMAT.parse(text)
