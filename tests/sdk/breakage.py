"""Breaking the gateway's own database, so that its honest answer is a 500."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.support.database import as_owner


@asynccontextmanager
async def without_table(database_url: str, name: str) -> AsyncIterator[None]:
    """Hides a table while the block runs."""
    await as_owner(database_url, f"ALTER TABLE {name} RENAME TO {name}_away")
    try:
        yield
    finally:
        await as_owner(database_url, f"ALTER TABLE {name}_away RENAME TO {name}")
