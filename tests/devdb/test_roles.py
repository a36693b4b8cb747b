"""The embedded server gives the gateway a plain role, in old folders too, where everything was one superuser's."""

from pathlib import Path

import asyncpg
import pytest

from app.db.roles import GATEWAY, OWNER
from app.db.schema import upgrade_to_head
from app.devdb.cluster import SUPERUSER
from tests.devdb.children import assert_refused, postmaster_of, query
from tests.support.database import FORGET_THE_ROLES, as_superuser, embedded_server, url_of

# Every test here makes database servers of its own.
pytestmark = pytest.mark.slow


async def make_old(data_dir: Path) -> None:
    """Makes a folder as the versions left it that knew one role, with a row in a table of that role."""
    with embedded_server(data_dir) as server:
        await as_superuser(server.url, *FORGET_THE_ROLES)
        await upgrade_to_head(url_of(SUPERUSER, server.url))
        row = "INSERT INTO leases (name, token, expires_at) VALUES ('kept', 'seven', now())"
        await as_superuser(server.url, row)


async def test_the_gateway_gets_a_plain_role_and_migrations_the_owner(made_dir: Path) -> None:
    with embedded_server(made_dir) as server:
        await upgrade_to_head(server.owner_url)
        names = "SELECT current_user || ' of ' || tableowner FROM pg_tables WHERE tablename = 'tasks'"
        assert await query(server.url, names) == f"{GATEWAY} of {OWNER}"
        assert await query(server.owner_url, names) == f"{OWNER} of {OWNER}"


async def test_an_old_folder_is_taken_over_at_the_next_start(made_dir: Path) -> None:
    await make_old(made_dir)
    for _ in range(2):
        with embedded_server(made_dir) as server:
            await upgrade_to_head(server.owner_url)
            assert await query(server.url, "SELECT token FROM leases") == "seven"
            assert (
                await query(server.url, "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'")
                == OWNER
            )
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await query(server.url, "DROP TABLE leases")


async def test_an_old_folder_with_a_table_of_something_else_is_refused_with_its_name(made_dir: Path) -> None:
    with embedded_server(made_dir) as server:
        await as_superuser(server.url, *FORGET_THE_ROLES, f"ALTER DATABASE postgres OWNER TO {SUPERUSER}")
        await as_superuser(server.url, "CREATE TABLE scratch (n int)")
    refusal = r"it also holds scratch\nHINT: +Give Seedgate a database of its own"
    assert_refused(made_dir, refusal)
    assert postmaster_of(made_dir) is None
