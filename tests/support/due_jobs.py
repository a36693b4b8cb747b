"""Jobs that tests run by hand, run as their loop runs them: not at all while nothing is due."""

from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.archive.copier import ArchiveCopier
from app.archive.repository import COPIES_DUE
from app.assets import due_work as assets_due
from app.assets.poller import AssetPoller
from app.assets.recovery import CreateRecovery
from app.core.due_work import DueWork, Probe
from app.db.engine import session_factory
from app.tasks.due_work import LEFTOVERS_DUE, POLLS_DUE, SEARCHES_DUE
from app.tasks.polling.poller import TaskPoller
from app.tasks.recovery.reconciler import Reconciler
from app.tasks.recovery.stale_creates import StaleCreates
from app.webhooks.delivery_worker import DeliveryWorker
from app.webhooks.repository import DELIVERIES_DUE

_JOBS: tuple[tuple[Any, str, Probe | None], ...] = (
    (TaskPoller, "run_once", POLLS_DUE),
    (Reconciler, "run_once", SEARCHES_DUE),
    (Reconciler, "tidy", LEFTOVERS_DUE),
    (StaleCreates, "run_once", None),
    (AssetPoller, "run_once", assets_due.POLLS_DUE),
    (CreateRecovery, "run_once", assets_due.SEARCHES_DUE),
    (DeliveryWorker, "run_once", DELIVERIES_DUE),
    (ArchiveCopier, "run_once", COPIES_DUE),
)


@pytest.fixture(autouse=True)
def jobs_run_only_when_due(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets a job do nothing while its condition does not hold, so that each test of a job is one of its condition."""
    for owner, name, probe in _JOBS:
        monkeypatch.setattr(owner, name, _when_due(getattr(owner, name), probe))


def _when_due(run: Callable[[Any], Awaitable[Any]], probe: Probe | None) -> Callable[[Any], Awaitable[Any]]:
    async def run_if_due(job: Any) -> Any:
        parts = vars(job).get("_context") or SimpleNamespace(
            **{name.lstrip("_"): value for name, value in vars(job).items()}
        )
        processes = getattr(parts, "processes", None)
        engine: AsyncEngine = parts.sessions.kw["bind"]
        instance_id = processes.instance_id if processes is not None else "test"
        due_work = DueWork(engine, session_factory(engine), parts.clock, instance_id=instance_id)
        due = due_work.watch(probe or job.probe)
        await due_work.find()
        return await run(job) if due.is_set() else 0

    return run_if_due
