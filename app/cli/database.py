"""The database of a command: the configured or the embedded one."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.devdb import embedded_postgres, running_server
from app.settings import Settings


@dataclass(frozen=True)
class Database:
    """Where the data is.

    Attributes:
        url: for SQLAlchemy; holds a password when the configured one does.
        owner_url: for migrations; of a configured database the same.
        is_embedded: whether it is one that Seedgate starts.
        account: what account of this machine an embedded server runs under.
    """

    url: str
    owner_url: str
    is_embedded: bool
    account: str | None = None


@contextmanager
def opened_database(
    settings: Settings, *, data_dir: Path | None = None, may_use_nobody: bool = False, is_demo: bool = False
) -> Iterator[Database]:
    """Yields the configured database, or starts the embedded one and stops it when its last user leaves.

    Args:
        settings: the settings of this process.
        data_dir: folder of an embedded database, whatever is configured.
        may_use_nobody: whether the embedded server may run as ``nobody`` where root has no better account for it.
        is_demo: whether the embedded database may be lost when the machine crashes just after it was made.

    Raises:
        EmbeddedPostgresError: the embedded server could not be started.
    """
    if settings.database_url is not None and data_dir is None:
        url = settings.database_url.get_secret_value()
        yield Database(url, owner_url=url, is_embedded=False)
        return
    folder = data_dir or settings.data_dir
    with embedded_postgres(
        folder,
        pg_bin=settings.pg_bin,
        pg_user=settings.pg_user,
        may_use_nobody=may_use_nobody,
        sync_new=not is_demo,
    ) as server:
        yield Database(server.url, owner_url=server.owner_url, is_embedded=True, account=server.account_name)


def running_database(data_dir: Path) -> Database | None:
    """Returns the embedded database of a folder if its server runs, else None; starts, changes and stops nothing.

    Raises:
        EmbeddedPostgresError: the database belongs to another account.
    """
    server = running_server(data_dir)
    return Database(server.url, owner_url=server.owner_url, is_embedded=True) if server is not None else None
