"""The operator resolves an unknown outcome, and what the operator says is checked like any other evidence."""

import asyncio

import pytest
from sqlalchemy import select

from app.audit.log import Actor
from app.audit.models import AuditRow
from app.errors import ConflictError, InvalidParameterError, NotFoundError, SeedgateError, ServiceUnavailableError
from app.tasks.models import TaskRow
from app.tasks.recovery.attribution import Attribution, Evidence, Verdict
from app.upstream.credentials import ArkAccount
from tests.support.gateway import RUNNING, text
from tests.tasks.searching import FreeRates, Search

OPERATOR = Actor("admin", "127.0.0.1")
NOBODYS = "cgt-20260101000000-zzzzz"


@pytest.fixture
def attribution(search: Search) -> Attribution:
    return search.attribution(FreeRates(search.services.sessions))


async def _account(search: Search) -> ArkAccount:
    channel = await search.services.directory.find(await search.gateway.channel_id("default"))
    assert channel is not None
    assert channel.ark is not None
    return channel.ark


async def _audited(search: Search, task_id: str) -> list[tuple[str, dict[str, object]]]:
    async with search.gateway.sessions.begin() as session:
        rows = await session.scalars(select(AuditRow).where(AuditRow.target_id == task_id))
        return [(row.action, row.detail) for row in rows]


async def test_the_operator_says_which_task_an_intent_became(search: Search, attribution: Attribution) -> None:
    tenant = await search.gateway.tenant()
    task_id, upstream_id = await search.lose(tenant)
    await search.run()
    assert await search.orphans() == {upstream_id}
    await search.gateway.force(upstream_id, "succeeded", extra={"resolution": "480p"})
    row = await attribution.resolve(OPERATOR, task_id, upstream_id=upstream_id)
    assert (row.upstream_id, row.status) == (upstream_id, "succeeded")
    assert (await search.show(tenant, task_id))["id"] == task_id
    assert await search.orphans() == set()
    assert await _audited(search, task_id) == [("task.resolve", {"upstream_id": upstream_id})]
    assert (await search.history(task_id))[1] == ("queued", "operator", "operator")


async def test_the_operator_says_that_an_intent_made_nothing(search: Search, attribution: Attribution) -> None:
    tenant = await search.gateway.tenant()
    task_id, _ = await search.lose(tenant)
    row = await attribution.resolve(OPERATOR, task_id, upstream_id=None)
    assert (row.upstream_id, row.status) == (None, "failed")
    assert (await search.show(tenant, task_id))["error"]["code"] == "OutcomeUnknown"
    assert await _audited(search, task_id) == [("task.resolve", {"absent": True})]


async def test_the_operators_word_is_refused_when_it_cannot_be_true(search: Search, attribution: Attribution) -> None:
    tenant = await search.gateway.tenant()
    owned = await tenant.new_task(content=text(RUNNING))
    known = (await search.row(owned)).id
    task_id, upstream_id = await search.lose(tenant)
    refused: list[tuple[str, str | None, type[SeedgateError]]] = [
        ("cgt-of-nobody", upstream_id, NotFoundError),
        ("cgt-of-nobody", None, NotFoundError),
        (known, upstream_id, ConflictError),
        (known, None, ConflictError),
        (task_id, owned, ConflictError),
        (task_id, NOBODYS, InvalidParameterError),
        (task_id, "a/../b", InvalidParameterError),
    ]
    for asked, answer, error in refused:
        with pytest.raises(error):
            await attribution.resolve(OPERATOR, asked, upstream_id=answer)
    await search.gateway.fault("get_task", kind="error", status=500, code="InternalServiceError")
    with pytest.raises(ServiceUnavailableError):
        await attribution.resolve(OPERATOR, task_id, upstream_id=upstream_id)
    row = await search.row(task_id)
    assert (row.upstream_id, row.status) == (None, "unknown")
    assert await _audited(search, task_id) == []


async def test_a_task_that_is_attributed_to_two_intents_at_once_becomes_that_of_one(
    search: Search, attribution: Attribution
) -> None:
    tenant = await search.gateway.tenant()
    pairs = [await search.lose(tenant) for _ in range(2)]
    rows = [await search.row(task_id) for task_id, _ in pairs]
    account = await _account(search)

    async def attribute(row: TaskRow) -> Verdict:
        return await attribution.attribute(row, pairs[0][1], account, evidence=Evidence.CALLBACK)

    assert sorted(verdict.value for verdict in await asyncio.gather(*map(attribute, rows))) == ["attributed", "owned"]


async def test_an_intent_that_has_got_a_task_keeps_it(search: Search, attribution: Attribution) -> None:
    tenant = await search.gateway.tenant()
    task_id, upstream_id = await search.lose(tenant)
    stale = await search.row(task_id)
    account = await _account(search)
    for _ in range(2):
        assert await attribution.attribute(stale, upstream_id, account, evidence=Evidence.TAG) is Verdict.ATTRIBUTED
    other = await search.make_elsewhere()
    assert await attribution.attribute(stale, other, account, evidence=Evidence.TAG) is Verdict.CLOSED
    assert (await search.row(task_id)).upstream_id == upstream_id
    assert await search.orphans() == {other}, "it is a task without an owner"


async def test_a_create_under_way_is_concluded_by_its_own_answer(search: Search, attribution: Attribution) -> None:
    task_id, upstream_id = await search.lose(await search.gateway.tenant())
    await search.change(task_id, status="submitting")
    account = await _account(search)
    verdict = await attribution.attribute(await search.row(task_id), upstream_id, account, evidence=Evidence.CALLBACK)
    assert verdict is Verdict.CLOSED
    assert (await search.row(task_id)).upstream_id is None
    with pytest.raises(ConflictError):
        await attribution.resolve(OPERATOR, task_id, upstream_id=upstream_id)
