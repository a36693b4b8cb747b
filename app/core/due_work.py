"""Which background jobs have something to do: one statement a second asks for all of them.

A job that is idle costs nothing but its condition in that statement. The database is the only source, so work that
another process creates is seen within the interval, and no notification can be lost; see ADR 0009. Where a second is
long, what creates work wakes the job of its own process besides (``wake_after_commit``). An idle gateway with its
PostgreSQL took 4 to 5 % of a core and 40 statements a second, and half a percent and 1.5 with this one question.

Without an answer (a locked or missing table, a slow database) every job is woken: each then works or fails alone.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import TextClause, event, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

_INFO_KEY = "due_work"
# An answer takes milliseconds. One locked table delays the answer for all jobs, also for those that do not use it.
_QUESTION_TIMEOUT_SECONDS = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """An SQL condition that holds while a job has something to do.

    It may hold too often, which costs a run of the job. It must not cost more when there is much that is not due:
    ``min`` over the column of an index reads one entry, whatever the planner expects of the parameters. ``EXISTS``
    with a comparison may be planned as a scan of the whole table.

    Attributes:
        condition: SQL of type boolean; NULL means no. ``:now`` is the process's time, ``:instance_id`` its id.
        values: the condition's other parameters. All probes share one set of names.
    """

    condition: str
    values: Mapping[str, Any] = field(default_factory=dict)


class DueWork:
    """The jobs of one process that wait for work, and the events that wake them."""

    def __init__(
        self,
        engine: AsyncEngine,
        sessions: async_sessionmaker[AsyncSession],
        clock: Callable[[], datetime],
        *,
        instance_id: str,
    ) -> None:
        # A transaction would make three statements of one.
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._clock = clock
        self._instance_id = instance_id
        self._events: dict[Probe, asyncio.Event] = {}
        sessions.configure(info={**sessions.kw.get("info", {}), _INFO_KEY: self})

    def watch(self, probe: Probe) -> asyncio.Event:
        """Adds a condition to the statement; returns the event that is set while it holds."""
        return self._events.setdefault(probe, asyncio.Event())

    async def find(self) -> None:
        """Sets the events of the conditions that hold; without an answer within two seconds, of all conditions.

        Raises:
            Exception: the error for which there was no answer; the events are set.
        """
        try:
            async with asyncio.timeout(_QUESTION_TIMEOUT_SECONDS):
                found = await self._ask()
        except Exception:
            for due in self._events.values():
                due.set()
            raise
        for due, does_hold in zip(self._events.values(), found, strict=True):
            if does_hold:
                due.set()

    async def _ask(self) -> Sequence[bool | None]:
        values: dict[str, Any] = {"now": self._clock(), "instance_id": self._instance_id}
        for probe in self._events:
            values |= probe.values
        async with self._engine.connect() as connection:
            return (await connection.execute(self._question(), values)).one()

    def wake(self, probe: Probe) -> None:
        """Sets the event of a condition without asking; does nothing in a process that runs no such job."""
        due = self._events.get(probe)
        if due is not None:
            due.set()

    def _question(self) -> TextClause:
        return text("SELECT " + ", ".join(f"({probe.condition})" for probe in self._events))


def wake_after_commit(session: AsyncSession, probe: Probe) -> None:
    """Wakes this process's job when the open transaction is committed: what it has written is due at once.

    Without it, or when the process dies in between, the job learns of it by the next question.
    """
    due_work: DueWork | None = session.info.get(_INFO_KEY)
    if due_work is not None:
        event.listen(session.sync_session, "after_commit", lambda _session: due_work.wake(probe), once=True)
