"""Creates that are committed together: what they share, and that none pays for another's failure."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from functools import partial
from typing import Any

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import Engine, event, select, update
from structlog.testing import capture_logs

from app.audit.log import Actor
from app.db import group_commit
from app.db.group_commit import GroupCommit
from app.tasks.models import TaskEventRow, TaskRow
from app.tasks.state import Source, apply_unknown
from app.tenants.models import TenantRow
from app.tenants.service import TenantService
from tests.support.budgets import FIXED_MICROS, Standing, check_derived, new_budget, number, standing
from tests.support.database import open_superuser, own_database
from tests.support.database_relay import AtCommit, DatabaseRelay, relaying
from tests.support.frozen_gateway import open_frozen_gateway
from tests.support.gateway import HELD, MODEL, RUNNING, SPARE_ID, TASKS, Gateway, Tenant, serve_gateway, text
from tests.support.timeouts import HANG_SECONDS, until

# A commit takes as long as the test holds the lock, and cannot be interrupted, as a flush to the disk cannot.
_SLOW_COMMIT = """
    CREATE FUNCTION commit_slowly() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        WHILE NOT pg_try_advisory_xact_lock_shared(12) LOOP
            BEGIN
                PERFORM pg_sleep(0.01);
            EXCEPTION WHEN query_canceled THEN
            END;
        END LOOP;
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON tasks DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION commit_slowly()
"""

_LOCK_CAPS = "SELECT pg_advisory_xact_lock(24303, hashtext($1))"
_WAITING = """
    SELECT count(*) FROM pg_locks JOIN pg_database AS d ON d.oid = database AND d.datname = current_database()
    WHERE locktype = 'advisory' AND classid = 24303 AND NOT granted
