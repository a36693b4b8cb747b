"""The S3-compatible storage of the archive. Imported where one is configured only (``open_store``).

Errors name the kind of failure and no more: the library's texts have URLs in them, which may be signed.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store

from app.archive.errors import MissingObjectError, StoreError
from app.archive.store_settings import PART_BYTES, StoreSettings

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig, S3Config

_PIECE_BYTES = 1024 * 1024
_CLIENT: "ClientConfig" = {
    "allow_http": True,  # the operator names the endpoint
    "connect_timeout": timedelta(seconds=5),
    # Between two reads; a part or a piece of a slow store may take minutes.
    "read_timeout": timedelta(seconds=30),
    "timeout": timedelta(seconds=120),
}
# A process that stops waits for it, and so does a copy that took too long, within its lease.
_ABORT_TIMEOUT_SECONDS = 3.0
_RETRY: "RetryConfig" = {"max_retries": 2, "retry_timeout": timedelta(seconds=20)}


class _Parts:
    """The parts of an upload, and why there are no more of them.

    Attributes:
        failure: what the iterator has raised.
    """

    def __init__(self, first: bytes, rest: AsyncIterator[bytes]) -> None:
        self._first = first
        self._rest = rest
        self._next: asyncio.Task[bytes] | None = None
        self._is_stopped = False
        self.failure: BaseException | None = None

    async def read(self) -> AsyncIterator[bytes]:
        """Yields the parts."""
        part = self._first
        try:
            while part:
                yield part
                part = b""  # not kept while the next one arrives
                part = await self._read_next()
        except BaseException as error:
            self.failure = error
            raise

    def stop(self) -> None:
        """Lets the iterator raise ``CancelledError``, now or when it is asked for the next part."""
        self._is_stopped = True
        if self._next is not None:
            self._next.cancel()

    async def _read_next(self) -> bytes:
        if self._is_stopped:
            raise asyncio.CancelledError
        self._next = asyncio.create_task(self._read())
        return await self._next

    async def _read(self) -> bytes:
        return await anext(self._rest, b"")


class ArchiveStore:
    """Writes, reads, deletes and signs the objects below the prefix of a bucket."""

    def __init__(self, settings: StoreSettings) -> None:
        self._store = _open(settings, settings.endpoint)
        self._public = None if settings.public_endpoint is None else _open(settings, settings.public_endpoint)

    async def size(self, key: str) -> int | None:
        """Returns the length of an object in bytes; None when there is none.

        Raises:
            StoreError: the store does not answer, or not usably.
        """
        with _translated():
            try:
                return int((await obstore.head_async(self._store, key))["size"])
            except FileNotFoundError:
                return None

    async def put(self, key: str, first: bytes, rest: AsyncIterator[bytes], media_type: str) -> None:
        """Writes an object from parts of ``PART_BYTES``, the last one shorter; it appears as a whole or not at all.

        Raises:
            StoreError: the store does not take it.
            Exception: what ``rest`` raises; the upload is aborted then, and when it is cancelled.
        """
        attributes = {"Content-Type": media_type}
        with _translated():
            if len(first) < PART_BYTES:
                await obstore.put_async(self._store, key, first, attributes=attributes, use_multipart=False)
                return
            await self._upload(key, first, rest, attributes)

    async def _upload(self, key: str, first: bytes, rest: AsyncIterator[bytes], attributes: dict[str, str]) -> None:
        """Writes a long object in parts.

        The library aborts an upload, which removes its parts from the store, when its iterator raises, and only then:
        so a cancellation lets the iterator raise. It turns an error of the iterator into one of its own, so that error
        is raised in its place.
        """
        parts = _Parts(first, rest)
        putting = asyncio.ensure_future(
            obstore.put_async(
                self._store, key, parts.read(), attributes=attributes, chunk_size=PART_BYTES, max_concurrency=1
            )
        )
        try:
            await asyncio.shield(putting)
        except asyncio.CancelledError:
            parts.stop()
            await asyncio.wait({putting}, timeout=_ABORT_TIMEOUT_SECONDS)
            if not putting.cancel():
                putting.exception()  # retrieved, or asyncio would log it
            raise
        except Exception:
            if parts.failure is not None:
                raise parts.failure from None
            raise

    async def read(self, key: str, start: int, end: int) -> AsyncGenerator[bytes, None]:
        """Yields the bytes of an object from ``start`` up to ``end``, in pieces: a slow reader holds one of them.

        It is one request to the store, and another one where that breaks off after some pieces: a slow reader outlasts
        the time that a request may take.

        Raises:
            MissingObjectError: there is no such object.
            StoreError: the store does not answer, or not usably.
        """
        position = start
        while position < end:
            begun_at = position
            try:
                async with aclosing(self._stream(key, position, end)) as pieces:
                    async for piece in pieces:
                        position += len(piece)
                        yield piece
            except MissingObjectError:
                raise
            except StoreError:
                if position == begun_at:
                    raise
            else:
                if position != end:
                    raise StoreError("it returned another number of bytes than was asked for")

    async def _stream(self, key: str, start: int, end: int) -> AsyncGenerator[bytes, None]:
        with _translated():
            try:
                found = await obstore.get_async(self._store, key, options={"range": (start, end)})
            except FileNotFoundError:
                raise MissingObjectError from None
            async for piece in found.stream(min_chunk_size=_PIECE_BYTES):
                yield bytes(piece)

    async def delete(self, key: str) -> None:
        """Deletes an object; one that does not exist counts as deleted.

        Raises:
            StoreError: the store does not answer, or refuses.
        """
        with _translated():
            try:
                await obstore.delete_async(self._store, key)
            except FileNotFoundError:
                return

    @property
    def is_public(self) -> bool:
        """Whether clients reach the store themselves, by signed links."""
        return self._public is not None

    def sign(self, key: str, seconds: int) -> str:
        """Returns a link to an object that works for some seconds; does no I/O."""
        if self._public is None:
            raise ValueError("the store has no public endpoint")
        return obstore.sign(self._public, "GET", key, timedelta(seconds=seconds))


def _open(settings: StoreSettings, endpoint: str | None) -> S3Store:
    client: ClientConfig = {**_CLIENT}
    if settings.ca_certificate is not None:
        client["root_certificate"] = settings.ca_certificate
    config: S3Config = {
        "access_key_id": settings.access_key_id,
        "secret_access_key": settings.secret_access_key,
        "region": settings.region,
        # Not all stores have the request that deletes several objects.
        "disable_bulk_delete": True,
    }
    if endpoint is not None:
        config["endpoint"] = endpoint
        host = endpoint.partition("://")[2]
        config["virtual_hosted_style_request"] = host.startswith(f"{settings.bucket}.")
    return S3Store(
        settings.bucket, prefix=settings.prefix or None, config=config, client_options=client, retry_config=_RETRY
    )


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (UnauthenticatedError, PermissionDeniedError):
        raise StoreError("the store refuses the credentials") from None
    except (BaseError, OSError, ValueError) as error:
        raise StoreError(f"the store failed: {type(error).__name__}") from None
