"""The state machine of tasks, driven by the sandbox's clock.

``queued → running → succeeded | failed``, ``queued | running → expired``, ``queued → cancelled``. Scheduled events are
in a heap; ``run_until`` processes those that are due. Each account and model has a concurrency limit, with a separate
one for 4k; of the waiting tasks the one with the highest priority runs first, then the oldest.
"""

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

from app.sandbox.clock import SandboxClock
from app.sandbox.rate_limits import Limits
from app.sandbox.state_file import Save
from app.sandbox.tasks import CANCELLED, EXPIRED, FAILED, QUEUED, RUNNING, SUCCEEDED, UNFINISHED, Task

_START = "start"
_FINISH = "finish"
_EXPIRE = "expire"

FAILURE_MESSAGES = {
    "OutputVideoSensitiveContentDetected": (
        "The request failed because the output video may contain sensitive information."
    ),
    "OutputAudioSensitiveContentDetected": (
        "The request failed because the output audio may contain sensitive information."
    ),
    "InternalServiceError": "The service encountered an unexpected internal error.",
}


@dataclass(slots=True)
class _Queue:
    """The running and waiting tasks of one account, model and 4k or not."""

    is_4k: bool
    running: set[str] = field(default_factory=set)
    waiting: list[tuple[int, int, Task]] = field(default_factory=list)


class Lifecycle:
    """Changes the status of tasks.

    Args:
        clock: the sandbox's clock.
        limits: returns the concurrency limits; None for none.
        to_content: returns the URLs of a task that succeeded at the given time.
        save: persists a task.
        on_change: called for a new task and after each change of status, except a cancellation.
    """

    def __init__(
        self,
        clock: SandboxClock,
        *,
        limits: Callable[[], Limits | None],
        to_content: Callable[[Task, datetime], dict[str, str]],
        save: Save,
        on_change: Callable[[Task], None],
    ) -> None:
        self._clock = clock
        self._limits = limits
        self._to_content = to_content
        self._save = save
        self._on_change = on_change
        self._events: list[tuple[datetime, int, str, Task]] = []
        self._queues: dict[tuple[str, str, bool], _Queue] = {}
        self._order: Iterator[int] = count()

    def add(self, task: Task) -> None:
        """Adds a new, queued task."""
        self.resume(task)
        self._changed(task)

    def resume(self, task: Task) -> None:
        """Schedules the events of a loaded task; those in the past are processed by the next ``run_until``."""
        if task.is_pinned or task.status not in UNFINISHED:
            return
        if task.status == RUNNING:
            self._queue_of(task).running.add(task.id)
            self._schedule(task.updated_at + self._clock.work(task.plan.run_seconds), _FINISH, task)
        else:
            self._schedule(task.created_at + self._clock.work(task.plan.queue_seconds), _START, task)
        self._schedule(task.expires_at, _EXPIRE, task)

    def run_until(self, now: datetime) -> None:
        """Processes the events up to ``now``, in order; each changes its task as of the event's own time."""
        while self._events and self._events[0][0] <= now:
            at, _, kind, task = heapq.heappop(self._events)
            if task.is_pinned:
                continue
            if kind == _START and task.status == QUEUED:
                queue = self._queue_of(task)
                heapq.heappush(queue.waiting, (-task.plan.parameters.priority, next(self._order), task))
                self._start_waiting(queue, at)
            elif kind == _FINISH and task.status == RUNNING:
                self._finish(task, at)
            elif kind == _EXPIRE and task.status in UNFINISHED:
                self._end(task, EXPIRED, at)

    def next_due_at(self) -> datetime | None:
        """Returns the time of the next event of an unfinished task; None when there is none."""
        while self._events:
            at, _, _, task = self._events[0]
            if task.status in UNFINISHED and not task.is_pinned:
                return at
            heapq.heappop(self._events)
        return None

    def apply_limits(self) -> None:
        """Starts waiting tasks that a changed concurrency limit allows."""
        for queue in self._queues.values():
            self._start_waiting(queue, self._clock.now())

    def cancel(self, task: Task) -> None:
        """Cancels a queued task, without a callback: the upstream's documentation lists none."""
        task.status, task.updated_at = CANCELLED, self._clock.now()
        self._save(task)

    def force(self, task: Task, status: str, *, code: str | None, message: str | None) -> None:
        """Pins a task to any status.

        Args:
            task: the task.
            status: ``succeeded`` sets content and billed tokens, ``failed`` the error.
            code: the code of the error; None for ``InternalServiceError``.
            message: the message of the error; None for the default of the code.
        """
        at = self._clock.now()
        task.is_pinned = True
        if status == SUCCEEDED:
            self._succeed(task, at)
        elif status == FAILED:
            self._fail(task, at, code or "InternalServiceError", message)
        else:
            self._end(task, status, at)

    def _finish(self, task: Task, at: datetime) -> None:
        if task.plan.failure:
            self._fail(task, at, task.plan.failure, None)
        else:
            self._succeed(task, at)

    def _succeed(self, task: Task, at: datetime) -> None:
        task.content = self._to_content(task, at)
        task.billed_tokens = task.plan.tokens
        self._end(task, SUCCEEDED, at)

    def _fail(self, task: Task, at: datetime, code: str, message: str | None) -> None:
        text = message or FAILURE_MESSAGES.get(code, f"The request failed with {code}.")
        self._end(task, FAILED, at, error={"code": code, "message": text})

    def _end(self, task: Task, status: str, at: datetime, *, error: dict[str, str] | None = None) -> None:
        """Sets a final or a forced status, and starts the next waiting task."""
        task.status, task.updated_at, task.error = status, at, error
        if status != SUCCEEDED:
            task.content, task.billed_tokens = None, 0
        self._changed(task)
        queue = self._queue_of(task)
        queue.running.discard(task.id)
        self._start_waiting(queue, at)

    def _start_waiting(self, queue: _Queue, at: datetime) -> None:
        concurrency = self._concurrency(queue)
        while queue.waiting and (concurrency is None or len(queue.running) < concurrency):
            _, _, task = heapq.heappop(queue.waiting)
            if task.status != QUEUED or task.is_pinned:
                continue
            queue.running.add(task.id)
            task.status, task.updated_at = RUNNING, at
            self._schedule(at + self._clock.work(task.plan.run_seconds), _FINISH, task)
            self._changed(task)

    def _changed(self, task: Task) -> None:
        self._save(task)
        self._on_change(task)

    def _concurrency(self, queue: _Queue) -> int | None:
        limits = self._limits()
        if limits is None:
            return None
        return limits.concurrency_4k if queue.is_4k else limits.concurrency

    def _queue_of(self, task: Task) -> _Queue:
        is_4k = task.plan.parameters.resolution == "4k"
        return self._queues.setdefault((task.account.name, task.plan.model.id, is_4k), _Queue(is_4k))

    def _schedule(self, at: datetime, kind: str, task: Task) -> None:
        heapq.heappush(self._events, (at, next(self._order), kind, task))
