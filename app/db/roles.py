"""The two roles with which a database is used; ``roles.sql`` makes them."""

from pathlib import Path
from typing import Any

OWNER = "seedgate_owner"
"""Owns the schema and its tables; migrations connect as it."""

GATEWAY = "seedgate_gateway"
"""Reads and writes rows; everything but migrations connects as it."""

SCRIPT = Path(__file__).with_name("roles.sql")
"""One statement that makes both roles; operators run it themselves."""


async def ensure_roles(connection: Any) -> None:
    """Makes both roles, and gives each its rights in the database of a superuser's connection (``asyncpg.Connection``).

    Tables of other roles go to the owner. It can be repeated at any time, and takes effect as a whole or not at all.

    Raises:
        asyncpg.PostgresError: the connection's role may not do that, or a table was in use for five seconds.
    """
    await connection.execute(SCRIPT.read_text(encoding="utf-8"))
