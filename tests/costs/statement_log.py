"""What a database executes, from the log of its server."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy.engine import make_url

from app.devdb.folder import LOG_NAME
from tests.support.database import as_superuser, open_superuser, own_database

_STATEMENT = re.compile(r"LOG:\s+(?:statement|execute [^:]+): (.*)")
# Of transactions that wrote or locked a row: only these take a number, and only these are made durable.
_WRITES = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"


class StatementLog:
    """The statements of one database, and its transactions that wrote.

    Args:
        url: of the database.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        cluster = make_url(url).query["host"]
        assert isinstance(cluster, str)
        self._log = Path(cluster).parent / LOG_NAME
        self._mark = 0

    def begin(self) -> None:
        """Counts from now on."""
        self._mark = self._log.stat().st_size

    def statements(self) -> list[str]:
        """Returns the first line of each statement since then, in order."""
        with self._log.open(encoding="utf-8", errors="replace") as log:
            log.seek(self._mark)
            return _STATEMENT.findall(log.read())

    async def writes(self) -> int:
        """Returns a number that each transaction that writes, in any database of the server, increases by one."""
        async with open_superuser(self.url) as connection:
            found: int = await connection.fetchval(_WRITES)
            return found


@asynccontextmanager
async def logged_database(server_url: str) -> AsyncIterator[StatementLog]:
    """Yields a migrated database whose statements are all logged."""
    async with own_database(server_url) as url:
        await as_superuser(url, f"ALTER DATABASE {make_url(url).database} SET log_statement = 'all'")
        yield StatementLog(url)
