"""Encryption of secrets that are stored in the database.

A sealed value is text, ``v1:<key id>:<base64 of nonce and ciphertext>``: AES-256-GCM with the row and the column as
associated data, so that a value copied to another row or column does not open. ``v2`` adds the origin that a credential
was given for, so that it does not open when the row's URL is changed by hand either.
"""

import base64
import binascii
import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_VERSION = "v1"
_VERSION_WITH_ORIGIN = "v2"
_KEY_BYTES = 32
_NONCE_BYTES = 12
_PARTS = 3


class SealError(Exception):
    """A key is malformed, or no configured key opens a sealed value."""


def generate_key() -> str:
    """Returns a new key as ``SEEDGATE_SECRET_KEY`` takes it."""
    return base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()


class SecretBox:
    """Seals with its first key and opens with any, which makes key rotation possible."""

    def __init__(self, keys: list[bytes]) -> None:
        if not keys or any(len(key) != _KEY_BYTES for key in keys):
            raise SealError("a sealing key is 32 bytes")
        self._keys = keys
        self._ciphers = {_key_id(key): AESGCM(key) for key in keys}
        self._first = _key_id(keys[0])

    @classmethod
    def from_text(cls, text: str) -> "SecretBox":
        """Reads the comma-separated base64 keys of ``SEEDGATE_SECRET_KEY``; the first one seals.

        Raises:
            SealError: a part is not base64 of 32 bytes.
        """
        try:
            return cls([base64.b64decode(part.strip(), validate=True) for part in text.split(",")])
        except (binascii.Error, SealError) as error:
            raise SealError("SEEDGATE_SECRET_KEY needs base64 of 32 random bytes, or several, with commas") from error

    @property
    def sealing_key_id(self) -> str:
        """Id of the key that seals; safe to log."""
        return self._first

    def derived_keys(self, purpose: str) -> list[bytes]:
        """Returns a key for a purpose from each sealing key, the first of which is to be used for what is new."""
        return [hmac.digest(key, f"seedgate {purpose}".encode(), "sha256") for key in self._keys]

    def seal(self, plaintext: str, *, row: str, column: str, origin: str | None = None) -> str:
        """Returns ``plaintext`` sealed for a row and column and, if given, an origin."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._ciphers[self._first].encrypt(nonce, plaintext.encode(), _associated_data(row, column, origin))
        version = _VERSION if origin is None else _VERSION_WITH_ORIGIN
        return f"{version}:{self._first}:{base64.b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, *, row: str, column: str, origin: str | None = None) -> str:
        """Returns the plaintext of a sealed value. A value sealed without an origin opens for any.

        Raises:
            SealError: its key is not configured, or it was altered or belongs to another row, column or origin.
        """
        parts = sealed.split(":")
        if len(parts) != _PARTS or parts[0] not in {_VERSION, _VERSION_WITH_ORIGIN}:
            raise SealError("not a sealed value")
        if not has_origin(sealed):
            origin = None
        elif origin is None:
            raise SealError("the sealed value was given for an origin")
        cipher = self._ciphers.get(parts[1])
        if cipher is None:
            raise SealError(f"no key with id {parts[1]} is configured")
        try:
            data = base64.b64decode(parts[2], validate=True)
            return cipher.decrypt(
                data[:_NONCE_BYTES], data[_NONCE_BYTES:], _associated_data(row, column, origin)
            ).decode()
        except (binascii.Error, InvalidTag, ValueError) as error:
            raise SealError("the sealed value does not open") from error


def has_origin(sealed: str) -> bool:
    """Whether a value was sealed for an origin."""
    return sealed.startswith(f"{_VERSION_WITH_ORIGIN}:")


def _key_id(key: bytes) -> str:
    return hashlib.sha256(b"seedgate sealing key\0" + key).hexdigest()[:8]


def _associated_data(row: str, column: str, origin: str | None) -> bytes:
    return "\0".join((row, column) if origin is None else (row, column, origin)).encode()
