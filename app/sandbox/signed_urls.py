"""Signed, expiring URLs as the upstream's object store hands them out, and their check.

Source: reference ``upstream.md`` §2.1, §5.3 and §11.2: 24 hours and 100 downloads for a video, 12 hours for an asset,
good for GET alone.
"""

import hashlib
import hmac
import secrets
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from app.sandbox.assets import Asset
from app.sandbox.clock import SandboxClock
from app.sandbox.tasks import Task

VIDEO_SECONDS = 24 * 3600
ASSET_SECONDS = 12 * 3600
VIDEO_DOWNLOADS = 100
_MOST = "X-Tos-Max-Requests"
_DATE_FORMAT = "%Y%m%dT%H%M%SZ"
_SUFFIXES = {"Image": "png", "Video": "mp4", "Audio": "mp3"}


class SignedUrls:
    """Signs paths under ``/media/`` with a key of its own.

    Args:
        clock: the sandbox's time.
        origin: returns scheme, host and port to put in front.
    """

    def __init__(self, clock: SandboxClock, origin: Callable[[], str], region: str) -> None:
        self._clock = clock
        self._origin = origin
        self._region = region
        self._key = secrets.token_bytes(32)
        self._downloads: Counter[str] = Counter()

    def of_task(self, task: Task, at: datetime) -> dict[str, str]:
        """Returns ``content`` of a task that succeeded at ``at``; the URLs stay the same from then on."""
        content = {
            "video_url": self._sign(f"/media/videos/{task.id}.mp4", at, VIDEO_SECONDS, downloads=VIDEO_DOWNLOADS)
        }
        if task.plan.parameters.return_last_frame:
            content["last_frame_url"] = self._sign(f"/media/frames/{task.id}.png", at, VIDEO_SECONDS)
        return content

    def of_asset(self, asset: Asset) -> str:
        """Returns a fresh URL of an asset, different each time."""
        return self._sign(f"/media/assets/{asset.id}.{_SUFFIXES[asset.type]}", self._clock.now(), ASSET_SECONDS)

    def take(self, path: str, query: Mapping[str, str]) -> bool:
        """Returns whether a URL may be downloaded once more: it bears our signature and is not used up or expired."""
        parameters = {name: value for name, value in query.items() if name != "X-Tos-Signature"}
        given = query.get("X-Tos-Signature", "")
        if not hmac.compare_digest(self._digest(path, parameters).encode(), given.encode()):
            return False
        signed_at = datetime.strptime(parameters["X-Tos-Date"], _DATE_FORMAT).replace(tzinfo=UTC)
        if self._clock.now() >= signed_at + timedelta(seconds=int(parameters["X-Tos-Expires"])):
            return False
        if _MOST in parameters:
            self._downloads[given] += 1
            return self._downloads[given] <= int(parameters[_MOST])
        return True

    def _sign(self, path: str, at: datetime, lifetime_seconds: int, *, downloads: int | None = None) -> str:
        parameters = {
            "X-Tos-Algorithm": "TOS4-HMAC-SHA256",
            "X-Tos-Credential": f"AKTPSANDBOX/{at:%Y%m%d}/{self._region}/tos/request",
            "X-Tos-Date": at.astimezone(UTC).strftime(_DATE_FORMAT),
            "X-Tos-Expires": str(lifetime_seconds),
            "X-Tos-Security-Token": secrets.token_urlsafe(24),
            "X-Tos-SignedHeaders": "host",
        }
        if downloads is not None:
            parameters[_MOST] = str(downloads)
        signed = {**parameters, "X-Tos-Signature": self._digest(path, parameters)}
        return f"{self._origin()}{path}?{urlencode(signed)}"

    def _digest(self, path: str, parameters: Mapping[str, str]) -> str:
        text = "\n".join([path, *(f"{name}={parameters[name]}" for name in sorted(parameters))])
        return hmac.digest(self._key, text.encode(), hashlib.sha256).hex()
