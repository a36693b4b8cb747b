"""A task as OpenAI's ``video`` object. Pure.

Source: reference ``openai-videos.md`` §3; the ``Video`` of openai-python and openai-node.
"""

from datetime import datetime
from math import floor
from typing import Any

from app.create_parameters import AUTO_DURATION
from app.openai.sizes import frame_of
from app.tasks.models import TaskRow, TaskStatus
from app.tasks.responses import public_id

QUEUED, IN_PROGRESS, COMPLETED, FAILED = "queued", "in_progress", "completed", "failed"
STATUSES = (QUEUED, IN_PROGRESS, COMPLETED, FAILED)
"""The values of ``status``. The SDKs end their wait at any other than the first two."""

LIFETIME_SECONDS = 24 * 3600
"""How long the upstream keeps a video, where its link does not say."""

_SHOWN = {
    TaskStatus.RUNNING: IN_PROGRESS,
    TaskStatus.SUCCEEDED: COMPLETED,
    TaskStatus.FAILED: FAILED,
    TaskStatus.EXPIRED: FAILED,
    TaskStatus.CANCELLED: FAILED,
}
_REASONS = {
    TaskStatus.FAILED: ("failed", "The video could not be made."),
    TaskStatus.EXPIRED: ("expired", "The video was not finished in time."),
    TaskStatus.CANCELLED: ("cancelled", "The video was cancelled."),
}
_COMPLETE = 100
_MOST_UNFINISHED = 99
# After so many seconds half of the progress is shown; 720p of five seconds takes one to three minutes.
_HALF_SECONDS = 120.0


def to_video(row: TaskRow, task: dict[str, Any], family: str | None, *, has_run: bool) -> dict[str, Any]:
    """Returns the object of a task; members that are not known are null.

    Args:
        row: the task.
        task: what a GET of the native API shows of it.
        family: of its model, by which the size in pixels is known.
        has_run: whether it was seen running.
    """
    status = TaskStatus(row.status)
    content = task["content"] if isinstance(task.get("content"), dict) else {}
    completed_at = task["updated_at"] if status is TaskStatus.SUCCEEDED else None
    return {
        "id": public_id(row),
        "object": "video",
        "model": row.model,
        "status": _SHOWN.get(status, QUEUED),
        "progress": _progress(row, status, has_run=has_run),
        "created_at": task["created_at"],
        "completed_at": completed_at,
        "expires_at": None if completed_at is None else content.get("expires_at", completed_at + LIFETIME_SECONDS),
        "error": _error_of(task, status),
        "prompt": None,
        "remixed_from_video_id": None,
        **_shape(task, row.parameters, family),
        "usage": task.get("usage"),
        "metadata": {
            "url": content.get("video_url"),
            "last_frame_url": content.get("last_frame_url"),
            "resolution": _first(task, row.parameters, "resolution"),
            "ratio": _first(task, row.parameters, "ratio"),
        },
    }


def new_video(task_id: str, body: dict[str, Any], family: str | None, *, now: datetime) -> dict[str, Any]:
    """Returns the object of a task that was accepted just now and cannot be read at the moment.

    Args:
        task_id: its id.
        body: the native parameters of the create.
        family: as for ``to_video``.
        now: the present moment.
    """
    return {
        "id": task_id,
        "object": "video",
        "model": body["model"],
        "status": QUEUED,
        "progress": 0,
        "created_at": int(now.timestamp()),
        "completed_at": None,
        "expires_at": None,
        "error": None,
        "prompt": None,
        "remixed_from_video_id": None,
        **_shape({}, body, family),
        "usage": None,
        "metadata": {
            "url": None,
            "last_frame_url": None,
            "resolution": body.get("resolution"),
            "ratio": body.get("ratio"),
        },
    }


def to_page(videos: list[dict[str, Any]], *, has_more: bool) -> dict[str, Any]:
    """Returns one page of a list."""
    return {
        "object": "list",
        "data": videos,
        "first_id": videos[0]["id"] if videos else None,
        "last_id": videos[-1]["id"] if videos else None,
        "has_more": has_more,
    }


def to_deleted(video_id: str) -> dict[str, Any]:
    """Returns the answer to a deletion."""
    return {"id": video_id, "object": "video.deleted", "deleted": True}


def _progress(row: TaskRow, status: TaskStatus, *, has_run: bool) -> int:
    """Returns the progress in percent, which never falls; after a failure it is the last one.

    While a task runs it is worked out from the time of the last poll, which all processes share, and which only grows.
    The upstream tells none.
    """
    if status is TaskStatus.SUCCEEDED:
        return _COMPLETE
    if not has_run:
        return 0
    seconds = 0.0 if row.polled_at is None else max(0.0, (row.polled_at - row.created_at).total_seconds())
    return min(_MOST_UNFINISHED, 1 + floor(_MOST_UNFINISHED * seconds / (seconds + _HALF_SECONDS)))


def _error_of(task: dict[str, Any], status: TaskStatus) -> dict[str, str] | None:
    if status not in _REASONS:
        return None
    code, message = _REASONS[status]
    given = task.get("error") or {}
    return {"code": given.get("code") or code, "message": given.get("message") or message}


def _shape(task: dict[str, Any], parameters: dict[str, Any], family: str | None) -> dict[str, str | None]:
    """Returns length and size: those of the video once they are known, before that those that were asked for."""
    seconds = _first(task, parameters, "duration")
    is_known = isinstance(seconds, int) and not isinstance(seconds, bool) and seconds != AUTO_DURATION
    resolution, ratio = (_first(task, parameters, name) for name in ("resolution", "ratio"))
    return {"seconds": str(seconds) if is_known else None, "size": frame_of(family, resolution, ratio)}


def _first(task: dict[str, Any], parameters: dict[str, Any], name: str) -> Any:
    return next((each[name] for each in (task, parameters) if each.get(name) is not None), None)
