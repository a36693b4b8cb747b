"""Copies one file from the upstream into the store: streamed, within bounds of memory and time, and checked."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.archive.bandwidth import Bandwidth
from app.archive.errors import NOT_COPIED, SourceError, StoreError
from app.archive.media_types import SNIFFED_BYTES, sniff, types_of
from app.archive.models import ArchiveCopyRow
from app.archive.store_settings import PART_BYTES
from app.upstream.downloads import Download, Downloader, DownloadError, OriginRule

if TYPE_CHECKING:
    from app.archive.store import ArchiveStore  # its library is imported only where an archive is configured

MAX_FILE_BYTES = 2 * 1024**3
"""A longer file is not copied."""

_GONE = 410
# The upstream's storage answers so for a link that has expired or was used a hundred times, and may do so in passing.
_REFUSED = frozenset({403, 404, _GONE})
_NOT_THERE = "the upstream no longer has the file"
_TOO_LARGE = "the file is too large"
_NO_MEDIA = "the file is no video or image that is copied"


@dataclass(frozen=True, slots=True)
class Copied:
    """A file that is in the store: its type by its content, its length, and the SHA-256 of its bytes."""

    media_type: str
    size_bytes: int
    sha256: bytes


class Transfer:
    """Copies files of the upstream. One per process."""

    def __init__(
        self,
        store: "ArchiveStore",
        downloader: Downloader,
        bandwidth: Bandwidth,
        *,
        max_file_bytes: int = MAX_FILE_BYTES,
    ) -> None:
        self._store = store
        self._downloader = downloader
        self._bandwidth = bandwidth
        self._max_file_bytes = max_file_bytes

    async def copy(self, row: ArchiveCopyRow, *, is_allowed: OriginRule, timeout_seconds: float) -> Copied:
        """Copies the file of a row; afterwards the store has it as a whole.

        Args:
            row: what to copy, and where to.
            is_allowed: whether a server is one of the channel's.
            timeout_seconds: for all of it.

        Raises:
            SourceError: the upstream's file could not be fetched, or is not what it should be.
            StoreError: the store did not take it.
        """
        try:
            async with asyncio.timeout(timeout_seconds):
                # A store that is away must not cost one of the upstream's hundred downloads.
                await self._store.size(row.object_key)
                async with self._downloader.open(row.source_url, is_allowed=is_allowed) as download:
                    copied = await self._copy(row, download)
                stored_bytes = await self._store.size(row.object_key)
        except DownloadError as error:
            shown = _NOT_THERE if error.status in _REFUSED else NOT_COPIED
            raise SourceError(str(error), is_final=error.status == _GONE, shown=shown) from None
        except TimeoutError:
            raise SourceError("the copy took too long") from None
        if stored_bytes != copied.size_bytes:
            raise StoreError(f"the store has {stored_bytes} bytes of {copied.size_bytes}")
        return copied

    async def delete(self, key: str) -> None:
        """Deletes the object of a copy.

        Raises:
            StoreError: the store does not answer, or refuses.
        """
        await self._store.delete(key)

    async def _copy(self, row: ArchiveCopyRow, download: Download) -> Copied:
        length = download.length
        if length is not None and length > self._max_file_bytes:
            raise SourceError(_TOO_LARGE, is_final=True, shown=_TOO_LARGE)
        digest, size_bytes = hashlib.sha256(), 0

        async def parts() -> AsyncGenerator[bytes, None]:
            nonlocal size_bytes
            part = bytearray()
            async with aclosing(download.pieces()) as pieces:
                async for piece in pieces:
                    size_bytes += len(piece)
                    if size_bytes > self._max_file_bytes:
                        raise SourceError(_TOO_LARGE, is_final=True, shown=_TOO_LARGE)
                    await self._bandwidth.take(len(piece))
                    digest.update(piece)
                    part += piece
                    while len(part) >= PART_BYTES:
                        yield _taken(part)
            if length is not None and size_bytes != length:
                raise SourceError(f"the upstream sent {size_bytes} bytes of {length}")
            if part:
                yield bytes(part)

        async with aclosing(parts()) as stream:
            first = await anext(stream, b"")
            media_type = sniff(first[:SNIFFED_BYTES])
            if media_type not in types_of(row.member):
                raise SourceError(_NO_MEDIA, is_final=True, shown=_NO_MEDIA)
            await self._store.put(row.object_key, first, stream, media_type)
        return Copied(media_type, size_bytes, digest.digest())


def _taken(buffer: bytearray) -> bytes:
    """Takes a part out of a buffer, without a third copy of it in between."""
    with memoryview(buffer) as view:
        part = bytes(view[:PART_BYTES])
    del buffer[:PART_BYTES]
    return part
