"""The folder of ``dev``: its secrets, the state of its sandbox, and whether a ``dev`` runs in it."""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from app.cli.exits import MISCONFIGURED, stop
from app.core.sealing import generate_key
from app.db.embedded.folders import was_used, write_whole
from app.db.embedded.locks import open_owned
from app.sandbox.state_file import is_state_file, remove_state_file
from app.settings import Settings

_SECRETS_FILE = "dev.json"
_LOCK_FILE = "dev.lock"
_SANDBOX_FILE = "sandbox.sqlite3"


@dataclass
class DevSecrets:
    """What ``dev`` makes on its first run and keeps, readable by its owner only.

    Attributes:
        admin_token: of the gateway.
        secret_key: with which the gateway seals.
        api_key: of the demo tenant.
        is_real: whether the upstream is the real one.
        sandbox_port: of the sandbox, which is in the URLs of all its videos.
    """

    admin_token: str
    secret_key: str
    api_key: str | None = None
    is_real: bool = False
    sandbox_port: int | None = None


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


def check_files_are_ours(folder: Path) -> None:
    """Ends the program when the folder holds a file of a name that ``dev`` would write to, and is not ours."""
    secrets_file, sandbox_file = folder / _SECRETS_FILE, folder / _SANDBOX_FILE
    foreign = None
    if secrets_file.exists() and not was_used(folder):
        foreign = secrets_file
    elif sandbox_file.exists() and not _is_our_sandbox(folder):
        foreign = sandbox_file
    if foreign is not None:
        stop(f"{foreign} was there before; move it away, or choose another --data-dir")


def forget_demo(folder: Path) -> None:
    """Removes what was kept: the state of the sandbox and the secrets, and no file of that name that is not ours."""
    # The secrets go last: without them the folder would no longer count as one of a demo.
    if (folder / _SANDBOX_FILE).exists() and _is_our_sandbox(folder):
        remove_state_file(folder / _SANDBOX_FILE)
    (folder / _SECRETS_FILE).unlink(missing_ok=True)


def prepare_sandbox_file(folder: Path) -> Path:
    """Returns the path of the sandbox's state; what is missing is made, for the owner of the folder alone."""
    path = folder / _SANDBOX_FILE
    os.close(open_owned(path, os.O_RDWR))
    return path


def _is_our_sandbox(folder: Path) -> bool:
    """Says whether a sandbox of this folder wrote the file of its state; where it did, the file may be damaged."""
    kept = kept_secrets(folder) if was_used(folder) else None
    return is_state_file(folder / _SANDBOX_FILE) or (kept is not None and kept.sandbox_port is not None)


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
