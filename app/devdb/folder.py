"""The data folder of an embedded database.

::

    init.lock  users.lock  postgres.log      users.lock says that the folder has been ours
    pg18/                                    the cluster, 0700, of the server's account, with our mark
    pg_hba.conf  pg_ident.conf               who may connect; beside the cluster, so that the server cannot change it
    seedgate-programs-18.6.3/                a copy of the programs, where one is needed

It may be somebody's home: nothing that was there before is used, overwritten or removed.
"""

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.devdb.errors import EmbeddedPostgresError

LOG_NAME = "postgres.log"
COPY_PREFIX = "seedgate-programs-"
_USERS_LOCK = "users.lock"
_FILES = ("pg_hba.conf", "pg_ident.conf", LOG_NAME)
MARK = "made-by-seedgate"
_UNFINISHED = "seedgate-unfinished"


def was_used(data_dir: Path) -> bool:
    """Says whether a data folder has ever been used by Seedgate."""
    return (data_dir / _USERS_LOCK).is_file()


def make_data_folder(data_dir: Path) -> Path:
    """Makes the data folder where missing, returns its real path, and checks that nothing of others is in the way.

    Root's is 0711, so that the server's account can pass through it to the cluster; anyone else's is 0700.

    Raises:
        EmbeddedPostgresError: root would make files in another account's folder, or would overwrite files.
    """
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    data_dir.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, exist_ok=True)
    owner_uid = data_dir.stat().st_uid
    if os.geteuid() == 0 and owner_uid != 0:
        text = f"{data_dir} belongs to the account with user id {owner_uid}, which could not use root's files in it"
        raise EmbeddedPostgresError(text, "Run under that account")
    for name in () if was_used(data_dir) else _FILES:
        if os.path.lexists(data_dir / name):
            text = f"{data_dir / name} was there before, and Seedgate would overwrite it"
            raise EmbeddedPostgresError(text, "Move it away")
    return data_dir.resolve()


def find_cluster(data_dir: Path) -> Path | None:
    """Returns the cluster with our mark, ``pg`` and its major version, or None before one is made."""
    found = [path for path in data_dir.glob("pg*") if re.fullmatch(r"pg\d+", path.name) and not path.is_symlink()]
    return max((path for path in found if (path / MARK).is_file() and (path / "PG_VERSION").is_file()), default=None)


@contextmanager
def made_whole(target: Path) -> Iterator[Path]:
    """Yields an empty folder, which becomes ``target`` at the end: a start that fails or is killed makes no half."""
    folder = target.with_name(_UNFINISHED)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    yield folder
    folder.rename(target)


def remove_database(data_dir: Path) -> None:
    """Removes the database of a data folder, whose server has been stopped; other files stay."""
    for folder in (find_cluster(data_dir), data_dir / _UNFINISHED, *data_dir.glob(f"{COPY_PREFIX}*")):
        if folder is not None and folder.exists():
            shutil.rmtree(folder)
    for name in _FILES:
        (data_dir / name).unlink(missing_ok=True)


def open_own(path: Path, flags: int) -> int:
    """Opens a file of ours and no link, and returns its descriptor; makes it with mode 0600 where missing."""
    return os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


@contextmanager
def exclusive_lock(data_dir: Path) -> Iterator[None]:
    """Waits until no other process starts or stops the server of a data folder, and keeps others from it."""
    descriptor = open_own(data_dir / "init.lock", os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def users_lock(data_dir: Path) -> Iterator[int]:
    """Holds the shared lock that each process has as long as it uses the server; yields its descriptor.

    The kernel frees it when the process dies, by whatever signal. A child made by ``fork`` alone shares it.
    """
    descriptor = open_own(data_dir / _USERS_LOCK, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield descriptor
    finally:
        os.close(descriptor)


def is_last_user(descriptor: int) -> bool:
    """Says whether no other process uses the server; asked under the exclusive lock."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
