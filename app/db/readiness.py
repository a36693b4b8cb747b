"""What must hold of the database before a process gets requests."""

from collections.abc import Awaitable, Callable
from functools import partial

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.engine import is_unavailable
from app.db.schema_version import schema_state


def readiness_checks(engine: AsyncEngine) -> dict[str, Callable[[], Awaitable[str | None]]]:
    """Returns, by name, functions that return None, or why the process is not ready."""
    return {"database": partial(_check_database, engine), "schema": partial(_check_schema, engine)}


async def _check_database(engine: AsyncEngine) -> str | None:
    try:
        async with engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
    except Exception as error:
        if not is_unavailable(error):
            raise
        return "does not answer"
    return None


async def _check_schema(engine: AsyncEngine) -> str | None:
    try:
        state = await schema_state(engine)
    except Exception as error:
        if not is_unavailable(error):
            raise
        return "cannot be read"
    return None if state.is_current else f"is at {state.current}, should be at {state.head}"
