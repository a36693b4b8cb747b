"""At most one process at a time holds a lease, even if processes die."""

import asyncio

import pytest_asyncio
from sqlalchemy import func, update
from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.leases import Leases
from app.core.models import LeaseRow
from app.db.engine import session_factory

SECONDS = 60.0


@pytest_asyncio.fixture
async def leases(engine: AsyncEngine, clean_database: None) -> Leases:
    return Leases(session_factory(engine))


async def _end_all(engine: AsyncEngine) -> None:
    async with session_factory(engine).begin() as session:
        await session.execute(update(LeaseRow).values(expires_at=func.clock_timestamp() - sql("interval '1 second'")))


async def test_of_concurrent_claims_one_gets_the_lease(leases: Leases) -> None:
    claimed = await asyncio.gather(*(leases.claim("list", "ch_1", seconds=SECONDS) for _ in range(8)))
    assert len([lease for lease in claimed if lease is not None]) == 1


async def test_leases_on_other_subjects_and_of_other_jobs_are_free(leases: Leases) -> None:
    for job, subject in (("list", "ch_1"), ("list", "ch_2"), ("sweep", "ch_1")):
        assert await leases.claim(job, subject, seconds=SECONDS) is not None


async def test_a_lease_whose_holder_has_died_is_free_when_it_ends(leases: Leases, engine: AsyncEngine) -> None:
    first = await leases.claim("list", "ch_1", seconds=SECONDS)
    assert first is not None
    await _end_all(engine)
    second = await leases.claim("list", "ch_1", seconds=SECONDS)
    assert second is not None
    assert not await leases.extend(first), "it has passed to another holder"
    assert await leases.extend(second)


async def test_a_lease_that_has_run_out_is_still_its_holders_until_another_takes_it(
    leases: Leases, engine: AsyncEngine
) -> None:
    lease = await leases.claim("list", "ch_1", seconds=SECONDS)
    assert lease is not None
    await _end_all(engine)
    assert await leases.extend(lease)
    assert await leases.claim("list", "ch_1", seconds=SECONDS) is None


async def test_a_released_lease_is_free_and_only_its_holder_can_release_it(leases: Leases, engine: AsyncEngine) -> None:
    first = await leases.claim("list", "ch_1", seconds=SECONDS)
    assert first is not None
    await _end_all(engine)
    second = await leases.claim("list", "ch_1", seconds=SECONDS)
    assert second is not None
    await leases.release(first)
    assert await leases.claim("list", "ch_1", seconds=SECONDS) is None
    await leases.release(second)
    assert await leases.claim("list", "ch_1", seconds=SECONDS) is not None
