"""How PostgreSQL executes the statements of the program."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Literal

import asyncpg
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.db.engine import to_dsn
from app.db.hot_reads import HotStatement

PlanMode = Literal["force_custom_plan", "force_generic_plan"]
PLAN_MODES: tuple[PlanMode, ...] = ("force_custom_plan", "force_generic_plan")
"""How a prepared statement is planned: for its values, or once for all values."""


class SessionReads:
    """Runs the statements of ``app.db.hot_reads`` in a session, where ``statements_of`` sees them."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def fetch(self, statement: HotStatement, values: Mapping[str, Any]) -> Sequence[Any]:
        """As ``Reads.fetch``."""
        connection = await self._session.connection()
        parameters = tuple(values[name] for name in statement.names)
        return (await connection.exec_driver_sql(statement.text, parameters)).all()


@contextmanager
def statements_of(engine: AsyncEngine) -> Iterator[list[tuple[str, Any]]]:
    """Collects what is executed on an engine."""
    seen: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, is_many: bool) -> None:  # noqa: FBT001 - SQLAlchemy's
        seen.append((statement, parameters[0] if is_many else parameters))

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", note)


async def executed_plan(url: str, statement: str, parameters: Any, mode: PlanMode) -> dict[str, Any]:
    """Prepares and executes a statement, and takes it back; returns its plan with what each node did."""
    connection = await asyncpg.connect(to_dsn(url), server_settings={"plan_cache_mode": mode})
    try:
        await connection.execute(f"BEGIN; PREPARE asking AS {statement}")
        told = f"({', '.join(map(to_sql, parameters))})" if parameters else ""
        explained = await connection.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE asking {told}")
    finally:
        await connection.close()
    plan: dict[str, Any] = json.loads(explained)[0]["Plan"]
    return plan


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yields a plan's node and all nodes below it."""
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def rows_read(node: dict[str, Any]) -> float:
    """Returns how many entries of a table or an index a node alone went through."""
    if "Scan" not in node["Node Type"] or "Relation Name" not in node:
        return 0
    removed = sum(count for name, count in node.items() if name.startswith("Rows Removed by"))
    read: float = (node["Actual Rows"] + removed) * node["Actual Loops"]
    return read


def to_sql(value: Any) -> str:
    """Returns a parameter as SQL."""
    if value is None or isinstance(value, int):
        return "NULL" if value is None else str(value)
    if isinstance(value, list | tuple):
        kinds = {datetime: "timestamptz", int: "int"}
        kind = kinds.get(type(value[0]), "text") if value else "text"
        return f"ARRAY[{', '.join(map(to_sql, value))}]::{kind}[]"
    if isinstance(value, timedelta):
        return f"'{value.total_seconds()} seconds'"
    return "'" + str(value).replace("'", "''") + "'"
