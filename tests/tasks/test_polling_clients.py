"""A thousand clients that poll cost the upstream no more than the account's budget, through four processes at once.

What is judged are the moments at which calls were granted, by the database's clock, which the limiter itself goes by:
on a busy machine calls that were granted one after the other reach the upstream together.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio
from sqlalchemy import select, update
from sqlalchemy import text as sql_text

from app.composition import open_services
from app.core.jobs import Job
from app.db.engine import is_unavailable
from app.errors import ServiceUnavailableError
from app.services import Services
from app.tasks.models import TaskRow
from app.tenants.principal import Principal
from app.upstream.rate_limits import RateClass
from app.worker import running
from tests.support.database import as_superuser
from tests.support.gateway import RUNNING, Gateway, Tenant, text

CLIENTS = 1000
POLLING_SECONDS = 4.5
PAUSE_SECONDS = 2.0
DUE_SECONDS = 6
ROUNDING = 1e-3

_WRITE_DOWN = (
    "CREATE TABLE granted_calls (kind text, at timestamptz)",
    """
    CREATE FUNCTION write_down() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
        INSERT INTO public.granted_calls VALUES (NEW.kind, NEW.refilled_at);
        RETURN NULL;
    END $$
    """,
    "CREATE TRIGGER granted AFTER INSERT OR UPDATE ON account_rates FOR EACH ROW EXECUTE FUNCTION write_down()",
    "GRANT SELECT ON granted_calls TO PUBLIC",
)
_STOP_WRITING = ("DROP FUNCTION write_down CASCADE", "DROP TABLE granted_calls")


@pytest_asyncio.fixture
async def processes(gateway: Gateway) -> AsyncIterator[list[Services]]:
    """Two gateways and two workers. No task of another test is due."""
    async with gateway.sessions.begin() as session:
        await session.execute(update(TaskRow).values(next_poll_at=None))
    async with AsyncExitStack() as stack:
        opened = [open_services(gateway.settings, clock=gateway.clock) for _ in range(4)]
        yield [await stack.enter_async_context(each) for each in opened]


@pytest_asyncio.fixture
async def granted(gateway: Gateway) -> AsyncIterator[None]:
    """Every call that is granted is written down, in the transaction that grants it."""
    url = gateway.database_url
    await as_superuser(url, *_WRITE_DOWN)
    yield
    await as_superuser(url, *_STOP_WRITING)


async def grants_of(gateway: Gateway, *kinds: RateClass) -> list[float]:
    """Returns when calls of these kinds were granted, in seconds, in order."""
    names = [kind.value[0] for kind in kinds]
    query = sql_text("SELECT extract(epoch FROM at) FROM granted_calls WHERE kind = ANY(:names) ORDER BY at")
    async with gateway.sessions() as session:
        return [float(at) for at in (await session.scalars(query, {"names": names})).all()]


def most_within_a_second(moments: list[float]) -> int:
    return max(sum(start <= moment < start + 1 for moment in moments) for start in moments)


async def check_budget(gateway: Gateway, operation: str, *kinds: RateClass, most_a_second: int) -> None:
    """Checks that every call was granted, and that no span of time has more of them than the buckets allow."""
    moments = await grants_of(gateway, *kinds)
    assert 1 <= len(gateway.received(operation)) <= len(moments)
    assert most_within_a_second(moments) <= most_a_second
    for kind in kinds:
        _, burst, rate = kind.value
        own = await grants_of(gateway, kind)
        for first, start in enumerate(own):
            for count, end in enumerate(own[first:], 1):
                assert count <= burst + rate * (end - start) + ROUNDING, kind


async def poll(gateway: Gateway, processes: list[Services], tenant: Tenant, task_ids: list[str]) -> None:
    """Lets every client poll through the gateways, while the workers poll in the background."""
    principal = Principal(tenant.id, "t", tenant.key_id, "k", (), None)
    loop = asyncio.get_running_loop()
    end = loop.time() + POLLING_SECONDS

    async def client(number: int) -> None:
        task_id, service = task_ids[number % len(task_ids)], processes[number % 2].tasks
        await asyncio.sleep(number / CLIENTS * PAUSE_SECONDS)
        while loop.time() < end:
            try:
                assert (await service.get(principal, task_id)).body["id"] == task_id
            except Exception as error:
                # On a busy machine the pool of connections may be exhausted; the client is then to retry.
                if not (is_unavailable(error) or isinstance(error, ServiceUnavailableError)):
                    raise
            await asyncio.sleep(PAUSE_SECONDS)

    gateway.clock.advance(DUE_SECONDS)
    jobs = [Job(f"follow_{number}", 0.1, each.task_poller.run_once) for number, each in enumerate(processes[2:])]
    async with running(jobs):
        await asyncio.gather(*(client(number) for number in range(CLIENTS)))


async def count_finished(gateway: Gateway, tenant: Tenant) -> int:
    async with gateway.sessions.begin() as session:
        query = select(TaskRow).where(TaskRow.tenant_id == tenant.id, TaskRow.status == "succeeded")
        return len((await session.scalars(query)).all())


@pytest.mark.slow
@pytest.mark.parametrize("tasks", [4, 120], ids=["over a few tasks", "over many tasks"])
async def test_a_thousand_polling_clients_cost_the_upstream_no_more_than_the_budget(
    gateway: Gateway, granted: None, processes: list[Services], tasks: int
) -> None:
    tenant = await gateway.tenant()
    unwatched = [await tenant.new_task(content=text(RUNNING)) for _ in range(5)]
    task_ids = [await tenant.new_task(content=text(RUNNING)) for _ in range(tasks)]
    for task_id in unwatched:
        await gateway.force(task_id, "succeeded")
    await poll(gateway, processes, tenant, task_ids)
    gets = (RateClass.INTERACTIVE_GET, RateClass.POLL_GET, RateClass.BACKGROUND_GET)
    await check_budget(gateway, "get_task", *gets, most_a_second=20)
    await check_budget(gateway, "list_tasks", RateClass.LIST, most_a_second=1)
    assert await count_finished(gateway, tenant) == len(unwatched), "a task that no client polls ends, too"
    asked = [entry.url.rsplit("/", 1)[-1] for entry in gateway.received("get_task")]
    # The upstream is asked about a task once in two seconds, however many clients want to know.
    assert max(asked.count(task_id) for task_id in task_ids) <= POLLING_SECONDS / 2 + 2
