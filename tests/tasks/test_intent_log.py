"""Writing the outcome of a create whose row has changed since its intent."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.creates.offer import Accepted, Outcome, Refused, Unknown
from app.db.engine import DatabaseUnavailableError
from app.errors import ServiceUnavailableError, UpstreamRefusalError
from app.money.estimates.tokens import PossibleVideo, TokenEstimate
from app.money.prices.index import Billable, Unpriced
from app.observability.counters import OWNERSHIP_CONFLICTS
from app.tasks.context import TasksContext
from app.tasks.creation.expected_cost import ExpectedCost
from app.tasks.creation.intent_log import Intent, IntentLog
from app.tasks.models import OrphanRow, TaskRow, TaskStatus
from app.tasks.repository import TaskRepository
from app.tasks.state import Source, apply_no_task, apply_unknown, apply_upstream_id
from tests.support.gateway import Gateway, Tenant, get

REFUSED = Refused(UpstreamRefusalError("No cats.", status=400, code="InputTextSensitiveContentDetected"))


@pytest.fixture
def intents(context: TasksContext) -> IntentLog:
    """What writes outcomes, on the gateway's database."""
    return IntentLog(context)


async def submitting(gateway: Gateway, tenant: Tenant) -> Intent:
    """Makes the intent of a create that is under way, in this process alone."""
    task_id = await tenant.new_task()
    row = await gateway.row(task_id)
    assert row is not None
    async with gateway.sessions.begin() as session:
        row.status = TaskStatus.SUBMITTING.value
        row.upstream_id = row.next_poll_at = None
        await session.merge(row)
    return Intent(tenant.id, row.id)


async def changed(gateway: Gateway, intent: Intent, upstream_id: str | None) -> None:
    """Writes first, as another process would: a callback names the task, or our process is considered dead."""
    async with gateway.sessions.begin() as session:
        row = await TaskRepository(session, intent.tenant_id).find(intent.spare_id, is_locked=True)
        assert row is not None
        if upstream_id is None:
            apply_unknown(session, row, source=Source.RECONCILER, now=gateway.clock())
        else:
            apply_upstream_id(session, row, upstream_id, source=Source.CALLBACK, now=gateway.clock())


async def row_of(gateway: Gateway, intent: Intent) -> TaskRow:
    row = await gateway.row(intent.spare_id)
    assert row is not None
    return row


async def test_an_outcome_that_is_written_once_more_changes_nothing(gateway: Gateway, intents: IntentLog) -> None:
    """The first write may have been committed although its answer was lost, and the task gone on since."""
    tenant = await gateway.tenant()
    task_id = await tenant.new_task()
    await gateway.force(task_id, "succeeded")
    gateway.clock.advance(6)
    assert (await get(tenant, task_id)).json()["status"] == "succeeded"
    row = await gateway.row(task_id)
    assert row is not None
    for outcome in (Accepted(task_id), REFUSED, Unknown()):
        assert await intents.conclude(Intent(tenant.id, row.id), outcome) == task_id
    again = await row_of(gateway, Intent(tenant.id, row.id))
    assert (again.status, again.next_poll_at, again.upstream_id) == ("succeeded", None, task_id)


async def test_an_acceptance_resolves_a_create_marked_as_stale(gateway: Gateway, intents: IntentLog) -> None:
    tenant = await gateway.tenant()
    intent = await submitting(gateway, tenant)
    await changed(gateway, intent, None)
    assert await intents.conclude(intent, Accepted("cgt-late-1")) == intent.spare_id, "its id may have been shown"
    row = await row_of(gateway, intent)
    assert (row.status, row.upstream_id, row.is_spare_id_public) == ("queued", "cgt-late-1", True)


@pytest.mark.parametrize("error", [REFUSED.error, ServiceUnavailableError()], ids=["rejected", "not sent"])
async def test_a_refusal_ends_a_create_whose_id_may_have_been_shown(
    gateway: Gateway, intents: IntentLog, error: UpstreamRefusalError
) -> None:
    tenant = await gateway.tenant()
    intent = await submitting(gateway, tenant)
    await changed(gateway, intent, None)
    await intents.conclude(intent, Refused(error))
    shown = (await get(tenant, intent.spare_id)).json()
    assert (shown["status"], shown["error"]["code"]) == ("failed", error.code)


async def test_a_refusal_does_not_change_what_a_callback_has_resolved(gateway: Gateway, intents: IntentLog) -> None:
    tenant = await gateway.tenant()
    intent = await submitting(gateway, tenant)
    await changed(gateway, intent, "cgt-called-back-1")
    await intents.conclude(intent, REFUSED)
    row = await row_of(gateway, intent)
    assert (row.status, row.upstream_id) == ("queued", "cgt-called-back-1")


async def test_an_acceptance_after_a_callback_with_the_same_id_changes_nothing(
    gateway: Gateway, intents: IntentLog
) -> None:
    tenant = await gateway.tenant()
    intent = await submitting(gateway, tenant)
    await changed(gateway, intent, "cgt-called-back-2")
    before = OWNERSHIP_CONFLICTS._value.get()  # noqa: SLF001 - the client library has no other way to read a counter
    assert await intents.conclude(intent, Accepted("cgt-called-back-2")) == "cgt-called-back-2"
    assert OWNERSHIP_CONFLICTS._value.get() == before  # noqa: SLF001 - as above


