"""The form of a signing key: a public ``SGAK…`` that names it, and a secret ``SGSK…`` that signs and is never sent.

The OpenAPI SDKs call them access key id and secret access key. The secret is more than 256 random bits; its prefix is
there for those who look for secrets in logs and repositories.
"""

import re
from dataclasses import dataclass, field

from app.ids import random_text

_ID_PREFIX = "SGAK"
_ID_LENGTH = 20
_SECRET_PREFIX = "SGSK"  # noqa: S105 - how secrets begin, none of them
_SECRET_LENGTH = 44
_ID_FORM = re.compile(rf"{_ID_PREFIX}[0-9A-Za-z]{{{_ID_LENGTH}}}")


@dataclass(frozen=True)
class SigningKey:
    """A pair that was just made.

    Attributes:
        access_key_id: safe to log and to show.
        secret_access_key: shown to its owner once.
    """

    access_key_id: str
    secret_access_key: str = field(repr=False)


def make_signing_key() -> SigningKey:
    """Returns a new random pair."""
    return SigningKey(_ID_PREFIX + random_text(_ID_LENGTH), _SECRET_PREFIX + random_text(_SECRET_LENGTH))


def is_access_key_id(text: str) -> bool:
    """Says whether a text has the form of a signing key's access key id."""
    return _ID_FORM.fullmatch(text) is not None
