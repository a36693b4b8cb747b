"""Passes the content of a video on from the upstream's storage, piece by piece (``SEEDGATE_VIDEO_CONTENT=stream``).

For clients that must not see the upstream's links, or cannot reach its servers. Nothing is kept: a client that reads
slowly slows the download down. Each request is one of the hundred downloads that the upstream allows.
"""

import re
from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus

from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from app.core.turns import leave_turn
from app.errors import ResponseCutError, SeedgateError, ServiceUnavailableError
from app.http.errors import range_not_satisfiable
from app.http.send_places import SendPlaces
from app.upstream.downloads import Download, Downloader, DownloadError, OriginRule

MAX_STREAMS = 64
"""How many files a process passes on at a time."""

MAX_TENANT_STREAMS = 16
"""How many to one tenant."""

_RANGE = re.compile(r"bytes=(?:[0-9]{1,15}-[0-9]{0,15}|-[0-9]{1,15})", re.IGNORECASE)
_NO_RANGE = re.compile(r"bytes \*/[0-9]{1,15}")
_VALIDATOR = re.compile(r"[\x20-\x7e]{1,256}")
_WHOLE = frozenset({200})
_ANSWERS_TO_RANGE = frozenset({200, 206, 416})
# The upstream's storage answers so for a link that has expired or was used up.
_ENDED = frozenset({401, 403, 404, 410})
_PASSED_ON = ("content-length", "content-range", "etag", "last-modified")
_TYPES = frozenset({"video/mp4", "video/quicktime", "image/png", "image/jpeg", "image/webp"})
_FALLBACK_TYPE = "application/octet-stream"


class ContentStreams:
    """The files that a process is passing on."""

    def __init__(self, downloader: Downloader) -> None:
        self._downloader = downloader
        self._places = SendPlaces(max_total=MAX_STREAMS, max_per_party=MAX_TENANT_STREAMS)

    def response(
        self, tenant_id: str, url: str, is_allowed: OriginRule, headers: Mapping[str, str]
    ) -> "StreamedContent":
        """Returns the response for a file; it is fetched when the response is sent.

        Args:
            tenant_id: whose file it is.
            url: the upstream's link.
            is_allowed: whether a server is one of the channel's.
            headers: of the client's request, of which ``Range`` and ``If-Range`` are passed on.
        """
        return StreamedContent(self, tenant_id, url, is_allowed, _conditions(headers))

    async def send(self, content: "StreamedContent", scope: Scope, receive: Receive, send: Send) -> None:
        """Fetches a file and passes it on.

        Raises:
            ServiceUnavailableError: 503, too many files are being passed on, or the storage cannot be asked.
            SeedgateError: 410 ``video_expired``, the storage does not have it any more.
            ResponseCutError: the storage breaks off after the response has begun.
        """
        with self._places.take(content.tenant_id):
            leave_turn()
            accepted = _ANSWERS_TO_RANGE if content.conditions else _WHOLE
            try:
                async with self._downloader.open(
                    content.url, is_allowed=content.is_allowed, conditions=content.conditions, accepted=accepted
                ) as download:
                    await _response(download, scope)(scope, receive, send)
            except DownloadError as error:
                if error.status in _ENDED:
                    text = "The content of the video is not kept any longer."
                    raise SeedgateError(text, status=410, code="video_expired") from None
                raise ServiceUnavailableError(internal=f"content: {error}") from None


class StreamedContent(Response):
    """The response for one file."""

    def __init__(
        self,
        streams: ContentStreams,
        tenant_id: str,
        url: str,
        is_allowed: OriginRule,
        conditions: list[tuple[bytes, bytes]],
    ) -> None:
        super().__init__()
        self._streams = streams
        self.tenant_id = tenant_id
        self.url = url
        self.is_allowed = is_allowed
        self.conditions = conditions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends it."""
        await self._streams.send(self, scope, receive, send)


def _conditions(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Returns what is passed on of a request; several ranges, or a malformed one, count as none."""
    wanted, validator = headers.get("range", ""), headers.get("if-range", "")
    if not _RANGE.fullmatch(wanted):
        return []
    conditions = [(b"Range", wanted.encode("ascii"))]
    if validator:
        if not _VALIDATOR.fullmatch(validator):
            return []
        conditions.append((b"If-Range", validator.encode("ascii")))
    return conditions


def _response(download: Download, scope: Scope) -> Response:
    if download.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        # The storage's own body names what it is and what it has.
        content_range = download.header("content-range") or ""
        return range_not_satisfiable(scope, content_range if _NO_RANGE.fullmatch(content_range) else None)
    media_type = (download.header("content-type") or "").partition(";")[0].strip().lower()
    headers = {name: value for name in _PASSED_ON if (value := download.header(name)) is not None}
    headers |= {
        "Accept-Ranges": "bytes",
        "Cache-Control": "no-store",
        "Content-Security-Policy": "sandbox",
        "Content-Type": media_type if media_type in _TYPES else _FALLBACK_TYPE,
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingResponse(_pieces(download), status_code=download.status, headers=headers)


async def _pieces(download: Download) -> AsyncIterator[bytes]:
    try:
        async for piece in download.pieces():
            yield piece
    except DownloadError as error:
        raise ResponseCutError(f"content: {error}") from None
