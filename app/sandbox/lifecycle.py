"""The state machine: what happens to tasks as the sandbox's clock moves.

``queued → running → succeeded | failed``, ``queued | running → expired``, ``queued → cancelled``. A heap holds what
is due; nothing happens until somebody calls ``run_until``. Each account and model has so many places to run
(4k ones apart); a waiting task takes a place by priority, then by age.
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
class _Lane:
    """Who runs and who waits on one account's model."""

    is_4k: bool
    running: set[str] = field(default_factory=set)
    waiting: list[tuple[int, int, Task]] = field(default_factory=list)


class Lifecycle:
    """Moves tasks from state to state.

    Args:
        clock: the sandbox's time.
        limits: returns the concurrency in force, None for unlimited.
        to_content: returns the URLs of a succeeded task, given the moment of its success.
        save: keeps a task after each change of state, and when it enters.
        on_change: called after each change that a callback tells, and once when a task enters.
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
        self._due: list[tuple[datetime, int, str, Task]] = []
        self._lanes: dict[tuple[str, str, bool], _Lane] = {}
        self._order: Iterator[int] = count()

    def enter(self, task: Task) -> None:
        """Takes a new, queued task in."""
        self.resume(task)
        self._changed(task)

    def resume(self, task: Task) -> None:
        """Takes a task in where it stands; what was due while the sandbox did not run happens with the next moment."""
        if task.is_pinned or task.status not in UNFINISHED:
            return
        if task.status == RUNNING:
            self._lane(task).running.add(task.id)
            self._push(task.updated_at + self._clock.work(task.plan.run_seconds), _FINISH, task)
        else:
            self._push(task.created_at + self._clock.work(task.plan.queue_seconds), _START, task)
        self._push(task.expires_at, _EXPIRE, task)

    def run_until(self, now: datetime) -> None:
        """Lets everything happen that is due, in order and each at its own time."""
        while self._due and self._due[0][0] <= now:
            at, _, kind, task = heapq.heappop(self._due)
            if task.is_pinned:
                continue
            if kind == _START and task.status == QUEUED:
                lane = self._lane(task)
                heapq.heappush(lane.waiting, (-task.plan.parameters.priority, next(self._order), task))
                self._fill(lane, at)
            elif kind == _FINISH and task.status == RUNNING:
                self._finish(task, at)
            elif kind == _EXPIRE and task.status in UNFINISHED:
                self._end(task, EXPIRED, at)

    def next_due_at(self) -> datetime | None:
        """Returns when something happens next, or None when no task is unfinished."""
        while self._due:
            at, _, _, task = self._due[0]
            if task.status in UNFINISHED and not task.is_pinned:
                return at
            heapq.heappop(self._due)
        return None

    def refill(self) -> None:
        """Lets waiting tasks run at once after the concurrency was changed."""
        for lane in self._lanes.values():
            self._fill(lane, self._clock.now())

    def cancel(self, task: Task) -> None:
        """Turns a queued task into a cancelled one; this sends no callback (the documentation lists none)."""
        task.status, task.updated_at = CANCELLED, self._clock.now()
        self._save(task)

    def force(self, task: Task, status: str, *, code: str | None, message: str | None) -> None:
        """Puts a task into any state at once, even one that the upstream does not know; there it stays.

        Args:
            task: which one.
            status: ``succeeded`` and ``failed`` get content, bill or error as usual.
            code: of the error of a failed task.
            message: of that error.
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
        """Writes a state that no longer runs (or one that was forced) and frees the place."""
        task.status, task.updated_at, task.error = status, at, error
        if status != SUCCEEDED:
            task.content, task.billed_tokens = None, 0
        self._changed(task)
        lane = self._lane(task)
        lane.running.discard(task.id)
        self._fill(lane, at)

    def _fill(self, lane: _Lane, at: datetime) -> None:
        places = self._places(lane)
        while lane.waiting and (places is None or len(lane.running) < places):
            _, _, task = heapq.heappop(lane.waiting)
            if task.status != QUEUED or task.is_pinned:
                continue
            lane.running.add(task.id)
            task.status, task.updated_at = RUNNING, at
            self._push(at + self._clock.work(task.plan.run_seconds), _FINISH, task)
            self._changed(task)

    def _changed(self, task: Task) -> None:
        self._save(task)
        self._on_change(task)

    def _places(self, lane: _Lane) -> int | None:
        limits = self._limits()
        if limits is None:
            return None
        return limits.concurrency_4k if lane.is_4k else limits.concurrency

    def _lane(self, task: Task) -> _Lane:
        is_4k = task.plan.parameters.resolution == "4k"
        return self._lanes.setdefault((task.account.name, task.plan.model.id, is_4k), _Lane(is_4k))

    def _push(self, at: datetime, kind: str, task: Task) -> None:
        heapq.heappush(self._due, (at, next(self._order), kind, task))
