"""The written side of a create, when the database's own answer is lost."""

from app.tasks.intents import Intent, IntentLog
from app.tasks.submission import Accepted
from tests.support.stage import Stage


async def test_an_outcome_that_is_written_once_more_changes_nothing(stage: Stage) -> None:
    """The first write may have been committed although its answer was lost, and the task gone on since."""
    tenant = await stage.tenant()
    task_id = await tenant.new_task()
    await stage.force(task_id, "succeeded")
    stage.clock.advance(6)
    assert (await tenant.http.get(f"/api/v3/contents/generations/tasks/{task_id}")).json()["status"] == "succeeded"
    row = await stage.row(task_id)
    assert row is not None
    assert await IntentLog(stage.sessions, stage.clock).conclude(Intent(tenant.id, row.id), Accepted(task_id))
    again = await stage.row(task_id)
    assert again is not None
    assert (again.status, again.next_look_at) == ("succeeded", None)
