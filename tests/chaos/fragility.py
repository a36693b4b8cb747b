"""Kills this process at a chosen await of a chosen piece of work. Only the gateway of this folder loads it.

A point is named ``request:POST /path`` (every request whose path begins so) or ``job:name`` (every run of a background
job, which does not run before SIGUSR1). The suspensions of one such request or run are counted together, in all of its
tasks: a context variable, which new tasks inherit, holds the counter.
"""

import asyncio
import dataclasses
import os
import signal
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextvars import ContextVar
from typing import Any

from app.core import jobs
from app.http.request_scope import RequestScope


class _Countdown:
    """Counts the suspensions of one piece of work, and kills the process at the chosen one."""

    def __init__(self, at: int) -> None:
        self._left = at

    def suspend(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


_EAGER_SECONDS = 0.2
_countdown: ContextVar[_Countdown | None] = ContextVar("countdown", default=None)


class _Counted:
    """Awaits something step by step, and counts its suspensions."""

    def __init__(self, work: Awaitable[Any], countdown: _Countdown) -> None:
        self._work = work
        self._countdown = countdown

    def __await__(self) -> Generator[Any, Any, Any]:
        steps = self._work.__await__()
        resume: Callable[[Any], Any] = steps.send
        news: Any = None
        while True:
            try:
                awaited = resume(news)
            except StopIteration as end:
                return end.value
            self._countdown.suspend()
            try:
                news = yield awaited
                resume = steps.send
            except GeneratorExit:
                steps.close()
                raise
            except BaseException as error:  # noqa: BLE001 - it belongs to the work, a cancellation too
                news, resume = error, steps.throw


def arm(point: str, *, at: int) -> None:
    """Makes this process kill itself at the ``at``-th suspension (from 1) of the work at a point.

    Raises:
        ValueError: the point's name is of neither kind.
    """
    kind, _, name = point.partition(":")
    if kind == "request":
        _arm_requests(*name.split(" ", 1), at=at)
    elif kind == "job":
        _arm_job(name, at=at)
    else:
        raise ValueError(f"no such point: {point}")


def watch_tasks(loop: asyncio.AbstractEventLoop) -> None:
    """Counts the suspensions of the tasks that counted work starts, too."""

    def start(loop: asyncio.AbstractEventLoop, work: Any, **options: Any) -> asyncio.Task[Any]:
        return asyncio.Task(_if_counted(work), loop=loop, **options)

    loop.set_task_factory(start)


async def _if_counted(work: Coroutine[Any, Any, Any]) -> Any:
    countdown = _countdown.get()
    return await (work if countdown is None else _Counted(work, countdown))


def _arm_requests(method: str, prefix: str, *, at: int) -> None:
    handle = RequestScope.__call__

    async def handle_counted(self: RequestScope, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["method"] == method and scope["path"].startswith(prefix):
            await _counted(handle(self, scope, receive, send), at)
        else:
            await handle(self, scope, receive, send)

    RequestScope.__call__ = handle_counted  # type: ignore[method-assign]  # what this program is for


def _arm_job(name: str, *, at: int) -> None:
    repeat = jobs.repeat
    is_let_go: list[bool] = []
    signal.signal(signal.SIGUSR1, lambda *_: is_let_go.append(True))

    async def run_counted(run: Callable[[], Awaitable[object]]) -> None:
        if is_let_go:
            await _counted(run(), at)

    async def repeat_counted(job: jobs.Job, stopping: asyncio.Event) -> None:
        if job.name == name:
            run = job.run
            job = dataclasses.replace(job, interval_seconds=_EAGER_SECONDS, run=lambda: run_counted(run))
        await repeat(job, stopping)

    jobs.repeat = repeat_counted


async def _counted(work: Awaitable[Any], at: int) -> Any:
    countdown = _Countdown(at)
    mark = _countdown.set(countdown)
    try:
        return await _Counted(work, countdown)
    finally:
        _countdown.reset(mark)
