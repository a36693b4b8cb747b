"""The database that a command works on: the one that is configured, or the embedded one."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.db.embedded import EmbeddedPostgres
from app.settings import Settings


@dataclass(frozen=True)
class Database:
    """Where the data is.

    Attributes:
        url: for SQLAlchemy; holds a password when the configured one does.
        is_embedded: whether this process keeps the server running.
    """

    url: str
    is_embedded: bool


@contextmanager
def opened_database(settings: Settings, *, data_dir: Path | None = None) -> Iterator[Database]:
    """Yields the configured database, or starts the embedded one and stops it when its last user leaves."""
    if settings.database_url is not None and data_dir is None:
        yield Database(settings.database_url.get_secret_value(), is_embedded=False)
        return
    folder = data_dir or settings.data_dir
    with EmbeddedPostgres(folder, pg_bin=settings.pg_bin, pg_user=settings.pg_user) as server:
        yield Database(server.url, is_embedded=True)
