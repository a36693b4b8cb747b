"""The format of signing keys, and the sealing of their secrets.

The SDKs of Volcano Engine call the public part (``SGAK…``) access key id and the secret (``SGSK…``) secret access key.
The secret signs requests and is never sent; it has more than 256 random bits. Its prefix helps secret scanners.
"""

import re
from dataclasses import dataclass, field

from app.core.sealing import SecretBox
from app.ids import random_text

_ID_PREFIX = "SGAK"
_ID_LENGTH = 20
_SECRET_PREFIX = "SGSK"  # noqa: S105 - only the prefix of secrets
_SECRET_LENGTH = 44
_ID_FORM = re.compile(rf"{_ID_PREFIX}[0-9A-Za-z]{{{_ID_LENGTH}}}")
_COLUMN = "secret_access_key_sealed"


@dataclass(frozen=True)
class SigningKey:
    """A new key pair.

    Attributes:
        access_key_id: may be logged and shown.
        secret_access_key: shown once.
    """

    access_key_id: str
    secret_access_key: str = field(repr=False)


def make_signing_key() -> SigningKey:
    """Returns a new random pair."""
    return SigningKey(_ID_PREFIX + random_text(_ID_LENGTH), _SECRET_PREFIX + random_text(_SECRET_LENGTH))


def is_access_key_id(text: str) -> bool:
    """Says whether a text has the format of a signing key's access key id."""
    return _ID_FORM.fullmatch(text) is not None


def seal_secret(box: SecretBox, key_id: str, secret: str) -> str:
    """Returns the secret access key of an API key, sealed for its row and column."""
    return box.seal(secret, row=key_id, column=_COLUMN)


def open_secret(box: SecretBox, key_id: str, sealed: str) -> str:
    """Returns the secret access key of an API key.

    Raises:
        SealError: no configured sealing key opens it, or it was sealed for another row or column.
    """
    return box.open(sealed, row=key_id, column=_COLUMN)
