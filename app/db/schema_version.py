"""Which version of the schema a database has, and which one this program needs. Imports nothing of Alembic."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

_TABLE = "alembic_version"


class SchemaError(RuntimeError):
    """The schema cannot be brought to the newest version; the text says why."""


@dataclass(frozen=True)
class SchemaState:
    """The version of a database beside the version of this program.

    Attributes:
        current: revision of the database; None when it is empty.
        head: newest revision that this program knows; None when there are no migrations.
    """

    current: str | None
    head: str | None

    @property
    def is_current(self) -> bool:
        """Whether this program may work on the database."""
        return self.current == self.head


def migrations_dir() -> Path:
    """Returns the folder of the migrations: ``migrations/`` in a checkout, ``app/_migrations`` when installed."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "_migrations"
    return installed if installed.is_dir() else package.parent / "migrations"


async def schema_state(engine: AsyncEngine) -> SchemaState:
    """Reads the version of a database: one or two short queries.

    Raises:
        app.db.engine.DatabaseUnavailableError: the database cannot be reached.
    """
    async with engine.connect() as connection:
        if await connection.scalar(text("SELECT to_regclass(:name)"), {"name": _TABLE}) is None:
            return SchemaState(None, head_revision())
        current = await connection.scalar(text(f"SELECT version_num FROM {_TABLE}"))  # noqa: S608 - a constant
    return SchemaState(current, head_revision())


@cache
def head_revision() -> str | None:
    """Returns the newest revision that this program knows; the folder is read once.

    The files are named ``<revision>_<words>.py``, and the revisions are numbered. Every process that serves needs this
    number, but not Alembic, which with the dialects and the highlighter that it imports takes 9 MB.
    """
    revisions = [path.name.partition("_")[0] for path in (migrations_dir() / "versions").glob("[0-9]*_*.py")]
    return max(revisions, default=None)
