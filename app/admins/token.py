"""The format of named admin tokens: ``sga-<public part>-<secret part><checksum>``."""

from app.core.token_format import NewToken, TokenFormat, TokenParts

_FORMAT = TokenFormat("sga", hash_domain=b"seedgate named admin token\0")


def make_token() -> NewToken:
    """Returns a new random token."""
    return _FORMAT.make()


def parse_token(text: str) -> TokenParts | None:
    """Returns the parts of a token, or None if its format or its checksum is wrong."""
    return _FORMAT.parse(text)
