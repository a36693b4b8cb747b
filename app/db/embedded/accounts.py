"""Which operating-system account runs PostgreSQL, and doing things as that account.

PostgreSQL refuses to run as root. When we are root, the server runs under an account that exists already:
none is created, and no permission of a folder that is not ours is changed.
"""

import os
import pwd
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.db.embedded.errors import EmbeddedPostgresError

_ROOT_UID = 0
_RUN_TIMEOUT_SECONDS = 300

NOBODY = "nobody"
"""The account that all programs without one of their own share: each of them could read and change the database."""

_OWN_ACCOUNT = "postgres"
_MAKE_OWN_ACCOUNT = f"useradd --system --no-create-home --shell /usr/sbin/nologin {_OWN_ACCOUNT}"


@dataclass(frozen=True)
class Account:
    """An account of the operating system."""

    name: str
    uid: int
    gid: int

    @property
    def is_other(self) -> bool:
        """Whether this is not the account that this process runs under."""
        return self.uid != os.geteuid()

    def switch_options(self) -> dict[str, Any]:
        """Returns the arguments of ``subprocess.Popen`` that make the child run under this account."""
        if not self.is_other:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def run(self, command: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
        """Runs a program under this account, in the root folder and with the server's environment.

        Raises:
            EmbeddedPostgresError: the account cannot be switched to, or the program takes over five minutes.
        """
        try:
            return subprocess.run(  # noqa: S603 - the programs are PostgreSQL's and the shell's own test
                command,
                check=False,
                capture_output=True,
                text=True,
                errors="replace",
                stdin=subprocess.DEVNULL,
                cwd="/",
                env=server_environment(os.environ),
                timeout=_RUN_TIMEOUT_SECONDS,
                **self.switch_options(),
            )
        except PermissionError:
            # The account may not execute the program: the same as a shell's "permission denied".
            return subprocess.CompletedProcess(command, returncode=126, stdout="", stderr="permission denied")
        except (OSError, subprocess.SubprocessError) as error:
            raise EmbeddedPostgresError(
                f"Could not run {command[0]} as the account {self.name!r}: {error}. "
                "Name another account with SEEDGATE_PG_USER, or use your own database with SEEDGATE_DATABASE_URL."
            ) from error

    def can_enter(self, folder: Path) -> bool:
        """Says whether this account can pass through a folder and everything above it."""
        if not self.is_other:
            return os.access(folder, os.X_OK)
        shell = shutil.which("sh") or "/bin/sh"
        return self.run([shell, "-c", 'cd -- "$1"', "sh", folder]).returncode == 0


def server_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Returns the environment for PostgreSQL's programs.

    It is made anew, not filtered: another account can read it in ``/proc``, so no secret of ours may be in
    it, and ``PG*`` or ``LC_*`` must not steer the server.
    """
    kept = {name: environ[name] for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH") if name in environ}
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", **kept}


def current_account() -> Account:
    """Returns the account that this process runs under.

    Raises:
        EmbeddedPostgresError: it has no name, as happens in containers with a made-up user id.
    """
    uid = os.geteuid()
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise EmbeddedPostgresError(
            f"The user id {uid} has no account name, and PostgreSQL needs one. Run under an account that "
            "/etc/passwd lists, or use your own database with SEEDGATE_DATABASE_URL."
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def server_account(*, preferred: str | None, cluster_owner_uid: int | None) -> Account:
    """Chooses the account that the server runs under.

    Args:
        preferred: the operator's choice (``SEEDGATE_PG_USER``); it counts only when we are root.
        cluster_owner_uid: the owner of an existing cluster, which only its owner can serve; None for a new one.

    Returns:
        Ourselves, unless we are root: then the operator's choice, the owner of the cluster, the account that
        called sudo, ``postgres`` or ``nobody``.

    Raises:
        EmbeddedPostgresError: the choice does not exist, is root, or does not own the cluster.
    """
    current = current_account()
    if current.uid != _ROOT_UID:
        _check_owner(current, cluster_owner_uid)
        return current
    if preferred:
        account = _account_named(preferred)
        if account is None or account.uid == _ROOT_UID:
            raise EmbeddedPostgresError(
                f"SEEDGATE_PG_USER names {preferred!r}, but PostgreSQL needs an existing account that is not root."
            )
        _check_owner(account, cluster_owner_uid)
        return account
    if cluster_owner_uid:
        return _account_of(cluster_owner_uid)
    for name in (os.environ.get("SUDO_USER"), _OWN_ACCOUNT, NOBODY):
        account = _account_named(name) if name else None
        if account is not None and account.uid != _ROOT_UID:
            return account
    raise EmbeddedPostgresError(
        "PostgreSQL does not run as root, and neither of the accounts postgres and nobody exists here. "
        "Name one with SEEDGATE_PG_USER, or use your own database with SEEDGATE_DATABASE_URL."
    )


def check_not_nobody(account: Account, clusters: Sequence[Path]) -> None:
    """Checks that the server does not run under ``nobody`` because there was nothing better.

    Args:
        account: the one that was chosen, and not named by the operator.
        clusters: the clusters that exist already, which belong to that account.

    Raises:
        EmbeddedPostgresError: it does; the message holds the commands that end it.
    """
    if account.name != NOBODY or not account.is_other:
        return
    commands = [] if _account_named(_OWN_ACCOUNT) else [_MAKE_OWN_ACCOUNT]
    commands += [f"chown -R {_OWN_ACCOUNT}: {shlex.quote(str(cluster))}" for cluster in clusters]
    commands = commands or [f"export SEEDGATE_PG_USER={_OWN_ACCOUNT}"]
    raise EmbeddedPostgresError(
        "PostgreSQL does not run as root, and the account left for it is nobody, which other programs use too: each of "
        f"them could read and change the database. Run `{' && '.join(commands)}` and start again, name an account "
        "with SEEDGATE_PG_USER, or use your own database with SEEDGATE_DATABASE_URL."
    )


def _check_owner(account: Account, cluster_owner_uid: int | None) -> None:
    if cluster_owner_uid is not None and cluster_owner_uid != account.uid:
        raise EmbeddedPostgresError(
            f"The database was made by the account with user id {cluster_owner_uid}, not by {account.name!r}. "
            "Run under that account, choose another folder with SEEDGATE_DATA_DIR, or remove the database with --reset."
        )


def _account_named(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _account_of(uid: int) -> Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise EmbeddedPostgresError(
            f"The database belongs to user id {uid}, which is no account of this machine any more. "
            "Give the folder to an existing account, or remove the database with --reset."
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
