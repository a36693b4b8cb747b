"""What a gateway and its PostgreSQL do while nothing happens."""

import asyncio
import re
import time
from collections.abc import Callable

from app.db.engine import connect, to_dsn
from app.devdb.cluster import SUPERUSER
from app.devdb.postmaster import find_postmaster
from bench.document import Document
from bench.process import cpu_seconds
from bench.site import Site

_SETTLE_SECONDS = 10
_PARTS = 3
_PART_SECONDS = 20
_STATEMENT = re.compile(r"LOG:\s+(?:statement|execute [^:]+):")


def measure(document: Document, site: Site, *, tell: Callable[[str], None]) -> None:
    """Watches a quiet minute, in parts; adds the CPU of both, and the statements that PostgreSQL logs.

    All tasks are ended before, so that none is polled.
    """
    site.settle_all()
    postmaster = find_postmaster(site.database.cluster)
    if postmaster is None:
        raise RuntimeError("PostgreSQL does not run")
    asyncio.run(_log_statements(site))
    time.sleep(_SETTLE_SECONDS)
    shares, rates, parts = [], [], []
    for _ in range(_PARTS):
        log_size, started = site.database_log.stat().st_size, time.monotonic()
        before = site.program.cpu_seconds(), cpu_seconds(postmaster)
        time.sleep(_PART_SECONDS)
        after = site.program.cpu_seconds(), cpu_seconds(postmaster)
        seconds = time.monotonic() - started
        with site.database_log.open(encoding="utf-8", errors="replace") as log:
            log.seek(log_size)
            rates.append(len(_STATEMENT.findall(log.read())) / seconds)
        gateway, database = ((then - now) / seconds * 100 for now, then in zip(before, after, strict=True))
        shares.append(gateway + database)
        parts.append({"gateway_percent": gateway, "database_percent": database})
        tell(f"idle: gateway {gateway:.2f} %, PostgreSQL {database:.2f} %, {rates[-1]:.1f} statements/s")
    document.rows |= {"idle-cpu": shares, "idle-statements": rates}
    document.details["idle"] = parts


async def _log_statements(site: Site) -> None:
    connection = await connect(to_dsn(site.database.url_of(SUPERUSER)))
    try:
        await connection.execute("ALTER SYSTEM SET log_statement = 'all'")
        await connection.execute("SELECT pg_reload_conf()")
    finally:
        await connection.close()
