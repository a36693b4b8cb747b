"""Reads the settings of a command. Imports nothing of the server."""

from functools import cache

from pydantic import ValidationError

from app.cli.exit_codes import MISCONFIGURED, stop, tell
from app.secret_files import closed_default_folder
from app.settings import SettingError, Settings, problems


def read_settings() -> Settings:
    """Returns the settings; ends the program with all errors if they are not valid."""
    try:
        settings = Settings.from_environment()
    except SettingError as error:
        stop(str(error), MISCONFIGURED)
    except ValidationError as error:
        stop("\n".join(problems(error)), MISCONFIGURED)
    tell_of_closed_folder(settings)
    return settings


_tell_once = cache(tell)


def tell_of_closed_folder(settings: Settings) -> None:
    """Writes to standard error that the default folder of secrets cannot be read, the first time only."""
    closed = closed_default_folder(settings.secrets_dir)
    if closed is not None:
        _tell_once(f"seedgate: {closed}")
