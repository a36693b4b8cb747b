"""What these programs do: make a video, wait for it, save it, list and delete its task."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

URL = os.environ["SEEDGATE_URL"]
KEY = os.environ["SEEDGATE_API_KEY"]
PROMPT = os.environ["PROMPT"]
EARLIER_TASK = os.environ["EARLIER_TASK"]

TASKS = f"{URL}/api/v3/contents/generations/tasks"
MODEL = "doubao-seedance-2-0-260128"
SHAPE = {"resolution": "720p", "ratio": "16:9", "duration": 5}
BODY = {"model": "doubao-seedance-2", "content": [{"type": "text", "text": PROMPT}], **SHAPE}
BEARER = f"Bearer {KEY}"
CLIP = "clip.mp4"
_POLL_SECONDS = 0.5

Call = Callable[..., Any]


def make_video(call: Call, download: Callable[[str], bytes]) -> None:
    """Makes one video with an HTTP library.

    Args:
        call: sends a request of a method to a URL, with ``body`` as JSON or ``ids`` as filters of a list if these are
            given, and returns the JSON of its answer.
        download: returns what is behind a link.
    """
    task_id = call("POST", TASKS, body=BODY)["id"]
    say("created", task_id)
    task = wait(lambda: call("GET", f"{TASKS}/{task_id}"))
    save(download(task["content"]["video_url"]))
    say_listed(call("GET", TASKS, ids=[task_id, EARLIER_TASK]))
    call("DELETE", f"{TASKS}/{task_id}")
    say("deleted", task_id)


def wait(get: Callable[[], Any]) -> Any:
    """Asks for a task until it is done, and returns it."""
    while True:
        task = get()
        say("status", task["status"])
        if task["status"] not in {"queued", "running"}:
            return task
        time.sleep(_POLL_SECONDS)


def save(clip: bytes) -> None:
    """Keeps a clip."""
    Path(CLIP).write_bytes(clip)
    say("saved", CLIP)


def say_listed(page: Any) -> None:
    """Prints which tasks a list has."""
    say("listed", *(task["id"] for task in page["items"]))


def say(*words: str) -> None:
    """Prints a line."""
    print(*words, flush=True)
