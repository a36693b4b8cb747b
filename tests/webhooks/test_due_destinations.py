"""A backlog of one tenant does not hide other tenants' destinations, and its own are visited in turn."""

from datetime import timedelta

from sqlalchemy import text

from app.webhooks.due_destinations import MAX_ORIGINS, MAX_TENANTS, WINDOW, DueDestinations
from app.webhooks.scheduler import Destination
from tests.webhooks.conftest import Office

MOST = 8
_FILL = text("""
    INSERT INTO deliveries (id, tenant_id, task_id, url, origin, body, status, attempts, next_attempt_at, retry_until,
                            created_at, updated_at)
    SELECT gen_random_uuid(), :tenant, 'task', '', 'https://' || (n % :origins) || '.example', '', 'pending', 0,
           :due_at, :due_at, :due_at, :due_at
    FROM generate_series(1, :count) AS n
""")


async def fill(office: Office, tenant: str, *, count: int, origins: int, age_seconds: float) -> None:
    """Writes messages that became due so long ago; with a negative age they are due in the future."""
    due_at = office.clock() - timedelta(seconds=age_seconds)
    async with office.sessions.begin() as session:
        await session.execute(_FILL, {"tenant": tenant, "count": count, "origins": origins, "due_at": due_at})


async def found(office: Office, destinations: DueDestinations) -> dict[Destination, int]:
    async with office.sessions.begin() as session:
        return dict(await destinations.find(session, now=office.clock(), most=MOST))


async def test_exactly_the_destinations_with_due_messages_are_found_while_few_are_due(office: Office) -> None:
    first, second = await office.tenant(), await office.tenant()
    await fill(office, first, count=20, origins=2, age_seconds=60)
    await fill(office, second, count=3, origins=3, age_seconds=0)
    await fill(office, second, count=50, origins=50, age_seconds=-1)
    assert await found(office, DueDestinations()) == {
        Destination(first, "https://0.example"): MOST,
        Destination(first, "https://1.example"): MOST,
        **{Destination(second, f"https://{number}.example"): 1 for number in range(3)},
    }


async def test_a_backlog_of_one_tenant_hides_no_other_tenant(office: Office) -> None:
    crowd = [await office.tenant() for _ in range(5)]
    await fill(office, crowd[2], count=2 * WINDOW, origins=2 * WINDOW, age_seconds=600)
    for tenant in crowd:
        if tenant != crowd[2]:
            await fill(office, tenant, count=1, origins=1, age_seconds=0)
    destinations = DueDestinations()
    for _ in range(3):
        assert {destination.tenant_id for destination in await found(office, destinations)} == set(crowd)


async def test_every_destination_of_a_tenant_with_a_backlog_is_visited(office: Office) -> None:
    tenant = await office.tenant()
    await fill(office, tenant, count=WINDOW, origins=1, age_seconds=600)
    await fill(office, tenant, count=5 * MAX_ORIGINS, origins=5 * MAX_ORIGINS, age_seconds=0)
    destinations, seen = DueDestinations(), set[Destination]()
    for _ in range(6):
        now_found = await found(office, destinations)
        assert len(now_found) <= MAX_ORIGINS + 1
        seen |= now_found.keys()
    assert len(seen) == 5 * MAX_ORIGINS


async def test_every_tenant_is_visited_in_spite_of_a_backlog(office: Office) -> None:
    busy = await office.tenant()
    await fill(office, busy, count=WINDOW, origins=1, age_seconds=600)
    others = [await office.tenant() for _ in range(2 * MAX_TENANTS)]
    for tenant in others:
        await fill(office, tenant, count=1, origins=1, age_seconds=0)
    destinations, seen = DueDestinations(), set[str]()
    for _ in range(3):
        now_found = await found(office, destinations)
        assert len(now_found) <= MAX_TENANTS + 1
        seen |= {destination.tenant_id for destination in now_found}
    assert seen == {busy, *others}
