"""Making a cluster, and saying who may connect to it."""

import os
import shutil
import tempfile
from pathlib import Path

import structlog

from app.db.embedded.accounts import Account, current_account
from app.db.embedded.binaries import Binaries
from app.db.embedded.errors import EmbeddedPostgresError
from app.db.embedded.folders import clusters_in, mark_cluster, unfinished_clusters_in, write_whole
from app.db.roles import GATEWAY, OWNER

SUPERUSER = "seedgate"
"""The role that ``initdb`` makes; nothing but this package connects as it, to make the other two roles."""

_ROLES = (SUPERUSER, OWNER, GATEWAY)

# Only a connection over the socket, by an account that the map names, as one of our roles: no password, no TCP.
_ACCESS_RULES = f"# Written by Seedgate at every start.\nlocal all {','.join(_ROLES)} peer map=seedgate\n"

# With the character type C, pg_trgm finds no trigrams in Chinese, so a search index would be useless.
_CHARACTER_TYPES = ("C.UTF-8", "en_US.UTF-8", "UTF-8", "C")
_FIRST_WITH_BUILTIN_LOCALES = 17


def ensure_cluster(home: Path, binaries: Binaries, account: Account, *, sync: bool) -> Path:
    """Returns the cluster for the programs' major version, making an empty one where there is none at all.

    It is made under a name of its own and renamed when whole, so that a start that was killed leaves no
    half-made database.

    Raises:
        EmbeddedPostgresError: ``initdb`` failed, the cluster in ``home`` is of another major version, or somebody
            else's has the place.
    """
    cluster = home / f"pg{binaries.major}"
    existing = clusters_in(home)
    if cluster in existing:
        return cluster
    if existing:
        major = existing[-1].name.removeprefix("pg")
        raise EmbeddedPostgresError(
            f"The database in {existing[-1]} is of PostgreSQL {major}, and the programs found are {binaries.major}. "
            f"Name the programs of {major} with SEEDGATE_PG_BIN (and move the data over with pg_dump), or begin with "
            "an empty database by --reset."
        )
    if os.path.lexists(cluster):
        raise EmbeddedPostgresError(
            f"{cluster} was not made by Seedgate. Move it away, or choose another folder with SEEDGATE_DATA_DIR."
        )
    for leftover in unfinished_clusters_in(home):
        shutil.rmtree(leftover, ignore_errors=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f"{cluster.name}.new.", dir=home))
    try:
        if account.is_other:
            os.chown(unfinished, account.uid, account.gid)
        _run_initdb(unfinished, binaries, account, sync=sync)
        mark_cluster(unfinished)
        unfinished.rename(cluster)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    return cluster


def _run_initdb(folder: Path, binaries: Binaries, account: Account, *, sync: bool) -> None:
    command = [str(binaries.folder / "initdb"), "-D", str(folder), "-U", SUPERUSER, "-E", "UTF8", "--locale=C"]
    command += ["--auth-local=peer", "--auth-host=reject", "--no-instructions"]
    if binaries.major >= _FIRST_WITH_BUILTIN_LOCALES:
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    if not sync:
        command += ["--no-sync"]
    for character_type in _CHARACTER_TYPES:
        answer = account.run([*command, f"--lc-ctype={character_type}"])
        if answer.returncode == 0:
            if character_type == "C":
                structlog.get_logger().warning("database.no_utf8_locale", effect="searching Chinese text is slow")
            return
        if "locale" not in answer.stderr:
            break
    raise EmbeddedPostgresError(
        f"initdb could not make a database in {folder.parent}: {answer.stderr.strip()[-600:]}. "
        "Mend that, or choose another folder with SEEDGATE_DATA_DIR."
    )


def write_access_files(home: Path) -> None:
    """Lets this process's account connect, and no other."""
    write_whole(home / "pg_hba.conf", _ACCESS_RULES, mode=0o644)
    write_whole(home / "pg_ident.conf", _map_lines(current_account()), mode=0o644)


def admit_current_account(home: Path) -> bool:
    """Lets this process's account connect as well as those that may already; says whether that was new.

    It is new where, say, root joins a server that its owner has started, or where the server was started by a version
    that knew one role. Only root and the cluster's owner get as far as these files.
    """
    rules, accounts = home / "pg_hba.conf", home / "pg_ident.conf"
    present, lines = accounts.read_text(encoding="utf-8"), _map_lines(current_account())
    if lines in present and rules.read_text(encoding="utf-8") == _ACCESS_RULES:
        return False
    write_whole(accounts, present + lines, mode=0o644)
    write_whole(rules, _ACCESS_RULES, mode=0o644)
    return True


def _map_lines(account: Account) -> str:
    name = account.name.replace('"', '""')
    return "".join(f'seedgate "{name}" {role}\n' for role in _ROLES)
