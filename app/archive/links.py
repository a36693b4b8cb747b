"""Links to copies, which work without credentials until they expire.

A link is made once for half of its life, so that answers that hold it can be kept in memory for as long: within each
half, all answers about a file have the same link. The halves of different tasks begin at different times.

With a public endpoint the store signs the links. Without one they lead to the gateway's own ``/media``: the token names
the file and the end, and is authenticated by a key that is derived from the sealing key.
"""

import base64
import binascii
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

if TYPE_CHECKING:
    from app.archive.store import ArchiveStore  # its library is imported only where an archive is configured

MEDIA_PATH = "/media/"
"""The path of our own links, which ends with the token."""

KEY_PURPOSE = "links to copies"
"""What the keys of our own links are derived for."""

_MAC_BYTES = 24
_MAX_TOKEN_LENGTH = 1024
_SEPARATOR = "\x1f"
_PARTS = 4
_MAX_KEPT = 8192


class Link(NamedTuple):
    """A link, and until when it works, in Unix seconds."""

    url: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class LinkedFile:
    """What one of our own links leads to."""

    tenant_id: str
    task_id: str
    member: str
    expires_at: int


class MediaTokens:
    """Makes and reads the tokens of our own links.

    Args:
        keys: the first one makes new tokens, all are accepted.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = tuple(keys)

    def make(self, file: LinkedFile) -> str:
        """Returns the token of a link."""
        text = _SEPARATOR.join((file.tenant_id, file.task_id, file.member, str(file.expires_at))).encode()
        return base64.urlsafe_b64encode(_mac(self._keys[0], text) + text).decode("ascii").rstrip("=")

    def read(self, token: str) -> LinkedFile | None:
        """Returns what a token names, whether it has expired or not; None for one that was not made here."""
        if len(token) > _MAX_TOKEN_LENGTH or not token.isascii():
            return None
        try:
            data = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except binascii.Error:
            return None
        mac, text = data[:_MAC_BYTES], data[_MAC_BYTES:]
        if not any(hmac.compare_digest(mac, _mac(key, text)) for key in self._keys):
            return None
        # A token has one spelling: bits that its last character does not use are zero.
        if base64.urlsafe_b64encode(data).decode("ascii").rstrip("=") != token:
            return None
        parts = text.decode().split(_SEPARATOR)
        if len(parts) != _PARTS:
            return None
        tenant_id, task_id, member, expires_at = parts
        return LinkedFile(tenant_id, task_id, member, int(expires_at))


class ArchiveLinks:
    """Makes the links of a process.

    Args:
        store: signs links, if it has a public endpoint.
        tokens: makes our own otherwise.
        base_url: the gateway's own URL as clients reach it, without a slash at its end.
        link_seconds: how long a link works at most; at least half of it when it is shown.
    """

    def __init__(self, store: "ArchiveStore", tokens: MediaTokens, *, base_url: str | None, link_seconds: int) -> None:
        self._store = store
        self._tokens = tokens
        self._base_url = base_url
        self._half_seconds = link_seconds // 2
        self._kept = lru_cache(maxsize=_MAX_KEPT)(self._make)

    def of(self, tenant_id: str, task_id: str, keys: Mapping[str, str], now: datetime) -> dict[str, Link]:
        """Returns the links to the copies of a task, by the members of ``content``.

        Args:
            tenant_id: whose task it is.
            task_id: its spare id.
            keys: the key of each copy.
            now: the present moment.
        """
        half = self.half_of(task_id, now)
        return {member: self._kept(tenant_id, task_id, member, key, half) for member, key in keys.items()}

    def half_of(self, task_id: str, now: datetime) -> int:
        """Returns the number of the half of a life in which the links of a task are made at a moment."""
        return (int(now.timestamp()) + self._shift_of(task_id)) // self._half_seconds

    def half_ends_at(self, task_id: str, now: datetime) -> datetime:
        """Returns when other links of a task are made than at a moment."""
        return datetime.fromtimestamp(self._begin_of(task_id, self.half_of(task_id, now) + 1), UTC)

    def _make(self, tenant_id: str, task_id: str, member: str, key: str, half: int) -> Link:
        expires_at = self._begin_of(task_id, half + 2)
        if self._store.is_public:
            # The store counts from its own time of signing, which is at most half a life after the half began.
            return Link(self._store.sign(key, 2 * self._half_seconds), expires_at)
        token = self._tokens.make(LinkedFile(tenant_id, task_id, member, expires_at))
        return Link(f"{self._base_url}{MEDIA_PATH}{token}", expires_at)

    def _begin_of(self, task_id: str, half: int) -> int:
        return half * self._half_seconds - self._shift_of(task_id)

    def _shift_of(self, task_id: str) -> int:
        return crc32(task_id.encode()) % self._half_seconds


def _mac(key: bytes, text: bytes) -> bytes:
    return hmac.digest(key, text, "sha256")[:_MAC_BYTES]
