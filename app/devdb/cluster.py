"""Making a cluster, and saying who may connect to it."""

import os
from pathlib import Path

from app.db.roles import GATEWAY, OWNER
from app.devdb.account import Account
from app.devdb.binaries import Binaries
from app.devdb.errors import EmbeddedPostgresError
from app.devdb.folder import MARK, find_cluster, made_whole
from app.devdb.postmaster import PORT

SUPERUSER = "seedgate"
"""The role that ``initdb`` makes; nothing but this package connects as it, to make the other two roles."""

_ROLES = (SUPERUSER, OWNER, GATEWAY)
# Linux allows 107 and macOS 103; drivers split host names at commas.
_MAX_SOCKET_PATH_BYTES = 100
# With the character type C, pg_trgm finds no trigrams in Chinese, so a search index would be useless.
_CHARACTER_TYPES = ("C.UTF-8", "en_US.UTF-8", "UTF-8")
_FIRST_WITH_BUILTIN_LOCALES = 17


def check_can_enter(data_dir: Path, account: Account) -> None:
    """Checks that an account can pass through a data folder to the cluster in it.

    Raises:
        EmbeddedPostgresError: it cannot; no permission of the folders above is changed.
    """
    if account.is_other and account.run("/bin/sh", "-c", 'cd -- "$0"', data_dir).returncode != 0:
        text = f"The account {account.name!r}, which runs the database server, cannot enter {data_dir}"
        raise EmbeddedPostgresError(text, "Let it pass through that folder and those above it (chmod o+x)")


def make_cluster(data_dir: Path, binaries: Binaries, account: Account, *, sync: bool) -> Path:
    """Returns the cluster for the programs' major version, making an empty one where there is none at all.

    Raises:
        EmbeddedPostgresError: ``initdb`` failed, the cluster in the folder is of another major version, a folder of
            others has the place, or no socket can be there.
    """
    cluster = data_dir / f"pg{binaries.major}"
    existing = find_cluster(data_dir)
    if len(os.fsencode(cluster / f".s.PGSQL.{PORT}")) > _MAX_SOCKET_PATH_BYTES or "," in str(cluster):
        text = f"The path {cluster} is too long for a socket, or holds a comma"
        raise EmbeddedPostgresError(text, "Use a plainer one")
    if existing not in {None, cluster}:
        older = existing.name.removeprefix("pg")
        text = f"The database in {existing} is of PostgreSQL {older}, and the programs found are {binaries.major}"
        remedy = f"Name the programs of {older} with SEEDGATE_PG_BIN, or move the folder away (`dev`: --reset)"
        raise EmbeddedPostgresError(text, remedy)
    if existing is None:
        if os.path.lexists(cluster):
            raise EmbeddedPostgresError(f"{cluster} was not made by Seedgate", "Move it away")
        with made_whole(cluster) as folder:
            if account.is_other:
                os.chown(folder, account.uid, account.gid)
            _run_initdb(folder, binaries, account, sync=sync)
            (folder / MARK).touch()
    return cluster


def _run_initdb(folder: Path, binaries: Binaries, account: Account, *, sync: bool) -> None:
    command: list[str | Path] = [binaries.folder / "initdb", "-D", folder, "-U", SUPERUSER, "-E", "UTF8", "--locale=C"]
    command += ["--auth-local=peer", "--auth-host=reject", "--no-instructions", *([] if sync else ["--no-sync"])]
    if binaries.major >= _FIRST_WITH_BUILTIN_LOCALES:
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    for character_type in _CHARACTER_TYPES:
        answer = account.run(*command, f"--lc-ctype={character_type}")
        if answer.returncode == 0:
            return
        if "locale" not in answer.stderr:
            break
    output = answer.stderr.strip()[-600:]
    raise EmbeddedPostgresError(f"initdb could not make a database in {folder.parent}: {output}")


def write_access_files(data_dir: Path) -> None:
    """Admits this process's account and root as one of our roles, over the socket, and no other connection."""
    names = [found.name.replace('"', '""') for found in map(Account.find, {0, os.geteuid()}) if found]
    lines = "".join(f'seedgate "{name}" {role}\n' for name in names for role in _ROLES)
    rule = f"# Written by Seedgate at every start.\nlocal all {','.join(_ROLES)} peer map=seedgate\n"
    for name, text in (("pg_ident.conf", lines), ("pg_hba.conf", rule)):
        (data_dir / name).write_text(text, encoding="utf-8")
        (data_dir / name).chmod(0o644)
