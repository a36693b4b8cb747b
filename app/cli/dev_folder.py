"""The folder of ``dev``: its secrets, and whether a ``dev`` runs in it."""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from app.cli.exits import MISCONFIGURED, stop
from app.crypto import generate_key
from app.db.embedded.folders import was_used, write_whole
from app.db.embedded.locks import open_owned
from app.settings import Settings

_SECRETS_FILE = "dev.json"
_LOCK_FILE = "dev.lock"


@dataclass
class DevSecrets:
    """What ``dev`` makes on its first run and keeps, readable by its owner only."""

    admin_token: str
    secret_key: str
    api_key: str | None = None
    is_real: bool = False


def dev_folder(settings: Settings, *, is_real: bool) -> Path:
    """Returns where ``dev`` keeps its data unless it is told otherwise; what is real stays apart from the sandbox."""
    return settings.data_dir / ("dev-real" if is_real else "dev")


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keeps a second ``dev`` out of the folder: it would turn the first one's channel to a sandbox of its own."""
    descriptor = open_owned(folder / _LOCK_FILE, os.O_RDWR)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stop(f"`seedgate dev` is running in {folder} already; stop it, or give this one another --data-dir")
        yield
    finally:
        os.close(descriptor)


def is_running(folder: Path) -> bool:
    """Says whether a ``dev`` runs in the folder; makes and changes nothing."""
    try:
        descriptor = os.open(folder / _LOCK_FILE, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)


def check_secrets_are_ours(folder: Path) -> None:
    """Ends the program when the folder holds a file of the name that ``dev`` would write to, and is not ours."""
    path = folder / _SECRETS_FILE
    if path.exists() and not was_used(folder):
        stop(f"{path} was there before; move it away, or choose another --data-dir")


def forget_secrets(folder: Path) -> None:
    """Removes what was kept."""
    (folder / _SECRETS_FILE).unlink(missing_ok=True)


def kept_secrets(folder: Path) -> DevSecrets | None:
    """Returns what was kept, or None before the first run."""
    path = folder / _SECRETS_FILE
    return DevSecrets(**json.loads(path.read_text())) if path.exists() else None


def read_secrets(folder: Path, *, is_real: bool) -> DevSecrets:
    """Returns what was kept, or new secrets; ends the program when the folder belongs to the other upstream.

    Tasks of the one upstream would be looked for in the other, and not be found.
    """
    kept = kept_secrets(folder)
    if kept is None:
        return DevSecrets(admin_token=secrets.token_urlsafe(32), secret_key=generate_key(), is_real=is_real)
    if kept.is_real != is_real:
        made = "with" if kept.is_real else "without"
        stop(f"{folder} was made {made} --real; choose another --data-dir, or --reset this one", MISCONFIGURED)
    return kept


def write_secrets(folder: Path, kept: DevSecrets) -> None:
    """Writes the secrets, whole or not at all."""
    write_whole(folder / _SECRETS_FILE, json.dumps(asdict(kept)), mode=0o600)
