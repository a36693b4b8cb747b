"""The embedded server gives the gateway a plain role, in old folders too, where everything was one superuser's."""

from pathlib import Path

import asyncpg
import pytest

from app.db.embedded.cluster import SUPERUSER
from app.db.embedded.folders import clusters_in
from app.db.embedded.postmaster import reload_postmaster
from app.db.engine import to_dsn
from app.db.roles import GATEWAY, OWNER
from app.db.schema import upgrade_to_head
from tests.db.children import postmaster_of, query
from tests.support.database import as_superuser, embedded_server, url_of

# Every test here makes database servers of its own.
pytestmark = pytest.mark.slow

_FORGET_THE_ROLES = (
    f"REASSIGN OWNED BY {OWNER} TO {SUPERUSER}",
    f"DROP OWNED BY {OWNER}",
    f"DROP OWNED BY {GATEWAY}",
    f"DROP ROLE {OWNER}",
    f"DROP ROLE {GATEWAY}",
)


async def make_old(data_dir: Path) -> None:
    """Makes a folder as the versions left it that knew one role, with a table of that role."""
    with embedded_server(data_dir) as server:
        await as_superuser(server.url, *_FORGET_THE_ROLES, "CREATE TABLE kept AS SELECT 7 AS n")
        await upgrade_to_head(url_of(SUPERUSER, server.url))


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
            assert await query(server.url, "SELECT n FROM kept") == 7
            assert (
                await query(server.url, "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'")
                == OWNER
            )
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await query(server.url, "DROP TABLE kept")


async def test_a_running_server_of_an_older_version_is_joined(made_dir: Path) -> None:
    await make_old(made_dir)
    with embedded_server(made_dir) as older:
        await as_superuser(older.url, *_FORGET_THE_ROLES)
        home = clusters_in(made_dir)[0].parent
        (home / "pg_hba.conf").write_text(f"local all {SUPERUSER} peer map=seedgate\n")
        lines = (home / "pg_ident.conf").read_text().splitlines(keepends=True)
        (home / "pg_ident.conf").write_text(lines[0])
        postmaster = postmaster_of(made_dir)
        assert postmaster is not None
        reload_postmaster(postmaster)
        user = await asyncpg.connect(to_dsn(url_of(SUPERUSER, older.url)))
        with embedded_server(made_dir) as newer:
            assert await query(newer.url, "SELECT n FROM kept") == 7
        assert await user.fetchval("SELECT n FROM kept") == 7
        await user.close()
