"""Presigned URLs of the emulated object store, and the files behind them.

Source: reference ``upstream.md`` §2.1, §5.3 and §11.2: 24 hours and 100 downloads for a video, 12 hours for an asset,
GET only.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from app.sandbox.assets import Asset
from app.sandbox.clock import SandboxClock
from app.sandbox.state_file import Save
from app.sandbox.tasks import Task

MEDIA_PREFIX = "/media/"
MEDIA_FOLDER = Path(__file__).parent / "media"
_FILES = {".mp4": "clip.mp4", ".png": "last_frame.png", ".mp3": "tone.mp3"}
_ASSET_SECONDS = 12 * 3600
_MAX_VIDEO_DOWNLOADS = 100
_MAX_REQUESTS = "X-Tos-Max-Requests"
_DATE_FORMAT = "%Y%m%dT%H%M%SZ"
_SUFFIXES = {"Image": "png", "Video": "mp4", "Audio": "mp3"}


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The key that signs the URLs of a sandbox.

    Attributes:
        key: 64 hexadecimal digits.
        id: constant, because there is one key.
    """

    KIND: ClassVar = "signing_key"

    key: str
    id: str = "signed_urls"


@dataclass(slots=True)
class Downloads:
    """The downloads of a URL with a maximum.

    Attributes:
        id: the URL's signature.
        expires_at: when the URL expires.
        count: downloads so far.
    """

    KIND: ClassVar = "downloads"

    id: str
    expires_at: datetime
    count: int = 0


class SignedUrls:
    """Signs and verifies URLs of paths under ``/media/``.

    Args:
        clock: the sandbox's clock.
        origin: returns scheme, host and port of the URLs.
        region: part of the credential scope in the URLs.
        video_url_seconds: lifetime of the URLs of a task.
        save: persists the key and the download counts.
    """

    def __init__(
        self, clock: SandboxClock, origin: Callable[[], str], *, region: str, video_url_seconds: int, save: Save
    ) -> None:
        self._clock = clock
        self._origin = origin
        self._region = region
        self._video_url_seconds = video_url_seconds
        self._save = save
        self._key = b""
        self._downloads: dict[str, Downloads] = {}

    def restore(self, keys: Iterable[SigningKey], downloads: Iterable[Downloads]) -> None:
        """Loads the saved key and counts; generates a key when there is none."""
        self._downloads |= {saved.id: saved for saved in downloads}
        key = next(iter(keys), None)
        if key is None:
            key = SigningKey(secrets.token_hex(32))
            self._save(key)
        self._key = bytes.fromhex(key.key)

    def of_task(self, task: Task, at: datetime) -> dict[str, str]:
        """Returns the ``content`` of a task that succeeded at ``at``; called once, so that its URLs do not change."""
        seconds = self._video_url_seconds
        path = f"{MEDIA_PREFIX}videos/{task.id}.mp4"
        content = {"video_url": self._sign(path, at, seconds, max_downloads=_MAX_VIDEO_DOWNLOADS)}
        if task.plan.parameters.return_last_frame:
            content["last_frame_url"] = self._sign(f"{MEDIA_PREFIX}frames/{task.id}.png", at, seconds)
        return content

    def of_asset(self, asset: Asset) -> str:
        """Returns a new URL of an asset, different on each call."""
        return self._sign(f"{MEDIA_PREFIX}assets/{asset.id}.{_SUFFIXES[asset.type]}", self._clock.now(), _ASSET_SECONDS)

    def count_download(self, path: str, query: Mapping[str, str]) -> bool:
        """Counts a download and returns True; returns False for a URL that is forged, expired or used up."""
        parameters = {name: value for name, value in query.items() if name != "X-Tos-Signature"}
        given = query.get("X-Tos-Signature", "")
        if not hmac.compare_digest(self._digest(path, parameters).encode(), given.encode()):
            return False
        signed_at = datetime.strptime(parameters["X-Tos-Date"], _DATE_FORMAT).replace(tzinfo=UTC)
        expires_at = signed_at + timedelta(seconds=int(parameters["X-Tos-Expires"]))
        if self._clock.now() >= expires_at:
            return False
        if _MAX_REQUESTS not in parameters:
            return True
        downloads = self._downloads.setdefault(given, Downloads(given, expires_at))
        if downloads.count >= int(parameters[_MAX_REQUESTS]):
            return False
        downloads.count += 1
        self._save(downloads)
        return True

    def _sign(self, path: str, at: datetime, lifetime_seconds: int, *, max_downloads: int | None = None) -> str:
        parameters = {
            "X-Tos-Algorithm": "TOS4-HMAC-SHA256",
            "X-Tos-Credential": f"AKTPSANDBOX/{at:%Y%m%d}/{self._region}/tos/request",
            "X-Tos-Date": at.astimezone(UTC).strftime(_DATE_FORMAT),
            "X-Tos-Expires": str(lifetime_seconds),
            "X-Tos-Security-Token": secrets.token_urlsafe(24),
            "X-Tos-SignedHeaders": "host",
        }
        if max_downloads is not None:
            parameters[_MAX_REQUESTS] = str(max_downloads)
        signed = {**parameters, "X-Tos-Signature": self._digest(path, parameters)}
        return f"{self._origin()}{path}?{urlencode(signed)}"

    def _digest(self, path: str, parameters: Mapping[str, str]) -> str:
        text = "\n".join([path, *(f"{name}={parameters[name]}" for name in sorted(parameters))])
        return hmac.digest(self._key, text.encode(), hashlib.sha256).hex()


def media_routes(signed_urls: Callable[[], SignedUrls]) -> list[Route]:
    """Returns the route of ``/media/``: 200 or 206 to a GET with a valid URL, otherwise 403."""

    async def download(request: Request) -> Response:
        path: str = request.scope["path"]
        file = _FILES.get(Path(path).suffix)
        if request.method == "GET" and file and signed_urls().count_download(path, request.query_params):
            return FileResponse(MEDIA_FOLDER / file)
        refusal = {"Code": "AccessDenied", "Message": "The signature is invalid, has expired or is used up."}
        return JSONResponse(refusal, 403)

    return [Route(MEDIA_PREFIX + "{path:path}", download, methods=["GET", "HEAD"])]
