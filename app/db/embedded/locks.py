"""Locks on files, by which processes that share one embedded server know of each other.

The kernel frees a lock when its process dies, even by ``kill -9``, so nothing is ever left behind. The lock
belongs to the open file: a child made by ``fork`` alone would share it, so take locks after any fork.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.db.embedded.errors import EmbeddedPostgresError

_POLL_SECONDS = 0.02


def open_owned(path: Path, flags: int) -> int:
    """Opens a file of ours, making it with mode 0600 where missing, and returns its descriptor.

    A file that root makes is given to the owner of its folder, so that root never locks that account out.
    """
    flags |= os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        try:
            descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return os.open(path, flags)
        if os.geteuid() == 0:
            owner = path.parent.stat()
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
    except OSError as error:
        raise EmbeddedPostgresError(
            f"Could not open {path}: {error.strerror}. The data folder must be on a local disk and belong to the "
            "account that runs Seedgate; choose another one with SEEDGATE_DATA_DIR."
        ) from error
    return descriptor


@contextmanager
def exclusive_lock(path: Path, *, timeout_seconds: float) -> Iterator[None]:
    """Holds the exclusive lock of a file.

    Raises:
        EmbeddedPostgresError: another process has held it for ``timeout_seconds``.
    """
    descriptor = open_owned(path, os.O_RDWR)
    try:
        deadline = time.monotonic() + timeout_seconds
        while not _is_locked_now(descriptor, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(
                    f"Another process has been starting or stopping the database of {path.parent} for "
                    f"{timeout_seconds:.0f} seconds. Wait for it, or end it, and try again."
                )
            time.sleep(_POLL_SECONDS)
        yield
    finally:
        os.close(descriptor)


class UserLock:
    """This process's place among the users of one server: a shared lock, held as long as the server is used."""

    def __init__(self, path: Path) -> None:
        """Takes the place.

        Raises:
            EmbeddedPostgresError: the file cannot be opened, or another process has it to itself.
        """
        self._descriptor = open_owned(path, os.O_RDWR)
        if not _is_locked_now(self._descriptor, fcntl.LOCK_SH):
            os.close(self._descriptor)
            raise EmbeddedPostgresError(f"{path} is locked by another program. End it and try again.")

    def is_last(self) -> bool:
        """Says whether nobody else uses the server; ask it only under the folder's exclusive lock."""
        return _is_locked_now(self._descriptor, fcntl.LOCK_EX)

    def release(self) -> None:
        """Gives the place up."""
        os.close(self._descriptor)


def _is_locked_now(descriptor: int, operation: int) -> bool:
    try:
        fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise EmbeddedPostgresError(
            f"The data folder's file system has no file locks ({error.strerror}). "
            "Choose a folder on a local disk with SEEDGATE_DATA_DIR."
        ) from error
    return True
