"""Which open or ended creates may have made an upstream task, found by time among very many. Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection
from datetime import datetime, timedelta

from app.core.database_place import MAX_CREATE_TIME
from app.tasks.models import TaskRow
from app.tasks.recovery.account_snapshot import ListedTask
from app.tasks.recovery.attribution_rules import MARGIN, may_match


class Candidates:
    """The intents of an account.

    Args:
        intents: all rows without an upstream task.
        grace: how long after its cut a create may still become a task.
        offset: how far the upstream's clock is ahead; None: unknown, so that times are not compared.
    """

    def __init__(self, intents: Collection[TaskRow], *, grace: timedelta, offset: timedelta | None) -> None:
        self._grace = grace
        self._offset = offset
        self._all = sorted(intents, key=_sent_at)
        # Creates without an end, or with a late one, are compared with every task.
        self._long = [row for row in self._all if row.cut_at is None or row.cut_at - _sent_at(row) > MAX_CREATE_TIME]
        long_ones = {id(row) for row in self._long}
        self._short = [row for row in self._all if id(row) not in long_ones]
        self._times = [_sent_at(row) for row in self._short]

    def of(self, task: ListedTask) -> list[TaskRow]:
        """Returns the intents that may match a task."""
        return [row for row in self._near(task) if may_match(row, task, offset=self._offset, grace=self._grace)]

    def _near(self, task: ListedTask) -> list[TaskRow]:
        if task.created_at is None or self._offset is None:
            return self._all
        at = task.created_at - self._offset
        first = bisect_left(self._times, at - MARGIN - self._grace - MAX_CREATE_TIME)
        return [*self._long, *self._short[first : bisect_right(self._times, at + MARGIN)]]


def _sent_at(row: TaskRow) -> datetime:
    return row.sent_at or row.created_at
