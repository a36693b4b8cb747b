"""The two roles with which a database is used; ``roles.sql`` makes them."""

from pathlib import Path
from typing import Any

OWNER = "seedgate_owner"
"""Owns the schema and its tables; migrations connect as it."""

GATEWAY = "seedgate_gateway"
"""Reads and writes rows; everything but migrations connects as it."""

TABLES = (
    "account_rates",
    "admins",
    "alembic_version",
    "api_keys",
    "archive_copies",
    "asset_create_intents",
    "asset_groups",
    "assets",
    "audit_log",
    "budget_holds",
    "budget_periods",
    "budgets",
    "channel_faults",
    "channel_health",
    "channels",
    "console_sessions",
    "create_attempts",
    "database_place",
    "deliveries",
    "idempotency_keys",
    "instances",
    "leases",
    "ledger",
    "models",
    "orphans",
    "prices",
    "sealed_canary",
    "task_events",
    "task_tombstones",
    "tasks",
    "tenants",
    "validation_sessions",
    "webhook_secrets",
)
"""Every table that the program uses; ``roles.sql`` holds the same names, and a test compares both with the models."""

SCRIPT = Path(__file__).with_name("roles.sql")
"""One statement that makes both roles; operators run it themselves."""

SERVER_SCRIPT = Path(__file__).with_name("own_server.sql")
"""What is done besides in a server that has no other database than Seedgate's; never in an operator's own."""


async def ensure_roles(connection: Any) -> None:
    """Makes both roles, and gives each its rights in the database of a superuser's connection (``asyncpg.Connection``).

    Seedgate's tables that another role owns go to the owner. It can be repeated at any time, and takes effect as a
    whole or not at all.

    Raises:
        asyncpg.PostgresError: the connection's role may not do that, the database holds tables of something else, or a
            table was in use for five seconds.
    """
    await connection.execute(SCRIPT.read_text(encoding="utf-8"))


async def close_other_databases(connection: Any) -> None:
    """Lets no plain role into the databases that a new server has, in a server that is Seedgate's alone."""
    await connection.execute(SERVER_SCRIPT.read_text(encoding="utf-8"))
