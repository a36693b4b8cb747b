"""Whatever one tenant lets pile up, the others' lanes are found at once, and its own take turns."""

from datetime import timedelta

from sqlalchemy import text

from app.webhooks.fairness import Lane
from app.webhooks.lanes import MAX_LANES, MAX_TENANTS, WINDOW, DueLanes
from tests.webhooks.conftest import Office

MOST = 8
_FILL = text("""
    INSERT INTO deliveries (id, tenant_id, task_id, url, origin, body, status, attempts, next_attempt_at, retry_until,
                            created_at, updated_at)
    SELECT gen_random_uuid(), :tenant, 'task', '', 'https://' || (n % :lanes) || '.example', '', 'pending', 0, :due_at,
           :due_at, :due_at, :due_at
    FROM generate_series(1, :count) AS n
""")


async def fill(office: Office, tenant: str, *, count: int, lanes: int, age_seconds: float) -> None:
    """Writes messages that became due so long ago; a negative age is one still to come."""
    due_at = office.clock() - timedelta(seconds=age_seconds)
    async with office.sessions.begin() as session:
        await session.execute(_FILL, {"tenant": tenant, "count": count, "lanes": lanes, "due_at": due_at})


async def found(office: Office, lanes: DueLanes) -> dict[Lane, int]:
    async with office.sessions.begin() as session:
        return dict(await lanes.find(session, now=office.clock(), most=MOST))


async def test_exactly_the_lanes_with_something_due_are_found_while_little_is_due(office: Office) -> None:
    first, second = await office.tenant(), await office.tenant()
    await fill(office, first, count=20, lanes=2, age_seconds=60)
    await fill(office, second, count=3, lanes=3, age_seconds=0)
    await fill(office, second, count=50, lanes=50, age_seconds=-1)
    assert await found(office, DueLanes()) == {
        Lane(first, "https://0.example"): MOST,
        Lane(first, "https://1.example"): MOST,
        **{Lane(second, f"https://{number}.example"): 1 for number in range(3)},
    }


async def test_a_backlog_of_one_tenant_hides_no_other_tenant(office: Office) -> None:
    crowd = [await office.tenant() for _ in range(5)]
    await fill(office, crowd[2], count=2 * WINDOW, lanes=2 * WINDOW, age_seconds=600)
    for tenant in crowd:
        if tenant != crowd[2]:
            await fill(office, tenant, count=1, lanes=1, age_seconds=0)
    lanes = DueLanes()
    for _ in range(3):
        assert {lane.tenant_id for lane in await found(office, lanes)} == set(crowd)


async def test_every_lane_of_a_tenant_with_a_backlog_has_its_turn(office: Office) -> None:
    tenant = await office.tenant()
    await fill(office, tenant, count=WINDOW, lanes=1, age_seconds=600)
    await fill(office, tenant, count=5 * MAX_LANES, lanes=5 * MAX_LANES, age_seconds=0)
    lanes, seen = DueLanes(), set[Lane]()
    for _ in range(6):
        now_found = await found(office, lanes)
        assert len(now_found) <= MAX_LANES + 1
        seen |= now_found.keys()
    assert len(seen) == 5 * MAX_LANES


async def test_every_tenant_has_its_turn_beside_a_backlog(office: Office) -> None:
    busy = await office.tenant()
    await fill(office, busy, count=WINDOW, lanes=1, age_seconds=600)
    others = [await office.tenant() for _ in range(2 * MAX_TENANTS)]
    for tenant in others:
        await fill(office, tenant, count=1, lanes=1, age_seconds=0)
    lanes, seen = DueLanes(), set[str]()
    for _ in range(3):
        now_found = await found(office, lanes)
        assert len(now_found) <= MAX_TENANTS + 1
        seen |= {lane.tenant_id for lane in now_found}
    assert seen == {busy, *others}
