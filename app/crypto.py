"""Sealing of secrets that are kept in the database.

A sealed value is text, ``v1:<key id>:<base64 of nonce and ciphertext>``. It is AES-256-GCM with the row and the
column as associated data, so a value copied to another row or column does not open.
"""

import base64
import binascii
import hashlib
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_VERSION = "v1"
_KEY_BYTES = 32
_NONCE_BYTES = 12
_PARTS = 3


class SealError(Exception):
    """A key is malformed, or a sealed value does not open with any key we hold."""


def generate_key() -> str:
    """Returns a new key in the form that ``SEEDGATE_SECRET_KEY`` takes."""
    return base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()


class SecretBox:
    """Seals with its first key and opens with any of them, which is what makes key rotation possible."""

    def __init__(self, keys: list[bytes]) -> None:
        if not keys or any(len(key) != _KEY_BYTES for key in keys):
            raise SealError("a sealing key is 32 bytes")
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
        """Public name of the key that seals; safe to log."""
        return self._first

    def seal(self, plaintext: str, *, row: str, column: str) -> str:
        """Returns ``plaintext`` sealed for one row and column."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._ciphers[self._first].encrypt(nonce, plaintext.encode(), _bound_to(row, column))
        return f"{_VERSION}:{self._first}:{base64.b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, *, row: str, column: str) -> str:
        """Returns the plaintext of a sealed value.

        Raises:
            SealError: the key is not held, or the value was altered or belongs to another row or column.
        """
        parts = sealed.split(":")
        if len(parts) != _PARTS or parts[0] != _VERSION:
            raise SealError("not a sealed value")
        cipher = self._ciphers.get(parts[1])
        if cipher is None:
            raise SealError(f"no key with id {parts[1]} is configured")
        try:
            data = base64.b64decode(parts[2], validate=True)
            return cipher.decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], _bound_to(row, column)).decode()
        except (binascii.Error, InvalidTag, ValueError) as error:
            raise SealError("the sealed value does not open") from error


def _key_id(key: bytes) -> str:
    return hashlib.sha256(b"seedgate sealing key\0" + key).hexdigest()[:8]


def _bound_to(row: str, column: str) -> bytes:
    return f"{row}\0{column}".encode()
