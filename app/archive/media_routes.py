"""Our own links to copies: ``/media/{token}``, streamed from the store.

The link is the credential. A file is served with the type that its bytes have, one of a few, and in a way that no
browser runs anything of it, although it stands on the gateway's own origin.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from app.archive.byte_ranges import UnsatisfiableRangeError, range_of
from app.archive.errors import MissingObjectError, StoreError
from app.archive.links import MEDIA_PATH, MediaTokens
from app.archive.media_types import IMAGE_TYPES, VIDEO_TYPES
from app.archive.models import ArchiveCopyRow
from app.archive.repository import CopyRepository
from app.core.turns import leave_turn
from app.errors import NotFoundError, ResponseCutError, SeedgateError, ServiceUnavailableError
from app.http.errors import range_not_satisfiable
from app.http.send_places import SendPlaces

if TYPE_CHECKING:
    from app.archive.store import ArchiveStore  # its library is imported only where an archive is configured

MAX_STREAMS = 64
"""How many files a process sends at a time; each holds a piece of a MiB."""

MAX_TENANT_STREAMS = 16
"""How many of one tenant, so that links of others work while clients read some slowly."""

_TYPES = VIDEO_TYPES | IMAGE_TYPES
_UNKNOWN = "The requested file does not exist."

router = APIRouter()


class MediaService:
    """Finds and streams what our own links lead to."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        store: "ArchiveStore",
        tokens: MediaTokens,
        clock: Callable[[], datetime],
    ) -> None:
        self._sessions = sessions
        self._store = store
        self._tokens = tokens
        self._clock = clock
        self._places = SendPlaces(max_total=MAX_STREAMS, max_per_party=MAX_TENANT_STREAMS)

    async def find(self, token: str) -> tuple[ArchiveCopyRow, int]:
        """Returns the copy that a token names, and for how many seconds the link still works.

        Raises:
            NotFoundError: 404, the link was not made here, or the copy is deleted.
            SeedgateError: 410, the link has expired.
        """
        file = self._tokens.read(token)
        if file is None:
            raise NotFoundError(_UNKNOWN)
        left_seconds = file.expires_at - int(self._clock().timestamp())
        if left_seconds <= 0:
            raise SeedgateError("The link has expired. Query the task for a new one.", status=410, code="LinkExpired")
        return await self.stored(file.tenant_id, file.task_id, file.member), left_seconds

    async def stored(self, tenant_id: str, task_id: str, member: str) -> ArchiveCopyRow:
        """Returns the copy of a file of a task, by the task's spare id.

        Raises:
            NotFoundError: 404, there is none, or it is deleted.
        """
        async with self._sessions() as session:
            row = await CopyRepository(session, tenant_id).find_stored(task_id, member)
        if row is None or row.media_type not in _TYPES or row.size_bytes is None:
            raise NotFoundError(_UNKNOWN)
        return row

    def response(
        self, row: ArchiveCopyRow, request: Request, *, cache_control: str, missing: SeedgateError | None = None
    ) -> Response:
        """Returns the response with a copy or the range of it that a request asks for; it is read when it is sent.

        Args:
            row: the copy.
            request: a GET or HEAD, with ``Range``, ``If-Range`` and ``If-None-Match``.
            cache_control: the header of the response.
            missing: the error for a copy that the store does not have; None: the 404 of ``/media``.
        """
        leave_turn()
        size_bytes, etag = int(row.size_bytes or 0), f'"{(row.sha256 or b"").hex()}"'
        is_head = getattr(request.state, "is_head", False)
        headers = {
            "Content-Type": str(row.media_type),
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "Cache-Control": cache_control,
            "Accept-Ranges": "bytes",
            "ETag": etag,
        }
        if _is_known(etag, request.headers.getlist("if-none-match")):
            return Response(status_code=304, headers=headers)
        # A range is one of the bytes that a GET sends.
        if is_head or request.headers.get("if-range", etag) != etag:
            wanted = None
        else:
            try:
                wanted = range_of(request.headers.getlist("range"), size_bytes)
            except UnsatisfiableRangeError:
                return range_not_satisfiable(request.scope, f"bytes */{size_bytes}")
        start, end = wanted or (0, size_bytes)
        if wanted is not None:
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{size_bytes}"
        headers["Content-Length"] = str(end - start)
        status = 200 if wanted is None else 206
        return SentFile(
            self, row, start=start, end=end, status_code=status, headers=headers, is_head=is_head, missing=missing
        )

    async def send(self, file: "SentFile", scope: Scope, receive: Receive, send: Send) -> None:
        """Sends a part of a copy, once the first bytes of it have arrived, or only the head, if the store has it.

        Raises:
            SeedgateError: 404, the store does not have it.
            ServiceUnavailableError: 503, the store does not answer, or too many files are being sent.
            ResponseCutError: the store fails after the first bytes.
        """
        # Before the store is asked: a store that is slow would otherwise let any number of pieces come.
        with self._places.take(file.row.tenant_id):
            if file.is_head:
                with _told(file.missing):
                    if await self._store.size(file.row.object_key) is None:
                        raise MissingObjectError
                await Response(status_code=file.status_code, headers=file.headers)(scope, receive, send)
                return
            async with aclosing(self._store.read(file.row.object_key, file.start, file.end)) as pieces:
                with _told(file.missing):
                    first = await anext(pieces)
                response = StreamingResponse(_all(first, pieces), status_code=file.status_code, headers=file.headers)
                await response(scope, receive, send)


class SentFile(Response):
    """The response with the bytes of a copy from ``start`` up to ``end``, or to HEAD; ``missing``: there are none."""

    def __init__(
        self,
        media: MediaService,
        row: ArchiveCopyRow,
        *,
        start: int,
        end: int,
        status_code: int,
        headers: Mapping[str, str],
        is_head: bool,
        missing: SeedgateError | None,
    ) -> None:
        super().__init__(status_code=status_code, headers=headers)
        self._media = media
        self.row = row
        self.start = start
        self.end = end
        self.is_head = is_head
        self.missing = missing or NotFoundError(_UNKNOWN)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends it."""
        await self._media.send(self, scope, receive, send)


def _is_known(etag: str, values: Sequence[str]) -> bool:
    """Returns whether ``If-None-Match`` names a file: its tag, which may be marked as weak, or any."""
    named = [part.strip().removeprefix("W/") for value in values for part in value.split(",")]
    return etag in named or named == ["*"]


@contextmanager
def _told(missing: SeedgateError) -> Iterator[None]:
    try:
        yield
    except MissingObjectError:
        raise missing from None
    except StoreError as error:
        raise ServiceUnavailableError(internal=f"archive: {error}") from None


async def _all(first: bytes, rest: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    yield first
    try:
        async for piece in rest:
            yield piece
    except StoreError as error:
        raise ResponseCutError(f"archive: {error}") from None


# Not in the API's description: clients use the links that they are given.
@router.get(MEDIA_PATH + "{token}", include_in_schema=False)
async def get_media(request: Request) -> Response:
    """Returns a file or a range of it (``Range``, ``If-Range``, ``If-None-Match``)."""
    media: MediaService | None = request.state.media
    if media is None:
        raise NotFoundError(_UNKNOWN)
    row, left_seconds = await media.find(request.path_params["token"])
    return media.response(row, request, cache_control=f"private, max-age={left_seconds}")
