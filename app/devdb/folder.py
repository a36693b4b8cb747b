"""The data folder of an embedded database.

::

    init.lock  users.lock  postgres.log      users.lock says that the folder has been ours
    pg18/                                    the cluster, 0700, of the server's account, with our mark
    pg_hba.conf  pg_ident.conf               who may connect; beside the cluster, so that the server cannot change it
    bin-18.6.3/                              a copy of the programs, where one is needed

It may be somebody's home. So nothing is used, overwritten or removed that was there before: what is removed bears our
mark or has a form that nothing else has, and lies in a folder with ``users.lock``.
"""

import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.devdb.binaries import copies_in
from app.devdb.errors import EmbeddedPostgresError

LOG_NAME = "postgres.log"
_USERS_LOCK = "users.lock"
_OURS = ("pg_hba.conf", "pg_ident.conf", LOG_NAME, f"{LOG_NAME}.1")
_MARK = "made-by-seedgate"


def was_used(data_dir: Path) -> bool:
    """Says whether a data folder has ever been used by Seedgate."""
    return (data_dir / _USERS_LOCK).is_file()


def make_data_folder(data_dir: Path) -> Path:
    """Makes the data folder where missing, returns its real path, and checks that nothing of others is in the way.

    Root's is 0711, so that the server's account can pass through it to the cluster; anyone else's is 0700.

    Raises:
        EmbeddedPostgresError: something has a name that Seedgate would write to.
    """
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    data_dir.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, exist_ok=True)
    for name in () if was_used(data_dir) else _OURS:
        if os.path.lexists(data_dir / name):
            text = f"{data_dir / name} was there before, and Seedgate would overwrite it"
            raise EmbeddedPostgresError(text, "Move it away")
    return data_dir.resolve()


def clusters_in(data_dir: Path) -> list[Path]:
    """Returns the clusters with our mark, one for each major version that was ever used."""
    found = [path for path in data_dir.glob("pg*") if re.fullmatch(r"pg\d+", path.name) and not path.is_symlink()]
    return sorted(path for path in found if (path / _MARK).is_file() and (path / "PG_VERSION").is_file())


@contextmanager
def unfinished_cluster(cluster: Path) -> Iterator[Path]:
    """Yields a folder that becomes a cluster of ours when it is left whole: a killed start makes no half of one."""
    _remove_unfinished(cluster.parent)
    folder = Path(tempfile.mkdtemp(prefix=f"{cluster.name}.new.", dir=cluster.parent))
    try:
        yield folder
        write_whole(folder / _MARK, "", mode=0o600)
        folder.rename(cluster)
    except BaseException:
        _remove_unfinished(cluster.parent)
        raise


def _remove_unfinished(data_dir: Path) -> None:
    for path in data_dir.glob("pg*.new.*"):
        if re.fullmatch(r"pg\d+\.new\.\w{8}", path.name):
            shutil.rmtree(path)


def remove_database(data_dir: Path) -> None:
    """Removes the database of a data folder, whose server has been stopped; other files stay."""
    _remove_unfinished(data_dir)
    for folder in (*clusters_in(data_dir), *copies_in(data_dir)):
        shutil.rmtree(folder)
    for name in _OURS:
        (data_dir / name).unlink(missing_ok=True)


def write_whole(path: Path, text: str, *, mode: int) -> None:
    """Writes a file so that a reader sees the old text or the new one; root gives it to the owner of its folder."""
    descriptor, name = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        os.fchmod(descriptor, mode)
        _give_to_owner_of(path.parent, descriptor)
    Path(name).replace(path)


def open_owned(path: Path, flags: int) -> int:
    """Opens a file of ours and no link, and returns its descriptor; makes it with mode 0600 where missing."""
    flags |= os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return os.open(path, flags)
    _give_to_owner_of(path.parent, descriptor)
    return descriptor


def _give_to_owner_of(folder: Path, descriptor: int) -> None:
    if os.geteuid() == 0:
        os.fchown(descriptor, folder.stat().st_uid, folder.stat().st_gid)


@contextmanager
def exclusive_lock(data_dir: Path) -> Iterator[None]:
    """Waits until no other process starts or stops the server of a data folder, and keeps others from it."""
    descriptor = open_owned(data_dir / "init.lock", os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


class UserLock:
    """The shared lock that each process holds as long as it uses the server; taken and asked under the exclusive one.

    The kernel frees it when the process dies, by whatever signal. A child made by ``fork`` alone shares it.
    """

    def __init__(self, data_dir: Path) -> None:
        self._descriptor = open_owned(data_dir / _USERS_LOCK, os.O_RDWR)
        self.owner_uid = os.fstat(self._descriptor).st_uid
        fcntl.flock(self._descriptor, fcntl.LOCK_SH)

    def is_last(self) -> bool:
        """Says whether no other process uses the server."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        """Ends the use."""
        os.close(self._descriptor)