async def test_an_id_that_another_row_owns_is_counted_as_a_conflict_and_not_shown(
    gateway: Gateway, intents: IntentLog
) -> None:
    owner, tenant = await gateway.tenant(), await gateway.tenant()
    owned_id = await owner.new_task()
    intent = await submitting(gateway, tenant)
    before = OWNERSHIP_CONFLICTS._value.get()  # noqa: SLF001 - the client library has no other way to read a counter
    assert await intents.conclude(intent, Accepted(owned_id)) == intent.spare_id
    assert OWNERSHIP_CONFLICTS._value.get() == before + 1  # noqa: SLF001 - as above
    row = await row_of(gateway, intent)
    assert (row.status, row.upstream_id) == ("unknown", None)
    assert row.cut_at is not None
    assert row.next_poll_at is not None


async def test_an_acceptance_after_the_end_of_a_create_is_shown_to_the_operator(
    gateway: Gateway, intents: IntentLog
) -> None:
    """Such as by the operator, while the process that carries the create could not reach the database."""
    tenant = await gateway.tenant()
    intent = await submitting(gateway, tenant)
    await changed(gateway, intent, None)
    async with gateway.sessions.begin() as session:
        row = await TaskRepository(session, intent.tenant_id).find(intent.spare_id, is_locked=True)
        assert row is not None
        apply_no_task(session, row, source=Source.OPERATOR, now=gateway.clock())
    before = OWNERSHIP_CONFLICTS._value.get()  # noqa: SLF001 - the client library has no other way to read a counter
    assert await intents.conclude(intent, Accepted("cgt-after-the-end-1")) == intent.spare_id
    assert OWNERSHIP_CONFLICTS._value.get() == before + 1  # noqa: SLF001 - as above
    row = await row_of(gateway, intent)
    assert (row.status, row.upstream_id) == ("failed", None), "a final state never changes"
    async with gateway.sessions.begin() as session:
        orphan = await session.scalar(select(OrphanRow).where(OrphanRow.upstream_id == "cgt-after-the-end-1"))
    assert orphan is not None
    assert (orphan.channel_id, orphan.model) == (row.channel_id, row.upstream_model)


async def test_a_create_that_continues_after_it_was_marked_as_stale_is_searched_for_again(
    gateway: Gateway, intents: IntentLog
) -> None:
    """What a list of the channel before did not show says nothing about the next one."""
    tenant = await gateway.tenant()
    intent = await submitting(gateway, tenant)
    await changed(gateway, intent, None)
    async with gateway.sessions.begin() as session:
        row = await TaskRepository(session, intent.tenant_id).find(intent.spare_id, is_locked=True)
        assert row is not None
        row.absent_at = gateway.clock()
    gateway.clock.advance(900)
    kind: dict[str, Any] = {"resolution": "720p", "has_video_input": False, "has_audio": False}
    tokens = TokenEstimate(possible=(PossibleVideo(**kind, tokens_max=7),), service_tier="default", is_exact=True)
    unpriced = Unpriced(Billable(**kind, upstream_model="another-model", service_tier="default", currency="CNY"))
    cost = ExpectedCost("another-model", "CNY", tokens, unpriced, gateway.clock())
    await intents.set_channel(intent, str(row.channel_id), cost)
    row = await row_of(gateway, intent)
    assert (row.upstream_model, row.estimated_tokens, row.estimated_cost_micros) == ("another-model", 7, None)
    assert (row.status, row.absent_at, row.cut_at) == ("unknown", None, row.sent_at)


async def test_a_clock_that_jumps_ahead_does_not_end_the_writing_of_an_outcome(
    gateway: Gateway, intents: IntentLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = await gateway.tenant()
    intent = await submitting(gateway, tenant)
    write = intents._write  # noqa: SLF001 - the database is away for exactly one try

    async def fail_once(carried: Intent, outcome: Outcome[str] | None) -> str | None:
        monkeypatch.setattr(intents, "_write", write)
        gateway.clock.advance(2 * 3600)
        raise DatabaseUnavailableError("away")

    monkeypatch.setattr(intents, "_write", fail_once)
    assert await intents.conclude(intent, Accepted("cgt-jump-1")) == "cgt-jump-1"
    assert (await row_of(gateway, intent)).upstream_id == "cgt-jump-1"


@pytest.mark.parametrize(
    "outcome", [Accepted("cgt-kept-1"), Unknown(), REFUSED], ids=["accepted", "unknown", "refused"]
)
async def test_an_id_that_was_answered_before_the_outcome_was_written_is_kept(
    gateway: Gateway, intents: IntentLog, outcome: Outcome[str]
) -> None:
    tenant = await gateway.tenant()
    intent = await submitting(gateway, tenant)
    intent.is_spare_id_given = True
    assert await intents.conclude(intent, outcome) == intent.spare_id
    assert (await get(tenant, intent.spare_id)).json()["id"] == intent.spare_id


async def test_a_refused_create_leaves_no_row(gateway: Gateway, intents: IntentLog) -> None:
    tenant = await gateway.tenant()
    intent = await submitting(gateway, tenant)
    await intents.conclude(intent, REFUSED)
    assert await gateway.row(intent.spare_id) is None


async def test_the_moment_of_an_unclear_answer_is_kept(gateway: Gateway, intents: IntentLog) -> None:
    tenant = await gateway.tenant()
    intent = await submitting(gateway, tenant)
    await intents.conclude(intent, Unknown())
    row = await row_of(gateway, intent)
    assert row.cut_at is not None
    assert gateway.clock() - row.cut_at < timedelta(seconds=5)
