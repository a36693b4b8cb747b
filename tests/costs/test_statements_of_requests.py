"""How many statements and commits a request costs, however many arrive at once."""

import asyncio
from collections.abc import AsyncIterator
from itertools import count
from typing import NamedTuple

import pytest
import pytest_asyncio

from app.sandbox.config import SandboxConfig
from bench.site import create_body
from tests.costs.connections import connect
from tests.costs.statement_log import StatementLog, logged_database
from tests.support.budgets import FIXED_MICROS, new_budget, number
from tests.support.clock import ManualSeconds, MovableClock
from tests.support.database import open_superuser
from tests.support.gateway import RUNNING, TASKS, Gateway, Tenant, get, open_gateway, text
from tests.support.timeouts import until

pytestmark = pytest.mark.costs

MANY = 64
IN_TURN = 16
# Durable transactions: the intent, and the outcome.
COMMITS_OF_A_CREATE = 2
COMMITS_OF_MANY_AT_ONCE = COMMITS_OF_A_CREATE * MANY
# BEGIN and COMMIT of both, the locks and the rows of the intent (three), and the outcome.
STATEMENTS_OF_A_CREATE = 8
# The locks, and what is counted and held.
FURTHER_STATEMENTS_OF_LIMITS = 2
# Of what is no part of a create, such as the last use of a key, in all.
OTHER_COMMITS = 6


class Site(NamedTuple):
    """A gateway whose clocks stand still and where no job runs, and the statements of its database."""

    gateway: Gateway
    log: StatementLog


@pytest_asyncio.fixture(scope="module")
async def site(database_url: str) -> AsyncIterator[Site]:
    clock = MovableClock(stands_still=True)
    async with (
        logged_database(database_url) as log,
        open_gateway(
            log.url,
            sandbox_config=SandboxConfig(clock=clock, limits=None),
            clock=clock,
            seconds=ManualSeconds(),
            background="off",
        ) as gateway,
    ):
        yield Site(gateway, log)


async def test_a_get_of_a_finished_task_executes_nothing_when_warm(site: Site) -> None:
    tenant = await site.gateway.tenant()
    task_id = await tenant.new_task()
    await site.gateway.force(task_id, "succeeded")
    site.gateway.clock.advance(3)
    while (await get(tenant, task_id)).json()["status"] != "succeeded":
        pass
    usual = await periodic_statements(site)
    # The first may still read the key or the task.
    await get(tenant, task_id)
    site.log.begin()
    for _ in range(MANY):
        await get(tenant, task_id)
    assert [each for each in site.log.statements() if each not in usual] == []


async def test_a_list_of_models_executes_nothing_when_warm(site: Site) -> None:
    tenant = await site.gateway.tenant(allowed_models=["doubao-seedance-2"])
    paths = ("/v1/models", "/v1/models/doubao-seedance-2", "/api/v3/models", "/v1/models/unknown")
    # The first reads the key and the models; its last use is written behind the answer.
    await tenant.http.get(paths[0])
    usual = await periodic_statements(site)
    site.log.begin()
    for path in paths:
        await tenant.http.get(path)
    assert [each for each in site.log.statements() if each not in usual] == []


async def test_gets_of_unfinished_tasks_that_arrive_together_share_a_statement(site: Site) -> None:
    tenant = await site.gateway.tenant()
    ids = [await tenant.new_task(content=text(RUNNING)) for _ in range(4)]
    for task_id in ids:
        await get(tenant, task_id)
    usual = await periodic_statements(site)
    numbers = count()
    connections = await connect(site.gateway.base_url, tenant.key, count=MANY)
    site.log.begin()
    async with open_superuser(site.log.url) as other:
        # The first read waits here while the others arrive.
        await other.execute("BEGIN; LOCK TABLE tasks")
        asked = asyncio.create_task(
            connections.send(lambda: ("GET", f"{TASKS}/{ids[next(numbers) % len(ids)]}", ""), count=MANY)
        )
        await until(lambda: [each for each in site.log.statements() if each not in usual])
        # The gateway runs in this loop: it has read them all after some turns of it, however long these take.
        for _ in range(100):
            await asyncio.sleep(0)
        await other.execute("COMMIT")
    await asked
    await connections.close()
    reads = [each for each in site.log.statements() if each not in usual]
    assert len(reads) <= 2, reads


async def test_a_create_commits_twice(site: Site) -> None:
    assert await commits_of_creates(site, IN_TURN, at_once=1) <= COMMITS_OF_A_CREATE * IN_TURN + OTHER_COMMITS


async def test_creates_that_arrive_together_share_commits(site: Site) -> None:
    assert await commits_of_creates(site, MANY, at_once=MANY) <= COMMITS_OF_MANY_AT_ONCE + OTHER_COMMITS


async def test_budgets_of_tenant_and_key_and_caps_take_two_statements_of_a_create(site: Site) -> None:
    plain, limited = await site.gateway.tenant(), await site.gateway.tenant(limits={"unfinished_tasks": 1000})
    for key_id in (None, limited.key_id):
        await new_budget(site.gateway, limited, 1000 * FIXED_MICROS, key_id=key_id)
    usual = await statements_of_a_create(site, plain)
    assert len(usual) == STATEMENTS_OF_A_CREATE, usual
    further = await statements_of_a_create(site, limited)
    assert len(further) == STATEMENTS_OF_A_CREATE + FURTHER_STATEMENTS_OF_LIMITS, further


async def statements_of_a_create(site: Site, tenant: Tenant) -> list[str]:
    """Returns what one create executes once others have made what they share."""
    usual = await periodic_statements(site)
    for _ in range(2):
        site.log.begin()
        await tenant.new_task(**number())
    return [each for each in site.log.statements() if each not in usual]


async def commits_of_creates(site: Site, number: int, *, at_once: int) -> int:
    """Returns how many transactions have written during some different creates."""
    tenant = await site.gateway.tenant()
    await tenant.new_task()
    numbers = count()
    connections = await connect(site.gateway.base_url, tenant.key, count=at_once)
    before = await site.log.writes()
    await connections.send(lambda: ("POST", TASKS, create_body(f"kitten {next(numbers)}")), count=number)
    written = await site.log.writes() - before
    await connections.close()
    return written


async def periodic_statements(site: Site) -> set[str]:
    """Returns what a gateway executes while no request arrives."""
    site.log.begin()
    await asyncio.sleep(2)
    return set(site.log.statements())
