"""The check of ``doctor`` for advisory locks, behind PgBouncer in each of its modes."""

import asyncio
import secrets
from pathlib import Path

import pytest

from app.cli.checks import CheckResult
from app.cli.database import Database
from app.cli.doctor import check_installation
from app.cli.lock_check import check_advisory_locks
from app.db.engine import connect, to_dsn
from app.devdb import running_server
from app.devdb.cluster import SUPERUSER
from app.settings import Settings
from tests.cli.pooler import admit_every_account, pooled
from tests.devdb.children import query
from tests.support.database import embedded_server, temporary_folder


@pytest.mark.slow
async def test_a_pooler_that_shares_sessions_is_reported_and_no_lock_stays_behind_it() -> None:
    async def busy(url: str) -> None:
        """Makes transactions as other clients do, so that the pooler has several sessions."""
        connection = await connect(to_dsn(url), statement_cache_size=0)
        try:
            while True:
                async with connection.transaction():
                    await connection.fetchval("SELECT pg_sleep(random() * 0.01)")
                await asyncio.sleep(secrets.randbelow(10) / 1000)
        finally:
            connection.terminate()

    async def told(url: str, data_dir: Path, *, load: int) -> CheckResult:
        others = [asyncio.create_task(busy(url)) for _ in range(load)]
        try:
            await asyncio.sleep(0.2 if load else 0)
            result = await check_advisory_locks(url)
        finally:
            for other in others:
                other.cancel()
            await asyncio.gather(*others, return_exceptions=True)
        count = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
        server = running_server(data_dir)
        assert server is not None
        assert await query(server.url_of(SUPERUSER), count) == 0
        return result

    with temporary_folder() as folder, embedded_server(folder) as server:
        admit_every_account(folder)
        async with pooled(server, folder, pool_mode="session", default_pool_size=20) as url:
            for load in (0, 4):
                assert (await told(url, folder, load=load)).is_ok
        for turns in (0, 1):
            options = {"pool_mode": "transaction", "server_round_robin": turns}
            for size, load in ((1, 0), (10, 0), (10, 4), (10, 4), (10, 4), (10, 4)):
                async with pooled(server, folder, default_pool_size=size, **options) as url:
                    result = await told(url, folder, load=load)
                assert not result.is_ok, (turns, size, load)
                assert "`session`" in result.text
        async with pooled(server, folder, pool_mode="transaction") as url:
            database = Database(url, owner_url=url, is_embedded=False)
            for _ in range(3):  # PgBouncer before 1.21 gives it the statements that the one before has prepared
                results = {each.name: each for each in await check_installation(Settings(_env_file=None), database)}
                assert results["database"].is_ok
                assert not results["advisory locks"].is_ok
