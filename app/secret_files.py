"""Settings in the files of a folder, as Docker, Kubernetes and systemd provide secrets."""

import os
import stat
from pathlib import Path
from typing import NamedTuple

FOLDER_VARIABLE = "SEEDGATE_SECRETS_DIR"
DEFAULT_FOLDER = Path("/run/secrets")
_PREFIX = "SEEDGATE_"
_MAX_BYTES = 1024 * 1024
# The only setting that may be a document.
_MULTILINE = "SEEDGATE_MODELS"
# As for ``.env``: editors on Windows add a byte order mark.
_ENCODING = "utf-8-sig"


class SecretFileError(ValueError):
    """The folder or a file in it cannot be used; the text names it and says why, without showing its content."""


class SecretFile(NamedTuple):
    """A file of the folder.

    Attributes:
        path: the path of the file.
        name: the variable that it sets, in capitals.
        value: its content without final line ends; empty for an empty file, which counts as unset.
    """

    path: Path
    name: str
    value: str


def read_secret_files(named: Path | None, *, only: str | None = None) -> list[SecretFile]:
    """Returns the files whose names begin with ``SEEDGATE_``, in any case, sorted; symbolic links are followed.

    Other files are ignored: Kubernetes stores ``..data`` there, and a service account below ``/run/secrets``.

    Args:
        named: the folder of ``SEEDGATE_SECRETS_DIR``; None for ``/run/secrets``, which other programs may use:
            it need not exist, and is ignored when it cannot be listed (``closed_default_folder``).
        only: the one variable to read; problems of other files are ignored. None for all.

    Raises:
        SecretFileError: the folder or one of the files cannot be used.
    """
    files: dict[str, SecretFile] = {}
    for path in _paths(named):
        if only not in {None, path.name.upper()}:
            continue
        name = path.name.upper()
        if name in files:
            raise SecretFileError(f"{files[name].path} and {path} stand for one setting; remove one of them")
        files[name] = SecretFile(path, name, _read(path, may_have_lines=name == _MULTILINE))
    return list(files.values())


def closed_default_folder(named: Path | None) -> str | None:
    """Returns a warning when ``/run/secrets`` is ignored because it cannot be listed, else None."""
    try:
        if named is None:
            _list(DEFAULT_FOLDER)
    except PermissionError:
        return f"{DEFAULT_FOLDER} cannot be read by the user {os.geteuid()}: settings in it are not used"
    except OSError:
        pass
    return None


def _paths(named: Path | None) -> list[Path]:
    ignored = () if named else (FileNotFoundError, NotADirectoryError, PermissionError)
    folder = named or DEFAULT_FOLDER
    try:
        return _list(folder)
    except ignored:
        return []
    except OSError as error:
        raise SecretFileError(f"{FOLDER_VARIABLE}: {folder} cannot be read: {error.strerror or error}") from None


def _list(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.name.upper().startswith(_PREFIX))


def _read(path: Path, *, may_have_lines: bool) -> str:
    try:
        found = path.stat()
        if stat.S_ISDIR(found.st_mode):
            # Docker creates one for a mounted file that is missing.
            raise SecretFileError(f"{path} is a folder; a file with the value belongs there")
        if not stat.S_ISREG(found.st_mode):
            raise SecretFileError(f"{path} is no regular file")
        if found.st_size > _MAX_BYTES:
            raise SecretFileError(f"{path} is larger than {_MAX_BYTES} bytes")
        text = path.read_bytes().decode(_ENCODING)
    except PermissionError:
        raise SecretFileError(f"{path} cannot be read: the user {os.geteuid()} lacks the permission") from None
    except OSError as error:
        raise SecretFileError(f"{path} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise SecretFileError(f"{path} is not UTF-8; save it as UTF-8") from None
    if "\0" in text:
        raise SecretFileError(f"{path} holds a NUL character; save it as UTF-8 text")
    value = text.rstrip("\r\n")
    if not may_have_lines and ("\n" in value or "\r" in value):
        raise SecretFileError(f"{path} holds several lines; the value is one line")
    return value