"""
_WAITING_LATER = f"WITH slept AS MATERIALIZED (SELECT pg_sleep(0.02)) {_WAITING} AND (SELECT true FROM slept)"
_HOLDS_OF = "SELECT count(*) FROM budget_holds WHERE budget_id = $1"
_BLOCKED = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"
_ACTOR = Actor("admin", "127.0.0.1")


class Site:
    """A gateway whose group commit goes through a relay; its other connections do not.

    Attributes:
        gateway: the gateway.
        relay: what the group commit goes through.
        group: the group commit.
        waiting_group: the one of creates that are locked out of its batches.
        other_url: a second gateway on the same database and upstream.
    """

    def __init__(self, gateway: Gateway, relay: DatabaseRelay, groups: Sequence[GroupCommit], other_url: str) -> None:
        self.gateway = gateway
        self.relay = relay
        self.group, self.waiting_group = groups
        self.other_url = other_url

    @asynccontextmanager
    async def holding(self, prompt: str = "the first") -> AsyncIterator["asyncio.Task[httpx.Response]"]:
        """Holds the answer to the COMMIT of one create, by another tenant, while the block runs; yields that create."""
        tenant = await self.gateway.tenant()
        commits = self.relay.commits
        self.relay.at_commit = AtCommit.HOLD
        creating = asyncio.create_task(create(tenant, prompt))
        await until(lambda: self.relay.commits > commits)
        try:
            yield creating
        finally:
            self.relay.at_commit = AtCommit.PASS

    async def until_waiting(self, count: int) -> None:
        """Waits until so many writes wait for the commit after the present one."""
        await until(lambda: self.group.waiting == count)

    def is_waiting(self, count: int) -> bool:
        """Says whether so many creates that are locked out wait for the batch after the present one, or more."""
        return self.waiting_group.waiting >= count

    async def until_committed(self, commits: int) -> None:
        """Waits until there have been more commits than these."""
        await until(lambda: self.relay.commits > commits)

    async def new_effect(self, received: int) -> str:
        """Waits until more creates than these have arrived upstream; returns the id of what the last one made."""
        await until(lambda: len(self.gateway.received("create_task")) > received)
        return await self.gateway.effect("create_task")

    async def until_none(self, tenant: Tenant) -> None:
        """Waits until a tenant has no task."""
        async with asyncio.timeout(HANG_SECONDS):
            while await self.gateway.rows_of(tenant):  # noqa: ASYNC110 - a table has no event
                await asyncio.sleep(0.01)

    def sent(self, prompt: str) -> int:
        """Returns how often a prompt was sent upstream."""
        return sum(f'"{prompt}"' in (entry.body or "") for entry in self.gateway.received("create_task"))


@pytest_asyncio.fixture(scope="module")
async def running_site(database_url: str) -> AsyncIterator[Site]:
    """One for the tests of this file."""
    groups: list[GroupCommit] = []
    async with own_database(database_url) as url, relaying(url) as relay:

        def open_group(_: str) -> GroupCommit:
            groups.append(GroupCommit(relay.url))
            return groups[-1]

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("app.composition.GroupCommit", open_group)
            opened = open_frozen_gateway(url)
            gateway = await opened.__aenter__()
        try:
            async with serve_gateway(gateway.settings, gateway.clock, gateway.seconds) as other_url:
                yield Site(gateway, relay, groups[:2], other_url)
        finally:
            await opened.__aexit__(None, None, None)


@pytest_asyncio.fixture
async def site(running_site: Site) -> Site:
    """The same, with nothing held."""
    await running_site.gateway.prepare()
    running_site.relay.at_commit = AtCommit.PASS
    await running_site.waiting_group.aclose()  # a test before may have changed the limits of its session
    return running_site


async def create(tenant: Tenant, prompt: str, *, url: str = "", **fields: Any) -> httpx.Response:
    return await tenant.http.post(url + TASKS, json={"model": MODEL, "content": text(prompt), **fields})


async def set_cap(site: Site, tenant: Tenant, most: int = 100) -> None:
    """Gives a tenant a cap, which it does not reach unless it is given."""
    limits = {"limits": {"unfinished_tasks": most}}
    await TenantService(site.gateway.sessions, site.gateway.clock).update_tenant(_ACTOR, tenant.id, limits)
    site.gateway.expire_caches()


@contextmanager
def deletions_through_pools() -> Iterator[list[str]]:
    """Yields the statements that delete tasks on connections of any pool, which a group commit does not use."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("DELETE FROM tasks"):
            seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def code_of(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


async def test_creates_that_are_locked_out_wait_together_and_hold_no_other_tenant_up(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The lock below may be held for longer on a busy machine.
    monkeypatch.setattr(group_commit, "_BATCH_SECONDS", HANG_SECONDS)
    monkeypatch.setattr(group_commit, "_LOCK_MILLISECONDS", int(HANG_SECONDS * 1000))
    capped, other = await site.gateway.tenant(), await site.gateway.tenant()
    await set_cap(site, capped)
    async with open_superuser(site.gateway.database_url) as session, session.transaction():
        await session.execute(_LOCK_CAPS, capped.id)
        first = asyncio.create_task(create(capped, "number 0"))
        async with asyncio.timeout(HANG_SECONDS):
            while not await session.fetchval(_WAITING):  # noqa: ASYNC110 - a table has no event
                await asyncio.sleep(0.01)
        others = [asyncio.create_task(create(capped, f"number {number}")) for number in range(1, 10)]
        await until(lambda: site.waiting_group.waiting == len(others))
        assert (await create(other, "of another tenant")).status_code == 200
        assert await session.fetchval(_WAITING) == 1
        before = site.relay.commits
    answers = await asyncio.gather(first, *others)
    assert [answer.status_code for answer in answers] == [200] * 10
    # One for the first, one for the others, and those of the outcomes.
    assert site.relay.commits - before <= 2 + 10
    assert len(await site.gateway.rows_of(capped)) == 10


async def test_a_tenant_s_creates_that_are_locked_out_do_not_fill_the_queue_of_the_others(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "_BATCH_SECONDS", HANG_SECONDS)
    monkeypatch.setattr(group_commit, "_LOCK_MILLISECONDS", int(HANG_SECONDS * 1000))
    capped = await site.gateway.tenant()
    await set_cap(site, capped)
    share, without_turn = site.gateway.settings.db_pool_size // 2, group_commit.MAX_ROWS // 2
    async with open_superuser(site.gateway.database_url) as session, session.transaction():
        await session.execute(_LOCK_CAPS, capped.id)
        creating = []
        for wave in range(4):  # of which the first writer's queue never has many
            creating += [asyncio.create_task(create(capped, f"one of many {wave} {number}")) for number in range(20)]
            # Some more are in the batch that waits for the lock.
            expected = min(len(creating), without_turn) - share
            await until(partial(site.is_waiting, expected))
        waiting = []
        for _ in range(30):
            await session.fetchval(_WAITING_LATER)
            waiting.append(site.waiting_group.waiting)
        assert max(waiting) <= without_turn + share
    assert {answer.status_code for answer in await asyncio.gather(*creating)} == {200}


async def test_creates_that_wait_by_themselves_leave_connections_of_the_pool_to_other_tenants(site: Site) -> None:
    capped, other = await site.gateway.tenant(), await site.gateway.tenant()
    task_id = await other.new_task()
    await set_cap(site, capped)
    share = site.gateway.settings.db_pool_size // 2
    async with open_superuser(site.gateway.database_url) as session, session.transaction():
        await session.execute(_LOCK_CAPS, capped.id)
        creating = [asyncio.create_task(create(capped, f"waits {number}")) for number in range(4 * share)]
        async with asyncio.timeout(HANG_SECONDS):
            while await session.fetchval(_WAITING) < share:  # noqa: ASYNC110 - a table has no event
                await asyncio.sleep(0.01)
            # Long enough for more of them, if nothing stops them; a batch may be the one beyond the share.
            assert max([await session.fetchval(_WAITING_LATER) for _ in range(30)]) <= share + 1
            headers = {"Idempotency-Key": "of another tenant"}
            body = {"model": MODEL, "content": text("of another tenant")}
            assert (await other.http.post(TASKS, json=body, headers=headers)).status_code == 200
            assert (await other.http.get(f"{TASKS}/{task_id}")).status_code == 200
            assert (await other.http.get(TASKS)).status_code == 200
        assert not any(each.done() for each in creating)
    assert {answer.status_code for answer in await asyncio.gather(*creating)} == {200}


async def test_creates_are_written_through_the_pool_when_the_server_has_no_connection_left_for_their_group(
    site: Site,
) -> None:
    tenant = await site.gateway.tenant()
    headers = {"Idempotency-Key": "opens a connection of the pool"}
    await tenant.http.post(TASKS, json={"model": MODEL, "content": text("by itself")}, headers=headers)
    async with open_superuser(site.gateway.database_url) as session:
        name = await session.fetchval("SELECT current_database()")
        await session.execute(f"ALTER DATABASE {name} CONNECTION LIMIT 0")
        try:
            for group in (site.group, site.waiting_group):
                await group.aclose()
            assert (await create(tenant, "through the pool")).status_code == 200
        finally:
            await session.execute(f"ALTER DATABASE {name} CONNECTION LIMIT -1")
    before = site.relay.commits
    assert (await create(tenant, "together again")).status_code == 200
    assert site.relay.commits - before == 2


async def test_a_create_takes_two_commits_and_many_share_them(site: Site) -> None:
    tenants = [await site.gateway.tenant() for _ in range(3)]
    before = site.relay.commits
    assert (await create(tenants[0], "alone")).status_code == 200
    assert site.relay.commits - before == 2
    await site.gateway.fault("create_task", times=None, **HELD)  # no outcome is written until it is released
    before, received = site.relay.commits, len(site.gateway.received("create_task"))
    async with site.holding() as first:
        others = [asyncio.create_task(create(tenant, f"number {number}")) for tenant in tenants for number in range(4)]
        await site.until_waiting(len(others))
    await until(lambda: len(site.gateway.received("create_task")) == received + 1 + len(others))
    assert site.relay.commits - before == 2
    await site.gateway.release()
    assert {response.status_code for response in await asyncio.gather(first, *others)} == {200}
    assert site.relay.commits - before <= 2 * (1 + len(others))


async def test_a_group_and_an_asset_are_opened_together_with_tasks(site: Site) -> None:
    tenant = await site.gateway.tenant()
    async with site.holding():
        making = [
            asyncio.create_task(tenant.action("CreateAssetGroup", Name="cats", GroupType="AIGC")),
            asyncio.create_task(create(tenant, "beside a group")),
        ]
        await site.until_waiting(2)
        before = site.relay.commits
    assert {response.status_code for response in await asyncio.gather(*making)} == {200}
    assert site.relay.commits - before <= 3, "both intents, and the outcomes of two tasks"


async def test_nothing_is_sent_before_its_intent_is_committed(site: Site) -> None:
    tenant = await site.gateway.tenant()
    async with site.holding("a held one") as first:
        creating = asyncio.create_task(create(tenant, "one behind it"))
        await site.until_waiting(1)
        assert (site.sent("a held one"), site.sent("one behind it")) == (0, 0)
    assert {(await first).status_code, (await creating).status_code} == {200}


async def test_a_task_is_the_same_whether_it_is_written_together_or_alone(site: Site) -> None:
    """A create with an ``Idempotency-Key`` is opened alone; one whose row is locked is concluded alone."""
    tenant = await site.gateway.tenant()
    body = {"model": MODEL, "content": text("twins"), "seed": 7, "callback_url": "https://example.com/done"}
    rows, received = [], len(site.gateway.received("create_task"))
    for headers in ({}, {"Idempotency-Key": "a key"}):
        await site.gateway.fault("create_task", **HELD)
        creating = asyncio.create_task(tenant.http.post(TASKS, json=body, headers=headers))
        upstream_id = await site.new_effect(received)
        received += 1
        if headers:
            async with open_superuser(site.gateway.database_url) as other, other.transaction():
                await other.execute("SELECT FROM tasks WHERE status = 'submitting' FOR UPDATE")
                before = site.relay.commits
                await site.gateway.release()
                await site.until_committed(before)
        await site.gateway.release()
        assert (await creating).json()["id"] == upstream_id
        rows.append(await site.gateway.written(upstream_id))
    together, alone = (comparable(row) for row in rows)
    assert together == alone
    assert (together["status"], together["parameters"]) == ("queued", {"seed": 7})
    async with site.gateway.sessions() as session:
        query = select(TaskEventRow.task_id, TaskEventRow.status, TaskEventRow.source, TaskEventRow.detail)
        events = await session.execute(query.where(TaskEventRow.tenant_id == tenant.id).order_by(TaskEventRow.id))
        assert [tuple(event) for event in events] == [(row.id, "queued", "create", None) for row in rows]


async def test_a_create_whose_tenant_is_locked_waits_alone(site: Site) -> None:
    locked, free = await site.gateway.tenant(), await site.gateway.tenant()
    async with open_superuser(site.gateway.database_url) as other, other.transaction():
        async with site.holding():
            await other.execute("SELECT FROM tenants WHERE id = $1 FOR UPDATE", locked.id)
            waiting = asyncio.create_task(create(locked, "of a locked tenant"))
            passing = asyncio.create_task(create(free, "of a free tenant"))
            await site.until_waiting(2)
        assert (await passing).status_code == 200
        assert site.sent("of a locked tenant") == 0
    assert (await waiting).status_code == 200


async def test_a_create_whose_tenant_is_deleted_meanwhile_fails_alone(site: Site) -> None:
    deleted, other = await site.gateway.tenant(), await site.gateway.tenant()
    async with site.holding():
        failing = asyncio.create_task(create(deleted, "of a deleted tenant"))
        passing = asyncio.create_task(create(other, "of another tenant"))
        await site.until_waiting(2)
        async with site.gateway.sessions.begin() as session:
            now = site.gateway.clock()
            await session.execute(update(TenantRow).where(TenantRow.id == deleted.id).values(deleted_at=now))
    assert code_of(await failing) == (503, "ServerOverloaded")
    assert (await passing).status_code == 200
    assert (site.sent("of a deleted tenant"), await site.gateway.rows_of(deleted)) == (0, [])


async def test_an_upstream_id_that_another_task_has_concerns_no_other_create(site: Site) -> None:
    owner, tenant = await site.gateway.tenant(), await site.gateway.tenant()
    owned = await site.gateway.row(await owner.new_task())
    assert owned is not None
    await site.gateway.fault("create_task", times=None, **HELD)
    received = len(site.gateway.received("create_task"))
    creating = [asyncio.create_task(create(tenant, f"one of three: {number}")) for number in range(3)]
    await until(lambda: len(site.gateway.received("create_task")) == received + 3)
    entries = site.gateway.received("create_task")[-3:]
    await until(lambda: all(entry.resource_id for entry in entries))
    async with site.gateway.sessions.begin() as session:
        stolen = update(TaskRow).where(TaskRow.id == owned.id).values(upstream_id=entries[0].resource_id)
        await session.execute(stolen)
    async with site.holding():
        await site.gateway.release()
        await site.until_waiting(3)
    ids = [(await each).json()["id"] for each in creating]
    assert len([each for each in ids if SPARE_ID.fullmatch(each)]) == 1
    assert {str(entry.resource_id) for entry in entries[1:]} < set(ids)
    statuses = sorted(row.status for row in await site.gateway.rows_of(tenant))
    assert statuses == ["queued", "queued", "unknown"]


async def test_a_refused_create_leaves_nothing(site: Site) -> None:
    tenant = await site.gateway.tenant()
    await site.gateway.fault("create_task", kind="error", status=400, code="InvalidParameter")
    assert code_of(await create(tenant, "refused"))[0] == 400
    async with open_superuser(site.gateway.database_url) as other:
        for table in ("tasks", "create_attempts"):
            assert await other.fetchval(f"SELECT count(*) FROM {table} WHERE tenant_id = $1", tenant.id) == 0


@pytest.mark.parametrize(("cap", "budget", "error"), [(3, 9, 429), (9, 3, 403), (3, 3, 429)])
async def test_of_a_batch_beyond_a_cap_or_a_budget_as_many_are_admitted_as_have_room(
    site: Site, cap: int, budget: int, error: int
) -> None:
    tenant = await site.gateway.tenant()
    await set_cap(site, tenant, cap)
    budget_id = await new_budget(site.gateway, tenant, budget * FIXED_MICROS)
    async with site.holding():
        creating = [asyncio.create_task(create(tenant, RUNNING, **number())) for _ in range(8)]
        await site.until_waiting(8)
    statuses = sorted([answer.status_code for answer in await asyncio.gather(*creating)])
    assert statuses == [200] * 3 + [error] * 5
    assert await standing(site.gateway, budget_id) == Standing(0, 3 * FIXED_MICROS)
    await check_derived(site.gateway)
    assert len(await site.gateway.rows_of(tenant)) == 3


async def test_a_create_beyond_the_cap_of_its_key_fails_no_batch_with_one_of_another_key(site: Site) -> None:
    """The budget of their tenant has room for one: for the first, whose key has none."""
    tenant = await site.gateway.tenant()
    full, free = [await site.gateway.key_of(tenant.id, limits={"unfinished_tasks": most}) for most in (1, 9)]
    budget_id = await new_budget(site.gateway, tenant, 2 * FIXED_MICROS)
    assert (await create(full, RUNNING, **number())).status_code == 200
    with capture_logs() as log:
        async with site.holding():
            creating = []
            for waiting, key in enumerate((full, free), start=1):
                creating.append(asyncio.create_task(create(key, RUNNING, **number())))
                await site.until_waiting(waiting)
        assert [answer.status_code for answer in await asyncio.gather(*creating)] == [429, 200]
    assert [line for line in log if line["event"] == "group_commit_refused"] == []
    assert await standing(site.gateway, budget_id) == Standing(0, 2 * FIXED_MICROS)


async def test_refused_creates_release_their_holds_with_others(site: Site) -> None:
    tenant = await site.gateway.tenant()
    budget_id = await new_budget(site.gateway, tenant, 100 * FIXED_MICROS)
    await site.gateway.fault("create_task", times=5, kind="error", status=400, code="InvalidParameter")
    with deletions_through_pools() as alone:
        answers = await asyncio.gather(*(create(tenant, "refused", **number()) for _ in range(5)))
    assert [answer.status_code for answer in answers] == [400] * 5
    assert alone == []
    assert (await standing(site.gateway, budget_id), await site.gateway.rows_of(tenant)) == (Standing(0, 0), [])
    await check_derived(site.gateway)


async def test_a_refused_create_waits_alone_for_a_period_that_is_locked(site: Site) -> None:
    tenant, other = await site.gateway.tenant(), await site.gateway.tenant()
    budget_id = await new_budget(site.gateway, tenant, 100 * FIXED_MICROS)
    await site.gateway.fault("create_task", kind="error", status=400, code="InvalidParameter")
    site.relay.at_commit = AtCommit.HOLD
    refused = asyncio.create_task(create(tenant, "refused", **number()))
    async with asyncio.timeout(HANG_SECONDS), open_superuser(site.gateway.database_url) as session:
        while not await session.fetchval(_HOLDS_OF, budget_id):  # noqa: ASYNC110 - a table has no event
            await asyncio.sleep(0.01)
        async with session.transaction():
            await session.execute("SELECT FROM budget_periods WHERE budget_id = $1 FOR UPDATE", budget_id)
            site.relay.at_commit = AtCommit.PASS
            while not await session.fetchval(_BLOCKED):  # noqa: ASYNC110 - a table has no event
                await asyncio.sleep(0.01)
            assert (await create(other, "of another tenant")).status_code == 200
            assert not refused.done()
    assert (await refused).status_code == 400
    assert (await standing(site.gateway, budget_id), await site.gateway.rows_of(tenant)) == (Standing(0, 0), [])


@pytest.mark.parametrize("at_commit", [AtCommit.LOSE_ANSWER, AtCommit.CUT])
async def test_when_the_commit_is_not_answered_nothing_is_sent_and_the_retry_makes_the_task(
    site: Site, at_commit: AtCommit
) -> None:
    tenant = await site.gateway.tenant()
    budget_id = await new_budget(site.gateway, tenant, FIXED_MICROS)
    prompt, fields = f"unanswered, {at_commit.value}", number()
    site.relay.at_commit = at_commit
    assert code_of(await create(tenant, prompt, **fields)) == (503, "ServiceUnavailable")
    site.relay.at_commit = AtCommit.PASS
    await site.until_none(tenant)
    assert site.sent(prompt) == 0
    assert await standing(site.gateway, budget_id) == Standing(0, 0)
    assert (await create(tenant, prompt, **fields)).status_code == 200
    assert (site.sent(prompt), len(await site.gateway.rows_of(tenant))) == (1, 1)
    assert await standing(site.gateway, budget_id) == Standing(0, FIXED_MICROS)
    await check_derived(site.gateway)


async def test_an_intent_whose_commit_ends_after_it_was_given_up_is_withdrawn(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that flushes slowly commits although nothing waits for it any longer."""
    tenant = await site.gateway.tenant()
    budget_id = await new_budget(site.gateway, tenant, FIXED_MICROS)
    monkeypatch.setattr(group_commit, "_BATCH_SECONDS", 0.3)
    async with open_superuser(site.gateway.database_url) as other:
        await other.execute(_SLOW_COMMIT, timeout=HANG_SECONDS)
        await other.execute("SELECT pg_advisory_lock(12)")
        try:
            assert code_of(await create(tenant, "slowly committed", **number())) == (503, "ServiceUnavailable")
            monkeypatch.undo()
            await until_locked_out(other)
        finally:
            await other.execute("SELECT pg_advisory_unlock(12)")
            # Waits for the commit.
            await other.execute("SELECT FROM tenants WHERE id = $1 FOR UPDATE", tenant.id)
            await other.execute("DROP FUNCTION commit_slowly CASCADE")
        await site.until_none(tenant)
        assert await other.fetchval("SELECT count(*) FROM create_attempts WHERE tenant_id = $1", tenant.id) == 0
    assert site.sent("slowly committed") == 0
    assert await standing(site.gateway, budget_id) == Standing(0, 0)
    await check_derived(site.gateway)


async def test_when_the_outcome_s_commit_is_not_answered_the_task_is_written_all_the_same(site: Site) -> None:
    tenant = await site.gateway.tenant()
    await site.gateway.fault("create_task", **HELD)
    creating = asyncio.create_task(create(tenant, "unanswered outcome"))
    upstream_id = await site.gateway.effect("create_task")
    site.relay.at_commit = AtCommit.LOSE_ANSWER
    await site.gateway.release()
    assert (await creating).json()["id"] == upstream_id
    (row,) = await site.gateway.rows_of(tenant)
    assert (row.upstream_id, row.status, site.sent("unanswered outcome")) == (upstream_id, "queued", 1)


async def test_a_session_that_freezes_fails_its_creates_and_no_later_one(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = await site.gateway.tenant()
    monkeypatch.setattr(group_commit, "_BATCH_SECONDS", 0.3)
    site.relay.is_frozen = True
    try:
        assert code_of(await create(tenant, "frozen")) == (503, "ServiceUnavailable")
    finally:
        site.relay.is_frozen = False
    monkeypatch.undo()
    assert (await create(tenant, "thawed")).status_code == 200
    assert (site.sent("frozen"), site.sent("thawed")) == (0, 1)


async def test_beyond_the_bound_of_the_queue_a_create_is_refused_unsent(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "MAX_WAITING", 1)
    tenant = await site.gateway.tenant()
    async with site.holding():
        waiting = asyncio.create_task(create(tenant, "the last that may wait"))
        await site.until_waiting(1)
        assert code_of(await create(tenant, "one too many")) == (503, "ServiceUnavailable")
        monkeypatch.undo()
    assert (await waiting).status_code == 200
    assert site.sent("one too many") == 0


async def test_nothing_is_sent_for_a_client_that_left_while_its_intent_waited(site: Site) -> None:
    tenant, fields = await site.gateway.tenant(), number()
    budget_id = await new_budget(site.gateway, tenant, 2 * FIXED_MICROS)
    async with site.holding():
        leaving = asyncio.create_task(create(tenant, "left", **fields))
        await site.until_waiting(1)
        leaving.cancel()
        retrying = asyncio.create_task(create(tenant, "left", **fields))
        with pytest.raises(asyncio.CancelledError):
            await leaving
    answered = await retrying
    assert answered.status_code == 200, answered.text
    assert site.sent("left") == 1
    await until_settled(site, tenant)
    assert [row.upstream_id for row in await site.gateway.rows_of(tenant)] == [answered.json()["id"]]
    await check_hold_of_one(site, budget_id)


async def test_nothing_is_sent_for_a_client_whose_retry_was_answered_by_another_gateway_meanwhile(site: Site) -> None:
    tenant, fields = await site.gateway.tenant(), number()
    budget_id = await new_budget(site.gateway, tenant, 2 * FIXED_MICROS)
    begins, commits = site.relay.begins, site.relay.commits
    site.relay.is_frozen = True
    try:
        leaving = asyncio.create_task(create(tenant, "answered elsewhere", **fields))
        async with asyncio.timeout(HANG_SECONDS):
            await until(lambda: site.relay.begins > begins)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        answered = await create(tenant, "answered elsewhere", url=site.other_url, **fields)
    finally:
        site.relay.is_frozen = False
    assert answered.status_code == 200, answered.text
    await until(lambda: site.relay.commits > commits)
    await until_settled(site, tenant)
    assert site.sent("answered elsewhere") == 1
    assert [row.upstream_id for row in await site.gateway.rows_of(tenant)] == [answered.json()["id"]]
    await check_hold_of_one(site, budget_id)


async def test_nothing_is_sent_once_another_process_has_given_the_create_up(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit takes so long that the process is taken for dead; its client still waits."""
    monkeypatch.setattr("app.creates.protocol._FRESH_SECONDS", 0)
    async with site.holding("given up") as creating, site.gateway.sessions.begin() as session:
        row = (await session.scalars(select(TaskRow).where(TaskRow.status == "submitting"))).one()
        apply_unknown(session, row, source=Source.RECONCILER, now=site.gateway.clock())
    assert code_of(await creating) == (503, "ServiceUnavailable")
    assert site.sent("given up") == 0
    await until_ended(site, row.id)


async def check_hold_of_one(site: Site, budget_id: str) -> None:
    """Checks that of creates of ``number()`` one alone holds, and nothing is used."""
    assert await standing(site.gateway, budget_id) == Standing(0, FIXED_MICROS)
    await check_derived(site.gateway)


def comparable(row: TaskRow) -> dict[str, Any]:
    """Returns what two equal creates have in common; times in seconds since the create."""
    its_own = ("_sa_instance_state", "id", "upstream_id", "callback_token_hash", "idempotency_key")
    return {
        name: round((value - row.created_at).total_seconds(), 3) if isinstance(value, datetime) else value
        for name, value in vars(row).items()
        if name not in its_own
    }


async def until_ended(site: Site, spare_id: str) -> None:
    """Waits until the task of a create that was given up has ended, since nothing was sent."""
    async with asyncio.timeout(HANG_SECONDS):
        while (await site.gateway.written(spare_id)).status != "failed":  # noqa: ASYNC110 - a table has no event
            await asyncio.sleep(0.01)


async def until_locked_out(connection: Any) -> None:
    """Waits until a session of the database waits for another one's lock."""
    query = (
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')"
    )
    async with asyncio.timeout(HANG_SECONDS):
        while not await connection.fetchval(query):  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.01)


async def until_settled(site: Site, tenant: Tenant) -> None:
    """Waits until no intent of a tenant is under way."""
    async with asyncio.timeout(HANG_SECONDS):
        while {row.status for row in await site.gateway.rows_of(tenant)} & {"submitting"}:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)
