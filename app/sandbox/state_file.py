"""The file that persists the state of a sandbox: a SQLite database with one table of JSON records.

Each change is committed before its response is sent. Committed records survive ``kill -9``. A power failure may lose
the last of them, because the write-ahead log is not synced on each commit. Neither damages the file.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Protocol, Self, TypeVar

import orjson
import structlog
from pydantic import TypeAdapter, ValidationError

from app.sandbox.config import Account

FORMAT = 1
"""Version of the records, stored as the database's ``user_version``."""

_APPLICATION_ID = 0x53656564  # "Seed", the database's ``application_id``
_HEADER = b"SQLite format 3\0"
_HEADER_BYTES = 100
_APPLICATION_ID_BYTES = slice(68, 72)
_LOG_SUFFIXES = ("-wal", "-shm", "-journal")
_TABLE = "CREATE TABLE record (kind TEXT NOT NULL, id TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (kind, id))"
_UPSERT = "INSERT INTO record VALUES (?, ?, ?) ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body"
_log = structlog.get_logger()


class StateFileError(Exception):
    """The file cannot be used; the message contains the reason. The file is not changed."""


class Record(Protocol):
    """A dataclass that a state file can store. Its ``account``, if any, is stored by name.

    Attributes:
        KIND: name of the type in the file.
    """

    KIND: ClassVar[str]

    @property
    def id(self) -> str:
        """Unique within its kind."""


class Save(Protocol):
    """A function that persists records."""

    def __call__(self, *records: Record) -> None:
        """Persists the present state of records in one transaction."""


_R = TypeVar("_R", bound=Record)


def save_nothing(*_records: Record) -> None:
    """Does nothing; the ``Save`` of a sandbox without a state file."""


class StateFile:
    """An open state file; no other process can open it at the same time.

    Args:
        path: the path of the file, which is created when it is missing.
        accounts: the possible accounts of records.

    Attributes:
        path: the path of the file.
        is_new: whether it contained no records.

    Raises:
        StateFileError: it is damaged, of a newer version, of another program, or in use.
    """

    def __init__(self, path: Path, accounts: tuple[Account, ...]) -> None:
        self.path = path
        self._accounts = {account.name: account for account in accounts}
        self._unsaved: dict[tuple[str, str], Record] = {}
        with self._as_state_file_error():
            self._connection = sqlite3.connect(path, timeout=1.0)
        try:
            with self._as_state_file_error():
                self.is_new = self._prepare()
        except StateFileError:
            self._connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def load(self, type_: type[_R]) -> list[_R]:
        """Returns all records of a type, in the order of their first save.

        Raises:
            StateFileError: a record cannot be read.
        """
        with self._as_state_file_error():
            rows = self._connection.execute("SELECT body FROM record WHERE kind = ? ORDER BY rowid", (type_.KIND,))
            return [self._read(type_, orjson.loads(body)) for (body,) in rows]

    def save(self, *records: Record) -> None:
        """Persists the present state of records in one transaction.

        A failure (a full disk) is logged; the records are then part of the next transaction.
        """
        # The records themselves, not their JSON: they may change again before they can be written.
        self._unsaved |= {(record.KIND, record.id): record for record in records}
        rows = [(kind, id_, _dump(record)) for (kind, id_), record in self._unsaved.items()]
        try:
            with self._connection:
                self._connection.executemany(_UPSERT, rows)
        except sqlite3.Error as error:
            _log.warning("sandbox.state_not_saved", path=str(self.path), reason=str(error))
        else:
            self._unsaved.clear()

    def remove(self, *records: Record) -> None:
        """Removes records.

        Raises:
            StateFileError: the file cannot be written.
        """
        keys = [(record.KIND, record.id) for record in records]
        with self._as_state_file_error(), self._connection:
            self._connection.executemany("DELETE FROM record WHERE kind = ? AND id = ?", keys)

    def clear(self) -> None:
        """Removes all records.

        Raises:
            StateFileError: the file cannot be written.
        """
        self._unsaved.clear()
        with self._as_state_file_error(), self._connection:
            self._connection.execute("DELETE FROM record")

    def _prepare(self) -> bool:
        """Validates the file, or creates the table in an empty one; returns whether there are no records."""
        # Held until the connection is closed: two sandboxes would overwrite each other's records.
        self._execute("PRAGMA locking_mode = EXCLUSIVE")
        is_empty = not self._execute("SELECT count(*) FROM sqlite_master")
        if is_empty:
            # Before WAL mode, which would write it to the log: ``is_state_file`` reads the file itself.
            self._execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        elif self._execute("PRAGMA application_id") != _APPLICATION_ID:
            raise StateFileError(f"{self.path} belongs to another program.")
        version = self._execute("PRAGMA user_version")
        if version > FORMAT:
            raise StateFileError(f"{self.path} was written by a newer version of Seedgate (format {version}).")
        self._execute("PRAGMA journal_mode = WAL")
        self._execute("PRAGMA synchronous = NORMAL")
        if is_empty:
            self._connection.executescript(f"BEGIN; {_TABLE}; PRAGMA user_version = {FORMAT}; COMMIT;")
        return not self._execute("SELECT count(*) FROM record")

    def _execute(self, statement: str) -> Any:
        """Returns the first value of the first row, or None."""
        row = self._connection.execute(statement).fetchone()
        return row[0] if row else None

    def _read(self, type_: type[_R], body: Any) -> _R:
        if "account" in body:
            body["account"] = self._accounts[body["account"]]
        record: _R = _adapter(type_).validate_python(body)
        return record

    @contextmanager
    def _as_state_file_error(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise StateFileError(f"{self.path} cannot be used: {error}.") from error
        # KeyError and TypeError: a record that is no object, or whose account is unknown or no text.
        except (sqlite3.DatabaseError, orjson.JSONDecodeError, ValidationError, KeyError, TypeError) as error:
            raise StateFileError(f"{self.path} is damaged ({type(error).__name__}).") from error


def is_state_file(path: Path) -> bool:
    """Returns whether a file is a state file, by its header; an empty file counts as one."""
    with path.open("rb") as file:
        header = file.read(_HEADER_BYTES)
    return not header or (
        header.startswith(_HEADER) and header[_APPLICATION_ID_BYTES] == _APPLICATION_ID.to_bytes(4, "big")
    )


def remove_state_file(path: Path) -> None:
    """Removes a state file and the log files of SQLite, damaged or not."""
    for name in (*(f"{path.name}{suffix}" for suffix in _LOG_SUFFIXES), path.name):
        path.with_name(name).unlink(missing_ok=True)


@cache
def _adapter(type_: type[Any]) -> TypeAdapter[Any]:
    return TypeAdapter(type_)


def _dump(record: Record) -> bytes:
    body: dict[str, Any] = _adapter(type(record)).dump_python(record, mode="json", exclude={"account"})
    account: Account | None = getattr(record, "account", None)
    return orjson.dumps(body | ({"account": account.name} if account else {}))
