"""The account of the operating system under which PostgreSQL runs. No account is ever created."""

import os
import pwd
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from app.devdb.errors import EmbeddedPostgresError

NOBODY = "nobody"
"""The account of all programs without one of their own: each of them could read and change the database."""

_OWN = "postgres"
_MAKE_OWN = f"useradd --system --no-create-home --shell /usr/sbin/nologin {_OWN}"
_NAME_ANOTHER = "name an account with SEEDGATE_PG_USER"


@dataclass(frozen=True)
class Account:
    """An account that exists."""

    name: str
    uid: int
    gid: int

    @classmethod
    def find(cls, key: str | int) -> Self | None:
        """Returns the account of a name or a user id, or None where there is none."""
        try:
            entry = pwd.getpwnam(key) if isinstance(key, str) else pwd.getpwuid(key)
        except KeyError:
            return None
        return cls(entry.pw_name, entry.pw_uid, entry.pw_gid)

    @property
    def is_other(self) -> bool:
        """Whether this process runs under another account."""
        return self.uid != os.geteuid()

    def popen_options(self) -> dict[str, Any]:
        """Returns the arguments of ``subprocess.Popen`` that run one of PostgreSQL's programs under this account.

        The environment is a new one: ``PG*`` and ``LC_*`` would steer the server, and its account can read the rest.
        """
        kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH") if name in os.environ}
        environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", **kept}
        switch = {"user": self.uid, "group": self.gid, "extra_groups": []} if self.is_other else {}
        return {"stdin": subprocess.DEVNULL, "cwd": "/", "env": environment, **switch}

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Runs a program under this account and returns what it said; the exit code is 126 when it may not run."""
        options = {**self.popen_options(), "capture_output": True, "text": True, "errors": "replace"}
        try:
            return subprocess.run(command, check=False, **options)  # noqa: S603 - PostgreSQL's own programs
        except (OSError, subprocess.SubprocessError) as error:
            return subprocess.CompletedProcess(command, returncode=126, stdout="", stderr=str(error))


def server_account(pg_user: str | None, cluster: Path | None, *, may_use_nobody: bool) -> Account:
    """Chooses the server's account: this process's, or for root the one named, the owner, ``postgres`` or ``nobody``.

    Args:
        pg_user: the operator's choice (``SEEDGATE_PG_USER``), which counts only for root.
        cluster: the existing one, which only its owner can serve.
        may_use_nobody: whether ``nobody`` will do for root where it was not named.

    Raises:
        EmbeddedPostgresError: there is no such account, or another one owns the cluster.
    """
    is_root = os.geteuid() == 0
    owner_uid = cluster.stat().st_uid if cluster else None
    wanted = (pg_user or owner_uid or _OWN) if is_root else os.geteuid()
    account = Account.find(wanted) or (Account.find(NOBODY) if wanted == _OWN and not pg_user else None)
    if account is None or account.uid == 0:
        text = f"PostgreSQL does not run as root, and needs an account that /etc/passwd lists; {wanted!r} is none"
        raise EmbeddedPostgresError(text, f"Run `{_MAKE_OWN}`, {_NAME_ANOTHER}")
    if owner_uid not in {None, account.uid}:
        text = f"The database was made by the account with user id {owner_uid}, not by {account.name!r}"
        raise EmbeddedPostgresError(text, "Run under that account, remove the database with --reset")
    if is_root and account.name == NOBODY and not (pg_user or may_use_nobody):
        commands = [] if Account.find(_OWN) else [_MAKE_OWN]
        commands += [f"chown -R {_OWN}: {shlex.quote(str(cluster))}"] if cluster else []
        text = "The account left for PostgreSQL is nobody: other programs that use it could change the database"
        raise EmbeddedPostgresError(text, f"Run `{' && '.join(commands)}` and start again, {_NAME_ANOTHER}")
    return account
