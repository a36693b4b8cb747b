"""A create that is under way when the server stops, or when its client can wait no longer, is answered with an id."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.composition import open_services
from app.core.strict_json import to_json_bytes
from app.http.body_budget import BodyBudget, HeldBody, OperatorSender
from app.services import Services
from app.tasks.creation.create import ClientRequest
from app.tasks.creation.create_body import NativeBody
from app.tasks.models import TaskStatus
from app.tenants.principal import Principal
from tests.support.gateway import HELD, MODEL, Gateway, Tenant, text

DATA = to_json_bytes({"model": MODEL, "content": text("a kitten")})


@pytest.fixture
async def services(gateway: Gateway) -> AsyncIterator[Services]:
    """A process of its own, as far as the database and the upstream can tell."""
    async with open_services(gateway.settings, clock=gateway.clock, monotonic=gateway.seconds) as opened:
        yield opened


def held() -> NativeBody:
    budget = BodyBudget(limit_bytes=len(DATA), budget_bytes=len(DATA))
    return NativeBody(HeldBody(DATA, budget.open(OperatorSender(), announced_bytes=len(DATA))))


async def principal_of(gateway: Gateway, tenant: Tenant) -> Principal:
    return Principal(tenant.id, "", tenant.key_id, "", (), frozenset({await gateway.channel_id("default")}))


@pytest.mark.parametrize("outcome", ["accepted", "refused"])
async def test_a_create_that_the_stop_of_the_server_interrupts_is_answered_with_an_id_that_stays_valid(
    gateway: Gateway, services: Services, outcome: str
) -> None:
    principal = await principal_of(gateway, await gateway.tenant())
    if outcome == "refused":
        await gateway.fault("create_task", kind="error", status=400, code="InputTextSensitive", delay_seconds=3600)
    else:
        await gateway.fault("create_task", **HELD)
    creating = asyncio.create_task(services.task_creation.create(principal, held(), ClientRequest("r")))
    await gateway.arrival("create_task")
    creating.cancel()
    task_id = await creating
    await gateway.release()
    await services.task_creation.drain()
    row = await gateway.row(task_id)
    assert row is not None
    assert (row.id, row.is_spare_id_public) == (task_id, True)
    expected = (TaskStatus.QUEUED, True) if outcome == "accepted" else (TaskStatus.FAILED, False)
    assert (row.status, row.upstream_id is not None) == expected


async def test_a_retry_that_is_broken_off_while_it_waits_is_answered_with_the_id(
    gateway: Gateway, services: Services
) -> None:
    tenant = await gateway.tenant()
    principal = await principal_of(gateway, tenant)
    await gateway.fault("create_task", **HELD)
    first = ClientRequest("first")
    creating = asyncio.create_task(services.task_creation.create(principal, held(), first))
    await gateway.arrival("create_task")
    first.gone.set()
    await gateway.until_abandoned(tenant)
    retrying = asyncio.create_task(services.task_creation.create(principal, held(), ClientRequest("retry")))
    await gateway.until_claimed(tenant)
    retrying.cancel()
    task_id = await retrying
    await gateway.release()
    assert await creating == task_id
    row = await gateway.row(task_id)
    assert row is not None
    assert (row.id, row.status) == (task_id, TaskStatus.QUEUED)
    assert len(gateway.received("create_task")) == 1


async def test_nothing_is_sent_for_a_client_that_has_disconnected(gateway: Gateway, services: Services) -> None:
    principal = await principal_of(gateway, await gateway.tenant())
    client = ClientRequest("r")
    client.gone.set()
    with pytest.raises(Exception, match="temporarily unavailable"):
        await services.task_creation.create(principal, held(), client)
    assert not gateway.received("create_task")
