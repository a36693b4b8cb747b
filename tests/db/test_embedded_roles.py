"""The embedded server gives the gateway a plain role, in old folders too, where everything was one superuser's."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from app.db.embedded import EmbeddedPostgres, EmbeddedPostgresError
from app.db.embedded.cluster import SUPERUSER, admit_current_account
from app.db.embedded.folders import clusters_in
from app.db.embedded.postmaster import reload_postmaster
from app.db.engine import to_dsn
from app.db.roles import GATEWAY, OWNER
from app.db.schema import upgrade_to_head
from tests.db.children import postmaster_of, query
from tests.support.database import FORGET_THE_ROLES, as_superuser, embedded_server, url_of
from tests.support.patience import HANG_SECONDS

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
    with pytest.raises(
        EmbeddedPostgresError, match=r"it also holds scratch\nHINT: +Give Seedgate a database of its own"
    ):
        embedded_server(made_dir).start()
    assert postmaster_of(made_dir) is None


async def make_running_one_old(older: EmbeddedPostgres, data_dir: Path) -> None:
    """Makes a running server that knows one role, with the access files of the version that left it."""
    await as_superuser(older.url, *FORGET_THE_ROLES)
    home = clusters_in(data_dir)[0].parent
    (home / "pg_hba.conf").write_text(f"local all {SUPERUSER} peer map=seedgate\n")
    lines = (home / "pg_ident.conf").read_text().splitlines(keepends=True)
    (home / "pg_ident.conf").write_text(lines[0])
    await _reload(older, data_dir, refused=GATEWAY)


async def _reload(server: EmbeddedPostgres, data_dir: Path, *, refused: str) -> None:
    """Lets the server read its access files, and waits until a role is refused that they no longer admit."""
    postmaster = postmaster_of(data_dir)
    assert postmaster is not None
    reload_postmaster(postmaster)
    async with asyncio.timeout(HANG_SECONDS):
        while True:
            try:
                await query(url_of(refused, server.url), "SELECT 1")
            except asyncpg.InvalidAuthorizationSpecificationError as error:
                if "pg_hba.conf" in str(error) or "peer" in str(error).lower():
                    return
            await asyncio.sleep(0.01)


async def test_a_running_server_of_an_older_version_is_joined(made_dir: Path) -> None:
    await make_old(made_dir)
    with embedded_server(made_dir) as older:
        await make_running_one_old(older, made_dir)
        user = await asyncpg.connect(to_dsn(url_of(SUPERUSER, older.url)))
        with embedded_server(made_dir) as newer:
            assert await query(newer.url, "SELECT token FROM leases") == "seven"
        assert await user.fetchval("SELECT token FROM leases") == "seven"
        await user.close()


async def test_a_start_that_was_killed_before_the_server_read_the_access_files_is_repeated(made_dir: Path) -> None:
    await make_old(made_dir)
    with embedded_server(made_dir) as older:
        await make_running_one_old(older, made_dir)
        # All that the killed start had done.
        assert admit_current_account(clusters_in(made_dir)[0].parent)
        with embedded_server(made_dir) as newer:
            assert await query(newer.url, "SELECT token FROM leases") == "seven"


async def test_a_server_that_has_yet_to_read_that_this_account_may_enter_is_joined(made_dir: Path) -> None:
    """As where another account has started it, and the start that admitted this one was killed."""
    with embedded_server(made_dir) as older:
        accounts = clusters_in(made_dir)[0].parent / "pg_ident.conf"
        written = accounts.read_text()
        accounts.write_text("")
        await _reload(older, made_dir, refused=SUPERUSER)
        accounts.write_text(written)
        with embedded_server(made_dir) as newer:
            assert await query(newer.url, "SELECT 1") == 1
