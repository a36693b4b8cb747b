"""Breaking the gateway's own database, so that its honest answer is a 500."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text

from app.db.engine import open_engine


@asynccontextmanager
async def without_table(database_url: str, name: str) -> AsyncIterator[None]:
    """Hides a table while the block runs."""
    engine = open_engine(database_url, pool_size=1)
    try:
        async with engine.begin() as connection:
            await connection.execute(text(f"ALTER TABLE {name} RENAME TO {name}_away"))
        try:
            yield
        finally:
            async with engine.begin() as connection:
                await connection.execute(text(f"ALTER TABLE {name}_away RENAME TO {name}"))
    finally:
        await engine.dispose()
