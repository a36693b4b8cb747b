"""The file ``.env`` in the working directory, for the settings and the operator's commands."""

import io
from pathlib import Path

from dotenv import dotenv_values

ENV_FILE = ".env"
# Editors on Windows add a byte order mark, which would become part of the first name.
ENV_FILE_ENCODING = "utf-8-sig"


class EnvFileError(ValueError):
    """The file cannot be used; the text names it and says why, without showing its content."""


def read_env_file() -> dict[str, str | None]:
    """Returns the variables in ``.env``, in the file's order; empty when there is no such file.

    A name without ``=`` has the value None. The environment is not changed.

    Raises:
        EnvFileError: the file cannot be read, or is not UTF-8.
    """
    path = Path(ENV_FILE)
    try:
        text = path.read_text(encoding=ENV_FILE_ENCODING)
    except (FileNotFoundError, IsADirectoryError):  # Docker creates a folder for a mounted file that is missing
        return {}
    except UnicodeDecodeError:
        raise EnvFileError(f"{path.absolute()} is not UTF-8; save it as UTF-8") from None
    except OSError as error:
        raise EnvFileError(f"{path.absolute()} cannot be read: {error.strerror or error}") from None
    return dotenv_values(stream=io.StringIO(text))
