"""A fast stand-in for the upstream's data plane: ``python -m bench.upstream PORT DELAY_MS``.

It makes, shows and lists tasks, and its lists tell the truth: an item is what a GET shows. A task whose prompt begins
with ``ended`` has ended when it is made; every other one runs for ever. It checks nothing and never throttles.

``POST /_seed`` makes many tasks, each of which ends at a time of its own; ``GET /_calls`` tells how many calls of each
kind have been answered.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from itertools import count
from typing import Any, cast
from urllib.parse import parse_qs, unquote, urlsplit

import httptools
import uvloop

_PREFIX = "/api/v3/contents/generations/tasks"
_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"
_VIDEO = "https://example.com/video.mp4?X-Tos-Date=20260101T000000Z&X-Tos-Expires=86400&X-Tos-Signature=" + "0" * 64


_RESULT: dict[str, Any] = {
    "status": "succeeded",
    "content": {"video_url": _VIDEO},
    "seed": 7,
    "resolution": "720p",
    "ratio": "16:9",
    "duration": 5,
    "framespersecond": 24,
    "usage": {"completion_tokens": 108900, "total_tokens": 108900},
}


class Tasks:
    """The tasks that were made."""

    def __init__(self) -> None:
        self._made: dict[str, dict[str, Any]] = {}
        self._ends: dict[str, int] = {}
        self._numbers = count()
        self.calls: Counter[str] = Counter()

    def create(self, body: bytes) -> dict[str, Any]:
        """Makes a task; returns the answer to its create."""
        self.calls["create"] += 1
        asked = json.loads(body)
        text = str(asked["content"][0].get("text", ""))
        return {"id": self._make(str(asked["model"]), is_ended=text.startswith("ended"))}

    def seed(self, ends: list[int]) -> list[str]:
        """Makes tasks that end at these times, in seconds since the epoch; returns their ids."""
        made = [self._make("doubao-seedance-2-0-260128", is_ended=False) for _ in ends]
        self._ends.update(zip(made, ends, strict=True))
        return made

    def _make(self, model: str, *, is_ended: bool) -> str:
        now = int(time.time())
        stamp = time.strftime("%Y%m%d%H%M%S", time.gmtime(now + 8 * 3600))
        task_id = f"cgt-{stamp}-{_suffix(next(self._numbers))}"
        task = {"id": task_id, "model": model, "status": "running", "created_at": now, "updated_at": now}
        task |= {"service_tier": "default", "execution_expires_after": 172800, "error": None}
        self._made[task_id] = task | _RESULT if is_ended else task
        return task_id

    def show(self, task_id: str) -> dict[str, Any] | None:
        """Returns a task, or None."""
        self.calls["get"] += 1
        return self._current(task_id)

    def page(self, query: dict[str, list[str]]) -> dict[str, Any]:
        """Returns a page, newest first."""
        self.calls["list"] += 1
        current = [self._current(each) for each in query.get("filter.task_ids") or list(self._made)]
        found = [task for task in current if task is not None]
        statuses = query.get("filter.status")
        if statuses:
            found = [task for task in found if task["status"] == statuses[0]]
        size, number = int(query.get("page_size", ["10"])[0]), int(query.get("page_num", ["1"])[0])
        newest = found[::-1]
        return {"items": newest[(number - 1) * size : number * size], "total": len(found)}

    def _current(self, task_id: str) -> dict[str, Any] | None:
        if self._ends.get(task_id, sys.maxsize) <= time.time():
            self._made[task_id] |= _RESULT | {"updated_at": self._ends.pop(task_id)}
        return self._made.get(task_id)


class Connection(asyncio.Protocol):
    """One client connection."""

    def __init__(self, tasks: Tasks, delay_seconds: float) -> None:
        self._tasks = tasks
        self._delay_seconds = delay_seconds
        self._url, self._body = b"", b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begins to read."""
        self._transport = cast("asyncio.Transport", transport)
        self._parser = httptools.HttpRequestParser(self)

    def data_received(self, data: bytes) -> None:
        """Parses what has come."""
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        """Begins a request."""
        self._url, self._body = url, b""

    def on_body(self, data: bytes) -> None:
        """Collects the body."""
        self._body += data

    def on_message_complete(self) -> None:
        """Answers, after the delay."""
        answer = self._answer(self._parser.get_method())
        if self._delay_seconds:
            asyncio.get_running_loop().call_later(self._delay_seconds, self._transport.write, answer)
        else:
            self._transport.write(answer)

    def _answer(self, method: bytes) -> bytes:
        url = urlsplit(self._url.decode("ascii"))
        task_id = unquote(url.path.removeprefix(_PREFIX).strip("/"))
        found: dict[str, Any] | None = {}
        if url.path == "/_calls":
            found = dict(self._tasks.calls)
        elif url.path == "/_seed":
            found = {"ids": self._tasks.seed(json.loads(self._body))}
        elif method == b"POST":
            found = self._tasks.create(self._body)
        elif method == b"GET":
            found = self._tasks.show(task_id) if task_id else self._tasks.page(parse_qs(url.query))
        if found is None:
            missing = {"error": {"code": "NotFound.id", "message": "not found", "type": "NotFound", "param": "id"}}
            return _response(b"404 Not Found", missing)
        return _response(b"200 OK", found)


def _response(status: bytes, body: dict[str, Any]) -> bytes:
    data = json.dumps(body).encode()
    return b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (status, len(data), data)


def _suffix(number: int) -> str:
    text = ""
    for _ in range(5):
        number, digit = divmod(number, len(_BASE36))
        text = _BASE36[digit] + text
    return text


async def _serve(port: int, delay_milliseconds: int) -> None:
    tasks = Tasks()
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(tasks, delay_milliseconds / 1000), "127.0.0.1", port
    )
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1]), int(sys.argv[2])))
